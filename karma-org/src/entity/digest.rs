//! A digest of all that a running organisation depends on in its specification.

use karma_core::{Digest, Id};

use crate::Organization;
use crate::organization::{GoalNode, GroupNode, MissionNode, NormNode, Quorum, Range};
use crate::spec::{GoalKind, NormKind, NotificationPolicy, PlanOperator, ReportStage, Scope};

/// The digest of the elements and their numbering: two specifications that differ in layout, descriptions or links
/// only have the same. Texts are written with their length, so that no two contents are written alike.
pub(super) fn digest(organization: &Organization) -> Digest {
    let mut text = Text::default();
    for role in organization.roles() {
        text.word("role").word(&role.id).ids(&role.parents).flag(role.is_abstract);
    }
    organization.groups().iter().for_each(|group| text.group(group));
    for scheme in organization.schemes() {
        text.word("scheme").word(&scheme.id).ids(&[scheme.root]).ids(&scheme.goals).ids(&scheme.missions);
    }
    organization.goals().iter().for_each(|goal| text.goal(goal));
    organization.missions().iter().for_each(|mission| text.mission(mission));
    organization.norms().iter().for_each(|norm| text.norm(norm));
    let specification = organization.specification();
    for property in &specification.normative.properties {
        text.word("property").word(&property.id).word(&property.value);
    }
    for policy in specification.functional.schemes.iter().flat_map(|scheme| &scheme.notification_policies) {
        text.policy(policy);
    }
    Digest::of(text.0.as_bytes())
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn word(&mut self, word: &str) -> &mut Self {
        self.0.extend([&word.len().to_string(), ":", word, ";"]);
        self
    }

    fn number(&mut self, number: impl Into<u128>) -> &mut Self {
        self.word(&number.into().to_string())
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.number(u8::from(flag))
    }

    fn ids<I: Id>(&mut self, ids: &[I]) -> &mut Self {
        self.number(ids.len() as u64);
        for id in ids {
            self.number(id.index() as u64);
        }
        self
    }

    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.word("some").word(text),
            None => self.word("none"),
        }
    }

    fn range(&mut self, range: Range) -> &mut Self {
        self.number(range.min).optional(range.max.map(|max| max.to_string()).as_deref())
    }

    fn group(&mut self, group: &GroupNode) {
        self.word("group").word(&group.id).ids(group.parent.as_slice()).range(group.cardinality);
        for (role, range) in group.roles.iter().chain(&group.subtree_roles) {
            self.ids(&[*role]).range(*range);
        }
        for each in &group.compatibilities {
            self.word("compatibility").ids(&[each.from, each.to]).flag(each.scope == Scope::IntraGroup);
            self.flag(each.extends_subgroups).flag(each.bidirectional);
        }
    }

    fn goal(&mut self, goal: &GoalNode) {
        self.word("goal").word(&goal.id).ids(&[goal.scheme]).ids(&goal.missions);
        self.number(match goal.kind {
            GoalKind::Performance => 0_u8,
            GoalKind::Achievement => 1,
            GoalKind::Maintenance => 2,
        });
        match goal.quorum {
            Quorum::All => self.word("all"),
            Quorum::AtLeast(min) => self.number(min),
        };
        self.number(goal.time_to_fulfil.map_or(0, |time| time.as_nanos() + 1));
        self.ids(&goal.precondition.all).ids(&goal.precondition.any);
        if let Some(plan) = &goal.plan {
            self.ids(&plan.goals).word(match plan.operator {
                PlanOperator::Sequence => "sequence",
                PlanOperator::Choice => "choice",
                PlanOperator::Parallel => "parallel",
            });
        }
    }

    fn mission(&mut self, mission: &MissionNode) {
        self.word("mission")
            .word(&mission.id)
            .ids(&[mission.scheme])
            .range(mission.cardinality)
            .ids(&mission.goals);
    }

    fn norm(&mut self, norm: &NormNode) {
        self.word("norm").word(&norm.id).ids(&[norm.role]).ids(&[norm.mission]);
        self.flag(norm.kind == NormKind::Obligation).optional(norm.condition.as_deref());
        self.number(norm.time_constraint.map_or(0, |time| time.as_nanos() + 1));
    }

    fn policy(&mut self, policy: &NotificationPolicy) {
        self.word("policy").word(&policy.id).word(&policy.condition);
        for report in &policy.reports {
            self.word("report").word(&report.id);
            for argument in &report.arguments {
                self.word(&argument.id).word(&argument.arity.to_string());
            }
            for each in &report.goals {
                self.word(&each.goal.id).optional(each.when.as_deref());
                self.number(match each.stage {
                    ReportStage::Raise => 0_u8,
                    ReportStage::Handle => 1,
                    ReportStage::Context => 2,
                    ReportStage::Request => 3,
                    ReportStage::Account => 4,
                    ReportStage::Treatment => 5,
                });
            }
        }
    }
}
