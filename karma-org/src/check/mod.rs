//! All that is wrong with a written specification, found in one go.
//!
//! Errors are what MOISE refuses to load or could not run; warnings are what it would run, but hardly as its author
//! meant. A finding's code is stable:
//!
//! | code | severity | what is wrong |
//! |---|---|---|
//! | `missing-name` | error | a role, group, goal or mission has an empty name |
//! | `duplicate-role`, `duplicate-group`, `duplicate-scheme`, `duplicate-norm` | error | a name is given twice |
//! | `duplicate-goal`, `duplicate-mission` | error | a name is given twice in one scheme |
//! | `duplicate-group-role` | error | a group lists a role twice |
//! | `reserved-role` | error | `soc` is defined, though it is the root of all roles |
//! | `undefined-role` | warning | a group has a role that nobody defines; it is taken to extend `soc` |
//! | `unknown-role`, `unknown-group`, `unknown-link-type` | error | a name stands for nothing |
//! | `unknown-goal`, `unknown-mission` | error | a name stands for nothing in that scheme, or in any |
//! | `unresolved-include` | error | a group is included from a text that was not read |
//! | `inheritance-cycle` | error | roles extend each other |
//! | `empty-range` | error | a cardinality's max is below its min |
//! | `idle-constraint` | warning | a formation constraint counts nobody |
//! | `missing-goal` | error | a scheme has no root goal |
//! | `empty-plan` | error | a plan has no goals |
//! | `bad-success-rate` | error | a success rate is outside [0, 1] |
//! | `bad-duration` | error | a time to fulfil cannot be read |
//! | `dependency-cycle` | error | goals wait for each other, so that none of them is ever enabled |
//! | `repeated-goal` | warning | a mission lists a goal twice |
//! | `ambiguous-mission` | warning | a name stands for missions of several schemes |
//! | `preference-cycle` | warning | missions are preferred to each other |
//! | `quorum-out-of-reach` | warning | a goal asks for more agents than its missions take |
//! | `goal-without-mission` | warning | nobody can commit to a goal that has no plan |
//! | `mission-without-norm` | warning | no role must or may commit to a mission |
//! | `norm-without-players` | warning | no role that can be played is bound by a norm |
//! | `link-without-players`, `compatibility-without-players` | warning | the players of two roles cannot meet |

mod cycles;
mod functional;
mod structural;

use crate::finding::Finding;
use crate::organization::resolve::{Parts, Report, resolve};
use crate::spec::OrganizationalSpecification;

/// All findings, in the order of the text.
///
/// O(n log n) in the size of the specification, besides the ancestors of roles (roles times depth).
///
/// ```
/// use karma_org::builder::{OrganizationBuilder, goal, mission, obligation};
///
/// let paper = OrganizationBuilder::new("wp")
///     .role("writer")
///     .group("wpgroup", |group| group.role("writer", 5..=1))
///     .scheme("write", |scheme| scheme.goal(goal("wp")).mission(mission("m").goals(["wp"])))
///     .norm(obligation("n1", "writter", "m"))
///     .build();
/// let findings: Vec<String> = karma_org::check::check(&paper).iter().map(ToString::to_string).collect();
/// assert_eq!(findings, [
///     r#"error[empty-range]: role "writer" of group "wpgroup" has at least 5 and at most 1; max must not be below min"#,
///     r#"error[unknown-role]: norm "n1" is for role "writter", which is not defined; did you mean "writer"?"#,
/// ]);
/// ```
pub fn check(specification: &OrganizationalSpecification) -> Vec<Finding> {
    checked(specification).1.into_findings()
}

/// The resolved elements with all findings.
///
/// A warning is left out where it would only be the consequence of an error: a mission has no norm, perhaps, because
/// of a slip in the norm's text.
pub(crate) fn checked(specification: &OrganizationalSpecification) -> (Parts, Report) {
    let (parts, mut report) = resolve(specification);
    cycles::dependencies(&parts, &mut report);
    cycles::preferences(&parts, &mut report);
    let unknown_role = report.is_incomplete() || report.has(&["unknown-role"]);
    if !unknown_role {
        structural::check(&parts, &mut report);
        functional::norms(&parts, &mut report);
    }
    if !unknown_role && !report.has(&["unknown-mission", "duplicate-mission"]) {
        functional::missions(&parts, &mut report);
    }
    if !report.has(&["unknown-goal", "duplicate-goal"]) {
        functional::goals(&parts, &mut report);
    }
    (parts, report)
}
