//! The guides once more, as slowly and plainly as can be: rules asked by the interpreter of conditions, sets of
//! actions as sets, patterns followed one agent at a time. What is compiled must agree.

use std::collections::{BTreeMap, BTreeSet};

use karma_core::{
    Action, DefenderAction, Id as _, JointAction, Seconds, SeedTree, ServiceId, State, StreamRng, Topology,
};
use karma_org::Organization;
use karma_org::condition::{
    Asked, CheckedCondition, CheckedExpression, Condition, Expression, Instance, Moment, Quantity,
    ServiceSet, Vocabulary,
};
use karma_org::guide::binding::{ActionsBinding, Many, RoleBinding, RuleScope};
use karma_org::guide::{Binding, EpisodeGuide, GuideSetting, Guides, PRIORITY_EPSILON};
use karma_org::pattern::{self, Automaton, Letter, Mode, Pattern};
use karma_org::spec::{NormKind, Origin};

use crate::support::{SHOP, agent, below, chain, guides, organization, random_joint, random_state};

/// Actions as (service, change).
type Moves = BTreeSet<(usize, i32)>;

struct Naive<'a> {
    binding: &'a Binding,
    organization: &'a Organization,
    topology: &'a Topology,
    vocabulary: Vocabulary<'a>,
}

/// What one agent may do, and how strictly.
#[derive(Debug, PartialEq)]
struct Allowed {
    moves: Moves,
    hardness: f32,
}

impl<'a> Naive<'a> {
    fn new(binding: &'a Binding, organization: &'a Organization, topology: &'a Topology) -> Self {
        let mut vocabulary = Vocabulary::new(topology, Seconds(15.0));
        for (name, parameter) in &binding.parameters {
            let quantity = Quantity::new(parameter.value, &parameter.unit).unwrap();
            vocabulary.parameters.insert(name.clone(), quantity);
        }
        vocabulary.patterns = binding.patterns.keys().cloned().collect();
        Self { binding, organization, topology, vocabulary }
    }

    fn condition(&self, text: &str, asked: Asked) -> CheckedCondition {
        let parsed = Condition::parse(text).unwrap();
        parsed.check(&self.vocabulary, asked, &Origin::default(), &mut Vec::new()).unwrap()
    }

    fn expression(&self, text: &str) -> CheckedExpression {
        let parsed = Expression::parse(text).unwrap();
        parsed.check(&self.vocabulary, Asked::Once, &Origin::default(), &mut Vec::new()).unwrap()
    }

    fn services(&self, words: &Many<String>, subject: Option<ServiceId>) -> BTreeSet<ServiceId> {
        let sets = words.0.iter().map(|word| word.parse::<ServiceSet>().unwrap());
        sets.flat_map(|set| set.resolve(self.topology, &self.vocabulary.priorities, subject)).collect()
    }

    fn moves(&self, written: &[ActionsBinding], subject: Option<ServiceId>) -> Moves {
        let mut moves = Moves::new();
        for set in written {
            let default = Many(vec![if subject.is_some() { "self" } else { "all" }.to_owned()]);
            let on = self.services(set.on.as_ref().unwrap_or(&default), subject);
            let except = self.services(set.except.as_ref().unwrap_or(&Many(Vec::new())), subject);
            for word in &set.change.0 {
                let (from, to) = word.bounds(3);
                for service in on.difference(&except) {
                    moves.extend((from..=to).map(|change| (service.index(), change)));
                }
            }
        }
        moves
    }

