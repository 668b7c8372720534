//! What an organisation's specification says about its running: conditions read, managements looked up, reports
//! resolved. Made once.

use std::collections::BTreeMap;

use karma_core::Id as _;

use super::breach::{Management, RegimentedProperty};
use super::facts;
use super::formula::{self, Formula};
use crate::Organization;
use crate::finding::{Finding, Findings, Severity};
use crate::organization::{GoalId, NormId, SchemeId};
use crate::spec::{Goal, NormativeSpecification, NotificationPolicy, Origin, ReportStage, Scheme};

/// The rules of one organisation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rules {
    management: BTreeMap<RegimentedProperty, Management>,
    conditions: Vec<Formula>,
    reports: Vec<ReportRule>,
    parts: BTreeMap<GoalId, Vec<ReportPart>>,
    /// Names of the arguments of each goal that has some, and their values where these are written.
    arguments: BTreeMap<GoalId, Vec<(String, Option<String>)>>,
}

/// A report of a notification policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReportRule {
    pub(super) id: String,
    pub(super) scheme: SchemeId,
    /// The policy's condition.
    pub(super) condition: Formula,
    /// Functors and arities of what it says.
    pub(super) arguments: Vec<(String, i64)>,
    /// The goals of each stage, those of their plans included.
    pub(super) goals: Vec<(GoalId, ReportStage)>,
}

impl ReportRule {
    pub(super) fn goals_of(&self, stage: ReportStage) -> impl Iterator<Item = GoalId> {
        self.goals.iter().filter(move |(_, own)| *own == stage).map(|(goal, _)| *goal)
    }
}

/// The part of a goal in a report.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReportPart {
    /// Position of the report.
    pub(super) report: usize,
    pub(super) stage: ReportStage,
    pub(super) when: Formula,
}

impl Rules {
    /// Reads all conditions and properties of an organisation.
    ///
    /// # Errors
    /// All conditions that cannot be read, and all properties with an unknown management.
    pub(super) fn new(organization: &Organization) -> Result<(Self, Vec<Finding>), Findings> {
        let mut findings = Vec::new();
        let normative = &organization.specification().normative;
        let management = managements(normative, &mut findings);
        let conditions = norm_conditions(organization, &mut findings);
        let mut rules = Self {
            management,
            conditions,
            reports: Vec::new(),
            parts: BTreeMap::new(),
            arguments: BTreeMap::new(),
        };
        for (index, written) in organization.specification().functional.schemes.iter().enumerate() {
            let scheme = SchemeId::from_index(index);
            rules.add_arguments(organization, scheme, written);
            for policy in &written.notification_policies {
                rules.add_policy(organization, scheme, policy, &mut findings);
            }
        }
        if normative.npl.as_ref().is_some_and(|text| !text.trim().is_empty()) {
            let message = "norms written in NPL are kept with the specification but are not run";
            findings.push(Finding::warning("npl-not-run", &normative.origin, message));
        }
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        if findings.iter().any(is_error) { Err(Findings(findings)) } else { Ok((rules, findings)) }
    }

    pub(super) fn management(&self, property: RegimentedProperty) -> Management {
        self.management.get(&property).copied().unwrap_or_default()
    }

    pub(super) fn condition(&self, norm: NormId) -> &Formula {
        &self.conditions[norm.index()]
    }

    pub(super) fn reports(&self) -> &[ReportRule] {
        &self.reports
    }

    pub(super) fn report(&self, scheme: SchemeId, id: &str) -> Option<&ReportRule> {
        self.reports.iter().find(|report| report.scheme == scheme && report.id == id)
    }

    pub(super) fn parts_of(&self, goal: GoalId) -> Option<&[ReportPart]> {
        self.parts.get(&goal).map(Vec::as_slice)
    }

