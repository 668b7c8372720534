//! The rules of roles, checked: what they say, and that they leave something to do.

use karma_core::Hardness;

use super::{Compiler, actions, names};
use crate::Organization;
use crate::condition::{Asked, CheckedCondition, Condition};
use crate::guide::action_set::ActionSet;
use crate::guide::binding::{ActionsBinding, Many, RoleBinding, RuleBinding, RuleScope, Spot};
use crate::guide::guides::{RoleGuide, Rule};
use crate::organization::RoleId;

/// Checks all roles of the binding; what comes of it are the roles that are played.
///
/// Roles inherit: what is written for an abstract role, which nobody plays, holds for every role that extends it.
pub(super) fn check(compiler: &mut Compiler<'_>) -> Vec<RoleGuide> {
    let binding = compiler.binding;
    let spot = compiler.spot().field("roles");
    let organization = compiler.organization;
    let is_abstract =
        |name: &str| organization.role(name).is_some_and(|id| organization.roles()[id].is_abstract);
    let (inherited, played): (Vec<_>, Vec<_>) = binding.roles.iter().partition(|(name, _)| is_abstract(name));
    if played.is_empty() {
        compiler.error(
            "no-roles",
            spot,
            "the binding has no roles that can be played, so there would be no agents",
        );
    }
    for (name, role) in inherited {
        check_abstract(compiler, name, role, spot.field(name));
    }
    let role = |(name, role): (&String, &RoleBinding)| check_role(compiler, name, role, spot.field(name));
    let roles: Vec<RoleGuide> = played.into_iter().filter_map(role).collect();
    check_cast(compiler, &roles);
    roles
}

/// An abstract role has rules, for those that extend it, and nothing that somebody would have to be there for.
fn check_abstract(compiler: &mut Compiler<'_>, name: &str, role: &RoleBinding, spot: Spot<'_>) {
    let RoleBinding { agents, always, otherwise, penalty, hardness: _, rules: _ } = role;
    let given = [
        ("agents", agents.is_some()),
        ("always", always.is_some()),
        ("otherwise", otherwise.is_some()),
        ("penalty", penalty.is_some()),
    ];
    let playable: Vec<&str> = playable(compiler.organization).collect();
    for (field, _) in given.into_iter().filter(|(_, given)| *given) {
        let message = format!(
            "role {name:?} is abstract: no group has it, so nobody can play it, and it may have rules for the roles that extend it, \
             but no {field}. Roles that can be played: {}",
            playable.join(", ")
        );
        compiler.error("abstract-role", spot.field(field), message);
    }
    compiler.hardness(role.hardness, spot.field("hardness"), Hardness::HARD);
    let organization = compiler.organization;
    let extends = |id| {
        let bound = compiler.binding.roles.keys().filter_map(|name| organization.role(name));
        let mut played = bound.filter(|other| !organization.roles()[*other].is_abstract);
        played.any(|other| organization.specialises(other, id))
    };
    if !organization.role(name).is_some_and(extends) {
        let message = format!("no role of the binding extends role {name:?}, so its rules hold for nobody");
        compiler.warning("nobody-inherits", spot, message);
    }
}

/// A rule that a role has, as written, and where.
type Written<'a> = (&'a RuleBinding, Spot<'a>);

/// The rules of a role: its own, then those of the abstract roles that it extends, each with the hardness that the abstract role
/// says.
fn rules_of<'a>(compiler: &Compiler<'a>, name: &str) -> Vec<(Written<'a>, Option<f32>)> {
    let (binding, organization) = (compiler.binding, compiler.organization);
    let root = binding.source.root().field("roles");
    let inherits = |other: &str| {
        let pair = organization.role(name).zip(organization.role(other));
        pair.is_some_and(|(id, above)| {
            organization.roles()[above].is_abstract && organization.specialises(id, above)
        })
    };
    let own = binding.roles.iter().filter(|(other, _)| *other == name).map(|(_, role)| (name, role, None));
    let above = binding.roles.iter().filter(|(other, _)| *other != name && inherits(other));
    let above = above.map(|(other, role)| (other.as_str(), role, role.hardness));
    let each = |(written_for, role, hardness): (&str, &'a RoleBinding, Option<f32>)| {
        let spot = root.field(written_for).field("rules");
        let rules = role.rules.iter().enumerate();
        rules.map(move |(index, rule)| ((rule, spot.item(index)), hardness)).collect::<Vec<_>>()
    };
    own.chain(above).flat_map(each).collect()
}

