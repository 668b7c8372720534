//! Numbers in time: rows of columns, cut into windows that no transition crosses.
//!
//! A [`Table`] is what models are fitted on, wherever it came from: any CSV file with a [`Mapping`], or the traces of
//! a cluster. Its columns come in the order *predicted, controlled, exogenous* ([`Part`]), its values are on the
//! columns' scales, and a **missing value is NaN**, nothing else is.
//!
//! ```text
//!            row t                                row t + 1
//!   ┌───────────────────────┐           ┌───────────────────────┐
//!   │ predicted   (known)   │  ──────▶  │ predicted   (?)       │
//!   │ controlled  in force  │           │ controlled  chosen    │
//!   │ exogenous   (known)   │           │ exogenous   given     │
//!   └───────────────────────┘           └───────────────────────┘
//! ```

mod column;
mod mapping;
mod read;
mod schema;
mod split;
mod window;

pub use column::{Column, Part, Scale};
pub use mapping::{
    ColumnParams, ControlParams, Mapping, MappingError, MappingParams, Names, PodsParams, ScaleParams,
    ShortError, SplitParams, When,
};
pub use read::TableError;
pub use schema::{Schema, SchemaError};
pub use split::{Split, Start};
pub use window::{Table, Window};
