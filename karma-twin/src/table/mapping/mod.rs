//! Which columns of a CSV file are what: the way of any measurement into a table.
//!
//! A mapping as written is [`MappingParams`], in a file or in [short](ColumnParams#in-short) on a command line; once
//! checked, it is a [`Mapping`] and [reads](Mapping::read) files. This one is for a load balancer's log of a row each
//! 30 seconds:
//!
//! ```toml
//! run = "day"                  # rows of different days do not follow each other
//! time = "begin"               # seconds, or 2026-01-31T23:59:30Z
//! max_gap = 45                 # a later row does not follow
//! drop = ["p99 <= 0"]          # nothing was measured
//!
//! [[predict]]
//! columns = "requests"         # of 30 s
//! divide = 30
//! unit = "/s"
//!
//! [[predict]]
//! columns = ["mean", "p99"]
//! scale = "log10"
//! floor = 1                    # ms that are not told apart
//!
//! [[control]]
//! columns = "replicas_*"       # of each service, in force in the 30 s of the row
//!
//! [split]
//! tail = 0.2                   # the last fifth of each day is held back
//! ```

mod check;
mod condition;
mod names;
mod params;
mod short;
#[cfg(test)]
mod tests;

pub use check::{Mapping, MappingError};
pub(super) use condition::Condition;
pub use names::Names;
pub(super) use names::matched;
pub use params::{ColumnParams, ControlParams, MappingParams, PodsParams, ScaleParams, SplitParams, When};
pub use short::ShortError;
