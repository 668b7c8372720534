//! Topologies that come with the simulated cluster, and generated ones of any size.
//!
//! | name | what it is | ceiling |
//! |---|---|---|
//! | `chain4` | the paper's API → Auth → Products → Orders | 540/s, 5.4 × nominal |
//! | `diamond` | the published code's a → {b, c} → d, values unchanged | 240/s, 1.2 × nominal |
//! | `online-boutique` | the 11 services of Google's Online Boutique | 512/s, 5.1 × nominal |
//! | `chain:N`, `tree:N:BRANCHING`, `mesh:N:SEED` | generated: [`chain`], [`tree`], [`mesh`] | 6 × nominal |
//!
//! **`chain4`.** The papers give the four services and replicas of 1 to 5, and no load. Here 100 requests/s
//! are nominal, a pod serves 60 to 120 of them, and replica bounds are such that every service can carry 540
//! to 600: an attack of four times the nominal load on top stays just below that, one of eight is far above.
//! Three nodes of 6 cores hold the 15.5 cores that full scale-out requests.
//!
//! **`diamond`.** b carries 240/s at its three replicas and every request of a goes to b, so no policy
//! absorbs more than 1.2 × its nominal 200/s; and the file starts with one pod of each service, which is too few for
//! the nominal load. A figure measured on it speaks of the topology first.
//!
//! **`online-boutique`.** Measured: how often each service is called per frontend request, from the request
//! rates that `PBScaler` (MIT) recorded on the running shop (product catalogue 5.02, currency 3.09, cart 1.00,
//! recommendation 0.70, ad 0.57, shipping 0.33, checkout, payment and email 0.075). From the shop's own
//! manifests: CPU requests and limits, memory requests, initial delays of the probes as start-up times. From
//! its source: what recommendation and checkout call in turn; the frontend's own calls are what is left of
//! the measured totals. **Assumed**: one item in a cart, one Redis call for each call of the cart, the nominal
//! rate, replica bounds, nodes, and every throughput (0.3 to 8 ms of CPU for a call, the frontend tightest).

mod generate;
pub(crate) mod names;

use karma_core::{Topology, TopologyError};
use thiserror::Error;

pub use generate::{MAX_OUT_DEGREE, MAX_SERVICES, chain, mesh, tree};
pub use names::UnknownName;

/// The shipped topologies.
pub const NAMES: [&str; 3] = ["chain4", "diamond", "online-boutique"];

/// Forms of the names of generated topologies.
pub const FORMS: [&str; 3] = ["chain:N", "tree:N:BRANCHING", "mesh:N:SEED"];

/// Calls from one service to others in a mesh that is asked for by name.
const MESH_OUT_DEGREE: usize = 3;

/// Why there is no such topology.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The name is not known.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A number of a generated topology is no number, or out of range.
    #[error(
        "topology \"{}\": {value} is not allowed for {field}; expected {allowed}",
        names::shortened(name)
    )]
    Value {
        /// The name as written.
        name: String,
        /// "services", "branching", "out-degree" or "seed".
        field: &'static str,
        /// The value as written.
        value: String,
        /// What is allowed there.
        allowed: String,
    },
    /// The topology's own reader refused it.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}

/// The topology called `name`: one of [`NAMES`], or generated in one of [`FORMS`].
///
/// ```
/// use karma_mock::topologies::by_name;
/// assert_eq!(by_name("chain4")?.services.len(), 4);
/// assert_eq!(by_name("mesh:1000:7")?.services.len(), 1000);
/// let error = by_name("chian4").unwrap_err().to_string();
/// assert!(error.starts_with("unknown topology \"chian4\" (did you mean \"chain4\"?)"));
/// # Ok::<(), karma_mock::topologies::CatalogueError>(())
/// ```
///
/// # Errors
/// [`CatalogueError::Unknown`] with the nearest known name, or [`CatalogueError::Value`] for a number of a
/// generated topology that is out of range.
pub fn by_name(name: &str) -> Result<Topology, CatalogueError> {
    let parts: Vec<&str> = name.split(':').collect();
    match *parts.as_slice() {
        ["chain4"] => shipped(include_str!("../../data/topologies/chain4.json")),
        ["diamond"] => shipped(include_str!("../../data/topologies/diamond.json")),
        ["online-boutique"] => shipped(include_str!("../../data/topologies/online-boutique.json")),
        ["chain", services] => chain(number(name, "services", services)?),
        ["tree", services, branching] => {
            tree(number(name, "services", services)?, number(name, "branching", branching)?)
        }
        ["mesh", services, seed] => {
            mesh(number(name, "services", services)?, MESH_OUT_DEGREE, number(name, "seed", seed)?)
        }
        _ => Err(UnknownName::new("topology", name, &[&NAMES[..], &FORMS[..]].concat()).into()),
    }
}

fn shipped(text: &str) -> Result<Topology, CatalogueError> {
    Ok(Topology::read(text.as_bytes())?)
}

fn number<T: std::str::FromStr>(name: &str, field: &'static str, text: &str) -> Result<T, CatalogueError> {
    text.parse().map_err(|_| CatalogueError::Value {
        name: name.to_owned(),
        field,
        value: format!("\"{}\"", names::shortened(text)),
        allowed: "a whole number".to_owned(),
    })
}
