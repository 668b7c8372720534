//! Goals and their plans.

use crate::spec::{Argument, Goal, GoalKind, Plan, PlanOperator};

use super::{property, reference};

/// A goal while it is written.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct GoalBuilder {
    goal: Goal,
}

/// A goal without a plan.
pub fn goal(id: impl Into<String>) -> GoalBuilder {
    GoalBuilder { goal: Goal { id: id.into(), ..Goal::default() } }
}

impl GoalBuilder {
    /// What it is about.
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.goal.description = Some(description.into());
        self
    }

    /// How many of the committed agents must satisfy it; all of them, unless this is said.
    pub const fn satisfied_by(mut self, agents: u32) -> Self {
        self.goal.min = Some(agents);
        self
    }

    /// What kind of state it is.
    pub const fn kind(mut self, kind: GoalKind) -> Self {
        self.goal.kind = Some(kind);
        self
    }

    /// Time to fulfil it, such as "2 hours".
    pub fn within(mut self, time_to_fulfil: impl Into<String>) -> Self {
        self.goal.time_to_fulfil = Some(time_to_fulfil.into());
        self
    }

    /// Where it is to be achieved.
    pub fn located(mut self, location: impl Into<String>) -> Self {
        self.goal.location = Some(location.into());
        self
    }

    /// A free property.
    pub fn property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.goal.properties.push(property(id, value));
        self
    }

    /// An argument whose value is not known yet.
    pub fn argument(mut self, id: impl Into<String>) -> Self {
        self.goal.arguments.push(Argument { id: id.into(), ..Argument::default() });
        self
    }

    /// An argument and its value.
    pub fn argument_with(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        let value = Some(value.into());
        self.goal.arguments.push(Argument { id: id.into(), value, ..Argument::default() });
        self
    }

    /// A goal that must be satisfied first.
    pub fn depends_on(mut self, goal: impl Into<String>) -> Self {
        self.goal.depends_on.push(reference(goal));
        self
    }

    /// Achieved by these, one after the other.
    pub fn sequence(self, goals: impl IntoIterator<Item = impl Into<Goal>>) -> Self {
        self.plan(PlanOperator::Sequence, goals)
    }

    /// Achieved by one of these.
    pub fn choice(self, goals: impl IntoIterator<Item = impl Into<Goal>>) -> Self {
        self.plan(PlanOperator::Choice, goals)
    }

    /// Achieved by all of these, in any order.
    pub fn parallel(self, goals: impl IntoIterator<Item = impl Into<Goal>>) -> Self {
        self.plan(PlanOperator::Parallel, goals)
    }

    fn plan(mut self, operator: PlanOperator, goals: impl IntoIterator<Item = impl Into<Goal>>) -> Self {
        let goals = goals.into_iter().map(Into::into).collect();
        self.goal.plan = Some(Plan { operator, goals, ..Plan::default() });
        self
    }

    /// Share of the runs of its plan that succeed, in [0, 1]. Without a plan there is nothing to say it of, and
    /// nothing is written.
    pub const fn success_rate(mut self, rate: f64) -> Self {
        if let Some(plan) = &mut self.goal.plan {
            plan.success_rate = Some(rate);
        }
        self
    }
}

impl From<GoalBuilder> for Goal {
    fn from(builder: GoalBuilder) -> Self {
        builder.goal
    }
}

impl From<Goal> for GoalBuilder {
    /// A goal to go on with.
    fn from(goal: Goal) -> Self {
        Self { goal }
    }
}

impl From<&str> for Goal {
    /// A goal that is nothing but a name.
    fn from(id: &str) -> Self {
        goal(id).goal
    }
}
