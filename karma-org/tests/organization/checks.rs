//! Every finding: what causes it, and that it names the element, the value and what is allowed.

use std::ops::{Bound, RangeBounds};

use karma_org::builder::{
    GroupBuilder, OrganizationBuilder, SchemeBuilder, authority, communication, compatible, goal, link,
    mission, obligation, permission,
};
use karma_org::check::check;
use karma_org::spec::{NotificationPolicy, Origin, Role, Subgroup};
use karma_org::{Organization, Severity};

/// Findings of an organisation with two roles, a group and a scheme, in which nothing else is wrong.
fn findings(change: impl FnOnce(OrganizationBuilder) -> OrganizationBuilder) -> Vec<String> {
    let specification = change(OrganizationBuilder::new("o").role("player").role("coach")).build();
    check(&specification).iter().map(ToString::to_string).collect()
}

fn in_group(fill: impl FnOnce(GroupBuilder) -> GroupBuilder) -> Vec<String> {
    findings(|o| o.group("team", |group| fill(group.role("player", ..).role("coach", ..))))
}

fn in_scheme(fill: impl FnOnce(SchemeBuilder) -> SchemeBuilder) -> Vec<String> {
    findings(|o| {
        o.group("team", |group| group.role("player", ..))
            .scheme("s", |scheme| fill(scheme.mission(mission("m").goals(["g"]))))
            .norm(obligation("n", "player", "m"))
    })
}

const NONE: [&str; 0] = [];

#[test]
fn what_is_right_has_no_findings() {
    assert_eq!(in_group(|group| group), NONE);
    assert_eq!(in_scheme(|scheme| scheme.goal("g")), NONE);
}

#[test]
fn a_role_is_defined_once_and_soc_never() {
    let found = findings(|o| o.role("coach").role("soc"));
    assert_eq!(
        found,
        [
            "error[duplicate-role]: role \"coach\" is defined twice",
            "error[reserved-role]: role \"soc\" is the root of all roles and cannot be defined",
        ]
    );
}

#[test]
fn a_role_extends_roles_that_are_defined() {
    let found = findings(|o| o.role_extending("keeper", ["playr"]));
    let expected = "role \"keeper\" extends \"playr\", which is not defined; did you mean \"player\"?";
    assert_eq!(found, [format!("error[unknown-role]: {expected}")]);
}

#[test]
fn roles_do_not_extend_each_other() {
    let found = findings(|o| {
        let o = o.role_extending("a", ["b"]).role_extending("b", ["c", "player"]).role_extending("c", ["a"]);
        o.role_extending("selfish", ["selfish"]).role_extending("below", ["a"])
    });
    let cycle = "roles extend each other in a cycle:";
    assert_eq!(
        found,
        [
            format!("error[inheritance-cycle]: {cycle} \"a\" extends \"b\" extends \"c\" extends \"a\""),
            format!("error[inheritance-cycle]: {cycle} \"selfish\" extends \"selfish\""),
        ]
    );
}

#[test]
fn names_are_not_empty() {
    let found =
        findings(|o| o.role("").group("", |group| group).scheme("s", |s| s.goal("").mission(mission(""))));
    let missing = |element| format!("error[missing-name]: a {element} has no name");
    let expected = ["group", "role", "goal", "mission"].map(missing);
    assert!(expected.iter().all(|missing| found.contains(missing)), "{found:#?}");
}

#[test]
fn a_group_is_specified_once_and_lists_a_role_once() {
    let found = in_group(|group| group.role("coach", ..).subgroup("team", |subgroup| subgroup));
    assert_eq!(
        found,
        [
            "error[duplicate-group-role]: role \"coach\" of group \"team\" is listed twice",
            "error[duplicate-group]: group \"team\" is specified twice",
        ]
    );
}

/// A range that may be empty, which those of Rust are not meant to be.
struct Bounds {
    min: u32,
    max: u32,
}

impl RangeBounds<u32> for Bounds {
    fn start_bound(&self) -> Bound<&u32> {
        Bound::Included(&self.min)
    }

    fn end_bound(&self) -> Bound<&u32> {
        Bound::Included(&self.max)
    }
}

#[test]
fn a_range_is_not_empty() {
    let found = in_group(|group| {
        group
            .role("fan", Bounds { min: 2, max: 1 })
            .subgroup("attack", |attack| attack.instances(Bounds { min: 3, max: 0 }))
    });
    let empty = found.iter().filter(|finding| finding.starts_with("error[empty-range]"));
    assert_eq!(
        empty.collect::<Vec<_>>(),
        [
            "error[empty-range]: role \"fan\" of group \"team\" has at least 2 and at most 1; max must not be below min",
            "error[empty-range]: group \"attack\" has at least 3 and at most 0; max must not be below min",
        ]
    );
}

