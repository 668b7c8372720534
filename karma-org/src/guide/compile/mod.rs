//! From a binding to guides: every name looked up, every number checked, everything that is wrong told at once.

mod actions;
mod agents;
mod goals;
mod labels;
mod missions;
mod names;
mod parameters;
mod rewards;
mod roles;

use karma_core::{ActionSpace, Hardness, Role, ServiceId, Topology};

pub use missions::PRIORITY_EPSILON;

use super::GuideSetting;
use super::action_set::ActionSet;
use super::binding::{Binding, Spot};
use super::guides::{Guides, Meanings};
use crate::condition::{Instance, Signals, Vocabulary};
use crate::{Finding, Findings, Organization, Severity};

/// Most replicas by which an agent may change a service at one decision: beyond it an action space makes no sense.
const MAX_ALPHA: u32 = 1000;

/// What the parts of the compilation share.
pub(super) struct Compiler<'a> {
    organization: &'a Organization,
    binding: &'a Binding,
    topology: &'a Topology,
    setting: GuideSetting,
    space: ActionSpace,
    vocabulary: Vocabulary<'a>,
    findings: Vec<Finding>,
}

impl Guides {
    /// Compiles what a binding says about the roles, goals and missions of an organisation into guides for a
    /// team on a topology.
    ///
    /// # Errors
    /// All that is wrong, with line and column if the binding was read from a text: names that the organisation or
    /// the topology does not have, conditions that do not parse or compare requests with millicores, numbers out
    /// of range, and rules that leave their role nothing to do where that can be decided. What is only doubtful is in
    /// [`Guides::warnings`].
    pub fn compile(
        organization: &Organization,
        binding: &Binding,
        topology: &Topology,
        setting: GuideSetting,
    ) -> Result<Self, Findings> {
        let mut compiler = Compiler::new(organization, binding, topology, setting);
        let guides = compiler.run();
        let Compiler { mut findings, .. } = compiler;
        findings.sort_by_key(Finding::position);
        // What is wrong with an inherited rule is wrong for all that inherit it.
        findings.dedup();
        match guides {
            Some(guides) if findings.iter().all(|finding| finding.severity == Severity::Warning) => {
                Ok(Self { warnings: findings, ..guides })
            }
            _ => Err(Findings(findings)),
        }
    }
}

impl<'a> Compiler<'a> {
    fn new(
        organization: &'a Organization,
        binding: &'a Binding,
        topology: &'a Topology,
        setting: GuideSetting,
    ) -> Self {
        let services = u32::try_from(topology.services.len()).unwrap_or(u32::MAX);
        let space = ActionSpace::Defender { services, alpha: setting.alpha };
        let mut vocabulary = Vocabulary::new(topology, setting.decision_period);
        vocabulary.weights = setting.weights;
        Self { organization, binding, topology, setting, space, vocabulary, findings: Vec::new() }
    }

    /// Checks everything; nothing if some part cannot be compiled.
    fn run(&mut self) -> Option<Guides> {
        self.check_setting();
        if !self.findings.is_empty() {
            return None;
        }
        self.check_organization();
        parameters::read(self);
        let labels = labels::check(self);
        let roles = roles::check(self);
        let ranks = agents::ranks(self, &roles);
        let goals = goals::check(self);
        let missions = missions::check(self, &goals, &roles);
        if self.findings.iter().any(|finding| finding.severity == Severity::Error) {
            return None;
        }
        let mut signals = Signals::new(&self.vocabulary);
        let labels = labels.compile(self, &mut signals);
        let seats = agents::seats(self, &roles);
        let rules = agents::rules(self, &mut signals, &seats, &roles);
        let rewards = rewards::compile(self, &mut signals, (&seats, &roles), &goals, &missions);
        let team = seats.map(|seat| Role { name: seat.name.clone(), authority: ranks[seat.role] });
        let meanings = Meanings {
            topology: self.topology.clone(),
            parameters: self.vocabulary.parameters.clone(),
            priorities: self.vocabulary.priorities.clone(),
            setting: self.setting,
        };
        Some(Guides {
            space: self.space,
            warnings: Vec::new(),
            meanings,
            signals,
            labels,
            roles,
            seats,
            team,
            rules,
            rewards,
        })
    }

    fn check_setting(&mut self) {
        let GuideSetting { alpha, decision_period, .. } = self.setting;
        let spot = self.spot();
        if !(1..=MAX_ALPHA).contains(&alpha) {
            self.error("invalid-setting", spot, format!("α is {alpha}: allowed: 1 to {MAX_ALPHA} replicas"));
        }
        if !(decision_period.0.is_finite() && decision_period.0 > 0.0) {
            let message =
                format!("the time between two decisions is {decision_period}: it must be more than 0 s");
            self.error("invalid-setting", spot, message);
        }
    }

    fn check_organization(&mut self) {
        let Some(id) = &self.organization.specification().id else { return };
        if *id != self.binding.organization {
            let message = format!(
                "this binds the organisation {:?}, but the organisation is {id:?}",
                self.binding.organization
            );
            self.error("other-organization", self.spot().field("organization"), message);
        }
    }

    /// The whole binding.
    fn spot(&self) -> Spot<'a> {
        self.binding.source.root()
    }

    fn error(&mut self, code: &'static str, spot: Spot<'_>, message: impl Into<String>) {
        self.findings.push(Finding::error(code, &spot.origin(), message));
    }

    fn warning(&mut self, code: &'static str, spot: Spot<'_>, message: impl Into<String>) {
        self.findings.push(Finding::warning(code, &spot.origin(), message));
    }

    /// An error about a name that stands before a colon.
    fn error_in_name(&mut self, code: &'static str, spot: Spot<'_>, message: impl Into<String>) {
        self.findings.push(Finding::error(code, &spot.name_origin(), message));
    }

    /// A number that must lie in a range, or the error that says so.
    fn number(&mut self, value: f32, spot: Spot<'_>, allowed: std::ops::RangeInclusive<f32>, what: &str) {
        if !allowed.contains(&value) {
            let message =
                format!("{what} is {value}; it must lie between {} and {}", allowed.start(), allowed.end());
            self.error("out-of-range", spot, message);
        }
    }

    /// Hardness as written, or as the setting overrides it.
    fn hardness(&mut self, written: Option<f32>, spot: Spot<'_>, default: Hardness) -> Hardness {
        let own = written.map_or(Some(default), Hardness::new);
        if own.is_none() {
            self.number(written.unwrap_or_default(), spot, 0.0..=1.0, "hardness (0 only shapes, 1 masks)");
        }
        self.setting.hardness.or(own).unwrap_or(default)
    }

    fn alpha(&self) -> i32 {
        i32::try_from(self.setting.alpha).unwrap_or(i32::MAX)
    }

    /// The no-ops: a change of 0, of any service.
    fn hold(&self) -> ActionSet {
        let actions = (0u32..).take(self.space.len()).map(karma_core::Action);
        actions.filter(|action| self.space.is_no_op(*action)).collect()
    }

    /// Everything that a rule is asked of: each service, or nothing in particular.
    fn subjects(&self, each: bool) -> Vec<Option<ServiceId>> {
        if each { self.topology.services.ids().map(Some).collect() } else { vec![None] }
    }
}

/// What a program computes for a service and for an agent, whose patterns begin at `patterns_from`.
const fn instance(subject: Option<ServiceId>, patterns_from: usize) -> Instance {
    Instance { subject, patterns_from }
}
