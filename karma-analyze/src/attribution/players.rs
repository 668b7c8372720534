//! Groups of features that play together, and the game between what was seen and a reference.

use super::coalitions::{Coalition, Coalitions, MAX_COALITIONS};
use super::{Attribution, Contribution};

/// Coalitions whose observations are built before the function is called.
const BATCH: usize = 1024;

/// Features that are replaced together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// What a reader calls them, such as `cpu_utilization of auth`.
    pub name: String,
    /// Their places in an observation.
    pub features: Vec<usize>,
}

impl Player {
    /// A player with a name and features.
    pub fn new(name: impl Into<String>, features: impl IntoIterator<Item = usize>) -> Self {
        Self { name: name.into(), features: features.into_iter().collect() }
    }
}

/// Why nothing could be attributed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AttributionError {
    /// Exact values of so many players cannot be had.
    #[error(
        "exact values need {needed} coalitions; allowed are {MAX_COALITIONS}: put features together into fewer \
         players, or players into unions of at most 6"
    )]
    TooMany {
        /// Coalitions to evaluate.
        needed: u128,
    },
    /// A feature would be replaced twice.
    #[error("feature {feature} belongs to {first} and to {second}; give it to one of them")]
    Shared {
        /// The feature.
        feature: usize,
        /// Who has it first.
        first: String,
        /// Who has it too.
        second: String,
    },
    /// A player has a feature that an observation lacks.
    #[error("{player} has feature {feature}; the observation has {features}, from 0")]
    NoFeature {
        /// The player.
        player: String,
        /// The feature.
        feature: usize,
        /// Features of the observation.
        features: usize,
    },
    /// There is nothing to compare with.
    #[error("there is no reference observation; give at least one")]
    NoReference,
    /// A reference is not like the observation.
    #[error("reference {reference} has {found} features; the observation has {features}")]
    ReferenceShape {
        /// Which reference.
        reference: usize,
        /// Its features.
        found: usize,
        /// Features of the observation.
        features: usize,
    },
    /// The function does not answer each observation.
    #[error("the function gave {found} outputs for {asked} observations")]
    Outputs {
        /// Observations.
        asked: usize,
        /// Outputs.
        found: usize,
    },
    /// An output is not a number to divide.
    #[error("the function gave {0}; only finite outputs can be divided among features")]
    NotFinite(f64),
}

/// A function of single observations as one of batches.
pub fn one_by_one(mut function: impl FnMut(&[f32]) -> f64) -> impl FnMut(&[Vec<f32>]) -> Vec<f64> {
    move |rows| rows.iter().map(|row| function(row)).collect()
}

/// Who plays, alone or in unions. A feature of nobody stays as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Players {
    unions: Vec<Vec<Player>>,
    coalitions: Coalitions,
}

impl Players {
    /// Players of whom each is for itself: Shapley values.
    ///
    /// # Errors
    /// If there are more than 16, or two share a feature.
    pub fn alone(players: Vec<Player>) -> Result<Self, AttributionError> {
        Self::in_unions(players.into_iter().map(|player| vec![player]).collect())
    }

    /// Players in unions: Owen values. A union without players is left out.
    ///
    /// # Errors
    /// If there are too many coalitions, or two players share a feature.
    pub fn in_unions(mut unions: Vec<Vec<Player>>) -> Result<Self, AttributionError> {
        unions.retain(|union| !union.is_empty());
        check_disjoint(unions.iter().flatten())?;
        let coalitions = Coalitions::new(unions.iter().map(Vec::len).collect());
        Ok(Self { unions, coalitions: coalitions.map_err(|needed| AttributionError::TooMany { needed })? })
    }

    /// How often the function is evaluated for each reference.
    pub const fn evaluations(&self) -> usize {
        self.coalitions.len()
    }

