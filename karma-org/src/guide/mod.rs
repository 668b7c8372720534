//! (to be written)

mod action_set;
mod batch;
pub mod binding;
mod compile;
mod episode;
mod explain;
mod guides;
mod restriction;

pub use batch::GuideBatch;
pub use binding::Binding;
pub use compile::PRIORITY_EPSILON;
pub use episode::EpisodeGuide;
pub use explain::{Explanation, Removal, RuleExplanation};
pub use guides::{GuideSetting, Guides};
