//! Recordings from a file.

use std::io::{BufRead as _, BufReader, Read};

use super::{FORMAT, Heading, RecordedEpisode, Recordings, RecordingsError, VERSION};

/// Most bytes of a line. An episode of 40 decisions over 4 services has about 60 thousand.
const LIMIT: u64 = 1 << 30;

impl Recordings {
    /// Reads the file that [`Recordings::write`] writes. Empty lines are passed over.
    ///
    /// # Errors
    /// If a line cannot be read, is no episode, or does not fit the first one; each with its number.
    pub fn read(reader: impl Read) -> Result<Self, RecordingsError> {
        let mut lines = Lines { reader: BufReader::new(reader), line: 0 };
        let heading = lines.next_line()?.ok_or_else(|| foreign("the file is empty"))?;
        let heading: Heading =
            serde_json::from_slice(&heading).map_err(|error| foreign(error.to_string()))?;
        if heading.format != FORMAT || heading.version != VERSION {
            return Err(foreign(format!("it is {:?}, version {}", heading.format, heading.version)));
        }
        if let Some(problem) = heading.cast.problem() {
            return Err(foreign(problem));
        }
        let mut recordings = Self::new(heading.cast);
        while let Some(bytes) = lines.next_line()? {
            let line = lines.line;
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let episode: RecordedEpisode =
                serde_json::from_slice(&bytes).map_err(|source| RecordingsError::Syntax { line, source })?;
            recordings.push(episode).map_err(|source| RecordingsError::Episode { line, source })?;
        }
        Ok(recordings)
    }
}

struct Lines<R> {
    reader: BufReader<R>,
    /// Number of the last line that was read.
    line: usize,
}

impl<R: Read> Lines<R> {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, RecordingsError> {
        self.line += 1;
        let line = self.line;
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(LIMIT + 1).read_until(b'\n', &mut bytes);
        read.map_err(|source| RecordingsError::Read { line, source })?;
        if bytes.len() as u64 > LIMIT {
            return Err(RecordingsError::TooLong { line, limit: LIMIT });
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }
}

fn foreign(reason: impl Into<String>) -> RecordingsError {
    RecordingsError::Foreign { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cast, episode};
    use super::*;
    use proptest::prelude::*;

    fn file() -> String {
        let mut recordings = Recordings::new(cast());
        recordings.push(episode("ddos", &[[1, 3], [3, 3]])).unwrap();
        recordings.push(episode("mixed", &[[6, 0]])).unwrap();
        let mut bytes = Vec::new();
        recordings.write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// The error with its causes.
    fn refused(text: &str) -> String {
        let error = Recordings::read(text.as_bytes()).unwrap_err();
        let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
        format!("{error}{source}")
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert!(refused("").contains("the file is empty"));
        assert!(refused("timestamp,service\n").starts_with("line 1: these are no trajectories"));
        assert!(refused(&file().replace("\"version\":1", "\"version\":9")).contains("version 9"));
        let cut = file().trim_end().trim_end_matches('}').to_owned();
        assert!(refused(&cut).starts_with("line 3 is no episode: EOF"), "{}", refused(&cut));
        let other = file().replace("[6,0]", "[6,9]");
        assert_eq!(
            refused(&other),
            "line 3: the episode does not fit the cast of line 1: step 0: agent \"ddos\" has action 9, but actions are 0 to 6"
        );
        assert!(
            refused(&file().replace("\"scenario\"", "\"szenario\"")).contains("unknown field `szenario`")
        );
    }

    #[test]
    fn a_cast_that_cannot_be_is_refused_before_anything_is_reserved() {
        let with = |space: &str| refused(&file().replace(r#"{"Defender":{"services":1,"alpha":3}}"#, space));
        assert!(
            with(r#"{"Defender":{"services":4000000000,"alpha":4000000000}}"#)
                .contains("at most 10000 actions")
        );
        assert!(with(r#"{"Discrete":{"actions":0}}"#).contains("no actions"));
        assert!(with(r#"{"Attacker":{"entry_points":4294967295}}"#).contains("at most 10000 actions"));
        assert!(
            with(r#"{"Defender":{"services":2,"alpha":3}}"#).contains("scale 2 services, but 1 are named")
        );
    }

    #[test]
    fn empty_lines_say_nothing() {
        let spaced = file().replace('\n', "\n\n");
        assert_eq!(
            Recordings::read(spaced.as_bytes()).unwrap(),
            Recordings::read(file().as_bytes()).unwrap()
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in any::<prop::sample::Index>(), byte: u8) {
            let mut bytes = file().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = Recordings::read(bytes.as_slice());
        }
    }
}
