//! Which policy, and the pin that says it is that one.
#![expect(unreachable_pub, reason = "KubeSchema copies the items that it derives for into a function")]

use std::fmt::Write as _;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Where a trained team lies, and which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("has(self.configMap) != has(self.file)", "exactly one of configMap and file says where the policy is"))]
pub struct PolicyRef {
    /// A ConfigMap of the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapKey>,
    /// A file that is mounted into the controller, from a PersistentVolumeClaim for instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// `sha256:` and 64 hexadecimal digits: any other content is refused.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: String,
}

/// One entry of a ConfigMap, in `binaryData`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigMapKey {
    /// Name of the ConfigMap.
    pub name: String,
    /// The entry. Default `policy.karma`.
    #[serde(default = "policy_key")]
    pub key: String,
}

fn policy_key() -> String {
    "policy.karma".to_owned()
}

/// What was found is not what was pinned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the policy has digest {found}, the specification pins {pinned}")]
pub struct DigestError {
    /// Digest of what was found.
    pub found: String,
    /// As written.
    pub pinned: String,
}

impl PolicyRef {
    /// Whether these bytes are the pinned ones.
    ///
    /// # Errors
    /// They are not.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), DigestError> {
        let found = digest_of(bytes);
        if found == self.digest { Ok(()) } else { Err(DigestError { found, pinned: self.digest.clone() }) }
    }
}

/// The digest of a policy, as a specification pins it: `sha256:` and 64 hexadecimal digits.
///
/// ```
/// assert_eq!(
///     karma_k8s::resource::digest_of(b""),
///     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
/// );
/// ```
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_more_is_another_policy() {
        let policy = PolicyRef { config_map: None, file: Some("p".into()), digest: digest_of(b"a") };
        assert_eq!(policy.verify(b"a"), Ok(()));
        let refused = policy.verify(b"b").unwrap_err();
        assert_eq!((refused.found.len(), refused.pinned), (71, policy.digest));
    }
}