#[test]
fn links_and_compatibilities_are_between_roles_that_are_defined() {
    let found = in_group(|group| {
        group
            .link(authority("coach", "plaier"))
            .compatibility(compatible("soc", "x"))
            .role_constraint("y", 1..)
    });
    assert_eq!(
        found,
        [
            "error[unknown-role]: the link from \"coach\" to \"plaier\" in group \"team\" names role \"plaier\", which \
             is not defined; did you mean \"player\"?",
            "error[unknown-role]: the compatibility of \"soc\" with \"x\" in group \"team\" names role \"x\", which is \
             not defined; known: \"coach\", \"player\", \"soc\"",
            "error[unknown-role]: the cardinality of role \"y\" in group \"team\" names role \"y\", which is not \
             defined; known: \"coach\", \"player\", \"soc\"",
        ]
    );
}

#[test]
fn link_types_are_declared() {
    let declared = findings(|o| {
        let o = o.link_type("teaches");
        o.group("team", |group| group.role("player", ..).link(link("teaches", "player", "player")))
    });
    assert_eq!(declared, NONE);
    let found = in_group(|group| group.link(link("comunication", "coach", "player")));
    assert_eq!(
        found,
        [
            "error[unknown-link-type]: the link from \"coach\" to \"player\" in group \"team\" has type \"comunication\", \
          which is not declared; did you mean \"communication\"?"
        ]
    );
}

#[test]
fn constraints_count_groups_that_are_inside() {
    let found = in_group(|group| {
        let group = group.subgroup("attack", |attack| attack.subgroup("left", |left| left));
        group.group_constraint("attac", 1..).group_constraint("left", 1..)
    });
    assert_eq!(
        found,
        [
            "error[unknown-group]: the cardinality of group \"attac\" in group \"team\" names a group that is not \
             inside; did you mean \"attack\"?",
            "warning[idle-constraint]: the cardinality of group \"left\" in group \"team\" counts nothing: only direct \
             subgroups are counted",
        ]
    );
}

#[test]
fn what_an_unread_text_may_define_is_not_reported_as_unknown() {
    let mut specification = OrganizationBuilder::new("o")
        .group("team", |group| {
            group.role("fan", ..).link(authority("coach", "fan")).group_constraint("stands", 1..=1)
        })
        .norm(obligation("n", "coach", "m"))
        .build();
    let include = Subgroup::Included {
        uri: "stands.xml".into(),
        group: None,
        roles: Vec::new(),
        link_types: Vec::new(),
        schemes: Vec::new(),
        norms: Vec::new(),
        origin: Origin::at(4, 2),
    };
    specification.structural.group.as_mut().unwrap().subgroups.push(include);
    let found: Vec<String> = check(&specification).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["4:2: error[unresolved-include]: group \"team\" includes \"stands.xml\", which was not read"]
    );
}

#[test]
fn links_between_roles_whose_players_cannot_meet_are_warned_of() {
    let found = findings(|o| {
        o.group("club", |club| {
            club.role("coach", ..)
                .link(authority("coach", "player"))
                .link(communication("coach", "player").in_subgroups())
                .link(communication("coach", "player").between_groups())
                .compatibility(compatible("player", "coach"))
                .subgroup("team", |team| team.role("player", ..))
        })
    });
    let joins_nobody = "joins nobody: no role of group \"club\" is or specialises \"player\"";
    assert_eq!(
        found,
        [
            format!("warning[link-without-players]: the link from \"coach\" to \"player\" {joins_nobody}"),
            format!(
                "warning[compatibility-without-players]: the compatibility from \"player\" to \"coach\" {joins_nobody}"
            ),
        ]
    );
}

#[test]
fn a_scheme_has_a_name_of_its_own_and_a_root_goal() {
    let found = findings(|o| o.scheme("s", |s| s.goal(goal("g").parallel(["x", "y"]))).scheme("s", |s| s));
    let errors: Vec<&String> = found.iter().filter(|finding| finding.starts_with("error")).collect();
    assert_eq!(
        errors,
        [
            "error[duplicate-scheme]: scheme \"s\" is specified twice",
            "error[missing-goal]: scheme \"s\" has no root goal",
        ]
    );
}

