//! The organisation that a team is trained and run under.

use std::fmt;
use std::sync::Arc;

use karma_core::{Digest, GuideFactory, Hardness, PerAgent, Role, Topology};
use karma_org::guide::{GuideSetting, Guides};
use karma_org::{Finding, Organization, xml};

use super::error::OrganizationError;
use super::files::{BUILT_IN, OrganizationFiles};

/// Trains without an organisation.
pub const NONE: &str = "none";

/// Trains under the built-in organisation, which only shapes rewards.
pub const SOFT: &str = "soft";

/// A checked organisation, compiled for a topology: who is in the team, and the guides that it acts under.
///
/// `none` has the team of the built-in organisation and no guides in training; in evaluation that organisation is
/// the yardstick of how aligned the team is, and asks for nothing.
#[derive(Clone)]
pub struct Charter {
    name: String,
    is_own: bool,
    normal: NormalForm,
    guides: Arc<Guides>,
    binds: bool,
    warnings: Vec<Finding>,
}

/// The files of an organisation as a run keeps them.
#[derive(Clone, Debug)]
pub(crate) struct NormalForm {
    /// The specification as MOISE XML, with all that it included.
    pub(crate) specification: String,
    /// The guides as they were written.
    pub(crate) guides: String,
}

impl Charter {
    /// The organisation called `choice`: `karma`, `none`, `soft`, or the path of a file. `setting.hardness` overrides
    /// what its guides say.
    ///
    /// # Errors
    /// If a file cannot be read, or all that is wrong with it.
    pub fn new(
        choice: &str,
        topology: &Topology,
        mut setting: GuideSetting,
    ) -> Result<Self, OrganizationError> {
        let soft = choice == SOFT || choice == NONE;
        if soft {
            setting.hardness = Some(Hardness::SOFT);
        }
        let files = OrganizationFiles::find(if soft { BUILT_IN } else { choice })?;
        Self::of(choice, &files, topology, setting)
    }

    /// The organisation in `files`, which `choice` stands for.
    pub(crate) fn of(
        choice: &str,
        files: &OrganizationFiles,
        topology: &Topology,
        setting: GuideSetting,
    ) -> Result<Self, OrganizationError> {
        let checked = files.check()?;
        let compiled = files.compile(&checked.organization, topology, setting)?;
        let mut warnings = checked.warnings;
        warnings.extend_from_slice(compiled.warnings());
        let is_own = ![BUILT_IN, NONE, SOFT].contains(&choice);
        let id = checked.organization.specification().id.clone().filter(|_| is_own);
        Ok(Self {
            name: id.unwrap_or_else(|| choice.to_owned()),
            is_own,
            normal: NormalForm {
                specification: normal_form(&checked.organization, files)?,
                guides: files.guides()?.as_str()?.to_owned(),
            },
            guides: Arc::new(compiled),
            binds: choice != NONE,
            warnings,
        })
    }

    /// As it was chosen; for an organisation of the user's own, what it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it comes from files of the user's own.
    pub(crate) const fn is_own(&self) -> bool {
        self.is_own
    }

    /// The agents, in the order of every joint action.
    pub fn team(&self) -> &PerAgent<Role> {
        self.guides.team()
    }

    /// The guides that restrict and reward the team while it trains; `None` without an organisation.
    pub fn in_training(&self) -> Option<GuideFactory> {
        self.binds.then(|| self.guides.factory())
    }

    /// The guides that the team is run and measured under.
    pub fn in_evaluation(&self) -> GuideFactory {
        self.guides.factory()
    }

    /// What the roles may do, compiled.
    #[cfg(feature = "explain")]
    pub(crate) const fn guides(&self) -> &Arc<Guides> {
        &self.guides
    }

    /// What is doubtful about the organisation.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What a run keeps of it; nothing without an organisation.
    pub(crate) fn files(&self) -> Option<&NormalForm> {
        self.binds.then_some(&self.normal)
    }

    /// Digest of specification and guides; `None` without an organisation.
    pub fn digest(&self) -> Option<Digest> {
        let NormalForm { specification, guides } = self.files()?;
        Some(Digest::of(serde_json::json!([specification, guides]).to_string().as_bytes()))
    }
}

impl fmt::Debug for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charter")
            .field("name", &self.name)
            .field("binds", &self.binds)
            .finish_non_exhaustive()
    }
}

fn normal_form(organization: &Organization, files: &OrganizationFiles) -> Result<String, OrganizationError> {
    let specification = organization.specification().clone().with_inclusions_in_place();
    xml::write(&specification)
        .map_err(|findings| OrganizationError::Wrong { file: files.specification.name.clone(), findings })
}