    fn allowed(&self, role: &RoleBinding, moment: Moment<'_>) -> Allowed {
        let hold: Moves = (0..self.topology.services.len()).map(|service| (service, 0)).collect();
        let default = role.hardness.or(self.binding.hardness).unwrap_or(1.0);
        let (mut allowed, mut forbidden, mut hardness) = (Moves::new(), Moves::new(), None);
        for rule in &role.rules {
            let each = rule.scope() == RuleScope::EachService;
            let subjects = if each { self.topology.services.ids().map(Some).collect() } else { vec![None] };
            let asked = if each { Asked::EachService } else { Asked::Once };
            for subject in subjects {
                let instance = Instance { subject, patterns_from: 0 };
                let fires = rule.when.as_ref().is_none_or(|when| {
                    self.condition(when, asked).explain(&self.vocabulary, instance, moment).holds()
                });
                if fires {
                    allowed.extend(self.moves(&rule.allow.0, subject));
                    forbidden.extend(self.moves(&rule.forbid.0, subject));
                    hardness = Some(hardness.unwrap_or(0.0f32).max(rule.hardness.unwrap_or(default)));
                }
            }
        }
        let or_hold = |written: &Option<Many<ActionsBinding>>| {
            written.as_ref().map_or_else(|| hold.clone(), |written| self.moves(&written.0, None))
        };
        if allowed.is_empty() {
            allowed = or_hold(&role.otherwise);
        }
        allowed.extend(or_hold(&role.always));
        let left: Moves = allowed.difference(&forbidden).copied().collect();
        let moves = if left.is_empty() { hold } else { left };
        Allowed { moves, hardness: hardness.unwrap_or(default) }
    }
}

/// The automata of the binding's patterns, followed for one agent.
struct Trail {
    automata: Vec<(String, Automaton)>,
    states: Vec<pattern::PatternState>,
    matches: Vec<bool>,
    paid: BTreeSet<String>,
}

impl Trail {
    fn new(binding: &Binding) -> Self {
        let labels = binding.labels.clone().unwrap_or_default();
        let vocabulary = pattern::Vocabulary::new(labels.observations.keys(), labels.actions.keys()).unwrap();
        let compile = |(name, text): (&String, &String)| {
            let pattern = Pattern::parse(text).unwrap();
            (name.clone(), Automaton::compile(&pattern, &vocabulary, Mode::Search).unwrap())
        };
        let automata: Vec<_> = binding.patterns.iter().map(compile).collect();
        let states = automata.iter().map(|(_, automaton)| automaton.start()).collect();
        Self { matches: vec![false; automata.len()], automata, states, paid: BTreeSet::new() }
    }

    fn take(&mut self, letter: Letter) {
        for (index, (_, automaton)) in self.automata.iter().enumerate() {
            self.states[index] = automaton.advance(self.states[index], letter);
            self.matches[index] |= automaton.is_match(self.states[index]);
        }
    }

    fn observe(&mut self, naive: &Naive<'_>, state: &State) {
        let labels = naive.binding.labels.clone().unwrap_or_default();
        let moment = Moment { past: &[state], matches: &[] };
        let holds = |text: &String| {
            naive.condition(text, Asked::Once).explain(&naive.vocabulary, Instance::default(), moment).holds()
        };
        let atoms = labels
            .observations
            .values()
            .map(holds)
            .zip(0..)
            .map(|(holds, bit)| u32::from(holds) << bit)
            .sum();
        self.take(Letter::observation(atoms));
    }

    fn act(&mut self, naive: &Naive<'_>, done: DefenderAction) {
        let labels = naive.binding.labels.clone().unwrap_or_default();
        let is = |set: &ActionsBinding| {
            naive
                .moves(std::slice::from_ref(set), None)
                .contains(&(done.service.index(), done.replica_change))
        };
        let atoms =
            labels.actions.values().map(is).zip(0..).map(|(holds, bit)| u32::from(holds) << bit).sum();
        self.matches.fill(false);
        self.take(Letter::action(atoms));
    }
}

