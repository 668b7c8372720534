//! Parameters and priorities.

use karma_core::topology::Priority;

use super::{Compiler, names};
use crate::condition::{Quantity, Vocabulary};
use crate::guide::binding::PriorityWord;

/// Puts the parameters and priorities of the binding into the vocabulary.
pub(super) fn read(compiler: &mut Compiler<'_>) {
    let binding = compiler.binding;
    for (name, parameter) in &binding.parameters {
        let spot = compiler.spot().field("parameters").field(name);
        if let Some(problem) = Vocabulary::problem_with_parameter(name) {
            compiler.error_in_name("parameter-name", spot, problem);
        }
        match Quantity::new(parameter.value, &parameter.unit) {
            Ok(quantity) => drop(compiler.vocabulary.parameters.insert(name.clone(), quantity)),
            Err(problem) => compiler.error("parameter-unit", spot.field("unit"), problem),
        }
        if parameter.reason.trim().is_empty() {
            compiler.warning("parameter-reason", spot, format!("say where the value of {name:?} comes from"));
        }
    }
    priorities(compiler);
}

fn priorities(compiler: &mut Compiler<'_>) {
    let Some(priorities) = &compiler.binding.priorities else { return };
    if let Some(default) = priorities.default {
        compiler.vocabulary.priorities.iter_mut().for_each(|priority| *priority = meant(default));
    }
    for (name, word) in &priorities.services {
        if let Some(service) = compiler.topology.service_named(name) {
            compiler.vocabulary.priorities[service] = meant(*word);
        } else {
            let spot = compiler.spot().field("priorities").field("services").field(name);
            let known = compiler.topology.services.iter().map(|service| service.name.as_str());
            compiler.warning("unknown-service", spot, names::unknown("service", name, known));
        }
    }
}

const fn meant(word: PriorityWord) -> Priority {
    match word {
        PriorityWord::Critical => Priority::Critical,
        PriorityWord::Normal => Priority::Normal,
        PriorityWord::Low => Priority::Low,
    }
}
