//! Pictures and words of a checked organisation, for people who are to understand it.
//!
//! [`dot()`] gives text for Graphviz, whose layouts can be tuned; [`svg()`] gives a picture with a layout of our own
//! that needs no other tool, in light and dark; [`words()`] gives a summary for a terminal. All of them are pure: the same organisation
//! gives the same text, whatever is in its names.
//!
//! What is written is drawn, not what follows from it: a link between two abstract roles is one line, and not one
//! between every two roles that inherit it. What can be derived is asked from the
//! [`Organization`](crate::Organization). Left out: free properties, arguments of goals, notification policies and
//! norms in MOISE's normative programming language.
//!
//! ```
//! use karma_org::builder::{OrganizationBuilder, authority, mission, obligation};
//! use karma_org::draw::{Part, dot, svg, words};
//!
//! let team = OrganizationBuilder::new("team")
//!     .role("coach")
//!     .role("player")
//!     .group("squad", |group| {
//!         group.role("coach", 1..=1).role("player", 11..=11).link(authority("coach", "player"))
//!     })
//!     .scheme("match", |scheme| scheme.goal("win").mission(mission("play").goals(["win"])))
//!     .norm(obligation("n1", "player", "play").within("90 minutes"))
//!     .organization()?;
//!
//! assert!(words(&team, Part::Structure).contains("coach has authority over player"));
//! assert!(words(&team, Part::Norms).contains("Every player must commit to play within 90 minutes"));
//! assert!(dot(&team, Part::All).starts_with("digraph"));
//! assert!(svg(&team, Part::All).starts_with("<svg"));
//! # Ok::<(), karma_org::Findings>(())
//! ```

mod dot;
mod names;
mod phrases;
mod svg;
mod text;
mod words;

pub use dot::dot;
pub use svg::svg;
pub use words::words;

/// What is to be shown of an organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    #[default]
    All,
    /// Roles and groups.
    Structure,
    /// Schemes: goals, plans and missions.
    Goals,
    /// Who must or may commit to what.
    Norms,
}

impl Part {
    /// Whether this part takes in another one.
    const fn shows(self, part: Self) -> bool {
        matches!(
            (self, part),
            (Self::All, _)
                | (Self::Structure, Self::Structure)
                | (Self::Goals, Self::Goals)
                | (Self::Norms, Self::Norms)
        )
    }
}
