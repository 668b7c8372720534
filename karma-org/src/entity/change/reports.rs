//! Exceptions are raised, and accounts given.

use super::super::breach::{Breach, RegimentedProperty as P};
use super::super::event::Event;
use super::super::facts::Scope;
use super::super::formula::{self, Bindings, Term, holds};
use super::super::rules::ReportRule;
use super::super::state::GivenReport;
use super::super::violation::Violation;
use super::{Change, named};
use crate::spec::ReportStage;

impl Change<'_> {
    pub(super) fn raise(
        &mut self,
        agent: &str,
        report: &str,
        scheme: &str,
        arguments: &[String],
    ) -> Result<(), Violation> {
        named("agent", agent)?;
        let terms = terms(arguments)?;
        let specification = self.scheme(scheme)?.specification;
        match self.law.rules.report(specification, report) {
            None => {
                let reason = format!("no notification policy of the scheme has an exception {report}");
                self.breaches.push(Breach::new(P::ExcUnknown, &[scheme, report, agent], reason));
            }
            Some(rule) => {
                let breaches = self.report_breaches(rule, agent, scheme, &terms)?;
                self.breaches.extend(breaches);
            }
        }
        let given = given(agent, report, arguments);
        self.scheme_mut(scheme)?.raised.push(given);
        self.reported(agent, report, scheme, arguments);
        Ok(())
    }

    pub(super) fn give_account(
        &mut self,
        agent: &str,
        report: &str,
        scheme: &str,
        arguments: &[String],
    ) -> Result<(), Violation> {
        named("agent", agent)?;
        terms(arguments)?;
        let specification = self.scheme(scheme)?.specification;
        if self.law.rules.report(specification, report).is_none() {
            let reports = self.law.rules.reports().iter().filter(|rule| rule.scheme == specification);
            return Err(Violation::unknown("account", report, reports.map(|rule| rule.id.as_str())));
        }
        let given = given(agent, report, arguments);
        self.scheme_mut(scheme)?.accounts.push(given);
        self.reported(agent, report, scheme, arguments);
        Ok(())
    }

    fn reported(&mut self, agent: &str, report: &str, scheme: &str, arguments: &[String]) {
        self.happened(Event::Reported {
            agent: agent.to_owned(),
            report: report.to_owned(),
            arguments: arguments.to_vec(),
            scheme: scheme.to_owned(),
        });
    }

    fn report_breaches(
        &self,
        rule: &ReportRule,
        agent: &str,
        scheme: &str,
        terms: &[Term],
    ) -> Result<Vec<Breach>, Violation> {
        let (view, instance) = (self.view(), self.scheme(scheme)?);
        let about = [scheme, rule.id.as_str(), agent];
        let mut breaches = argument_breaches(rule, scheme, terms);
        let raising = || rule.goals_of(ReportStage::Raise);
        if !raising().any(|goal| view.committed_to(goal, instance).contains(agent)) {
            let goals: Vec<&str> = raising().map(|goal| view.goal_name(goal)).collect();
            let reason = format!("{agent} is not committed to {}", goals.join(" or "));
            breaches.push(Breach::new(P::ExcAgentNotAllowed, &about, reason));
        }
        let facts = Scope { view, scheme, group: None };
        let done = raising().any(|goal| instance.done.contains(&(goal, agent.to_owned())));
        if !done && !holds(&rule.condition, &facts, &Bindings::default()) {
            let reason = format!("the condition under which {} is raised does not hold", rule.id);
            breaches.push(Breach::new(P::ExcConditionNotHolding, &about, reason));
        }
        Ok(breaches)
    }
}

fn given(agent: &str, report: &str, arguments: &[String]) -> GivenReport {
    GivenReport { report: report.to_owned(), agent: agent.to_owned(), arguments: arguments.to_vec() }
}

fn terms(arguments: &[String]) -> Result<Vec<Term>, Violation> {
    let read = |text: &String| {
        formula::term(text).map_err(|reason| Violation::NoTerm { text: text.clone(), reason })
    };
    arguments.iter().map(read).collect()
}

fn shape(term: &Term) -> Option<(&str, usize)> {
    match term {
        Term::Compound(functor, items) => Some((functor, items.len())),
        Term::Atom(name) => Some((name, 0)),
        Term::Number(_) | Term::Variable(_) | Term::List(_) => None,
    }
}

fn argument_breaches(rule: &ReportRule, scheme: &str, terms: &[Term]) -> Vec<Breach> {
    let wanted =
        || rule.arguments.iter().map(|(functor, arity)| (functor.as_str(), usize::try_from(*arity).ok()));
    let is_wanted = |term: &Term| {
        shape(term).is_some_and(|(functor, arity)| wanted().any(|want| want == (functor, Some(arity))))
    };
    let mut breaches = Vec::new();
    for term in terms {
        let text = term.to_string();
        let about = [scheme, rule.id.as_str(), text.as_str()];
        if !term.is_ground() {
            let reason = format!("{text} holds a variable");
            breaches.push(Breach::new(P::ExcArgNotGround, &about, reason));
        }
        if !is_wanted(term) {
            let reason = format!("{} has no argument {text}", rule.id);
            breaches.push(Breach::new(P::ExcArgUnknown, &about, reason));
        }
    }
    for (functor, arity) in &rule.arguments {
        let is_given =
            |term: &Term| shape(term) == usize::try_from(*arity).ok().map(|arity| (functor.as_str(), arity));
        if !terms.iter().any(is_given) {
            let arity = arity.to_string();
            let reason = format!("{} needs an argument {functor} with {arity} terms", rule.id);
            breaches.push(Breach::new(P::ExcArgMissing, &[scheme, &rule.id, functor, &arity], reason));
        }
    }
    breaches
}
