//! Processes that train one team together: what the first tells the others, and when all of them stop.
//!
//! Rank 0 leads. It alone has the run directory, the clock and the terminal, and compares the team at the end. The others
//! follow: they read the settings in the run directory, which they must see under the same path, are told how far the run has
//! come, and end with training. Whether to go on is asked before each iteration: the leader knows the budget, and an
//! interruption of any process is one of all.

use std::ops::Range;

use karma_marl::StopReason;
use karma_nn::{Collective, CollectiveError};

/// The reasons that one process may have, by the byte that tells them, from 1.
const REASONS: [StopReason; 2] = [StopReason::Budget, StopReason::Interrupted];

/// Why all stop, if one wants to: the reason of the first who does.
pub(crate) fn agree(
    ranks: &mut impl Collective,
    mine: Option<StopReason>,
) -> Result<Option<StopReason>, CollectiveError> {
    let code = (1..).zip(REASONS).find(|(_, reason)| mine == Some(*reason)).map_or(0, |(code, _)| code);
    let all = ranks.all_gather(&[code])?;
    let reason = |byte: &u8| REASONS.get(usize::from(*byte).checked_sub(1)?).copied();
    Ok(all.iter().flatten().find_map(reason))
}

/// This rank's share of so many environments, by place.
pub(crate) fn share(ranks: &impl Collective, environments: usize) -> Range<usize> {
    let count = environments / ranks.size();
    ranks.rank() * count..(ranks.rank() + 1) * count
}

#[cfg(feature = "mpi")]
mod start {
    use std::path::PathBuf;

    use karma_marl::IterationStats;
    use karma_nn::Collective;
    use serde::{Deserialize, Serialize};

    use crate::config::{RunConfig, Written};
    use crate::error::RunError;
    use crate::run_dir::CONFIG;

    /// Where a run is and how far it has come.
    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Start {
        /// Its directory.
        pub(crate) run: PathBuf,
        /// Its settings in full, which the followers must find there.
        pub(crate) settings: String,
        /// The iterations of earlier sessions.
        pub(crate) earlier: Vec<IterationStats>,
        /// The last checkpoint.
        #[serde(skip)]
        pub(crate) checkpoint: Option<Vec<u8>>,
    }

    impl Start {
        /// Rank 0 tells it.
        pub(crate) fn tell(&self, ranks: &mut impl Collective) -> Result<(), RunError> {
            let text = serde_json::to_vec(self).map_err(|error| refused(ranks, &error.to_string()))?;
            gather(ranks, &text)?;
            gather(ranks, self.checkpoint.as_deref().unwrap_or_default())?;
            Ok(())
        }

        /// The others hear it.
        pub(crate) fn hear(ranks: &mut impl Collective) -> Result<Self, RunError> {
            let text = gather(ranks, &[])?;
            let bytes = gather(ranks, &[])?;
            let start: Self =
                serde_json::from_slice(&text).map_err(|error| refused(ranks, &error.to_string()))?;
            Ok(Self { checkpoint: (!bytes.is_empty()).then_some(bytes), ..start })
        }

        /// The settings as this process reads them.
        pub(crate) fn config(&self, ranks: &impl Collective) -> Result<RunConfig, RunError> {
            let path = self.run.join(CONFIG);
            let config = Written::read(Some(&path))?.check()?;
            if config.to_toml() == self.settings {
                Ok(config)
            } else {
                Err(refused(ranks, &format!("{} is not what rank 0 wrote", path.display())))
            }
        }
    }

    /// What rank 0 contributes.
    fn gather(ranks: &mut impl Collective, mine: &[u8]) -> Result<Vec<u8>, RunError> {
        let all = ranks.all_gather(mine).map_err(|error| RunError::Learner(error.into()))?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    fn refused(ranks: &impl Collective, reason: &str) -> RunError {
        RunError::Rank { rank: ranks.rank(), reason: reason.to_owned() }
    }
}

#[cfg(feature = "mpi")]
pub(crate) use start::Start;

#[cfg(test)]
mod tests {
    use karma_nn::{Alone, Threads};

    use super::*;

    /// What three ranks come to that want this.
    fn decision(wishes: [Option<StopReason>; 3]) -> Option<StopReason> {
        let decisions: Vec<_> = std::thread::scope(|scope| {
            let start = |(mut ranks, mine): (Threads, Option<StopReason>)| {
                scope.spawn(move || agree(&mut ranks, mine).unwrap())
            };
            let started: Vec<_> = Threads::group(3).into_iter().zip(wishes).map(start).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(decisions.iter().all(|decision| *decision == decisions[0]), "{decisions:?}");
        decisions[0]
    }

    #[test]
    fn all_ranks_stop_if_one_wants_to_and_for_the_reason_of_the_first() {
        let (budget, interrupted) = (Some(StopReason::Budget), Some(StopReason::Interrupted));
        assert_eq!(decision([None; 3]), None);
        assert_eq!(decision([budget, None, interrupted]), budget);
        assert_eq!(decision([None, None, interrupted]), interrupted);
        assert_eq!(agree(&mut Alone, budget).unwrap(), budget);
    }

    #[test]
    fn shares_are_places_in_the_order_of_ranks() {
        let shares: Vec<_> = Threads::group(3).iter().map(|ranks| share(ranks, 6)).collect();
        assert_eq!(shares, [0..2, 2..4, 4..6]);
        assert_eq!(share(&Alone, 5), 0..5);
    }
}