impl Naive<'_> {
    /// The worth of a goal at the last step, for one agent.
    fn goal(&self, name: &str, moment: Moment<'_>, trail: &mut Trail) -> f64 {
        let goal = &self.binding.goals[name];
        if let Some(value) = &goal.value {
            let explained = self.expression(value).explain(&self.vocabulary, Instance::default(), moment);
            return explained.number().map_or(0.0, |value| f64::from(value.clamp(-1.0, 1.0)));
        }
        let pattern =
            trail.automata.iter().position(|(known, _)| Some(known) == goal.pattern.as_ref()).unwrap();
        let is_new =
            trail.matches[pattern] && (goal.once != Some(true) || trail.paid.insert(name.to_owned()));
        if is_new { f64::from(goal.reward.unwrap()) } else { 0.0 }
    }

    /// What the missions of a role add to its reward at the last step.
    fn missions(&self, role: &str, time: f64, moment: Moment<'_>, trail: &mut Trail) -> f64 {
        let mut worth: BTreeMap<&str, f64> = BTreeMap::new();
        for name in self.binding.goals.keys() {
            worth.insert(name, self.goal(name, moment, trail));
        }
        let organization = self.organization;
        let mut sum = 0.0;
        for (mission, kind) in organization.missions_of(organization.role(role).unwrap()) {
            let node = &organization.missions()[mission];
            let Some(bound) = self.binding.missions.get(&node.id) else { continue };
            let window = match node.id.as_str() {
                "m_ddos" => 30.0..600.0,
                _ => 0.0..f64::INFINITY,
            };
            let named = |goal: &karma_org::organization::GoalId| organization.goals()[*goal].id.clone();
            let weights = bound
                .goals
                .clone()
                .unwrap_or_else(|| node.goals.iter().map(|goal| (named(goal), 1.0)).collect());
            let goals: f64 =
                weights.iter().map(|(goal, weight)| f64::from(*weight) * worth[goal.as_str()]).sum();
            let priority =
                if kind == NormKind::Obligation { f64::from(bound.priority.unwrap_or(0.0)) } else { 0.0 };
            if window.contains(&time) {
                sum += f64::from(bound.weight.unwrap_or(1.0)) * goals / (1.0 - priority + PRIORITY_EPSILON);
            }
        }
        sum
    }
}

/// Plays one episode with both and compares every mask, hardness and shaping.
fn compare(guides: &std::sync::Arc<Guides>, naive: &Naive<'_>, rng: &mut StreamRng) {
    let (space, roles) = (guides.action_space(), &naive.binding.roles);
    let services = naive.topology.services.len();
    let mut compiled = EpisodeGuide::new(guides.clone());
    let mut states = vec![random_state(services, 100.0, rng)];
    let mut trails: Vec<Trail> = roles.iter().map(|_| Trail::new(naive.binding)).collect();
    let mut guidance = karma_core::Guide::begin(&mut compiled, &states[0]);
    for trail in &mut trails {
        trail.observe(naive, &states[0]);
    }
    let mut shaping = vec![0.0; roles.len()];
    for step in 1..12 {
        let past: Vec<&State> = states.iter().rev().collect();
        let mut penalties = Vec::new();
        let joint: JointAction = joint(roles.len(), &guidance, space, rng);
        for (index, (name, role)) in roles.iter().enumerate() {
            let moment = Moment { past: &past, matches: &trails[index].matches };
            let expected = naive.allowed(role, moment);
            let guided = &guidance.allowed[agent(index)];
            let moves = guided.mask.legal().filter_map(|action| space.defender(action));
            let moves = moves.map(|action| (action.service.index(), action.replica_change)).collect();
            assert_eq!(Allowed { moves, hardness: guided.hardness.get() }, expected, "{name} at step {step}");
            let computed = f64::from(guidance.shaping[agent(index)]);
            assert!(
                (computed - shaping[index]).abs() < 1e-4,
                "{name} at step {step}: {computed} for {}",
                shaping[index]
            );
            let done = space.defender(joint[agent(index)]).unwrap();
            let is_inside = expected.moves.contains(&(done.service.index(), done.replica_change));
            let price = f64::from(role.penalty.unwrap_or(0.0)) * (1.0 - f64::from(expected.hardness));
            penalties.push(if is_inside { 0.0 } else { price });
        }
        states.push(random_state(services, 100.0 + 15.0 * f64::from(step), rng));
        let past: Vec<&State> = states.iter().rev().collect();
        guidance = karma_core::Guide::advance(&mut compiled, &joint, past[0]);
        for (index, name) in roles.keys().enumerate() {
            trails[index].act(naive, space.defender(joint[agent(index)]).unwrap());
            trails[index].observe(naive, past[0]);
            let matches = trails[index].matches.clone();
            let moment = Moment { past: &past, matches: &matches };
            let missions = naive.missions(name, 15.0 * f64::from(step), moment, &mut trails[index]);
            shaping[index] = penalties[index] + missions;
        }
    }
}

