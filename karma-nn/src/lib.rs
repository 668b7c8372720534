//! Small dense networks, optimiser, masked categorical head and checkpoints; the one crate that names candle.
//!
//! This crate knows no agents and no clusters. It speaks slices of `f32` (row major), shapes and its own
//! types, so that nothing above it depends on a tensor library.
//!
//! | you want | take |
//! |---|---|
//! | a network and its outputs | [`MlpParams`] → [`MlpConfig`] → [`Mlp`] |
//! | one that remembers | [`MlpParams::recurrent`], [`Inference::step`], [`Sequences`] |
//! | an action under a mask | [`MaskedCategorical`] |
//! | several actions at once under a mask | [`MaskedMultiDiscrete`] |
//! | an actor for other programs | [`Mlp::to_onnx`] |
//! | one step of PPO's actor | [`PolicyTrainer::update`] |
//! | one step of its critic | [`ValueTrainer::update`] |
//! | a gradient of another loss | [`Backprop::gradient`], then [`Adam::step`] |
//! | everything in one artefact | [`Checkpoint`] |
//! | the same eˣ on every machine | [`exp`] |
//!
//! # Why hand-written, and what for
//! A network of two hidden layers of 64 is too small for a general tensor library: a graph node and an
//! allocation for each operation cost more than the arithmetic. The forward and backward passes here are
//! written out, work through a batch in pieces that stay in the cache, and use the vector instructions that
//! the machine has. Candle's automatic differentiation stays as the reference that every gradient is tested
//! against (feature `candle`, and `cuda` to run that reference on a device).
//!
//! # Same inputs, same bits
//! Each number is produced by one fixed order of additions, multiplications and fused multiply-adds (rounded once by
//! definition, on every machine). No reduction has an order that depends on the width of a vector, and tanh, exp and ln
//! are our own: the results do not depend on the machine, on its C library, on threads, or on which other rows are in a
//! batch. Actor and critic share nothing, so they can be updated on two threads.
//!
//! # Example
//! ```
//! use karma_nn::{MaskedCategorical, Mlp, MlpParams};
//! use rand_xoshiro::Xoshiro256PlusPlus;
//! use rand_xoshiro::rand_core::SeedableRng;
//!
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
//! let actor = Mlp::orthogonal(&MlpParams::actor(3, 4).check()?, &mut rng);
//! let logits = actor.forward(&[0.5, -1.0, 2.0])?;
//! let head = MaskedCategorical::new(&logits, &[true, true, false, true])?;
//! let action = head.sample(&mut rng);
//! assert_ne!(action, 2, "an illegal action is never drawn");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adam;
mod backprop;
mod categorical;
mod checkpoint;
mod collective;
mod error;
mod gru;
mod kernel;
mod learner;
mod math;
mod mlp;
mod multi;
mod onnx;
mod policy;
#[cfg(any(test, feature = "candle"))]
pub mod reference;
mod rowwise;
mod sequences;
#[cfg(test)]
mod testing;
mod value;
mod value_norm;

pub use adam::{Adam, AdamConfig, AdamParams, gradient_norm};
pub use backprop::Backprop;
pub use categorical::MaskedCategorical;
pub use checkpoint::{Checkpoint, CheckpointError, FORMAT_VERSION, Header, Tensor};
pub use collective::{Alone, Collective, CollectiveError, Threads};
pub use error::{ConfigError, NetworkError};
pub use math::exp;
pub use mlp::{Activation, Inference, Mlp, MlpConfig, MlpParams};
pub use multi::MaskedMultiDiscrete;
pub use onnx::{ONNX_OPSET, OnnxError, OnnxOptions};
pub use policy::{Advice, PolicyBatch, PolicyConfig, PolicyParams, PolicyStats, PolicyTrainer};
pub use sequences::Sequences;
pub use value::{ValueBatch, ValueConfig, ValueParams, ValueStats, ValueTrainer};
pub use value_norm::ValueNorm;
