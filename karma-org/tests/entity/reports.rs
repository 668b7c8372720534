//! Exceptions and accounts: the organisations of MOISE's `atm-os-exception` and `bakery-os-accountability`.

use karma_org::builder::{OrganizationBuilder, goal, mission, obligation};
use karma_org::entity::{GoalState, OrganizationEntity};
use karma_org::spec::{
    NotificationKind, NotificationPolicy, Report, ReportArgument, ReportGoal, ReportStage,
};

use crate::organizations::{START, obligations, refusal, start};

fn stage(stage: ReportStage, id: &str) -> ReportGoal {
    ReportGoal { stage, when: None, goal: goal(id).into() }
}

fn policy(id: &str, (target, condition): (&str, &str), report: Report) -> NotificationPolicy {
    let (target, condition) = (target.to_owned(), condition.to_owned());
    NotificationPolicy {
        id: id.to_owned(),
        target,
        condition,
        reports: vec![report],
        ..NotificationPolicy::default()
    }
}

fn report(id: &str, argument: Option<&str>, goals: Vec<ReportGoal>) -> Report {
    let argument =
        argument.map(|id| ReportArgument { id: id.to_owned(), arity: 1, ..ReportArgument::default() });
    Report { id: id.to_owned(), arguments: argument.into_iter().collect(), goals, ..Report::default() }
}

/// One agent for each role, named like it, and one mission for each.
fn staffed(builder: OrganizationBuilder, roles: &[&str]) -> OrganizationEntity {
    let builder = roles.iter().fold(builder, |builder, role| builder.role(*role));
    let builder =
        builder.group("group", |group| roles.iter().fold(group, |group, role| group.role(*role, 1..=1)));
    let builder = roles.iter().fold(builder, |builder, role| {
        builder.norm(obligation(format!("n_{role}"), *role, format!("m_{role}")))
    });
    let mut entity = start(builder);
    entity.create_group("g", "group", None, START).unwrap();
    entity.create_scheme("s", "scheme", START).unwrap();
    for role in roles {
        entity.adopt_role(role, role, "g", START).unwrap();
    }
    entity.add_responsible_group("g", "s", START).unwrap();
    for role in roles {
        entity.commit(role, &format!("m_{role}"), "s", START).unwrap();
    }
    entity
}

fn atm() -> OrganizationEntity {
    let nan = vec![stage(ReportStage::Raise, "raiseNan"), stage(ReportStage::Handle, "recoverFromNan")];
    let unavailable =
        vec![stage(ReportStage::Raise, "raiseAmountUnavailable"), stage(ReportStage::Handle, "retryLater")];
    let obtain = goal("obtainAmount").sequence(["getAmountAsString", "parseAmount"]);
    let builder = OrganizationBuilder::new("atm").scheme("scheme", |scheme| {
        scheme
            .goal(goal("withdraw").sequence([obtain, goal("provideMoney")]))
            .notification_policy(policy(
                "np1",
                ("parseAmount", "failed(_,parseAmount)"),
                report("nan", Some("index"), nan),
            ))
            .notification_policy(policy(
                "np2",
                ("recoverFromNan", "failed(_,recoverFromNan)"),
                report("amountUnavailable", None, unavailable),
            ))
            .mission(mission("m_reader").agents(1..=1).goals(["getAmountAsString"]))
            .mission(mission("m_parser").agents(1..=1).goals(["parseAmount", "raiseNan"]))
            .mission(mission("m_clerk").agents(1..=1).goals([
                "obtainAmount",
                "raiseAmountUnavailable",
                "recoverFromNan",
            ]))
            .mission(mission("m_keeper").agents(1..=1).goals(["provideMoney"]))
            .mission(mission("m_handler").agents(1..=1).goals(["withdraw", "retryLater"]))
    });
    staffed(builder, &["reader", "parser", "clerk", "keeper", "handler"])
}

/// The machine after the amount could not be parsed.
fn failed_atm() -> OrganizationEntity {
    let mut atm = atm();
    atm.achieve("reader", "getAmountAsString", "s", START).unwrap();
    atm.fail("parseAmount", "s", START).unwrap();
    atm
}

#[test]
fn without_a_failure_nobody_raises_anything() {
    let mut atm = atm();
    assert_eq!(atm.goal_state("s", "raiseNan"), Some(GoalState::Waiting));
    assert_eq!(obligations(&atm), ["reader: done getAmountAsString"]);
    let result = atm.raise("parser", ("nan", &["index(3)"]), "s", START);
    assert_eq!(refusal(result), ["exc_condition_not_holding(s,nan,parser)"]);
}

#[test]
fn a_failure_is_raised_then_handled() {
    let mut atm = failed_atm();
    assert_eq!(obligations(&atm), ["parser: done raiseNan"]);
    let result = atm.achieve("parser", "raiseNan", "s", START);
    assert_eq!(refusal(result), ["ach_thr_goal_exc_not_raised(s,raiseNan,nan,parser)"]);
    atm.raise("parser", ("nan", &["index(3)"]), "s", START).unwrap();
    assert_eq!(atm.goal_state("s", "recoverFromNan"), Some(GoalState::Waiting));
    atm.achieve("parser", "raiseNan", "s", START).unwrap();
    assert_eq!(obligations(&atm), ["clerk: done recoverFromNan"]);
}

