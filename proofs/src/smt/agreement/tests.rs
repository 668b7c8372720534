use super::*;

#[test]
fn model_and_kernel_agree() {
    assert_eq!(agree(1, 20_000, 2).map_err(|found| found.to_string()), Ok(20_000u64.next_multiple_of(CASES)));
}

/// Wrong models: the text to find, and what to put in its place.
const WRONG: [(&str, &str); 30] = [
    ("(ite (> value most) 2", "(ite (>= value most) 2"),
    ("(ite (> age stale_after) 3 0)", "(ite (>= age stale_after) 3 0)"),
    ("(ite trusted 0 40)", "0"),
    ("(<= (* off 1000)", "(< (* off 1000)"),
    ("(over_up (* ready utilization) target)", "(div (* ready utilization) target)"),
    ("(larger pods (smaller most_replicas", "(smaller pods (smaller most_replicas"),
    ("(div (+ (* start percent) 99) 100)", "(div (* start percent) 100)"),
    ("(+ demand grown)", "demand"),
    ("(+ age ahead)", "ahead"),
    ("Int (smaller most_replicas (over_up peak per_replica))", "Int most_replicas"),
    ("(ite cooling replicas", "(ite false replicas"),
    ("Int (larger lowest_wish replicas)", "Int most_replicas"),
    ("(< ready floor)", "(<= ready floor)"),
    ("(minus max_unavailable (minus replicas ready))", "max_unavailable"),
    ("Int (smaller (minus highest allowed) replicas)", "Int (minus highest allowed)"),
    ("(<= (+ turns 2) most)", "(<= (+ turns 1) most)"),
    ("(> unforced before)", "true"),
    ("(< unforced before)", "true"),
    ("(smaller 1099511627776", "(smaller 1099511627775"),
    ("(larger share insisted)", "share"),
    ("(smaller replicas reserve)", "replicas"),
    ("(minus (smaller upto replicas) granted)", "(minus replicas granted)"),
    ("(<= (* wanted each) room)", "(< (* wanted each) room)"),
    ("memory each_memory) price each_price)", "memory each_memory) price 0)"),
    ("(smaller wanted pods)", "wanted"),
    ("(larger (+ before placed) insisted)", "(+ before placed)"),
    ("(smaller highest (+ kept afforded))", "highest"),
    ("(kept share (force replicas))", "(kept share replicas)"),
    ("(rated (larger available promised))", "(rated available)"),
    ("(clamp (clamp x min max)", "(clamp (larger x min)"),
];

#[test]
fn a_wrong_model_is_found_out() {
    for (right, wrong) in WRONG {
        let [model, service] = [MODEL, SERVICE].map(|(file, text)| (file, text.replacen(right, wrong, 1)));
        assert!(model.1 != MODEL.1 || service.1 != SERVICE.1, "there is no {right}");
        let files = [(model.0, model.1.as_str()), (service.0, service.1.as_str()), POST];
        assert!(agree_with(&files, 1, 20_000, 2).is_err(), "{wrong}");
    }
}

#[test]
fn the_outcome_does_not_depend_on_the_number_of_threads() {
    let wrong = MODEL.1.replacen("(< ready floor)", "(<= ready floor)", 1);
    let files = [(MODEL.0, wrong.as_str()), SERVICE, POST];
    let found = [1, 3].map(|threads| agree_with(&files, 7, 20_000, threads));
    assert!(found[0].is_err());
    assert_eq!(found[0], found[1]);
}

#[test]
fn a_difference_is_told_with_all_that_went_in() {
    let wrong = MODEL.1.replacen("(< ready floor)", "(<= ready floor)", 1);
    let found = agree_with(&[(MODEL.0, &wrong), SERVICE, POST], 1, 20_000, 1).unwrap_err().to_string();
    for part in [
        "of service",
        "the kernel says",
        "the model",
        "(job ",
        " replicas=",
        " proposal=",
        "budget: ",
        "nodes: ",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
}

#[test]
fn a_model_that_lacks_a_name_is_not_compared() {
    let said = agree_with(&[MODEL, SERVICE], 1, 1, 1).unwrap_err().to_string();
    assert!(said.contains("the model defines no `planned`"), "{said}");
}
