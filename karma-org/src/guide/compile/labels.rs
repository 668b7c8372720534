//! Trajectory patterns and what their symbols mean.

use karma_core::Action;

use super::{Compiler, actions, instance, roles};
use crate::condition::{Asked, CheckedCondition, Compiler as Programs, Signals};
use crate::guide::action_set::ActionSet;
use crate::guide::guides::Labels;
use crate::pattern::{Automaton, Mode, Pattern, Vocabulary};

/// Patterns and labels in which nothing was found wrong.
pub(super) struct CheckedLabels {
    automata: Vec<(String, Automaton)>,
    observations: Vec<CheckedCondition>,
    actions: Vec<ActionSet>,
}

/// Checks labels and patterns, and makes the names of the patterns known to conditions.
pub(super) fn check(compiler: &mut Compiler<'_>) -> CheckedLabels {
    let (observations, actions) = (observations(compiler), action_labels(compiler));
    let automata = automata(compiler);
    compiler.vocabulary.patterns = compiler.binding.patterns.keys().cloned().collect();
    CheckedLabels { automata, observations, actions }
}

/// Observations are labelled before patterns advance, so their conditions know no patterns.
fn observations(compiler: &mut Compiler<'_>) -> Vec<CheckedCondition> {
    let Some(labels) = &compiler.binding.labels else { return Vec::new() };
    let spot = compiler.spot().field("labels").field("observations");
    let check =
        |(name, text): (&String, &String)| roles::condition(compiler, text, spot.field(name), Asked::Once);
    labels.observations.iter().filter_map(check).collect()
}

fn action_labels(compiler: &mut Compiler<'_>) -> Vec<ActionSet> {
    let Some(labels) = &compiler.binding.labels else { return Vec::new() };
    let spot = compiler.spot().field("labels").field("actions");
    for (name, written) in &labels.actions {
        actions::check(compiler, written, spot.field(name), false);
    }
    labels.actions.values().map(|written| actions::of(compiler, written, None)).collect()
}

fn automata(compiler: &mut Compiler<'_>) -> Vec<(String, Automaton)> {
    let binding = compiler.binding;
    let labels = binding.labels.clone().unwrap_or_default();
    let vocabulary = match Vocabulary::new(labels.observations.keys(), labels.actions.keys()) {
        Ok(vocabulary) => vocabulary,
        Err(error) => {
            compiler.error("invalid-label", compiler.spot().field("labels"), error.to_string());
            return Vec::new();
        }
    };
    let spot = compiler.spot().field("patterns");
    let compiled = binding.patterns.iter().filter_map(|(name, text)| {
        let pattern = Pattern::parse(text).map_err(|error| error.to_string());
        let automaton = pattern.and_then(|pattern| {
            Automaton::compile(&pattern, &vocabulary, Mode::Search).map_err(|error| error.to_string())
        });
        match automaton {
            Ok(automaton) => Some((name.clone(), automaton)),
            Err(message) => {
                compiler.error("invalid-pattern", spot.field(name), format!("pattern {name:?}: {message}"));
                None
            }
        }
    });
    let compiled: Vec<_> = compiled.collect();
    for (name, _) in compiled.iter().filter(|(_, automaton)| automaton.matches_nothing_at_all()) {
        let message = format!("pattern {name:?} matches a history without tokens, and so at every step");
        compiler.warning("pattern-of-nothing", spot.field(name), message);
    }
    compiled
}

impl CheckedLabels {
    /// Compiles what is observed; what is done is looked up.
    pub(super) fn compile(self, compiler: &Compiler<'_>, signals: &mut Signals) -> Labels {
        let mut programs = Programs::new(&compiler.vocabulary, signals);
        let truths =
            self.observations.iter().map(|label| programs.condition(label, instance(None, 0))).collect();
        let program = programs.finish();
        let actions = (0u32..).take(compiler.space.len()).map(Action);
        let of_actions = actions.map(|action| labels_of(action, &self.actions)).collect();
        Labels { automata: self.automata, program, truths, of_actions }
    }
}

/// Bit `i` is set if the action is in set `i`.
fn labels_of(action: Action, sets: &[ActionSet]) -> u32 {
    (0u32..).zip(sets).filter(|(_, set)| set.contains(action)).fold(0, |labels, (bit, _)| labels | 1 << bit)
}