    /// Divides `f(observation) − mean f(reference)` among the players; `function` answers batches of observations (see
    /// [`one_by_one`]) and always the same way.
    ///
    /// # Errors
    /// If references or outputs have the wrong shape, or an output is not finite.
    pub fn attribute(
        &self,
        observation: &[f32],
        references: &[Vec<f32>],
        function: impl FnMut(&[Vec<f32>]) -> Vec<f64>,
    ) -> Result<Attribution, AttributionError> {
        self.check(observation, references)?;
        let values = self.values(observation, references, function)?;
        let everybody = (1 << self.unions.len()) - 1;
        let (reference, output) = (values[0], values[everybody]);
        let members =
            self.unions.iter().enumerate().flat_map(|(k, union)| (0..union.len()).map(move |i| (k, i)));
        let contributions = members.map(|(k, i)| Contribution {
            name: self.unions[k][i].name.clone(),
            value: self.coalitions.value_of(k, i, &values),
        });
        Ok(Attribution { output, reference, contributions: contributions.collect() })
    }

    fn check(&self, observation: &[f32], references: &[Vec<f32>]) -> Result<(), AttributionError> {
        let features = observation.len();
        let owned =
            self.unions.iter().flatten().flat_map(|player| player.features.iter().map(move |f| (player, *f)));
        for (player, feature) in owned {
            if feature >= features {
                return Err(AttributionError::NoFeature { player: player.name.clone(), feature, features });
            }
        }
        match references.iter().position(|reference| reference.len() != features) {
            Some(reference) => {
                let found = references[reference].len();
                Err(AttributionError::ReferenceShape { reference, found, features })
            }
            None if references.is_empty() => Err(AttributionError::NoReference),
            None => Ok(()),
        }
    }

    /// The value of each coalition, in order.
    fn values(
        &self,
        observation: &[f32],
        references: &[Vec<f32>],
        mut function: impl FnMut(&[Vec<f32>]) -> Vec<f64>,
    ) -> Result<Vec<f64>, AttributionError> {
        let mut values = Vec::with_capacity(self.coalitions.len());
        let coalitions: Vec<Coalition> = self.coalitions.iter().collect();
        for batch in coalitions.chunks((BATCH / references.len()).max(1)) {
            let mixed = batch.iter().flat_map(|coalition| {
                references.iter().map(|reference| self.mixed(*coalition, observation, reference))
            });
            let mixed: Vec<Vec<f32>> = mixed.collect();
            let outputs = function(&mixed);
            check_outputs(&outputs, mixed.len())?;
            let means = outputs.chunks_exact(references.len());
            values.extend(means.map(|outputs| outputs.iter().sum::<f64>() / references.len() as f64));
        }
        Ok(values)
    }

    /// Features of the coalition as seen, those of other players as in the reference.
    fn mixed(&self, coalition: Coalition, observation: &[f32], reference: &[f32]) -> Vec<f32> {
        let mut mixed = observation.to_vec();
        for (k, union) in self.unions.iter().enumerate() {
            for (_, player) in union.iter().enumerate().filter(|(i, _)| !coalition.has(k, *i)) {
                player.features.iter().for_each(|feature| mixed[*feature] = reference[*feature]);
            }
        }
        mixed
    }
}

fn check_disjoint<'a>(players: impl Iterator<Item = &'a Player>) -> Result<(), AttributionError> {
    let mut owners = std::collections::BTreeMap::new();
    for player in players {
        for feature in &player.features {
            if let Some(first) = owners.insert(*feature, &player.name) {
                let (first, second) = (first.clone(), player.name.clone());
                return Err(AttributionError::Shared { feature: *feature, first, second });
            }
        }
    }
    Ok(())
}

fn check_outputs(outputs: &[f64], asked: usize) -> Result<(), AttributionError> {
    if outputs.len() != asked {
        return Err(AttributionError::Outputs { asked, found: outputs.len() });
    }
    match outputs.iter().find(|output| !output.is_finite()) {
        Some(output) => Err(AttributionError::NotFinite(*output)),
        None => Ok(()),
    }
}
