//! A page as a run of a few services could give it, with names that would like to be markup.

use std::f64::consts::TAU;

use karma_marl::{Mappo, Mode};

use crate::evaluation::{Evaluation, evaluate, rivals, team_row};
use crate::explain::view::{
    Contribution, DecisionView, Dot, FidelityRow, FidelityView, FitRow, FitView, GoalView, Honesty, LinkView,
    MergeView, Playback, Played, PlayedDecision, RelationsView, RoleGroup, RolesView, RulesView, Span, Tie,
    Topic, TreeView, View, WindowView,
};
use crate::progress::Silent;
use crate::run_dir::MetricsLine;
use crate::testing::tiny;

const HOSTILE: &str = "<script>alert('x')</script>";
const SERVICES: [&str; 5] = ["gateway", "auth", "catalogue", "orders", HOSTILE];
const ROWS: [&str; 8] = ["karma", "hpa", "hpa-50", "static", "static-max", "threshold", "random", "oracle"];
const SECONDS: u16 = 600;

/// A wave between 0 and 1, the same on every machine.
fn wave(at: f64, length: f64, shift: f64) -> f64 {
    0.5 + 0.5 * (TAU * (at / length + shift)).sin()
}

fn text(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

pub(super) fn view() -> View {
    View {
        title: format!("KARMA explained: what a team learned {HOSTILE}"),
        facts: facts(),
        honesty: honesty(),
        evaluation: Some(evaluation()),
        log: log(),
        playback: vec![playback("ddos", true), playback("crashes", false)],
        roles: Some(roles()),
        relations: Some(relations()),
        goals: goals(),
        rules: rules(),
        fit: Some(fit()),
        decisions: vec![decision("scale out by 2", 212.0), decision("hold", 431.0)],
        fidelity: Some(fidelity()),
        notes: [(Topic::Goals, "Goals are states that the best quarter of the episodes reach.".to_owned())]
            .into(),
    }
}

fn facts() -> Vec<(String, String)> {
    [
        ("topology", "online-shop, 5 services, 4 nodes"),
        ("learner", "MAPPO, 400 iterations"),
        ("organisation", "shop"),
        ("seed", "7"),
        ("configuration", "9f2c51d0a4e87b36"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn honesty() -> Honesty {
    Honesty {
        measured: text(&[
            "Comparison: 2 seeds of 1 scenario of the evaluation split, 2 episodes for each policy.",
            "Roles, relations and goals: 240 recorded episodes of one training seed.",
            "Everything in the simulated cluster.",
        ]),
        not_measured: text(&[
            "No real cluster was scaled.",
            "Other training seeds may find other roles.",
            "An attacker who learns was not played.",
        ]),
    }
}

fn evaluation() -> Evaluation {
    let config = tiny();
    let environments = config.environments().unwrap();
    let mappo = Mappo::new(config.learner().clone(), environments, 3, config.threads()).unwrap();
    let mut rows = vec![team_row(&config, mappo.policies(Mode::Greedy)).unwrap()];
    rows.extend(rivals(&config).unwrap());
    let mut evaluation = evaluate(&config, &rows, &mut Silent).unwrap();
    evaluation.scenarios[0].name = HOSTILE.to_owned();
    evaluation
}

fn log() -> Vec<MetricsLine> {
    let line = |iteration: u64| {
        let at = iteration as f64;
        let value = -40.0 + 35.0 * (1.0 - (-at / 80.0).exp()) + 2.0 * wave(at, 13.0, 0.0);
        serde_json::from_value(serde_json::json!({
            "iteration": iteration, "steps": 4096 * iteration, "episodes": 32 * iteration,
            "episodic_return": value, "episodic_return_std": 6.0 - at / 100.0, "policy_loss": 0.0,
            "value_loss": 0.1, "entropy": 1.0, "approx_kl": 0.01, "clip_fraction": 0.1, "policy_grad_norm": 0.5,
            "value_grad_norm": 0.5, "explained_variance": 0.8, "steps_per_second": 9000.0, "train_seconds": at,
        }))
        .unwrap()
    };
    (1..=400).map(line).collect()
}

fn playback(scenario: &str, attacked: bool) -> Playback {
    let seconds = (0..SECONDS).map(f64::from);
    let under = |second: f64| attacked && (200.0..330.0).contains(&second);
    Playback {
        scenario: scenario.to_owned(),
        seed: 1,
        period: 5.0,
        legitimate: seconds
            .clone()
            .map(|at| 180.0 + 90.0 * wave(at, 300.0, 0.1) + 15.0 * wave(at, 7.0, 0.0))
            .collect(),
        malicious: seconds
            .map(|at| if under(at) { 260.0 + 40.0 * wave(at, 11.0, 0.3) } else { 0.0 })
            .collect(),
        attack: attacked.then_some((200.0, 330.0)),
        faults: vec![
            Span { from: 240.0, to: 275.0, label: "orders crashes".to_owned() },
            Span { from: 470.0, to: 520.0, label: "node lost".to_owned() },
            Span { from: 560.0, to: 590.0, label: format!("{HOSTILE} throttled") },
        ],
        services: text(&SERVICES),
        plays: ROWS.iter().enumerate().map(|(place, row)| played(place, row, attacked)).collect(),
    }
}

fn played(place: usize, row: &str, attacked: bool) -> Played {
    let shift = place as f64;
    let harm = |at: f64| {
        if attacked && (205.0 + 4.0 * shift..335.0 + 9.0 * shift).contains(&at) { 1.0 } else { 0.0 }
    };
    Played {
        row: row.to_owned(),
        success: (0..SECONDS)
            .map(f64::from)
            .map(|at| 1.0 - harm(at) * (0.05 + 0.07 * shift) - 0.01 * wave(at, 17.0, shift))
            .collect(),
        decisions: (0..SECONDS / 5).map(|step| played_decision(place, f64::from(5 * step), harm)).collect(),
    }
}

fn played_decision(place: usize, time: f64, harm: impl Fn(f64) -> f64) -> PlayedDecision {
    let shift = place as f64;
    let level = |service: usize| {
        2.0 + 3.0 * wave(time, 300.0, 0.1 * service as f64) + harm(time) * (5.0 - 0.4 * shift)
    };
    let known = !(350.0..370.0).contains(&time);
    let reasons = if place == 0 {
        SERVICES
            .map(|service| format!("queue of {service} above {:.0}, load rising", 10.0 * harm(time)))
            .into()
    } else {
        vec![]
    };
    PlayedDecision {
        time,
        replicas: (0..SERVICES.len())
            .map(|service| format!("{:.0}", level(service)).parse().unwrap())
            .collect(),
        queue: (0..SERVICES.len())
            .map(|service| known.then_some(single(4.0 * level(service) + 30.0 * harm(time) * shift)))
            .collect(),
        latency: known
            .then_some(single(0.08 + 0.02 * wave(time, 40.0, shift) + 0.09 * harm(time) * (1.0 + shift))),
        reasons,
    }
}

/// As a measurement is kept.
#[expect(clippy::cast_possible_truncation, reason = "a measurement is kept in single precision")]
fn single(value: f64) -> f32 {
    value as f32
}

fn roles() -> RolesView {
    let names = ["front guard", "buffer", "follower", HOSTILE];
    let group = |(place, name): (usize, &&str)| RoleGroup {
        name: (*name).to_owned(),
        agents: vec![(SERVICES[place].to_owned(), 52), (SERVICES[place + 1].to_owned(), 8)],
        profile: vec![
            ("hold".to_owned(), 0.55 - 0.1 * place as f64),
            ("scale out".to_owned(), 0.25 + 0.05 * place as f64),
            ("scale in".to_owned(), 0.2 + 0.05 * place as f64),
        ],
        common: text(&["hold", "+2", "+1", "hold", "−1"]),
        extends: if place < 2 { text(&["scaler"]) } else { vec![] },
    };
    RolesView {
        groups: names.iter().enumerate().map(group).collect(),
        embedding: (0..240).map(dot).collect(),
        variance: 0.71,
        tree: Some(tree(240)),
        silhouette: vec![(2, 0.31), (3, 0.44), (4, 0.52), (5, 0.47), (6, 0.38), (7, 0.33)],
        purity: Some(0.87),
        stability: Some(0.81),
    }
}

fn dot(place: u32) -> Dot {
    let (group, at) = (place as usize % 4, f64::from(place));
    let (x, y) = [(0.0, 0.0), (5.0, 1.0), (1.0, 4.5), (5.5, 5.0)][group];
    Dot {
        x: x + 2.2 * wave(at, 17.3, 0.0),
        y: y + 2.2 * wave(at, 7.1, 0.4),
        group,
        agent: SERVICES[group].to_owned(),
        label: format!("ddos, seed {place}"),
    }
}

/// Neighbours are joined, and neighbours of these.
fn tree(count: usize) -> TreeView {
    let mut open: Vec<(usize, usize)> = (0..count).map(|leaf| (leaf, 1)).collect();
    let mut merges = Vec::new();
    while open.len() > 1 {
        let mut next = Vec::new();
        for pair in open.chunks(2) {
            if let [(left, a), (right, b)] = pair {
                let height = 0.004 * merges.len() as f64 + ((a + b) as f64).sqrt() / 9.0;
                next.push((count + merges.len(), a + b));
                merges.push(MergeView { left: *left, right: *right, height, size: a + b });
            } else {
                next.extend(pair);
            }
        }
        open = next;
    }
    let leaves = (0..count).map(|leaf| format!("{} ddos, seed {leaf}", SERVICES[leaf % 5])).collect();
    TreeView { leaves, merges, cut: 1.75, measure: "distance between groups (Ward)".to_owned() }
}

fn relations() -> RelationsView {
    let link = |(from, to, tie): (usize, usize, Tie)| LinkView {
        from,
        to,
        tie,
        lag: 1 + from,
        bits: 0.04 + 0.03 * to as f64,
        p: 0.002,
    };
    let window = |label: &str, links: &[(usize, usize, Tie)]| WindowView {
        label: label.to_owned(),
        links: links.iter().copied().map(link).collect(),
    };
    let calm = [(0, 1, Tie::Authority), (1, 2, Tie::Acquaintance)];
    let attack = [
        (0, 1, Tie::Authority),
        (0, 2, Tie::Authority),
        (2, 3, Tie::Communication),
        (3, 2, Tie::Communication),
        (1, 4, Tie::Acquaintance),
        (4, 0, Tie::Acquaintance),
    ];
    RelationsView {
        agents: text(&SERVICES),
        windows: vec![window("calm", &calm), window("under attack", &attack)],
    }
}

fn goals() -> Vec<GoalView> {
    let goal = |name: &str, description: &str, support, lift| GoalView {
        name: name.to_owned(),
        description: description.to_owned(),
        support,
        lift,
    };
    vec![
        goal("spare room", "every queue below 5 and at least one spare pod at the gateway", 0.92, 1.61),
        goal("fast recovery", "success above 99 % within 30 s of the end of the attack", 0.64, 2.4),
        goal(HOSTILE, "a state with a name that is markup", 0.1, 1.02),
    ]
}

fn rules() -> Vec<RulesView> {
    let view = |agent: &str, fidelity| RulesView {
        agent: agent.to_owned(),
        fidelity,
        baseline: 0.58,
        held_out: 2880,
        rules: text(&[
            "if queue > 12 and load rising then scale out by 2 (412 of 430)",
            "if cpu < 0.35 and replicas > 2 and queue < 1 then scale in by 1 (803 of 866)",
            "otherwise hold",
        ]),
    };
    vec![view("gateway", 0.93), view("auth", 0.88), view(HOSTILE, 0.71)]
}

fn fit() -> FitView {
    let row = |name: &str, value: &str, meaning: &str| FitRow {
        name: name.to_owned(),
        value: value.to_owned(),
        meaning: meaning.to_owned(),
    };
    FitView {
        rows: vec![
            row(
                "structural fit",
                "0.78 [0.71, 0.84]",
                "share of the found roles that extend a role of the organisation",
            ),
            row("functional fit", "0.64 [0.55, 0.70]", "share of the missions whose goals were found"),
            row("organisational fit", "0.71 [0.65, 0.76]", "the mean of both"),
        ],
    }
}

fn decision(action: &str, time: f64) -> DecisionView {
    let part = |name: &str, weight| Contribution { name: name.to_owned(), weight };
    DecisionView {
        time,
        scenario: "ddos".to_owned(),
        agent: "gateway".to_owned(),
        action: action.to_owned(),
        sentence: format!(
            "The queue of {HOSTILE} grew for 10 s and the load rises, so it asked for more pods."
        ),
        contributions: vec![
            part("queue of the gateway (41 requests)", 1.84),
            part("load, change over the last 10 s (+120/s)", 1.12),
            part("CPU of the gateway (0.93 of the request, five-second mean)", 0.51),
            part("free CPU of the nodes (0.6 cores)", -0.73),
            part("replicas that start (2)", -0.31),
        ],
        allowed_by: "role front guard, mission keep the door open (obligation)".to_owned(),
        hpa: "would have held: CPU below 80 % over its window".to_owned(),
        shield: (time > 300.0).then(|| "took one of two pods: no node has room".to_owned()),
    }
}

fn fidelity() -> FidelityView {
    let row = |metric: &str, one_step: &str, several_steps: &str| FidelityRow {
        metric: metric.to_owned(),
        one_step: one_step.to_owned(),
        several_steps: several_steps.to_owned(),
    };
    FidelityView {
        rows: vec![
            row("CPU, % of the request", "2.1 [2.0, 2.3]", "4.8 [4.4, 5.3] after 12 steps"),
            row("queue, requests", "1.4 [1.2, 1.6]", "9.7 [8.1, 11.2] after 12 steps"),
        ],
    }
}
