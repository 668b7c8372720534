use super::*;

#[test]
fn model_and_kernel_agree() {
    assert_eq!(agree(1, 20_000, 2).map_err(|found| found.to_string()), Ok(20_048 - 20_048 % CASES));
}

/// Wrong models: the text to find, and what to put in its place.
const WRONG: [(&str, &str); 12] = [
    ("(ite (> age stale_after) 3 0)", "(ite (>= age stale_after) 3 0)"),
    ("(<= (* off 1000)", "(< (* off 1000)"),
    ("(larger pods (smaller most_replicas", "(smaller pods (smaller most_replicas"),
    ("(div (+ (* start percent) 99) 100)", "(div (* start percent) 100)"),
    ("(< ready floor)", "(<= ready floor)"),
    ("(<= (+ turns 2) most)", "(<= (+ turns 1) most)"),
    ("(ite cooling replicas", "(ite false replicas"),
    ("(rated (larger available promised))", "(rated available)"),
    ("(clamp (clamp x min max)", "(clamp (larger x min)"),
    ("(smaller (larger x lo) hi)", "(larger (smaller x hi) lo)"),
    ("(define-fun reserve ((share Int) (insisted Int)) Int (larger share insisted))", "(define-fun reserve ((share Int) (insisted Int)) Int share)"),
    ("(smaller wanted pods)", "wanted"),
];

#[test]
fn a_wrong_model_is_found_out() {
    for (right, wrong) in WRONG {
        let [model, service] = [MODEL, SERVICE].map(|(file, text)| (file, text.replacen(right, wrong, 1)));
        assert!(model.1 != MODEL.1 || service.1 != SERVICE.1, "there is no {right}");
        let files = [(model.0, model.1.as_str()), (service.0, service.1.as_str()), POST];
        let found = agree_with(&files, 1, 20_000, 2);
        println!("{wrong}: {:?}", found.as_ref().map_err(|found| (found.job, &found.what)));
        if right.contains("(larger x lo)") {
            continue; // the ends of every clamp are in order, so this one is right as well
        }
        assert!(found.is_err(), "{wrong}");
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
