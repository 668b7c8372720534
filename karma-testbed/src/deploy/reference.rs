//! References of images, as `docker pull` takes them: `[host[:port]/]path[:tag][@sha256:digest]`.
//!
//! The grammar is that of the Distribution project (`reference.go`): a path of lower-case components that are
//! joined by one of `.`, `_`, `__` or dashes; a tag of at most 128 characters; a digest of 64 hexadecimal digits. A first
//! component is a host if it has a dot or a colon, or is `localhost`.

use std::fmt;

use super::finding::quoted;

const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

/// A checked reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    host: Option<String>,
    path: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing was written.
    #[error("no image is named; write one such as {}", super::DEFAULT_IMAGE)]
    Empty,
    /// Some part breaks the grammar.
    #[error(
        "the image {} is malformed: {part}; write it as [host[:port]/]path[:tag][@sha256:digest]",
        quoted(text)
    )]
    Malformed {
        /// As written.
        text: String,
        /// What is wrong.
        part: String,
    },
}

impl Reference {
    /// Reads a reference.
    ///
    /// ```
    /// use karma_testbed::deploy::Reference;
    /// assert_eq!(Reference::read("nginx")?.canonical(), "docker.io/library/nginx:latest");
    /// assert_eq!(Reference::read("localhost:5000/a/b:1")?.canonical(), "localhost:5000/a/b:1");
    /// assert!(Reference::read("Nginx:latest").is_err());
    /// # Ok::<(), karma_testbed::deploy::ReferenceError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is empty or breaks the grammar.
    pub fn read(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        Self::parse(text).map_err(|part| ReferenceError::Malformed { text: text.to_owned(), part })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(checked_digest(digest)?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(checked_tag(tag)?)),
            _ => (rest, None),
        };
        if name.len() > MAX_NAME {
            return Err(format!("its name has {} characters, more than {MAX_NAME}", name.len()));
        }
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(checked_host(host)?), path),
            _ => (None, name),
        };
        match path.split('/').find(|component| !is_component(component)) {
            Some(wrong) => Err(format!("{} is no part of a path", quoted(wrong))),
            None => Ok(Self { host, path: path.to_owned(), tag, digest }),
        }
    }

    /// The tag, if one was written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one was written.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// With the host and tag that a container runtime adds: what containerd stores the image as.
    pub fn canonical(&self) -> String {
        let host = self.host.as_deref().unwrap_or("docker.io");
        let library = if host == "docker.io" && !self.path.contains('/') { "library/" } else { "" };
        let name = format!("{host}/{library}{}", self.path);
        match (&self.tag, &self.digest) {
            (Some(tag), None) => format!("{name}:{tag}"),
            (None, None) => format!("{name}:latest"),
            (_, Some(digest)) => format!("{name}@{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.iter().try_for_each(|host| write!(f, "{host}/"))?;
        f.write_str(&self.path)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':'])
}

fn checked_host(text: &str) -> Result<String, String> {
    let (name, port) = text.split_once(':').unwrap_or((text, "80"));
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.split('.').all(label) && port.parse::<u16>().is_ok_and(|port| port > 0) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is no host and port", quoted(text)))
    }
}

fn checked_tag(text: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let valid = text.len() <= MAX_TAG
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-');
    if valid { Ok(text.to_owned()) } else { Err(format!("{} is no tag", quoted(text))) }
}

fn checked_digest(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is no sha256 digest", quoted(text)))
    }
}

/// Runs of lower-case letters and digits between separators.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |run: &str| matches!(run, "" | "." | "_" | "__") || run.chars().all(|c| c == '-');
    text.starts_with(word) && text.ends_with(word) && text.split(word).all(separator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn well_formed_references_come_back_as_written() {
        let digest = format!("karma.dev/a@sha256:{HEX}");
        for text in
            [super::super::DEFAULT_IMAGE, "a", "a__b/c-d.e:T_1-x", "localhost/x", "h:5000/x:1", &digest]
        {
            assert_eq!(Reference::read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn malformed_references_are_refused_with_the_part_that_is_wrong() {
        for (text, part) in [
            ("Karma:1", "\"Karma\" is no part of a path"),
            ("a:", "\"\" is no tag"),
            ("a:-b", "\"-b\" is no tag"),
            ("a//b", "\"\" is no part of a path"),
            ("a___b", "\"a___b\" is no part of a path"),
            ("a b", "\"a b\" is no part of a path"),
            ("-x.y/b", "\"-x.y\" is no host and port"),
            ("x:99999/b", "\"x:99999\" is no host and port"),
            ("a@sha256:12", "\"sha256:12\" is no sha256 digest"),
        ] {
            let message = Reference::read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert_eq!(Reference::read("").unwrap_err(), ReferenceError::Empty);
    }

    proptest! {
        #[test]
        fn what_is_taken_comes_back_as_written(text in "[a-zA-Z0-9._:/@-]{0,40}|\\PC{0,12}") {
            if let Ok(reference) = Reference::read(&text) {
                prop_assert_eq!(reference.to_string(), text);
                prop_assert!(Reference::read(&reference.canonical()).is_ok());
            }
        }
    }

    #[test]
    fn a_name_is_at_most_255_characters() {
        assert!(Reference::read(&"a".repeat(255)).is_ok());
        assert!(Reference::read(&"a".repeat(256)).is_err());
    }
}