#[test]
fn goals_and_missions_have_names_of_their_own_in_their_scheme() {
    let found = in_scheme(|s| s.goal(goal("g").sequence(["x", "x"])).mission(mission("m").goals(["x", "x"])));
    assert_eq!(
        found,
        [
            "error[duplicate-goal]: goal \"x\" is specified twice in scheme \"s\"",
            "error[duplicate-mission]: mission \"m\" of scheme \"s\" is specified twice",
            "warning[repeated-goal]: mission \"m\" of scheme \"s\" lists goal \"x\" twice",
        ]
    );
}

#[test]
fn goals_are_looked_for_in_their_own_scheme() {
    let policy = NotificationPolicy { id: "p".into(), target: "gg".into(), ..NotificationPolicy::default() };
    let found = in_scheme(|scheme| {
        scheme
            .goal(goal("g").depends_on("elsewhere"))
            .notification_policy(policy)
            .mission(mission("m2").goals(["h"]))
    });
    assert_eq!(
        found,
        [
            "error[unknown-goal]: goal \"g\" of scheme \"s\" depends on goal \"elsewhere\", which is not in that scheme; \
             known: \"g\"",
            "error[unknown-goal]: notification policy \"p\" of scheme \"s\" watches goal \"gg\", which is not in that \
             scheme; known: \"g\"",
            "error[unknown-goal]: mission \"m2\" of scheme \"s\" has goal \"h\", which is in no plan of that scheme; \
             known: \"g\"",
            "warning[mission-without-norm]: no norm lets anybody commit to mission \"m2\" of scheme \"s\"",
        ]
    );
}

#[test]
fn plans_have_goals_and_a_success_rate_from_0_to_1() {
    let empty: [&str; 0] = [];
    assert_eq!(
        in_scheme(|scheme| scheme.goal(goal("g").sequence(empty))),
        ["error[empty-plan]: the plan of goal \"g\" of scheme \"s\" has no goals; leave the plan out"]
    );
    let rated = |rate| {
        in_scheme(|scheme| {
            scheme.goal(goal("g").choice(["x"]).success_rate(rate)).mission(mission("m2").goals(["x"]))
        })
        .into_iter()
        .filter(|finding| finding.starts_with("error"))
        .collect::<Vec<_>>()
    };
    assert_eq!(rated(0.0), NONE);
    assert_eq!(rated(1.0), NONE);
    let wrong = "error[bad-success-rate]: the plan of goal \"g\" of scheme \"s\" has success rate";
    assert_eq!(rated(1.5), [format!("{wrong} 1.5; allowed is 0 to 1")]);
    assert_eq!(rated(f64::NAN), [format!("{wrong} NaN; allowed is 0 to 1")]);
}

#[test]
fn a_time_that_cannot_be_read_is_told_what_can() {
    let found = in_scheme(|scheme| scheme.goal(goal("g").within("soon")));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(
        "error[bad-duration]: goal \"g\" of scheme \"s\" is to be fulfilled within \"soon\"; \
                                  allowed is a whole number and a unit"
    ));
    let found = findings(|o| {
        let o = o.group("team", |group| group.role("player", ..));
        let o = o.scheme("s", |scheme| scheme.goal("g").mission(mission("m").goals(["g"])));
        o.norm(obligation("n", "player", "m").within("2 fortnights"))
    });
    assert!(
        found[0].starts_with("error[bad-duration]: norm \"n\" is to be fulfilled within \"2 fortnights\"")
    );
}

#[test]
fn norms_are_about_roles_and_missions_that_exist() {
    let found = findings(|o| {
        let o = o.scheme("s", |scheme| scheme.goal("g").mission(mission("play").goals(["g"])));
        o.norm(obligation("n", "coch", "plai"))
            .norm(permission("n", "coach", "s.play"))
            .norm(permission("", "x", "s.play"))
    });
    let errors: Vec<&String> = found.iter().filter(|finding| finding.starts_with("error")).collect();
    assert_eq!(
        errors,
        [
            "error[unknown-role]: norm \"n\" is for role \"coch\", which is not defined; did you mean \"coach\"?",
            "error[unknown-mission]: norm \"n\" is about mission \"plai\", which is in no scheme; did you mean \"play\"?",
            "error[duplicate-norm]: norm \"n\" is specified twice",
            "error[unknown-role]: norm \"\" is for role \"x\", which is not defined; known: \"coach\", \"player\", \"soc\"",
        ]
    );
}

