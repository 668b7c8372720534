//! The facts that conditions can ask for.
//!
//! | predicate | holds if |
//! |---|---|
//! | `play(Agent, Role, Group)`, `fplay(…)` | the agent plays the role there; `fplay`: the role or one that specialises it |
//! | `responsible(Group, Scheme)` | the group, or one that it is in, was made responsible |
//! | `group_id(G)`, `scheme_id(S)`, `subgroup(Child, Kind, Parent)` | it exists |
//! | `well_formed(G or S)` | the group or scheme is |
//! | `rplayers(Role, Group, N)`, `mplayers(Mission, Scheme, N)` | so many play it, so many are committed |
//! | `subrole(R, Above)`, `tsubrole(R, Above)` | the role extends the other directly; or is it, or below it |
//! | `committed(Agent, Mission, Scheme)`, `done(Scheme, Goal, Agent)` | |
//! | `satisfied`, `failed`, `released`, `impossible`, `enabled`, `super_satisfied` `(Scheme, Goal)` | the goal is so |
//! | `mission_goal(M, Goal)`, `mission_role(M, Role)`, `super_goal(Above, Goal)` | the specification says so |
//! | `mission_accomplished(Scheme, Mission)`, `is_finished(Scheme)` | its goals, or the root goal, are satisfied |
//! | `raised(Report, Agent, Arguments)`, `account(…)` | it was reported |
//! | `goal_argument(Scheme, Goal, Argument, Value)` | it has that value |
//! | `obligation(Agent, Norm, What, Deadline)`, `permission(…)` | it is active; the norm of goals is `ngoal`, times are seconds |
//! | `fulfilled(obligation(…))`, `unfulfilled(…)`, `inactive(…)` | it ended so |
//!
//! As in MOISE, what is about schemes is about the scheme that the condition is evaluated for. In the condition of a
//! norm, `S` is that scheme, `A` the agent that the norm would bind and `Gr` the group in which it plays its role.

use super::breach::RegimentedProperty;
use super::formula::{Facts, Term};
use super::ledger::{Aim, Modality, NormInstance, Outcome};
use super::state::SchemeInstance;
use super::view::View;
use crate::organization::GoalId;

const PREDICATES: [(&str, usize); 32] = [
    ("play", 3),
    ("fplay", 3),
    ("responsible", 2),
    ("group_id", 1),
    ("scheme_id", 1),
    ("subgroup", 3),
    ("well_formed", 1),
    ("rplayers", 3),
    ("mplayers", 3),
    ("subrole", 2),
    ("tsubrole", 2),
    ("committed", 3),
    ("done", 3),
    ("satisfied", 2),
    ("failed", 2),
    ("released", 2),
    ("impossible", 2),
    ("enabled", 2),
    ("super_satisfied", 2),
    ("mission_goal", 2),
    ("mission_role", 2),
    ("super_goal", 2),
    ("mission_accomplished", 2),
    ("is_finished", 1),
    ("raised", 3),
    ("account", 3),
    ("goal_argument", 4),
    ("obligation", 4),
    ("permission", 4),
    ("fulfilled", 1),
    ("unfulfilled", 1),
    ("inactive", 1),
];

const BUILT_IN: [(&str, usize); 3] = [(".member", 2), (".length", 2), (".count", 2)];

/// Whether a condition may ask for this predicate, or for a regimented property if there is no arity.
pub(super) fn known(name: &str, arity: Option<usize>) -> Result<(), String> {
    let Some(arity) = arity else { return known_property(name) };
    let all = || PREDICATES.iter().chain(&BUILT_IN);
    if all().any(|known| *known == (name, arity)) {
        return Ok(());
    }
    let nearest = all()
        .max_by(|(a, _), (b, _)| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let hint = nearest.map(|(near, arguments)| format!("; the nearest is {near}/{arguments}"));
    Err(format!("there is no predicate {name}/{arity}{}", hint.unwrap_or_default()))
}

fn known_property(name: &str) -> Result<(), String> {
    let lasting = || RegimentedProperty::ALL.into_iter().filter(|property| property.is_lasting());
    if lasting().any(|property| property.name() == name) {
        return Ok(());
    }
    let names: Vec<_> = lasting().map(RegimentedProperty::name).collect();
    Err(format!("'#{name}' is none of the properties that last: {}", names.join(", ")))
}

/// The facts as seen from one scheme, and from one group of it.
pub(super) struct Scope<'a> {
    pub(super) view: View<'a>,
    pub(super) scheme: &'a str,
    pub(super) group: Option<&'a str>,
}

fn atoms(items: &[&str]) -> Vec<Term> {
    items.iter().map(|item| Term::atom(*item)).collect()
}

