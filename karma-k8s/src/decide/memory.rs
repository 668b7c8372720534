//! What the next decision must know, also after a restart.

use k8s_openapi::ByteString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::canary::Canary;
use super::trust::Trust;

/// What [`Round::memory`](super::Round::memory) gives and [`Round::restore`](super::Round::restore) takes: what the shield has
/// seen of windows, cooldowns and budgets, who is trusted, how far the canary is, and what the fallback remembers.
///
/// It is of one policy and one specification's canary: with another policy, or other canary settings, the canary begins anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// Decisions so far.
    pub sequence: u64,
    /// Digest of the policy.
    pub policy: String,
    /// What the canary was told, in short.
    pub canary_of: String,
    /// The shield's memory, versioned and with a checksum.
    #[schemars(with = "String")]
    pub shield: ByteString,
    /// Who is trusted.
    pub trust: Trust,
    /// How far the canary is.
    pub canary: Canary,
    /// What the fallback remembers.
    #[schemars(schema_with = "anything")]
    pub fallback: serde_json::Value,
}

/// A memory that cannot be gone on with; the round goes on cautiously without it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MemoryError {
    /// The shield's part.
    #[error("the shield's memory is of no use: {0}")]
    Shield(#[from] karma_guard::RestoreError),
    /// The fallback's part.
    #[error("the fallback's memory is of no use: {0}")]
    Fallback(String),
}

fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
}
