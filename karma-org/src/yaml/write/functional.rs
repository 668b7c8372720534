//! Schemes, goals, missions and notification policies.

use super::layout::Out;
use super::{Fields, block, compact, list, maybe, named, named_compact, properties, range, references};
use crate::spec::{
    Argument, Goal, GoalKind, Mission, NotificationKind, NotificationPolicy, Plan, PlanOperator, Report,
    ReportGoal, ReportStage, Scheme,
};

pub(super) fn scheme(scheme: &Scheme) -> (&str, Out) {
    let content = block()
        .flag("nameless", scheme.id.is_none())
        .some("properties", properties(&scheme.properties))
        .all("goal", scheme.goal.as_ref().map(root))
        .some("notification_policies", named(&scheme.notification_policies, policy))
        .some("missions", named(&scheme.missions, mission))
        .done();
    (scheme.id.as_deref().unwrap_or_default(), content)
}

/// The root of a goal tree never stands on one line.
fn root(root: &Goal) -> Out {
    match goal(root) {
        Out::Mapping { entries, .. } => Out::Mapping { entries, block: true },
        name => name,
    }
}

/// A goal with its fields, or its name if it has none.
fn goal(goal: &Goal) -> Out {
    let kind = goal.kind.map(|kind| match kind {
        GoalKind::Performance => "performance",
        GoalKind::Achievement => "achievement",
        GoalKind::Maintenance => "maintenance",
    });
    let fields = compact()
        .text("id", &goal.id)
        .optional("about", goal.description.as_deref())
        .plain("kind", kind)
        .plain("min_agents", goal.min)
        .optional("within", goal.time_to_fulfil.as_deref())
        .optional("location", goal.location.as_deref())
        .some("properties", properties(&goal.properties))
        .some("arguments", maybe(&goal.arguments, argument, &Out::Plain("null".to_owned()), false))
        .some("depends_on", references(&goal.depends_on));
    let fields = match &goal.plan {
        Some(decomposition) => plan(fields, decomposition),
        None => fields,
    };
    match fields.done() {
        Out::Mapping { entries, .. } if entries.len() == 1 => Out::text(&goal.id),
        mapping => mapping,
    }
}

fn argument(argument: &Argument) -> (&str, Option<Out>) {
    (&argument.id, argument.value.as_deref().map(Out::text))
}

fn plan(fields: Fields, plan: &Plan) -> Fields {
    let operator = match plan.operator {
        PlanOperator::Sequence => "sequence",
        PlanOperator::Choice => "choice",
        PlanOperator::Parallel => "parallel",
    };
    let goals = list(&plan.goals, goal);
    if plan.properties.is_empty() {
        return fields.plain("success_rate", plan.success_rate.map(number)).field(operator, goals);
    }
    let spelled = block()
        .text("operator", operator)
        .plain("success_rate", plan.success_rate.map(number))
        .some("properties", properties(&plan.properties))
        .field("goals", goals);
    fields.field("plan", spelled.done())
}

/// A number that is read as the same number; what is no share is written all the same, for the reader to refuse.
fn number(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    format!("{value:?}")
}

fn mission(mission: &Mission) -> (&str, Out) {
    let goals = references(&mission.goals);
    let fields = compact()
        .plain("agents", range(mission.cardinality))
        .some("properties", properties(&mission.properties))
        .field("goals", goals.clone())
        .some("preferred", references(&mission.preferred));
    let content = match fields.done() {
        Out::Mapping { entries, .. } if entries.len() == 1 => goals,
        mapping => mapping,
    };
    (&mission.id, content)
}

fn policy(policy: &NotificationPolicy) -> (&str, Out) {
    let kind = match policy.kind {
        NotificationKind::Exception => "exception",
        NotificationKind::Accountability => "accountability",
    };
    let content = block()
        .text(kind, &policy.target)
        .text("when", &policy.condition)
        .some("properties", properties(&policy.properties))
        .some("reports", named(&policy.reports, report))
        .done();
    (&policy.id, content)
}

const STAGES: [(ReportStage, &str); 6] = [
    (ReportStage::Raise, "raise"),
    (ReportStage::Handle, "handle"),
    (ReportStage::Context, "context"),
    (ReportStage::Request, "request"),
    (ReportStage::Account, "account"),
    (ReportStage::Treatment, "treatment"),
];

fn report(report: &Report) -> (&str, Out) {
    let arity = |argument: i64| Out::Plain(argument.to_string());
    let arguments =
        named_compact(&report.arguments, |argument| (argument.id.as_str(), arity(argument.arity)));
    let fields = compact().some("arguments", arguments);
    let fields = if report.goals.is_sorted_by_key(|goal| goal.stage) {
        STAGES.into_iter().fold(fields, |fields, (stage, name)| {
            let goals: Vec<_> = report.goals.iter().filter(|goal| goal.stage == stage).collect();
            fields.some(name, list(&goals, |goal| conditional(goal)))
        })
    } else {
        fields.field("goals", list(&report.goals, staged))
    };
    (&report.id, fields.done())
}

fn conditional(conditional: &ReportGoal) -> Out {
    match &conditional.when {
        None => goal(&conditional.goal),
        Some(when) => compact().field("goal", goal(&conditional.goal)).text("when", when).done(),
    }
}

fn staged(staged: &ReportGoal) -> Out {
    let name = STAGES.into_iter().find(|(stage, _)| *stage == staged.stage).map(|(_, name)| name);
    compact()
        .plain("stage", name)
        .field("goal", goal(&staged.goal))
        .optional("when", staged.when.as_deref())
        .done()
}
