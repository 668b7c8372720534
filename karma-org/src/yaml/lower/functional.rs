//! Schemes, goals, missions and notification policies.

use super::Lowering;
use crate::spec::{
    Argument, Goal, GoalKind, Mission, NotificationKind, NotificationPolicy, Plan, PlanOperator, Report,
    ReportArgument, ReportGoal, ReportStage, Scheme,
};
use crate::yaml::document::{Place, quoted};
use crate::yaml::form::{self, Either, Long};

impl Lowering<'_, '_> {
    pub(super) fn scheme(&mut self, name: &str, form: &form::Scheme, place: Place<'_>) -> Scheme {
        if form.nameless && !name.is_empty() {
            let message =
                format!("{} is a name; only a scheme under the empty name is nameless", quoted(name));
            self.refuse("bad-name", place.field("nameless"), message);
        }
        Scheme {
            id: (!form.nameless).then(|| name.to_owned()),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            goal: form.goal.as_ref().map(|Long(goal)| self.goal(goal, place.field("goal"))),
            notification_policies: self.named(
                form.notification_policies.as_ref(),
                place.field("notification_policies"),
                Self::policy,
            ),
            missions: self.named(form.missions.as_ref(), place.field("missions"), Self::mission),
            origin: self.origin_of(place),
        }
    }

    /// Recursion is as deep as the document, which its parser has limited.
    fn goal(&mut self, form: &form::Goal, place: Place<'_>) -> Goal {
        Goal {
            id: form.id.clone(),
            description: form.about.clone(),
            min: form.min_agents,
            kind: form.kind.map(kind),
            time_to_fulfil: form.within.clone(),
            location: form.location.as_ref().map(|location| location.0.clone()),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            arguments: self.named(
                form.arguments.as_ref(),
                place.field("arguments"),
                |this, name, value, place| Argument {
                    id: name.to_owned(),
                    value: value.as_ref().map(|value| value.0.clone()),
                    origin: this.origin_of(place),
                },
            ),
            depends_on: self.references(form.depends_on.as_ref(), place.field("depends_on")),
            plan: self.plan(form, place),
            origin: self.origin(place),
        }
    }

    fn plan(&mut self, form: &form::Goal, place: Place<'_>) -> Option<Plan> {
        let short = [
            ("sequence", form.sequence.as_ref(), PlanOperator::Sequence),
            ("choice", form.choice.as_ref(), PlanOperator::Choice),
            ("parallel", form.parallel.as_ref(), PlanOperator::Parallel),
        ];
        let mut plans: Vec<Plan> = Vec::new();
        for (field, goals, operator) in short {
            let Some(goals) = goals else { continue };
            let place = place.field(field);
            let goals = self.items(goals, place, |this, Long(goal), place| this.goal(goal, place));
            let (success_rate, origin) = (form.success_rate, self.origin_of(place));
            plans.push(Plan { operator, success_rate, properties: Vec::new(), goals, origin });
        }
        plans.extend(form.plan.as_ref().map(|plan| self.spelled_plan(plan, place.field("plan"))));
        if plans.len() > 1 {
            let message = "a goal has at most one of `sequence`, `choice`, `parallel` and `plan`";
            self.refuse("bad-plan", place, message);
        }
        if form.success_rate.is_some() && (plans.is_empty() || form.plan.is_some()) {
            let message = "a success rate belongs to a plan: beside `sequence`, `choice` or `parallel`, or inside `plan`";
            self.refuse("bad-plan", place.field("success_rate"), message);
        }
        plans.pop()
    }

    fn spelled_plan(&mut self, form: &form::Plan, place: Place<'_>) -> Plan {
        Plan {
            operator: match form.operator {
                form::PlanOperator::Sequence => PlanOperator::Sequence,
                form::PlanOperator::Choice => PlanOperator::Choice,
                form::PlanOperator::Parallel => PlanOperator::Parallel,
            },
            success_rate: form.success_rate,
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            goals: self
                .items(&form.goals, place.field("goals"), |this, Long(goal), place| this.goal(goal, place)),
            origin: self.origin_of(place),
        }
    }