fn check_role(
    compiler: &mut Compiler<'_>,
    name: &str,
    role: &RoleBinding,
    spot: Spot<'_>,
) -> Option<RoleGuide> {
    let id = known(compiler, name, spot);
    let agents = role.agents.unwrap_or(1);
    if agents == 0 {
        compiler.error(
            "no-agents",
            spot.field("agents"),
            format!("role {name:?} has no agents: leave it out, or give it some"),
        );
    }
    let penalty = role.reward_guide().penalty;
    compiler.number(penalty, spot.field("penalty"), f32::MIN..=0.0, "a penalty");
    let default = compiler.binding.hardness;
    let default = compiler.hardness(default, compiler.spot().field("hardness"), Hardness::HARD);
    let guide = role.action_guide();
    let hardness = compiler.hardness(guide.hardness, spot.field("hardness"), default);
    let written = rules_of(compiler, name);
    let rule = |((rule, spot), inherited): &(Written<'_>, Option<f32>)| {
        let forced = compiler.setting.hardness;
        let default = forced.or(inherited.and_then(Hardness::new)).unwrap_or(hardness);
        check_rule(compiler, rule, *spot, default)
    };
    let rules: Vec<Option<Rule>> = written.iter().map(rule).collect();
    let rules: Option<Vec<Rule>> = rules.into_iter().collect();
    let always = or_hold(compiler, guide.always, spot.field("always"));
    let otherwise = or_hold(compiler, guide.otherwise, spot.field("otherwise"));
    let guide = RoleGuide {
        role: id?,
        name: name.to_owned(),
        agents,
        penalty,
        hardness,
        rules: rules?,
        always,
        otherwise,
    };
    let written: Vec<Written<'_>> = written.into_iter().map(|(rule, _)| rule).collect();
    check_something_left(compiler, &guide, (role, &written), spot);
    Some(guide)
}

/// The role of this name.
fn known(compiler: &mut Compiler<'_>, name: &str, spot: Spot<'_>) -> Option<RoleId> {
    let found = compiler.organization.role(name);
    if found.is_none() {
        let message = names::unknown("role", name, playable(compiler.organization));
        compiler.error_in_name("unknown-role", spot, message);
    }
    found
}

/// The names of the roles that agents can play.
fn playable(organization: &Organization) -> impl Iterator<Item = &str> {
    organization.roles().iter().filter(|role| !role.is_abstract).map(|role| role.id.as_str())
}

fn check_rule(
    compiler: &mut Compiler<'_>,
    rule: &RuleBinding,
    spot: Spot<'_>,
    default: Hardness,
) -> Option<Rule> {
    let each = rule.scope() == RuleScope::EachService;
    if rule.allow.is_empty() && rule.forbid.is_empty() {
        compiler.error(
            "rule-without-effect",
            spot,
            format!("rule {:?} neither allows nor forbids anything", rule.name),
        );
    }
    let asked = if each { Asked::EachService } else { Asked::Once };
    let when = condition(compiler, rule.when.as_deref().unwrap_or("true"), spot.field("when"), asked);
    let hardness = compiler.hardness(rule.hardness, spot.field("hardness"), default);
    let mut sets = |written: &[ActionsBinding], field| {
        check_sets(compiler, written, spot.field(field), each);
        let subjects = compiler.subjects(each);
        let set = |subject: &Option<_>| actions::all(compiler, written, *subject);
        if written.is_empty() { Vec::new() } else { subjects.iter().map(set).collect::<Vec<_>>() }
    };
    let (allow, forbid) = (sets(&rule.allow.0, "allow"), sets(&rule.forbid.0, "forbid"));
    Some(Rule { name: rule.name.clone(), each, when: when?, allow, forbid, hardness })
}

/// Parses and checks a condition.
pub(super) fn condition(
    compiler: &mut Compiler<'_>,
    text: &str,
    spot: Spot<'_>,
    asked: Asked,
) -> Option<CheckedCondition> {
    let origin = spot.origin();
    let parsed = Condition::parse_at(text, &origin, &mut compiler.findings)?;
    parsed.check(&compiler.vocabulary, asked, &origin, &mut compiler.findings)
}

fn check_sets(compiler: &mut Compiler<'_>, written: &[ActionsBinding], spot: Spot<'_>, each: bool) {
    for (index, set) in written.iter().enumerate() {
        actions::check(compiler, set, actions::element(spot, index), each);
    }
}

/// The actions that are written, or the no-ops.
fn or_hold(compiler: &mut Compiler<'_>, written: Option<&Many<ActionsBinding>>, spot: Spot<'_>) -> ActionSet {
    let Some(Many(written)) = written else { return compiler.hold() };
    check_sets(compiler, written, spot, false);
    actions::all(compiler, written, None)
}

