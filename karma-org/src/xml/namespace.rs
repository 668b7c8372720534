//! Namespaces: which prefix stands for which, and which are MOISE's.

use std::sync::Arc;

use super::value::short;

/// The namespaces of MOISE. The first is that of its schema, and the one that is written.
pub const NAMESPACES: [&str; 3] =
    ["http://moise.sourceforge.net/os", "http://moise-lang.github.io/os", "https://moise-lang.github.io/os"];

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

pub(super) fn is_moise(namespace: &str) -> bool {
    NAMESPACES.contains(&namespace)
}

/// Namespaces whose attributes speak about the text and not about the organisation.
pub(super) fn is_about_text(namespace: &str) -> bool {
    [XML, SCHEMA_INSTANCE].contains(&namespace)
}

/// The prefixes that are in force, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Binding {
    depth: usize,
    prefix: String,
    /// Empty where the default namespace is taken back.
    namespace: Arc<str>,
}

/// Looking a prefix up costs the number in force; a real text has two or three.
const MOST_PREFIXES: usize = 64;

impl Scope {
    /// Binds a prefix (empty for the default namespace) for an element at `depth` and all in it.
    pub(super) fn bind(&mut self, depth: usize, prefix: &str, namespace: &str) -> Result<(), String> {
        if self.bindings.len() >= MOST_PREFIXES {
            return Err(format!("more than {MOST_PREFIXES} namespaces are declared at once"));
        }
        if namespace.is_empty() && !prefix.is_empty() {
            return Err(format!("the prefix `{}` stands for no namespace", short(prefix)));
        }
        self.bindings.push(Binding { depth, prefix: prefix.to_owned(), namespace: namespace.into() });
        Ok(())
    }

    /// Forgets what was bound at `depth` or deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|binding| binding.depth >= depth) {
            self.bindings.pop();
        }
    }

    /// What a prefix stands for; an empty one may stand for nothing.
    pub(super) fn resolve(&self, prefix: &str) -> Result<Option<Arc<str>>, String> {
        if prefix == "xml" {
            return Ok(Some(XML.into()));
        }
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Ok(Some(binding.namespace.clone()).filter(|namespace| !namespace.is_empty())),
            None if prefix.is_empty() => Ok(None),
            None => Err(format!("the prefix `{}` is not declared", short(prefix))),
        }
    }
}

/// A name and its prefix, which is empty if it has none.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// Whether a name is one that XML allows, with one colon at most.
pub(super) fn is_name(name: &str) -> bool {
    let (prefix, local) = split(name);
    (prefix.is_empty() && !name.starts_with(':') || is_plain_name(prefix)) && is_plain_name(local)
}

/// Letters of any script are taken for granted; the finer classes of XML's `NameChar` are not told apart.
fn is_plain_name(name: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let continues = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{B7}') || !c.is_ascii();
    name.chars().next().is_some_and(starts) && name.chars().all(continues)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_declaration_counts_until_it_is_left() {
        let mut scope = Scope::default();
        scope.bind(0, "", "outer").unwrap();
        scope.bind(2, "", "inner").unwrap();
        assert_eq!(scope.resolve("").unwrap().as_deref(), Some("inner"));
        scope.leave(2);
        assert_eq!(scope.resolve("").unwrap().as_deref(), Some("outer"));
        assert!(scope.resolve("m").unwrap_err().contains("`m`"));
    }

    #[test]
    fn names_have_one_colon_at_most_and_start_with_a_letter() {
        assert!(["a", "m:goal", "_x-1.2", "ziel_ä"].iter().all(|name| is_name(name)));
        assert!(["", ":a", "a:", "a:b:c", "1a", "a b", "a<"].iter().all(|name| !is_name(name)));
    }
}
