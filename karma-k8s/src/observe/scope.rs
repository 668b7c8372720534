//! Which Deployments are observed.

use super::error::ScopeError;

/// Longest name of a namespace or a Deployment.
const LONGEST: usize = 253;

/// The Deployments of a topology's services, in its order, in one namespace. Names are those that Kubernetes allows, so
/// that they can stand in a query as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    namespace: String,
    deployments: Vec<String>,
}

impl Scope {
    /// A scope of checked names.
    ///
    /// # Errors
    /// A name is none of Kubernetes, stands twice, or there is none.
    pub fn new(namespace: &str, deployments: Vec<String>) -> Result<Self, ScopeError> {
        if deployments.is_empty() {
            return Err(ScopeError::Nothing);
        }
        for name in deployments.iter().map(String::as_str).chain([namespace]) {
            if !is_name(name) {
                return Err(ScopeError::Name { name: name.to_owned() });
            }
        }
        let twice = deployments.iter().enumerate().find(|(index, name)| deployments[..*index].contains(name));
        match twice {
            Some((_, name)) => Err(ScopeError::Twice { name: name.clone() }),
            None => Ok(Self { namespace: namespace.to_owned(), deployments }),
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The Deployments.
    pub fn deployments(&self) -> &[String] {
        &self.deployments
    }

    /// Position of a Deployment.
    pub fn position(&self, deployment: &str) -> Option<usize> {
        self.deployments.iter().position(|name| name == deployment)
    }

    /// All Deployments as a regular expression inside of a string of PromQL, where a backslash is written twice.
    pub(super) fn pattern(&self) -> String {
        self.deployments.join("|").replace('.', r"\\.")
    }
}

/// Whether this is a DNS subdomain, as names of objects are (RFC 1123).
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inner)
    };
    name.len() <= LONGEST && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_refuses_are_refused_before_a_query_has_them() {
        for name in ["", "Api", "a_b", "-a", "a-", "a..b", "a\"} or vector(1) #", "ä", &"a".repeat(254)] {
            let error = Scope::new("shop", vec![name.to_owned()]).unwrap_err();
            assert_eq!(error, ScopeError::Name { name: name.to_owned() });
        }
        assert!(Scope::new("Shop", vec!["api".into()]).is_err());
        assert_eq!(Scope::new("shop", vec![]), Err(ScopeError::Nothing));
        let twice = Scope::new("shop", ["api", "web", "api"].map(str::to_owned).to_vec());
        assert_eq!(twice, Err(ScopeError::Twice { name: "api".into() }));
    }

    #[test]
    fn a_dot_of_a_name_matches_a_dot_alone() {
        let scope = Scope::new("shop", vec!["a.b".into(), "c".into()]).unwrap();
        assert_eq!(scope.pattern(), r"a\\.b|c");
        assert_eq!((scope.position("c"), scope.position("d")), (Some(1), None));
    }
}