#[test]
fn goals_that_wait_for_each_other_are_named_once_for_each_cycle() {
    let found = in_scheme(|scheme| {
        let first = goal("first").depends_on("later");
        scheme
            .goal(goal("g").sequence([first, goal("later"), goal("after")]))
            .mission(mission("m2").goals(["first", "later", "after"]))
    });
    let errors: Vec<&String> = found.iter().filter(|finding| finding.starts_with("error")).collect();
    assert_eq!(
        errors,
        [
            "error[dependency-cycle]: goals of scheme \"s\" can never be enabled: \"first\" waits for \"later\" waits for \
          \"first\""
        ]
    );
}

#[test]
fn a_choice_is_no_cycle_while_one_of_its_goals_can_be_enabled() {
    let errors = |stuck: &str| {
        let found = in_scheme(|scheme| {
            let choice = goal("c").choice([goal("x").depends_on("c"), goal("y").depends_on(stuck)]);
            scheme.goal(goal("g").parallel([choice, goal("z")]))
        });
        found.into_iter().filter(|finding| finding.starts_with("error")).count()
    };
    assert_eq!(errors("z"), 0);
    assert_eq!(errors("c"), 1);
}

#[test]
fn missions_that_are_preferred_to_each_other_are_warned_of() {
    let found = in_scheme(|scheme| {
        scheme
            .goal("g")
            .mission(mission("a").goals(["g"]).preferring("b"))
            .mission(mission("b").goals(["g"]).preferring("a"))
    });
    let expected = "warning[preference-cycle]: missions are preferred to each other: \"a\" is left for \"b\" is left for \"a\"";
    assert!(found.iter().any(|finding| finding == expected), "{found:#?}");
}

#[test]
fn goals_missions_and_norms_that_concern_nobody_are_warned_of() {
    let found = findings(|o| {
        o.group("team", |group| group.role("player", ..))
            .scheme("s", |scheme| {
                let root =
                    goal("g").parallel([goal("done"), goal("forgotten"), goal("asked").satisfied_by(2)]);
                scheme
                    .goal(root)
                    .mission(mission("m").goals(["done"]))
                    .mission(mission("unused").goals(["g"]))
            })
            .norm(obligation("n", "coach", "m"))
    });
    assert_eq!(
        found,
        [
            "warning[norm-without-players]: norm \"n\" binds nobody: no group has role \"coach\" or one that specialises it",
            "warning[mission-without-norm]: no norm lets anybody commit to mission \"unused\" of scheme \"s\"",
            "warning[goal-without-mission]: goal \"forgotten\" of scheme \"s\" is in no mission: nobody cares for it, and \
             it counts as satisfied",
            "warning[goal-without-mission]: goal \"asked\" of scheme \"s\" is in no mission, but asks for 2 of those \
             committed to it",
        ]
    );
}

#[test]
fn a_goal_that_asks_for_more_agents_than_its_missions_take_is_warned_of() {
    let asks = |agents| {
        in_scheme(|scheme| {
            let root = goal("g").sequence([goal("x").satisfied_by(agents)]);
            scheme
                .goal(root)
                .mission(mission("two").agents(..=2).goals(["x"]))
                .mission(mission("one").agents(1..=1).goals(["x"]))
        })
    };
    let warned = |found: Vec<String>| {
        found.into_iter().filter(|finding| finding.contains("quorum-out-of-reach")).collect::<Vec<_>>()
    };
    assert_eq!(warned(asks(3)), NONE);
    let expected = "goal \"x\" of scheme \"s\" asks for 4 agents, but its missions take at most 3";
    assert_eq!(warned(asks(4)), [format!("warning[quorum-out-of-reach]: {expected}")]);
}

#[test]
fn findings_come_in_the_order_of_the_text() {
    let mut specification = OrganizationBuilder::new("o").group("g", |group| group.role("x", ..)).build();
    let double = |line| Role { id: "r".into(), origin: Origin::at(line, 1), ..Role::default() };
    specification.structural.roles = [9, 3, 5].map(double).into();
    specification.structural.group.as_mut().unwrap().roles[0].origin = Origin::at(4, 1);
    let lines: Vec<u32> =
        check(&specification).iter().map(|finding| finding.position().unwrap().line).collect();
    assert_eq!(lines, [3, 4, 5]);
}

#[test]
fn an_organisation_keeps_its_warnings_and_a_refusal_has_them_too() {
    let misspelt = OrganizationBuilder::new("o").group("g", |group| group.role("x", ..));
    assert_eq!(misspelt.clone().organization().unwrap().warnings().len(), 1);
    let wrong = Organization::new(misspelt.role("r").role("r").build()).unwrap_err();
    let severities: Vec<Severity> = wrong.0.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Warning]);
}