#[test]
fn a_handler_that_fails_raises_its_own_exception() {
    let mut atm = failed_atm();
    atm.raise("parser", ("nan", &["index(3)"]), "s", START).unwrap();
    atm.achieve("parser", "raiseNan", "s", START).unwrap();
    atm.fail("recoverFromNan", "s", START).unwrap();
    assert_eq!(obligations(&atm), ["clerk: done raiseAmountUnavailable"]);
    atm.raise("clerk", ("amountUnavailable", &[]), "s", START).unwrap();
    atm.achieve("clerk", "raiseAmountUnavailable", "s", START).unwrap();
    assert_eq!(obligations(&atm), ["handler: done retryLater"]);
}

#[test]
fn exceptions_are_raised_by_the_right_agent_with_the_right_arguments() {
    let mut atm = failed_atm();
    let mut raise =
        |agent, report, arguments: &[&str]| refusal(atm.raise(agent, (report, arguments), "s", START));
    assert_eq!(raise("parser", "nun", &[]), ["exc_unknown(s,nun,parser)"]);
    assert_eq!(raise("clerk", "nan", &["index(3)"]), ["exc_agent_not_allowed(s,nan,clerk)"]);
    assert_eq!(raise("parser", "nan", &[]), ["exc_arg_missing(s,nan,index,1)"]);
    assert_eq!(raise("parser", "nan", &["index(X)"]), ["exc_arg_not_ground(s,nan,index(X))"]);
    assert_eq!(raise("parser", "nan", &["index(1)", "line(2)"]), ["exc_arg_unknown(s,nan,line(2))"]);
    let both = ["exc_arg_unknown(s,nan,index(1,2))", "exc_arg_missing(s,nan,index,1)"];
    assert_eq!(raise("parser", "nan", &["index(1,2)"]), both);
    assert!(atm.raise("parser", ("nan", &["index("]), "s", START).is_err());
}

#[test]
fn the_reset_of_the_failed_goal_withdraws_the_exception() {
    let mut atm = failed_atm();
    atm.raise("parser", ("nan", &["index(3)"]), "s", START).unwrap();
    atm.achieve("parser", "raiseNan", "s", START).unwrap();
    atm.reset("parseAmount", "s", START).unwrap();
    assert!(atm.scheme("s").unwrap().raised.is_empty());
    assert_eq!(atm.goal_state("s", "raiseNan"), Some(GoalState::Waiting));
    assert_eq!(obligations(&atm), ["parser: done parseAmount"]);
}

fn bakery() -> OrganizationEntity {
    let kneader =
        vec![stage(ReportStage::Request, "requestToKneader"), stage(ReportStage::Account, "notifyBaker")];
    let baker = vec![
        stage(ReportStage::Context, "getAuthorization"),
        stage(ReportStage::Request, "requestToBaker"),
        stage(ReportStage::Account, "notifySeller"),
        stage(ReportStage::Treatment, "adviseCustomers"),
    ];
    let about = |id, target, report| NotificationPolicy {
        kind: NotificationKind::Accountability,
        ..policy(id, target, report)
    };
    let builder = OrganizationBuilder::new("bakery").scheme("scheme", |scheme| {
        scheme
            .goal(
                goal("sellingBread").sequence([goal("setup").parallel(["knead", "heatOven"]), goal("bake")]),
            )
            .notification_policy(about(
                "np1",
                ("knead", "true"),
                report("ftKneader", Some("flourType"), kneader),
            ))
            .notification_policy(about(
                "np2",
                ("setup", "satisfied(_,getAuthorization)"),
                report("ftBaker", Some("flourType"), baker),
            ))
            .mission(mission("m_kneader").agents(1..=1).goals(["knead", "notifyBaker"]))
            .mission(mission("m_baker").agents(1..=1).goals([
                "heatOven",
                "bake",
                "notifySeller",
                "requestToKneader",
            ]))
            .mission(mission("m_seller").agents(1..=1).goals([
                "getAuthorization",
                "requestToBaker",
                "adviseCustomers",
            ]))
    });
    staffed(builder, &["kneader", "baker", "seller"])
}

#[test]
fn an_account_is_requested_freely_and_then_due() {
    let mut bakery = bakery();
    assert_eq!(obligations(&bakery), ["baker: done heatOven", "kneader: done knead"]);
    assert_eq!(bakery.goal_state("s", "requestToKneader"), Some(GoalState::Enabled));
    bakery.achieve("baker", "requestToKneader", "s", START).unwrap();
    assert!(obligations(&bakery).contains(&"kneader: done notifyBaker".to_owned()));
}

#[test]
fn a_context_comes_before_the_request_and_the_treatment_after_the_account() {
    let mut bakery = bakery();
    assert_eq!(bakery.goal_state("s", "requestToBaker"), Some(GoalState::Waiting));
    bakery.achieve("seller", "getAuthorization", "s", START).unwrap();
    bakery.achieve("seller", "requestToBaker", "s", START).unwrap();
    assert!(obligations(&bakery).contains(&"baker: done notifySeller".to_owned()));
    bakery.give_account("baker", ("ftBaker", &["flourType(rye)"]), "s", START).unwrap();
    bakery.achieve("baker", "notifySeller", "s", START).unwrap();
    assert!(obligations(&bakery).contains(&"seller: done adviseCustomers".to_owned()));
    assert!(bakery.give_account("baker", ("ftBakker", &[]), "s", START).is_err());
}