/// A mask is never empty at run time; where it is certain that one would be, the binding is refused.
fn check_something_left(
    compiler: &mut Compiler<'_>,
    guide: &RoleGuide,
    (role, written): (&RoleBinding, &[Written<'_>]),
    spot: Spot<'_>,
) {
    let always = |sets: fn(&Rule) -> &Vec<ActionSet>| {
        let unconditional =
            written.iter().zip(&guide.rules).filter(|((written, _), _)| written.when.is_none());
        unconditional.flat_map(|(_, rule)| sets(rule)).fold(ActionSet::default(), ActionSet::union)
    };
    let forbidden = always(|rule| &rule.forbid);
    let allowed = always(|rule| &rule.allow).union(&guide.always);
    let none_allowed = allowed.minus(&forbidden).is_empty();
    if guide.otherwise.minus(&forbidden).is_empty() && (none_allowed || role.otherwise.is_some()) {
        let place = if role.otherwise.is_some() { spot.field("otherwise") } else { spot };
        let message = format!("role {:?} has nothing left to do while none of its rules fires", guide.name);
        compiler.error("nothing-left", place, message);
    }
    for (rule, (written, place)) in guide.rules.iter().zip(written).filter(|(rule, _)| !rule.allow.is_empty())
    {
        // Which services are critical is the topology's affair: a rule about them may have none to speak of.
        if rule.allow.iter().all(ActionSet::is_empty) && written.chooses_by_priority() {
            continue;
        }
        check_rule_leaves_something(compiler, (guide, rule), (&allowed, &forbidden), place.field("allow"));
    }
}

fn check_rule_leaves_something(
    compiler: &mut Compiler<'_>,
    (guide, rule): (&RoleGuide, &Rule),
    (allowed, forbidden): (&ActionSet, &ActionSet),
    place: Spot<'_>,
) {
    let nothing = |set: &ActionSet| set.minus(forbidden).is_empty();
    let forbidden_again = |set: &ActionSet| !set.is_empty() && nothing(set);
    let because = if rule.allow.iter().all(ActionSet::is_empty) {
        "on this topology"
    } else {
        "that is not always forbidden"
    };
    if rule.allow.iter().all(nothing) {
        let message = format!("rule {:?} of role {:?} allows nothing {because}", rule.name, guide.name);
        return compiler.error("nothing-left", place, message);
    }
    if allowed.minus(forbidden).is_empty() && rule.allow.iter().any(forbidden_again) {
        let services = compiler.topology.services.iter().zip(&rule.allow);
        let none: Vec<_> = services
            .filter(|(_, set)| forbidden_again(set))
            .map(|(service, _)| service.name.as_str())
            .collect();
        let message = format!(
            "rule {:?} of role {:?} allows nothing that is not always forbidden for {}: where it fires for them alone, no change is all that stays",
            rule.name,
            guide.name,
            none.join(", ")
        );
        compiler.warning("little-left", place, message);
    }
}

/// Whether the team is one that the groups of the organisation can hold.
fn check_cast(compiler: &mut Compiler<'_>, roles: &[RoleGuide]) {
    let places = |id| {
        let groups = compiler.organization.groups().iter().flat_map(|group| &group.roles);
        groups.filter(move |(role, _)| *role == id).map(|(_, range)| *range)
    };
    let mut complaints = Vec::new();
    for guide in roles {
        let most = places(guide.role)
            .map(|range| range.max)
            .try_fold(0u32, |sum, max| Some(sum.saturating_add(max?)));
        if let Some(most) = most.filter(|most| guide.agents > *most) {
            complaints.push((
                guide.name.clone(),
                format!(
                    "{} agents play role {:?}; its groups have room for {most}",
                    guide.agents, guide.name
                ),
            ));
        }
    }
    for (name, message) in complaints {
        let spot = compiler.spot().field("roles").field(&name);
        compiler.warning("too-many-players", spot.field("agents"), message);
    }
    check_missing(compiler);
}

/// Roles that must be played and are not.
fn check_missing(compiler: &mut Compiler<'_>) {
    let (organization, bound) = (compiler.organization, &compiler.binding.roles);
    let groups = organization.groups().iter().flat_map(|group| &group.roles);
    let needed =
        groups.filter(|(id, range)| range.min > 0 && !bound.contains_key(&organization.roles()[*id].id));
    let mut missing: Vec<_> = needed.map(|(id, _)| *id).collect();
    missing.sort_unstable();
    missing.dedup();
    for id in missing {
        let message = format!(
            "role {:?} must be played, but the binding does not have it",
            compiler.organization.roles()[id].id
        );
        compiler.warning("role-not-bound", compiler.spot().field("roles"), message);
    }
}