    pub(super) fn arguments(&self, goal: GoalId) -> &[(String, Option<String>)] {
        self.arguments.get(&goal).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn has_stage(&self, goal: GoalId, stages: &[ReportStage]) -> bool {
        self.parts_of(goal).is_some_and(|parts| parts.iter().any(|part| stages.contains(&part.stage)))
    }

    fn add_arguments(&mut self, organization: &Organization, scheme: SchemeId, written: &Scheme) {
        let reports = written.notification_policies.iter().flat_map(|policy| &policy.reports);
        let roots =
            written.goal.iter().chain(reports.flat_map(|report| &report.goals).map(|each| &each.goal));
        for goal in roots.flat_map(below) {
            let value = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            let arguments: Vec<_> =
                goal.arguments.iter().map(|each| (each.id.clone(), value(&each.value))).collect();
            if let Some(id) = organization.goal(scheme, &goal.id).filter(|_| !arguments.is_empty()) {
                self.arguments.insert(id, arguments);
            }
        }
    }

    fn add_policy(
        &mut self,
        organization: &Organization,
        scheme: SchemeId,
        policy: &NotificationPolicy,
        findings: &mut Vec<Finding>,
    ) {
        let condition = policy_condition(&policy.condition, policy, findings);
        for report in &policy.reports {
            if self.report(scheme, &report.id).is_some() {
                let message = format!("report {:?} of policy {:?} is specified twice", report.id, policy.id);
                findings.push(Finding::error("duplicate-report", &report.origin, message));
            }
            let mut goals = Vec::new();
            for written in &report.goals {
                let when = policy_condition(written.when.as_deref().unwrap_or("true"), policy, findings);
                for goal in
                    below(&written.goal).into_iter().filter_map(|goal| organization.goal(scheme, &goal.id))
                {
                    goals.push((goal, written.stage));
                    let part =
                        ReportPart { report: self.reports.len(), stage: written.stage, when: when.clone() };
                    self.parts.entry(goal).or_default().push(part);
                }
            }
            let arguments = report.arguments.iter().map(|each| (each.id.clone(), each.arity)).collect();
            let (id, condition) = (report.id.clone(), condition.clone());
            self.reports.push(ReportRule { id, scheme, condition, arguments, goals });
        }
    }
}

/// A goal and all goals of its plan.
fn below(root: &Goal) -> Vec<&Goal> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(goal) = open.pop() {
        found.push(goal);
        open.extend(goal.plan.iter().flat_map(|plan| plan.goals.iter()));
    }
    found
}

fn managements(
    normative: &NormativeSpecification,
    findings: &mut Vec<Finding>,
) -> BTreeMap<RegimentedProperty, Management> {
    let mut written = |name: &str| {
        let property = normative.properties.iter().find(|property| property.id == name)?;
        let all = [Management::Fail, Management::Prohibition, Management::Ignore];
        let found = all.into_iter().find(|management| management.name() == property.value);
        if found.is_none() {
            let message = format!(
                "property {name:?} has value {:?}; allowed are fail, prohibition and ignore",
                property.value
            );
            findings.push(Finding::error("unknown-management", &property.origin, message));
        }
        found
    };
    let default = written("default_management").unwrap_or_default();
    RegimentedProperty::ALL.into_iter().map(|each| (each, written(each.name()).unwrap_or(default))).collect()
}

fn norm_conditions(organization: &Organization, findings: &mut Vec<Finding>) -> Vec<Formula> {
    let written = &organization.specification().normative.norms;
    let conditions = organization.norms().iter().map(|norm| {
        let origin = written.iter().find(|each| each.id == norm.id).map(|each| each.origin.clone());
        let text = norm.condition.as_deref().unwrap_or("true");
        let place = format!("the condition of norm {:?}", norm.id);
        condition(text, &place, &origin.unwrap_or_default(), findings)
    });
    conditions.collect()
}

fn policy_condition(text: &str, policy: &NotificationPolicy, findings: &mut Vec<Finding>) -> Formula {
    let place = format!("a condition of notification policy {:?}", policy.id);
    let formula = condition(text, &place, &policy.origin, findings);
    formula.each_name(&mut |name, arity| {
        if name == "enabled" && arity.is_some() {
            let message =
                format!("{place} asks for enabled goals, which depend on notification policies themselves");
            findings.push(Finding::error("circular-condition", &policy.origin, message));
        }
    });
    formula
}

fn condition(text: &str, place: &str, origin: &Origin, findings: &mut Vec<Finding>) -> Formula {
    if text.trim().is_empty() {
        return Formula::TRUE;
    }
    match formula::formula(text) {
        Ok(formula) => {
            formula.each_name(&mut |name, arity| {
                if let Err(reason) = facts::known(name, arity) {
                    let message = format!("{place}, {text:?}, cannot be evaluated: {reason}");
                    findings.push(Finding::error("unknown-predicate", origin, message));
                }
            });
            formula
        }
        Err(reason) => {
            let message = format!("{place}, {text:?}, cannot be read: {reason}");
            findings.push(Finding::error("bad-condition", origin, message));
            Formula::TRUE
        }
    }
}