/// Random actions, half of them inside the guide, and many of them swings of one service.
fn joint(
    agents: usize,
    guidance: &karma_core::Guidance,
    space: karma_core::ActionSpace,
    rng: &mut StreamRng,
) -> JointAction {
    let mut joint = random_joint(agents, space, rng);
    for (index, guided) in guidance.allowed.iter().enumerate() {
        if below(rng, 2) == 0 {
            let nth = below(rng, guided.mask.legal_count());
            joint[agent(index)] = guided.mask.legal().nth(nth).unwrap();
        }
    }
    joint
}

#[test]
fn compiled_guides_agree_with_a_naive_interpreter() {
    let (binding, organization, topology) = (Binding::read(SHOP).unwrap(), organization(), chain());
    let naive = Naive::new(&binding, &organization, &topology);
    let guides = guides(SHOP);
    let mut rng = SeedTree::new(21).rng();
    (0..40).for_each(|_| compare(&guides, &naive, &mut rng));
}

#[test]
fn they_agree_on_long_chains_whose_masks_are_several_words() {
    let names: Vec<String> =
        (0..11).map(|index| if index == 1 { "Auth".to_owned() } else { format!("s{index}") }).collect();
    let topology = crate::support::chain_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (binding, organization) = (Binding::read(SHOP).unwrap(), organization());
    let naive = Naive::new(&binding, &organization, &topology);
    let guides = Guides::compile(&organization, &binding, &topology, GuideSetting::default()).unwrap().into();
    let mut rng = SeedTree::new(22).rng();
    (0..10).for_each(|_| compare(&guides, &naive, &mut rng));
}

#[test]
fn the_random_episodes_reach_what_they_are_to_compare() {
    let (binding, organization, topology) = (Binding::read(SHOP).unwrap(), organization(), chain());
    let naive = Naive::new(&binding, &organization, &topology);
    let mut rng = SeedTree::new(21).rng();
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    for _ in 0..300 {
        let (now, then) = (random_state(4, 30.0, &mut rng), random_state(4, 0.0, &mut rng));
        let moment = Moment { past: &[&now, &then, &then], matches: &[true, true] };
        for role in binding.roles.values() {
            for rule in &role.rules {
                let each = rule.scope() == RuleScope::EachService;
                let asked = if each { Asked::EachService } else { Asked::Once };
                let subject = each.then(|| ServiceId::from_index(1));
                let instance = Instance { subject, patterns_from: 0 };
                let fires = rule.when.as_ref().is_none_or(|when| {
                    naive.condition(when, asked).explain(&naive.vocabulary, instance, moment).holds()
                });
                if fires {
                    fired.insert(&rule.name);
                }
            }
        }
    }
    let rules: BTreeSet<&str> =
        binding.roles.values().flat_map(|role| &role.rules).map(|rule| rule.name.as_str()).collect();
    assert_eq!(fired, rules, "every rule fires in some of them");
}

/// An action that no naive interpreter is needed for.
#[test]
fn an_action_outside_of_the_space_is_inside_no_guide() {
    let mut batch = karma_org::guide::GuideBatch::new(guides(SHOP), 1);
    batch.begin(0, &crate::support::idle(4, 0.0));
    batch.restrict();
    assert!(!batch.allows(0, agent(0), Action(28)) && !batch.allows(0, agent(0), Action(u32::MAX)));
}
