//! The running organisation (MOISE's *organisational entity*): groups and schemes that exist, agents that play roles
//! in them and commit to missions, goals that are pursued, and the obligations that follow.
//!
//! An [`OrganizationEntity`] runs a checked [`Organization`]. Everything that happens to it is an [`Operation`], at
//! a time that the caller gives: there is no clock. An operation is refused, with a [`Violation`] that says which rule
//! would be broken, and then nothing has changed; or it is done, and the [`Event`]s tell all that it changed.
//!
//! | you look for | open |
//! |---|---|
//! | what can be done | [`Operation`], or the methods of [`OrganizationEntity`] |
//! | the rules that are watched, and what happens when one is broken | [`RegimentedProperty`], [`Management`] |
//! | who must and may do what | [`OrganizationEntity::obligations`], [`NormInstance`], [`Outcome`] |
//! | the life of a goal | [`GoalState`] |
//! | why a group or scheme is not well formed | [`FormationFault`] |
//! | survival of a restart | [`OrganizationEntity::snapshot`], [`EntitySnapshot`] |
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use karma_org::builder::{OrganizationBuilder, goal, mission, obligation, permission};
//! use karma_org::entity::{GoalState, OrganizationEntity};
//!
//! // A paper is drafted by its editor, then written by all its writers.
//! let paper = OrganizationBuilder::new("paper")
//!     .role("editor")
//!     .role("writer")
//!     .group("authors", |group| group.role("editor", 1..=1).role("writer", 1..=5))
//!     .scheme("write", |scheme| {
//!         scheme
//!             .goal(goal("paper").sequence([goal("draft"), goal("sections").within("7 days")]))
//!             .mission(mission("manage").agents(1..=1).goals(["draft"]))
//!             .mission(mission("contribute").agents(1..=5).goals(["sections"]))
//!     })
//!     .norm(permission("n1", "editor", "manage"))
//!     .norm(obligation("n2", "writer", "contribute").within("1 day"))
//!     .organization()?;
//! let mut wp = OrganizationEntity::new(Arc::new(paper))?;
//! let hour = |n| Duration::from_hours(n);
//!
//! wp.create_group("wp1", "authors", None, hour(0))?;
//! wp.create_scheme("s1", "write", hour(0))?;
//! wp.adopt_role("jaime", "editor", "wp1", hour(0))?;
//! wp.adopt_role("jomi", "writer", "wp1", hour(0))?;
//! let refused = wp.adopt_role("bob", "editor", "wp1", hour(0)).unwrap_err();
//! assert_eq!(refused.breaches()[0].literal(), "role_cardinality(editor,wp1,2,1)");
//!
//! // A group that is responsible for a scheme binds those who play in it.
//! wp.add_responsible_group("wp1", "s1", hour(0))?;
//! let due: Vec<String> = wp.obligations().map(ToString::to_string).collect();
//! assert_eq!(due, ["obligation(jomi,n2,committed(jomi,contribute,s1),86400 s)"]);
//! wp.commit("jomi", "contribute", "s1", hour(1))?;
//! wp.commit("jaime", "manage", "s1", hour(1))?;
//!
//! // The plan says which goals can be pursued; whoever is committed to them must.
//! assert_eq!(wp.possible_goals("jaime"), [("s1", "draft")]);
//! wp.achieve("jaime", "draft", "s1", hour(2))?;
//! assert_eq!(wp.possible_goals("jomi"), [("s1", "sections")]);
//!
//! // In writing, and on from there.
//! let snapshot = wp.snapshot();
//! let mut wp = OrganizationEntity::restore(Arc::clone(wp.organization()), snapshot)?;
//! wp.achieve("jomi", "sections", "s1", hour(3))?;
//! assert_eq!(wp.goal_state("s1", "paper"), Some(GoalState::Satisfied));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Obligations and permissions
//!
//! They follow from the facts as in the norms that MOISE generates (`os2nopl`; Hübner, Boissier and Bordini, *A
//! normative programming language for multi-agent organisations*, 2011). A norm of the specification obliges or allows
//! those who play its role, in a group that is responsible for the scheme, to commit to its mission, as long as it
//! has too few agents (or room for more). Whoever is committed must pursue each goal of the mission while it is
//! enabled. Each obligation ends once: fulfilled, unfulfilled (its deadline passed), or inactive (its reason went).
//!
//! # Conditions
//!
//! Conditions of norms and of notification policies are NPL formulas over the facts, such as
//! `fplay(A, guard, Gr) & not satisfied(S, watch)`: conjunction `&`, disjunction `|`, `not`, comparisons, variables,
//! `.member`, `.length`, `.count`, and `#property` for a regimented property that is breached. The predicates are
//!
//! * `play`, `fplay` `(Agent, Role, Group)`; `responsible(Group, Scheme)`; `group_id(G)`; `scheme_id(S)`;
//!   `subgroup(Child, Kind, Parent)`; `well_formed(GroupOrScheme)`; `rplayers(Role, Group, N)`;
//!   `mplayers(Mission, Scheme, N)`; `subrole`, `tsubrole` `(Role, Above)`;
//! * `committed(Agent, Mission, Scheme)`; `done(Scheme, Goal, Agent)`; `satisfied`, `failed`, `released`,
//!   `impossible`, `enabled`, `super_satisfied` `(Scheme, Goal)`; `mission_goal(Mission, Goal)`;
//!   `mission_role(Mission, Role)`; `super_goal(Above, Goal)`; `mission_accomplished(Scheme, Mission)`;
//!   `is_finished(Scheme)`; `goal_argument(Scheme, Goal, Argument, Value)`;
//! * `raised`, `account` `(Report, Agent, Arguments)`; `obligation`, `permission` `(Agent, Norm, What, Deadline)`;
//!   `fulfilled`, `unfulfilled`, `inactive` `(obligation(…))`.
//!
//! What is about schemes is about the scheme at hand. In a norm's condition, `S` is that scheme, `A` the agent, `Gr`
//! the group in which it plays. Anything else is an error, with its place, when the organisation starts.
//!
//! # Exceptions and accounts
//!
//! A notification policy's raise-goal is enabled while the policy's condition holds, its handle-goal once the
//! exception was raised and the raise-goal is satisfied. A request-goal is enabled under the condition and after the
//! context-goals, the accounting-goal after the request, the treatment-goal once the account is given and the
//! accounting-goal satisfied. Each has its own condition (`when`) besides. Approximations: whoever is committed to
//! one of an exception's raise-goals may raise it (MOISE: to all of their missions); a reset withdraws a report whose
//! policy condition does not hold any more (MOISE looks at `when` only, so that a failure is raised once for ever); an
//! account is regimented by its name only.
//!
//! # Where this differs from MOISE
//!
//! * An operation answers for the breaches that it adds or worsens, not for those it finds. Otherwise a responsible
//!   group that lost two players by a crash could not be mended: one new player alone does not make it well formed.
//! * All breaches of an operation are reported. Incompatible roles in different groups are breaches of
//!   `role_compatibility` too, as in MOISE's first engine (`moise.oe`).
//! * Nobody commits to a scheme that is over, and missions with impossible goals can be left (`moise.oe`).
//! * An obligation to commit ends with the room in its mission (MOISE: when the scheme is well formed, so that until
//!   then agents are obliged to what is forbidden).
//! * Obligations lapse when their goal is satisfied by others, or the agent's commitment or role ends.
//! * Norms written in NPL (`npl-norms`) are not run; [`OrganizationEntity::warnings`] says so.
//!
//! **Cost.** An operation copies the facts, so that a refusal leaves no trace, and derives all else from them: time
//! and memory linear in the facts, times the depth of groups and plans; norms × players × schemes for obligations. The
//! list of what is over grows by one with each obligation, until its scheme is destroyed.