    fn mission(&mut self, name: &str, Long(form): &Long<form::Mission>, place: Place<'_>) -> Mission {
        let goals = if place.is_list() { place } else { place.field("goals") };
        Mission {
            id: name.to_owned(),
            cardinality: self.range(form.agents.as_ref(), place.field("agents")),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            goals: self.references(form.goals.as_ref(), goals),
            preferred: self.references(form.preferred.as_ref(), place.field("preferred")),
            origin: self.origin_of(place),
        }
    }

    fn policy(&mut self, name: &str, form: &form::Policy, place: Place<'_>) -> NotificationPolicy {
        let (kind, target) = match (&form.exception, &form.accountability) {
            (Some(goal), None) => (NotificationKind::Exception, goal.clone()),
            (None, Some(goal)) => (NotificationKind::Accountability, goal.clone()),
            _ => {
                let message =
                    "a notification policy has exactly one of `exception` and `accountability`, with a goal";
                self.refuse("bad-policy", place, message);
                (NotificationKind::Exception, String::new())
            }
        };
        NotificationPolicy {
            id: name.to_owned(),
            target,
            condition: form.when.clone(),
            kind,
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            reports: self.named(form.reports.as_ref(), place.field("reports"), Self::report),
            origin: self.origin_of(place),
        }
    }

    fn report(&mut self, name: &str, form: &form::Report, place: Place<'_>) -> Report {
        let arguments =
            self.named(form.arguments.as_ref(), place.field("arguments"), |this, name, arity, place| {
                ReportArgument { id: name.to_owned(), arity: *arity, origin: this.origin_of(place) }
            });
        let stages = [
            ("raise", &form.raise, ReportStage::Raise),
            ("handle", &form.handle, ReportStage::Handle),
            ("context", &form.context, ReportStage::Context),
            ("request", &form.request, ReportStage::Request),
            ("account", &form.account, ReportStage::Account),
            ("treatment", &form.treatment, ReportStage::Treatment),
        ];
        let mut goals = Vec::new();
        for (field, forms, stage) in stages {
            goals.extend(
                self.items(forms, place.field(field), |this, form, place| {
                    this.report_goal(stage, form, place)
                }),
            );
        }
        goals.extend(self.items(&form.goals, place.field("goals"), Self::staged_goal));
        Report { id: name.to_owned(), arguments, goals, origin: self.origin_of(place) }
    }

    fn report_goal(&mut self, stage: ReportStage, form: &form::ReportGoal, place: Place<'_>) -> ReportGoal {
        match &form.0 {
            Either::Usual(goal) => ReportGoal { stage, when: None, goal: self.goal(goal, place) },
            Either::Special(conditional) => {
                let goal = self.goal(&conditional.goal.0, place.field("goal"));
                ReportGoal { stage, when: Some(conditional.when.clone()), goal }
            }
        }
    }

    fn staged_goal(&mut self, form: &form::StagedGoal, place: Place<'_>) -> ReportGoal {
        let stage = match form.stage {
            form::Stage::Raise => ReportStage::Raise,
            form::Stage::Handle => ReportStage::Handle,
            form::Stage::Context => ReportStage::Context,
            form::Stage::Request => ReportStage::Request,
            form::Stage::Account => ReportStage::Account,
            form::Stage::Treatment => ReportStage::Treatment,
        };
        ReportGoal { stage, when: form.when.clone(), goal: self.goal(&form.goal.0, place.field("goal")) }
    }
}

const fn kind(form: form::GoalKind) -> GoalKind {
    match form {
        form::GoalKind::Performance => GoalKind::Performance,
        form::GoalKind::Achievement => GoalKind::Achievement,
        form::GoalKind::Maintenance => GoalKind::Maintenance,
    }
}
