//! All of it at once: from recordings to roles, goals, relations, rules, and an organisation.

use std::num::NonZeroUsize;

use karma_core::{PerAgent, SeedTree};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cluster::ClusterError;
use crate::distill::{DistillError, DistillParams, DistillParamsError, DistilledPolicy, TableError, distill};
use crate::fit::{Fit, explained_spread};
use crate::goals::{Goals, GoalsParams};
use crate::inference::{InferenceParams, InferenceParamsError, InferredOrganization, links};
use crate::observed;
use crate::recordings::Recordings;
use crate::relations::{DeedsError, Relations, RelationsError, RelationsParams, RelationsParamsError, infer};
use crate::roles::{Roles, RolesError, RolesParams};

/// Settings of all parts, as someone wrote them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisParams {
    /// Of the search for roles.
    pub roles: RolesParams,
    /// Of the search for goals.
    pub goals: GoalsParams,
    /// Of the tests of relations.
    pub relations: RelationsParams,
    /// Of the rules that stand for a policy.
    pub rules: DistillParams,
    /// Of what roles may do.
    pub inference: InferenceParams,
    /// Root of all randomness.
    pub seed: u64,
}

/// What a recording has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Who behaves alike.
    pub roles: Roles,
    /// Where successful episodes linger.
    pub goals: Goals,
    /// Who depends on whom.
    pub relations: Relations,
    /// What each agent does when, in rules.
    pub rules: PerAgent<DistilledPolicy>,
    /// How much of what was done and reached roles and goals explain.
    pub fit: Fit,
    /// Roles, goals and relations as an organisation.
    pub organization: InferredOrganization,
}

/// Why there is no analysis.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// Roles.
    #[error("no roles can be found")]
    Roles(#[from] RolesError),
    /// Goals.
    #[error("no goals can be found")]
    Goals(#[from] ClusterError),
    /// What agents did, as symbols.
    #[error("relations cannot be tested")]
    Deeds(#[from] DeedsError),
    /// Relations.
    #[error("relations cannot be tested")]
    Relations(#[from] RelationsError),
    /// Settings of the relations.
    #[error("relations: {0}")]
    RelationsParams(#[from] RelationsParamsError),
    /// Rules.
    #[error("no rules can be distilled")]
    Rules(#[from] DistillError),
    /// Settings of the rules.
    #[error("rules: {0}")]
    RulesParams(#[from] DistillParamsError),
    /// What agents saw, as a table.
    #[error("no rules can be distilled")]
    Table(#[from] TableError),
    /// Settings of the inference.
    #[error("inference: {0}")]
    Inference(#[from] InferenceParamsError),
}

impl Analysis {
    /// Analyses a recording. The same for any number of threads.
    ///
    /// # Errors
    /// If a setting is out of its range, or there is too little to see: two agents' episodes at least, four episodes to hold
    /// some out.
    pub fn of(
        recordings: &Recordings,
        id: &str,
        params: &AnalysisParams,
        threads: NonZeroUsize,
    ) -> Result<Self, AnalysisError> {
        let seed = SeedTree::new(params.seed).child("analysis");
        let roles = Roles::find(recordings, &params.roles.check()?, threads)?;
        let drafts = roles.drafts();
        let goals = Goals::find(recordings, &drafts, &params.goals.check()?, seed)?;
        let config = params.relations.clone().check()?.on_threads(threads);
        let relations = infer(&observed::deeds(recordings)?, &config)?;
        let config = params.rules.clone().check()?;
        let rule = |agent| -> Result<DistilledPolicy, AnalysisError> {
            Ok(distill(&observed::table(recordings, agent)?, &config)?)
        };
        let rules = recordings.cast().agents.ids().map(rule).collect::<Result<Vec<_>, _>>()?.into();
        let config = params.inference.check()?;
        let mut organization = InferredOrganization::of_roles(id, recordings, &drafts, &config);
        organization.goals = goals.inferred();
        organization.in_sequence = goals.in_sequence;
        organization.links = links(&relations, &drafts);
        let fit = Fit {
            structural: explained_spread(&roles.distances, &roles.partition),
            functional: goals.functional_fit,
        };
        Ok(Self { roles, goals, relations, rules, fit, organization })
    }
}