mod act;
mod breach;
mod change;
mod digest;
mod event;
mod facts;
mod formation;
mod formula;
mod goal_state;
mod goals;
mod ledger;
mod norms;
mod operation;
mod perform;
mod query;
mod regiment;
mod rules;
mod snapshot;
mod state;
mod survey;
mod view;
mod violation;

use std::sync::Arc;
use std::time::Duration;

pub use breach::{Breach, Management, RecordedBreach, RegimentedProperty};
pub use event::Event;
pub use formation::FormationFault;
pub use goal_state::GoalState;
pub use ledger::{Aim, ClosedNorm, Modality, NormInstance, Outcome};
pub use norms::DEFAULT_TIME_TO_FULFIL;
pub use operation::Operation;
pub use snapshot::{EntitySnapshot, RestoreError};
pub use state::{GivenReport, GroupInstance, RolePlayer, SchemeInstance};
pub use violation::Violation;

use crate::Organization;
use crate::finding::{Finding, Findings};
use rules::Rules;
use state::State;
use view::{Law, View};

/// A running organisation: its groups and schemes, who plays and does what, and who must and may.
#[doc(alias = "OE")]
#[derive(Clone, Debug)]
pub struct OrganizationEntity {
    organization: Arc<Organization>,
    rules: Arc<Rules>,
    warnings: Arc<[Finding]>,
    state: State,
}

impl OrganizationEntity {
    /// An organisation with no groups, schemes and agents yet, at time 0.
    ///
    /// # Errors
    /// All conditions of norms and notification policies that cannot be evaluated, and all properties of the
    /// normative specification whose management is unknown.
    pub fn new(organization: Arc<Organization>) -> Result<Self, Findings> {
        let (rules, warnings) = Rules::new(&organization)?;
        Ok(Self { organization, rules: Arc::new(rules), warnings: warnings.into(), state: State::default() })
    }

    /// The organisation that runs.
    pub fn organization(&self) -> &Arc<Organization> {
        &self.organization
    }

    /// What is written in the specification but not run.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What the organisation does about breaches of a regimented property.
    pub fn management(&self, property: RegimentedProperty) -> Management {
        self.rules.management(property)
    }

    /// Carries out an operation at a time, which counts from an origin that the caller chooses.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn perform(&mut self, operation: &Operation, now: Duration) -> Result<Vec<Event>, Violation> {
        let law = Law { organization: &self.organization, rules: &self.rules };
        let (state, events) = perform::perform(law, &self.state, operation, now)?;
        self.state = state;
        Ok(events)
    }

    fn view(&self) -> View<'_> {
        Law { organization: &self.organization, rules: &self.rules }.view(&self.state)
    }
}

impl PartialEq for OrganizationEntity {
    /// The same specification in the same state.
    fn eq(&self, other: &Self) -> bool {
        self.organization == other.organization && self.state == other.state
    }
}