impl Facts for Scope<'_> {
    fn tuples(&self, predicate: &str, _arity: usize) -> Vec<Vec<Term>> {
        match predicate {
            "play" | "fplay" | "responsible" | "group_id" | "subgroup" | "rplayers" | "subrole"
            | "tsubrole" => self.structural(predicate),
            "mission_goal" | "mission_role" | "super_goal" | "obligation" | "permission" | "fulfilled"
            | "unfulfilled" | "inactive" => self.normative(predicate),
            _ => self.functional(predicate),
        }
    }

    fn breached(&self, property: &str) -> bool {
        self.view.lasting_breaches().iter().any(|breach| {
            let here = |name: &String| name == self.scheme || Some(name.as_str()) == self.group;
            breach.property.name() == property && breach.about.iter().any(here)
        })
    }
}

impl Scope<'_> {
    fn instance(&self) -> Option<&SchemeInstance> {
        self.view.scheme(self.scheme)
    }

    fn structural(&self, predicate: &str) -> Vec<Vec<Term>> {
        let View { organization, state, .. } = self.view;
        let roles = || organization.roles().iter();
        let name = |role| self.view.role_name(role);
        match predicate {
            "play" => state.players.iter().map(|p| atoms(&[&p.agent, name(p.role), &p.group])).collect(),
            "fplay" => {
                let all = state.players.iter().flat_map(|player| {
                    let ancestors = organization.roles()[player.role].ancestors.iter();
                    ancestors.map(move |role| atoms(&[&player.agent, name(*role), &player.group]))
                });
                all.collect()
            }
            "responsible" => {
                let Some(scheme) = self.instance() else { return Vec::new() };
                let groups = state.groups.keys().filter(|group| self.view.is_responsible(group, scheme));
                groups.map(|group| atoms(&[group, self.scheme])).collect()
            }
            "group_id" => state.groups.keys().map(|group| atoms(&[group])).collect(),
            "subgroup" => {
                let child = state.groups.iter().filter_map(|(group, instance)| {
                    let kind = &organization.groups()[instance.specification].id;
                    Some(atoms(&[group, kind, instance.parent.as_deref()?]))
                });
                child.collect()
            }
            "rplayers" => {
                let all = state.groups.iter().flat_map(|(group, instance)| {
                    let roles = organization.groups()[instance.specification].roles.iter();
                    roles.map(move |(role, _)| {
                        let count = Term::Number(self.view.role_players(*role, group) as f64);
                        vec![Term::atom(name(*role)), Term::atom(group.as_str()), count]
                    })
                });
                all.collect()
            }
            "subrole" => roles()
                .flat_map(|role| role.parents.iter().map(|above| atoms(&[&role.id, name(*above)])))
                .collect(),
            _ => roles()
                .flat_map(|role| role.ancestors.iter().map(|above| atoms(&[&role.id, name(*above)])))
                .collect(),
        }
    }

    fn functional(&self, predicate: &str) -> Vec<Vec<Term>> {
        let Some(scheme) = self.instance() else { return Vec::new() };
        let View { organization, .. } = self.view;
        let node = &organization.schemes()[scheme.specification];
        let goals = |has: &dyn Fn(GoalId) -> bool| {
            let all = node.goals.iter().filter(|goal| has(**goal));
            all.map(|goal| atoms(&[self.scheme, self.view.goal_name(*goal)])).collect()
        };
        match predicate {
            "satisfied" => goals(&|goal| scheme.satisfied.contains(&goal)),
            "failed" => goals(&|goal| scheme.failed.contains(&goal)),
            "released" => goals(&|goal| scheme.released.contains(&goal)),
            "impossible" => goals(&|goal| scheme.impossible.contains(&goal)),
            "enabled" => goals(&|goal| self.view.is_enabled(self.scheme, scheme, goal)),
            "super_satisfied" => {
                goals(&|goal| self.view.above(goal).any(|above| scheme.satisfied.contains(&above)))
            }
            "scheme_id" => vec![atoms(&[self.scheme])],
            "is_finished" if scheme.satisfied.contains(&node.root) => vec![atoms(&[self.scheme])],
            "well_formed" => self.well_formed(scheme),
            _ => self.activity(predicate, scheme),
        }
    }

    fn well_formed(&self, scheme: &SchemeInstance) -> Vec<Vec<Term>> {
        let groups = self.view.state.groups.iter();
        let groups = groups.filter(|(name, group)| self.view.group_faults(name, group).is_empty());
        let own = self.view.is_scheme_well_formed(self.scheme, scheme).then(|| atoms(&[self.scheme]));
        groups.map(|(name, _)| atoms(&[name])).chain(own).collect()
    }

    fn activity(&self, predicate: &str, scheme: &SchemeInstance) -> Vec<Vec<Term>> {
        let View { organization, .. } = self.view;
        let missions = || organization.schemes()[scheme.specification].missions.iter();
        let mission = |mission| self.view.mission_name(mission);
        match predicate {
            "committed" => scheme
                .commitments
                .iter()
                .map(|(agent, m)| atoms(&[agent, mission(*m), self.scheme]))
                .collect(),
            "done" => {
                let done = scheme.done.iter();
                done.map(|(goal, agent)| atoms(&[self.scheme, self.view.goal_name(*goal), agent])).collect()
            }
            "mplayers" => {
                let counted = missions().map(|m| {
                    let count = Term::Number(scheme.agents_of(*m) as f64);
                    vec![Term::atom(mission(*m)), Term::atom(self.scheme), count]
                });
                counted.collect()
            }
            "mission_accomplished" => {
                let done = missions().filter(|m| self.view.is_accomplished(**m, scheme));
                done.map(|m| atoms(&[self.scheme, mission(*m)])).collect()
            }
            "raised" | "account" => {
                let given = if predicate == "raised" { &scheme.raised } else { &scheme.accounts };
                let tuples = given.iter().map(|report| {
                    let terms = report.arguments.iter().filter_map(|text| super::formula::term(text).ok());
                    let arguments = Term::List(terms.collect());
                    vec![Term::atom(report.report.as_str()), Term::atom(report.agent.as_str()), arguments]
                });
                tuples.collect()
            }
            "goal_argument" => {
                let all = scheme.arguments.iter().flat_map(|(goal, values)| {
                    values.iter().map(|(argument, value)| {
                        let mut tuple = atoms(&[self.scheme, self.view.goal_name(*goal), argument]);
                        tuple
                            .push(super::formula::term(value).unwrap_or_else(|_| Term::atom(value.as_str())));
                        tuple
                    })
                });
                all.collect()
            }
            _ => Vec::new(),
        }
    }

    fn normative(&self, predicate: &str) -> Vec<Vec<Term>> {
        let Some(scheme) = self.instance() else { return Vec::new() };
        let View { organization, state, .. } = self.view;
        let node = &organization.schemes()[scheme.specification];
        let missions = || node.missions.iter().map(|mission| &organization.missions()[*mission]);
        let active = |modality: Modality| {
            let here = state.ledger.active.iter().filter(|norm| norm.scheme == self.scheme);
            here.filter(|norm| norm.modality == modality).map(arguments).collect()
        };
        let closed = |outcome: Outcome| {
            let here = state.ledger.closed.iter().filter(|closed| closed.norm.scheme == self.scheme);
            let ended = here.filter(|closed| closed.outcome == outcome);
            ended
                .map(|closed| vec![Term::compound(closed.norm.modality.name(), arguments(&closed.norm))])
                .collect()
        };
        match predicate {
            "mission_goal" => {
                let pairs = missions().flat_map(|mission| {
                    mission.goals.iter().map(|goal| atoms(&[&mission.id, self.view.goal_name(*goal)]))
                });
                pairs.collect()
            }
            "mission_role" => {
                let here = organization.norms().iter().filter(|norm| node.missions.contains(&norm.mission));
                here.map(|n| atoms(&[self.view.mission_name(n.mission), self.view.role_name(n.role)]))
                    .collect()
            }
            "super_goal" => {
                let pairs = node.goals.iter().filter_map(|goal| {
                    let above = organization.goals()[*goal].parent?;
                    Some(atoms(&[self.view.goal_name(above), self.view.goal_name(*goal)]))
                });
                pairs.collect()
            }
            "obligation" => active(Modality::Obligation),
            "permission" => active(Modality::Permission),
            "fulfilled" => closed(Outcome::Fulfilled),
            "unfulfilled" => closed(Outcome::Unfulfilled),
            _ => closed(Outcome::Inactive),
        }
    }
}

fn arguments(norm: &NormInstance) -> Vec<Term> {
    let what = match &norm.aim {
        Aim::Committed { mission } => {
            Term::compound("committed", atoms(&[&norm.agent, mission, &norm.scheme]))
        }
        Aim::Done { goal } => Term::compound("done", atoms(&[&norm.scheme, goal, &norm.agent])),
        Aim::Satisfied { goal } => Term::compound("satisfied", atoms(&[&norm.scheme, goal])),
    };
    let deadline = Term::Number(norm.deadline.as_secs_f64());
    vec![Term::atom(norm.agent.as_str()), Term::atom(norm.norm.as_str()), what, deadline]
}
