//! What an analysis found, as the page shows it.

use karma_analyze::embedding::{Embedding, embed};
use karma_analyze::fit::ConductReport;
use karma_analyze::relations::{Tie as Found, Window};
use karma_analyze::roles::{Item, Role};
use karma_analyze::{Analysis, Recordings};
use karma_core::{AgentId, Id as _, PerAgent};

use super::view::{
    Dot, FitRow, FitView, GoalView, LinkView, MergeView, RelationsView, RoleGroup, RolesView, RulesView, Tie,
    TreeView, WindowView,
};

/// An analysis with what it is of.
#[derive(Clone, Copy)]
pub(super) struct Sections<'a> {
    pub(super) recordings: &'a Recordings,
    pub(super) analysis: &'a Analysis,
    /// Agreement of the roles of several runs, if several were given.
    pub(super) stability: Option<f64>,
}

impl Sections<'_> {
    fn name(&self, agent: AgentId) -> String {
        self.recordings.cast().agents[agent].clone()
    }

    fn label(&self, item: &Item) -> String {
        let episode = &self.recordings.episodes()[item.episode];
        format!("{} in {}, seed {}", self.name(item.agent), episode.scenario, episode.trajectory.seed)
    }

    pub(super) fn roles(&self) -> RolesView {
        let found = &self.analysis.roles;
        let map = embed(&found.distances).ok();
        RolesView {
            groups: found.roles.iter().map(|role| self.group(role)).collect(),
            variance: map.as_ref().map_or(0.0, |map| map.share),
            embedding: map.map_or_else(Vec::new, |map| self.dots(&map)),
            tree: Some(self.tree()),
            silhouette: found.silhouettes.iter().enumerate().map(|(at, score)| (at + 2, *score)).collect(),
            purity: Some(found.purity),
            stability: self.stability,
        }
    }

    fn group(&self, role: &Role) -> RoleGroup {
        let (cast, found) = (self.recordings.cast(), &self.analysis.roles);
        let episodes =
            |agent: AgentId| role.members.iter().filter(|item| found.items[**item].agent == agent).count();
        let agents = cast.agents.ids().map(|agent| (self.name(agent), episodes(agent)));
        RoleGroup {
            name: role.name.clone(),
            agents: agents.filter(|(_, count)| *count > 0).collect(),
            profile: role.profile.shares().iter().map(|(kind, share)| (kind.words(cast), *share)).collect(),
            common: role.common.iter().map(|action| cast.words(*action)).collect(),
            extends: role.extends.iter().map(|other| found.roles[*other].name.clone()).collect(),
        }
    }

    fn dots(&self, map: &Embedding) -> Vec<Dot> {
        let found = &self.analysis.roles;
        let items = found.items.iter().zip(&map.places).zip(found.partition.labels());
        let dot = |((item, [x, y]), group): ((&Item, &[f64; 2]), &usize)| Dot {
            x: *x,
            y: *y,
            group: *group,
            agent: self.name(item.agent),
            label: self.label(item),
        };
        items.map(dot).collect()
    }

    fn tree(&self) -> TreeView {
        let found = &self.analysis.roles;
        let merge = |merge: &karma_analyze::cluster::Merge| MergeView {
            left: merge.left,
            right: merge.right,
            height: f64::from(merge.height),
            size: merge.size,
        };
        let merges: Vec<MergeView> = found.tree.merges().iter().map(merge).collect();
        // The cut lies between the last merge that was made and the first that was not.
        let made = merges.len().saturating_sub(found.partition.groups() - 1);
        let height = |at: Option<usize>| at.and_then(|at| merges.get(at)).map(|merge| merge.height);
        let cut = match (height(made.checked_sub(1)), height(Some(made))) {
            (Some(below), Some(above)) => f64::midpoint(below, above),
            (Some(below), None) => below,
            (None, above) => above.unwrap_or(0.0) / 2.0,
        };
        TreeView {
            leaves: found.items.iter().map(|item| self.label(item)).collect(),
            merges,
            cut,
            measure: "warping distance, replicas a step".to_owned(),
        }
    }

    pub(super) fn relations(&self) -> RelationsView {
        let found = &self.analysis.relations;
        let window = |(at, window): (usize, &Window)| WindowView {
            label: format!("decisions {} to {}", window.begin + 1, window.end),
            links: found.links.iter().filter(|link| link.window == at).map(link_view).collect(),
        };
        RelationsView {
            agents: self.recordings.cast().agents.iter().cloned().collect(),
            windows: found.windows.iter().enumerate().map(window).collect(),
        }
    }

    pub(super) fn goals(&self) -> Vec<GoalView> {
        let goal = |goal: &karma_analyze::goals::Goal| GoalView {
            name: goal.name.clone(),
            description: goal.description.clone(),
            support: goal.support,
            lift: goal.lift,
        };
        self.analysis.goals.goals.iter().map(goal).collect()
    }

    pub(super) fn rules(&self) -> Vec<RulesView> {
        let rules = |(agent, found): (AgentId, &karma_analyze::distill::DistilledPolicy)| RulesView {
            agent: self.name(agent),
            fidelity: found.fidelity,
            baseline: found.baseline,
            held_out: found.held_out_rows,
            rules: found.to_string().lines().map(str::to_owned).collect(),
        };
        self.analysis.rules.iter_enumerated().map(rules).collect()
    }

    /// Fit of what was found, and how the team kept to its organisation, `conduct`, if it has one.
    pub(super) fn fit(&self, conduct: Option<(&str, &ConductReport)>) -> FitView {
        let fit = self.analysis.fit;
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
        let mut rows = vec![
            row(
                "structural fit",
                number(fit.structural),
                "share of the differences between what agents did that the roles explain",
            ),
            row(
                "functional fit",
                number(fit.functional),
                "share of the differences between the states reached that their groups explain",
            ),
            row("organisational fit", number(fit.organizational()), "the mean of both"),
            row(
                "purity",
                number(Some(self.analysis.roles.purity)),
                "share of the episodes that belong to the main agent of their role",
            ),
            row(
                "stability",
                number(self.stability),
                "mean adjusted Rand index of the roles of several runs; give more runs to know it",
            ),
        ];
        if let Some((organization, report)) = conduct {
            rows.extend(conduct_rows(organization, report));
            rows.extend(self.by_agent(&report.by_agent));
        }
        FitView { rows }
    }

    fn by_agent(&self, conducts: &PerAgent<karma_core::Conduct>) -> Vec<FitRow> {
        let rows = conducts.iter_enumerated().map(|(agent, conduct)| {
            let meaning = format!(
                "of {} decisions; {} where there was a choice, in {} decisions",
                conduct.actions,
                percent(conduct.informative_alignment()),
                conduct.informative
            );
            row(&format!("alignment of {}", self.name(agent)), percent(conduct.alignment()), &meaning)
        });
        rows.collect()
    }
}

fn conduct_rows(organization: &str, report: &ConductReport) -> [FitRow; 4] {
    let total = report.total;
    [
        row(
            "alignment",
            percent(total.alignment()),
            &format!("share of the actions inside the guides of the organisation {organization}"),
        ),
        row(
            "informative alignment",
            percent(total.informative_alignment()),
            "the same where the guide left a choice: a team that only holds is not aligned by that",
        ),
        row(
            "violations",
            report.violations().to_string(),
            &format!("actions outside of the guides, of {}", total.actions),
        ),
        row(
            "conflicts",
            total.conflicts.to_string(),
            "times that two agents pulled one service in opposite directions",
        ),
    ]
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

fn row(name: &str, value: String, meaning: &str) -> FitRow {
    FitRow { name: name.to_owned(), value, meaning: meaning.to_owned() }
}

fn link_view(link: &karma_analyze::relations::Relation) -> LinkView {
    let tie = match link.tie {
        Found::Authority => Tie::Authority,
        Found::Communication => Tie::Communication,
        Found::Acquaintance => Tie::Acquaintance,
    };
    LinkView {
        from: link.from.index(),
        to: link.to.index(),
        tie,
        lag: link.lag,
        bits: link.bits,
        p: link.adjusted,
    }
}
