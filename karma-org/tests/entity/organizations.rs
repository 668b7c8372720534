//! The organisations of MOISE's own tests, as far as their running depends on them, and short ways to ask.

use std::sync::Arc;
use std::time::Duration;

use karma_org::Organization;
use karma_org::builder::{OrganizationBuilder, compatible, goal, mission, obligation, permission};
use karma_org::entity::{Aim, Event, OrganizationEntity, Violation};

/// The origin of time.
pub(crate) const START: Duration = Duration::ZERO;

/// Writing a paper (wp-os): an editor and up to five writers; who is not compatible or too many is only told.
pub(crate) fn writing_paper() -> OrganizationBuilder {
    OrganizationBuilder::new("wp")
        .norm_property("default_management", "fail")
        .norm_property("role_compatibility", "prohibition")
        .norm_property("mission_cardinality", "prohibition")
        .role("author")
        .role_extending("writer", ["author"])
        .role_extending("editor", ["author"])
        .group("wpgroup", |group| {
            group
                .role("writer", 1..=5)
                .role("editor", 1..=1)
                .compatibility(compatible("editor", "writer").both_ways())
        })
        .scheme("writePaperSch", |scheme| {
            let draft = ["wtitle", "wabs", "wsectitles"].map(|id| goal(id).within("1 day"));
            let finish = [goal("wconc").within("1 day"), goal("wrefs").within("1 hour")];
            scheme
                .goal(goal("wp").within("5 seconds").sequence([
                    goal("fdv").sequence(draft),
                    goal("sv").sequence([goal("wsecs").within("7 days"), goal("finish").parallel(finish)]),
                ]))
                .mission(mission("mColaborator").agents(1..=5).goals(["wsecs"]))
                .mission(mission("mManager").agents(1..=1).goals([
                    "wabs",
                    "wp",
                    "wtitle",
                    "wconc",
                    "wsectitles",
                ]))
                .mission(
                    mission("mBib")
                        .agents(1..=1)
                        .goals(["wrefs"])
                        .preferring("mColaborator")
                        .preferring("mManager"),
                )
        })
        .norm(permission("n1", "editor", "mManager"))
        .norm(obligation("n2", "writer", "mBib").within("1 day"))
        .norm(obligation("n3", "writer", "mColaborator").within("1 day"))
}

/// A football team (jojOS): attack and defence, one leader in all.
pub(crate) fn football() -> OrganizationBuilder {
    OrganizationBuilder::new("joj")
        .role("player")
        .role("coach")
        .role_extending("middle", ["player"])
        .role_extending("leader", ["player"])
        .role_extending("back", ["player"])
        .role_extending("goalkeeper", ["back"])
        .role_extending("attacker", ["player"])
        .group("team", |team| {
            team.role("coach", 1..=2)
                .subgroup("attack", |attack| {
                    attack
                        .instances(1..=1)
                        .role("middle", 5..=5)
                        .role("leader", 0..=1)
                        .role("attacker", 2..=2)
                        .compatibility(compatible("middle", "leader").both_ways())
                })
                .subgroup("defense", |defense| {
                    defense
                        .instances(1..=1)
                        .role("leader", 0..=1)
                        .role("goalkeeper", 1..=1)
                        .role("back", 3..=3)
                        .compatibility(compatible("back", "leader").both_ways())
                })
                .role_constraint("leader", 1..=1)
        })
        .scheme("sideAttack", |scheme| {
            let placed = ["g7", "g8", "g9"].map(|id| goal(id).satisfied_by(1));
            let [g1, g4, g5, g6] = ["g1", "g4", "g5", "g6"].map(|id| goal(id).satisfied_by(1));
            let g3 = goal("g3").satisfied_by(1).argument("M2Ag");
            let g2 = goal("g2").parallel(placed);
            scheme
                .goal(goal("scoreGoal").satisfied_by(1).sequence([g1, g2, g3, g4, g5, g6]))
                .mission(mission("m1").agents(1..=1).goals(["g1", "g3", "g7"]))
                .mission(mission("m2").agents(1..=1).goals(["g8", "g4", "g5"]))
                .mission(mission("m3").agents(1..=1).goals(["g9", "g6"]))
        })
        .norm(permission("p1", "back", "m1"))
        .norm(obligation("o1", "middle", "m2"))
        .norm(obligation("o2", "attacker", "m3"))
}

/// The organisation, running, at time 0.
pub(crate) fn start(builder: OrganizationBuilder) -> OrganizationEntity {
    OrganizationEntity::new(Arc::new(organization(builder))).unwrap()
}

pub(crate) fn organization(builder: OrganizationBuilder) -> Organization {
    builder.organization().unwrap()
}

/// What MOISE would say of a refusal: `role_cardinality(editor,wp1,2,1)`.
pub(crate) fn refusal(result: Result<Vec<Event>, Violation>) -> Vec<String> {
    result.unwrap_err().breaches().iter().map(karma_org::entity::Breach::literal).collect()
}

/// All active obligations as (agent, what), in the order of creation.
pub(crate) fn obligations(entity: &OrganizationEntity) -> Vec<String> {
    entity.obligations().map(short).collect()
}

/// An obligation or permission without its deadline, such as `jaime: done wtitle`.
pub(crate) fn short(norm: &karma_org::entity::NormInstance) -> String {
    let what = match &norm.aim {
        Aim::Committed { mission } => format!("committed {mission}"),
        Aim::Done { goal } => format!("done {goal}"),
        Aim::Satisfied { goal } => format!("satisfied {goal}"),
    };
    format!("{}: {what}", norm.agent)
}
