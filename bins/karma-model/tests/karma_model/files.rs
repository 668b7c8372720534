//! Traces go from one form into another unchanged, and what is not right is refused.

use crate::workplace::Workplace;

#[test]
fn traces_come_back_as_they_were_by_way_of_every_form() {
    let here = Workplace::new();
    here.collect("a.db", 2);
    here.done("export a.db a.csv");
    here.done("export a.csv a.parquet");
    assert_eq!(
        here.done("import a.parquet a.csv --into b.db --topology chain4"),
        "b.db: 2 windows added, 2 were there already; 2 windows with 14 steps\n"
    );
    here.done("export b.db b.csv");
    assert!(here.read("a.csv") == here.read("b.csv"));
}

#[test]
fn traces_of_other_services_are_not_mixed_in() {
    let here = Workplace::new();
    here.collect("a.db", 1);
    here.done("collect --config tiny.toml --topology diamond --quiet --out other.db --episodes 1");
    assert_eq!(
        here.refused("import other.db --into a.db", 2),
        "error: other.db: traces of other services or entry points than a.db; import them into another database\n"
    );
    assert_eq!(
        here.refused("import other.db --into new.db --topology chain4", 2),
        "error: --topology: its services and entry points are not those of the traces\n"
    );
}

#[test]
fn wrong_names_are_answered_with_what_is_allowed() {
    let here = Workplace::new();
    assert_eq!(
        here.refused("collect --config tiny.toml --out t.db --policy exploer", 2),
        "error: --policy: unknown policy \"exploer\"; known: explore, hpa, hpa-50, static, static-max, threshold, random, oracle\n"
    );
    assert_eq!(
        here.refused("collect --out t.csv", 2),
        "error: --out is t.csv; allowed: a name with the ending .db or .sqlite\n"
    );
    assert!(
        here.refused("collect --out t.db --topology chian4", 2)
            .starts_with("error: --topology: unknown topology")
    );
    assert!(here.refused("export missing.db x.csv", 1).starts_with("error: missing.db: "));
    assert!(
        here.refused("inspect x.csv --predict a:log2", 2).contains("is not understood; write [NAME=]COLUMN")
    );
}

#[test]
fn a_database_goes_on_under_the_same_settings_only() {
    let here = Workplace::new();
    here.collect("a.db", 1);
    let told = here.refused("collect --config tiny.toml --workload diurnal --out a.db --episodes 1", 2);
    assert!(told.starts_with("error: a.db was begun with workload."), "{told}");
    assert!(told.ends_with("; give the same settings, or another --out\n"), "{told}");
}
