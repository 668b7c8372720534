//! A scenario as written, and what must hold of it.

use serde::{Deserialize, Serialize};

use super::disturbance::DisturbanceParams;
use crate::workload::{SettingError, Span};

/// The way in which scenarios are drawn; a change of it changes every published number.
pub const VERSION: u32 = 1;

/// A scenario as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioParams {
    /// Name in tables and files.
    pub name: String,
    /// The version of drawing that is meant (default: this one, the only one that is known).
    #[serde(default = "version")]
    pub version: u32,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Lengths of the episode.
    #[serde(default)]
    pub episode: EpisodeParams,
    /// How the disturbances follow each other.
    #[serde(default)]
    pub arrangement: Arrangement,
    /// What happens; each kind at most once.
    #[serde(default)]
    pub disturbances: Vec<DisturbanceParams>,
}

const fn version() -> u32 {
    VERSION
}

/// Lengths of an episode in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EpisodeParams {
    /// Before measuring begins, at most 86 400 (default 60).
    pub warm_up: u32,
    /// Measured, 1 to 86 400 (default 600).
    pub measured: u32,
    /// Measured calm before a disturbance may start: what recovery is compared with (default 60).
    pub calm_before: u32,
    /// Measured time after its end, in which recovery can be seen (default 120).
    pub calm_after: u32,
}

impl Default for EpisodeParams {
    fn default() -> Self {
        Self { warm_up: 60, measured: 600, calm_before: 60, calm_after: 120 }
    }
}

impl EpisodeParams {
    /// Seconds that a disturbance may last; `None` if the calm takes more than all.
    pub(super) fn room(self) -> Option<u32> {
        self.measured.checked_sub(self.calm_before.checked_add(self.calm_after)?)
    }

    fn check(self) -> Result<(), SettingError> {
        let lengths = [("warm_up", self.warm_up, 0), ("measured", self.measured, 1)];
        for (name, seconds, least) in lengths {
            if !(least..=86_400).contains(&seconds) {
                let allowed = format!("{least} to 86400 seconds");
                return Err(SettingError::new(&format!("episode.{name}"), &seconds, allowed));
            }
        }
        Ok(())
    }
}

/// How the disturbances of an episode follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Arrangement {
    /// All of them, each beginning some seconds after the first, while the first lasts.
    Together {
        /// Seconds.
        stagger: Span,
    },
    /// Some of them, drawn, otherwise as [`Arrangement::Together`].
    Choice {
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
        /// Seconds.
        stagger: Span,
    },
    /// One after the other in the order written, each beginning before the last one ends.
    InTurn {
        /// Seconds by which two neighbours overlap.
        overlap: Span,
    },
}

impl Default for Arrangement {
    fn default() -> Self {
        Self::Together { stagger: Span::fixed(0.0) }
    }
}

impl ScenarioParams {
    pub(super) fn check(&self) -> Result<(), SettingError> {
        if self.version != VERSION {
            return Err(SettingError::new(
                "version",
                &self.version,
                format!("{VERSION}, the only one known"),
            ));
        }
        if self.name.is_empty() || self.name.len() > 64 || self.name.chars().any(char::is_control) {
            let value = format!("\"{}\"", crate::topologies::names::shortened(&self.name));
            return Err(SettingError::new("name", &value, "1 to 64 bytes of printable text"));
        }
        self.episode.check()?;
        self.disturbances.iter().try_for_each(DisturbanceParams::check)?;
        self.check_kinds()?;
        self.check_arrangement()?;
        self.check_room()
    }

    fn check_kinds(&self) -> Result<(), SettingError> {
        let mut kinds: Vec<&str> = self.disturbances.iter().map(DisturbanceParams::kind).collect();
        kinds.sort_unstable();
        match kinds.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(SettingError::new(
                "disturbances",
                &format!("{} twice", pair[0]),
                "each kind at most once",
            )),
            None => Ok(()),
        }
    }

    /// Disturbances overlap: a stagger or an overlap is shorter than the shortest of them.
    fn check_arrangement(&self) -> Result<(), SettingError> {
        let most = self.disturbances.iter().map(|one| one.duration().whole().0 - 1).min().unwrap_or(0);
        match self.arrangement {
            Arrangement::Together { stagger } => stagger.check_seconds("together.stagger", (0, most)),
            Arrangement::InTurn { overlap } => overlap.check_seconds("in_turn.overlap", (0, most)),
            Arrangement::Choice { least, most: greatest, stagger } => {
                if least < 1 || least > greatest || greatest > self.disturbances.len() {
                    let allowed = format!("1 <= least <= most <= {}", self.disturbances.len());
                    return Err(SettingError::new("choice", &format!("{least} to {greatest}"), allowed));
                }
                stagger.check_seconds("choice.stagger", (0, most))
            }
        }
    }

    fn check_room(&self) -> Result<(), SettingError> {
        let (longest, room) = (self.longest(), self.episode.room());
        if self.disturbances.is_empty() || room.is_some_and(|room| longest <= u64::from(room)) {
            return Ok(());
        }
        let EpisodeParams { measured, calm_before, calm_after, .. } = self.episode;
        let value = format!("{measured} s, of which {calm_before} s and {calm_after} s are calm,");
        let allowed = format!("room for disturbances of up to {longest} s");
        Err(SettingError::new("episode.measured", &value, allowed))
    }

    /// Most seconds from the start of the first disturbance to the end of the last.
    fn longest(&self) -> u64 {
        let longest = self.disturbances.iter().map(|one| u64::from(one.duration().whole().1));
        let joints = self.disturbances.len().saturating_sub(1) as u64;
        match self.arrangement {
            Arrangement::Together { stagger } | Arrangement::Choice { stagger, .. } => {
                longest.max().unwrap_or(0) + joints.min(1) * u64::from(stagger.whole().1)
            }
            Arrangement::InTurn { overlap } => longest.sum::<u64>() - joints * u64::from(overlap.whole().0),
        }
    }
}
