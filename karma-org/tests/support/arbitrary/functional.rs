//! Arbitrary schemes: goals, plans, notification policies and missions.

use karma_org::spec::{
    Argument, FunctionalSpecification, Goal, GoalKind, Mission, NotificationKind, NotificationPolicy, Origin,
    Plan, PlanOperator, Report, ReportArgument, ReportGoal, ReportStage, Scheme,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::{cardinality, name, properties, references, text};

pub(super) fn specification() -> impl Strategy<Value = FunctionalSpecification> {
    (properties(), vec(scheme(), 0..3)).prop_map(|(properties, schemes)| {
        let origin = Origin::default();
        FunctionalSpecification { properties, schemes, origin }
    })
}

fn scheme() -> impl Strategy<Value = Scheme> {
    (of(name()), properties(), of(goal()), vec(policy(), 0..2), vec(mission(), 0..3)).prop_map(
        |(id, properties, goal, notification_policies, missions)| {
            let origin = Origin::default();
            Scheme { id, properties, goal, notification_policies, missions, origin }
        },
    )
}

fn goal() -> impl Strategy<Value = Goal> {
    flat_goal(Just(None)).prop_recursive(4, 16, 3, |inner| flat_goal(of(plan(vec(inner, 0..4)))))
}

fn flat_goal(plan: impl Strategy<Value = Option<Plan>>) -> impl Strategy<Value = Goal> {
    let kind = of(prop_oneof![
        Just(GoalKind::Performance),
        Just(GoalKind::Achievement),
        Just(GoalKind::Maintenance)
    ]);
    let head = (name(), of(text()), of(any::<u32>()), kind);
    let argument =
        (name(), of(text())).prop_map(|(id, value)| Argument { id, value, origin: Origin::default() });
    (head, of(text()), of(text()), properties(), vec(argument, 0..3), references(), plan).prop_map(
        |((id, description, min, kind), ttf, location, properties, arguments, depends_on, plan)| Goal {
            id,
            description,
            min,
            kind,
            time_to_fulfil: ttf,
            location,
            properties,
            arguments,
            depends_on,
            plan,
            origin: Origin::default(),
        },
    )
}

fn plan(goals: impl Strategy<Value = Vec<Goal>>) -> impl Strategy<Value = Plan> {
    let operator =
        prop_oneof![Just(PlanOperator::Sequence), Just(PlanOperator::Choice), Just(PlanOperator::Parallel)];
    (operator, of(0.0..=1.0_f64), properties(), goals).prop_map(
        |(operator, success_rate, properties, goals)| {
            let origin = Origin::default();
            Plan { operator, success_rate, properties, goals, origin }
        },
    )
}

fn mission() -> impl Strategy<Value = Mission> {
    (name(), cardinality(), properties(), references(), references()).prop_map(
        |(id, cardinality, properties, goals, preferred)| {
            let origin = Origin::default();
            Mission { id, cardinality, properties, goals, preferred, origin }
        },
    )
}

fn policy() -> impl Strategy<Value = NotificationPolicy> {
    let kind = prop_oneof![Just(NotificationKind::Exception), Just(NotificationKind::Accountability)];
    (name(), name(), text(), kind, properties(), vec(report(), 0..3)).prop_map(
        |(id, target, condition, kind, properties, reports)| {
            let origin = Origin::default();
            NotificationPolicy { id, target, condition, kind, properties, reports, origin }
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    let argument = (name(), any::<i64>()).prop_map(|(id, arity)| ReportArgument {
        id,
        arity,
        origin: Origin::default(),
    });
    (name(), vec(argument, 0..3), vec(report_goal(), 0..4)).prop_map(|(id, arguments, mut goals)| {
        goals.sort_by_key(|goal| goal.stage);
        Report { id, arguments, goals, origin: Origin::default() }
    })
}

fn report_goal() -> impl Strategy<Value = ReportGoal> {
    let stage = prop_oneof![
        Just(ReportStage::Raise),
        Just(ReportStage::Handle),
        Just(ReportStage::Context),
        Just(ReportStage::Request),
        Just(ReportStage::Account),
        Just(ReportStage::Treatment)
    ];
    (stage, of(text()), goal()).prop_map(|(stage, when, goal)| ReportGoal { stage, when, goal })
}
