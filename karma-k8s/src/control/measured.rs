//! Whether everything is there that Prometheus is asked for.
//!
//! A decision is taken all the same: what is missing is missing, and the shield decides what may rest on the rest. But whoever
//! runs the cluster has to know it.

use super::draft::Draft;
use super::said::Reason;
use crate::resource::ConditionKind;

/// So many are named; the decision log has all of them.
const NAMED: usize = 4;

/// Tells of questions that `failed` and samples that are `missing`, both in words.
pub(super) fn measured(draft: &mut Draft, failed: &[String], missing: &[String]) {
    let (reason, message) = match (failed, missing) {
        ([], []) => ("Measured", "nothing that Prometheus is asked for is missing".to_owned()),
        ([], missing) => ("Missing", format!("samples that are missing: {}", named(missing))),
        (failed, _) => ("Unanswered", format!("questions that failed: {}", named(failed))),
    };
    let holds = reason == "Measured";
    let event = if holds { Reason::Measured } else { Reason::Unmeasured };
    draft.condition(ConditionKind::Measured, holds, (reason, &message), Some(event));
}

/// The first of them, and how many more there are.
fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let all: Vec<String> = (1..=6).map(|number| format!("sample {number}")).collect();
        assert_eq!(named(&all), "sample 1; sample 2; sample 3; sample 4; and 2 more");
        assert_eq!(named(&all[..1]), "sample 1");
    }
}
