//! What a table is of, and what to bear in mind.

use crate::evaluation::{Column, ConductReport, Evaluation, RowReport};

/// One sentence or two in each.
pub(crate) fn notes(evaluation: &Evaluation) -> Vec<String> {
    let mut notes = vec![kind(evaluation), format!("Ceiling of the topology: {}.", evaluation.ceiling)];
    notes.extend(loads(evaluation));
    notes.push(
        "static keeps the initial replicas: it is what doing nothing gives. oracle knows the load to come."
            .to_owned(),
    );
    notes.extend(evaluation.conduct.as_ref().map(conduct));
    notes.push(shield(evaluation));
    notes.extend(cut_off(evaluation));
    notes.extend(left_out(evaluation));
    notes
}

/// What the table of differences shows.
pub(crate) const DIFFERENCES: &str = "Differences on the same scenarios and seeds, interquartile means; a difference is \
    clear where its interval leaves out 0. wins: share of the episodes with the higher success, ties half.";

fn kind(evaluation: &Evaluation) -> String {
    let (scenarios, seeds) = (evaluation.scenarios.len(), evaluation.seeds.len());
    format!(
        "Interquartile means over {scenarios} scenario{} × {seeds} seed{} of the {} split; in brackets {:.0} % stratified bootstrap intervals.",
        plural(scenarios),
        plural(seeds),
        evaluation.split.name(),
        100.0 * evaluation.confidence
    )
}

/// How the team kept to its organisation.
fn conduct(report: &ConductReport) -> String {
    let percent =
        |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    let ConductReport { organization, alignment, informative_alignment, conduct } = report;
    let informative = conduct.informative as f64 / conduct.actions.max(1) as f64;
    format!(
        "Organisation {organization}: {} of the team's actions inside its guides; of the {} that had a choice, {}. {} conflicts between roles were settled by authority, {} times a guide left nothing legal and the agent held.",
        percent(*alignment),
        percent(Some(informative)),
        percent(*informative_alignment),
        conduct.conflicts,
        conduct.relented,
    )
}

/// How often the shield changed what each row decided, and what of it did so most often.
fn shield(evaluation: &Evaluation) -> String {
    let row = |row: &RowReport| {
        let counted = row.interventions.as_ref()?;
        let most = counted.by_property.iter().max_by_key(|(_, count)| **count);
        let most = most.map_or(String::new(), |(property, _)| format!(" (mostly {property})"));
        Some(format!("{} {:.1} %{most}", row.name, 100.0 * counted.rate()?))
    };
    let rows: Vec<String> = evaluation.rows.iter().filter_map(row).collect();
    if rows.is_empty() {
        return "Without a shield: nothing but replica bounds holds any row.".to_owned();
    }
    format!("Shield: every row is held to the same limits; decisions that it changed: {}.", rows.join(", "))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn loads(evaluation: &Evaluation) -> impl Iterator<Item = String> {
    evaluation.scenarios.iter().map(|scenario| {
        let (name, peak, above) = (&scenario.name, scenario.peak_rate, 100.0 * scenario.above_ceiling);
        format!("  {name}: load up to {peak:.0}/s, above the ceiling in {above:.1} % of the seconds.")
    })
}

/// How often the end of an episode came before the recovery.
fn cut_off(evaluation: &Evaluation) -> Option<String> {
    let share = |row: &RowReport| {
        let share = row.summary.recovery_censored.filter(|share| *share > 0.0)?;
        Some(format!("{} {:.0} %", row.name, 100.0 * share))
    };
    let shares: Vec<String> = evaluation.rows.iter().filter_map(share).collect();
    let told = format!(
        "Recoveries that the end of the episode cut off, so that ≥ stands before their mean: {}.",
        shares.join(", ")
    );
    (!shares.is_empty()).then_some(told)
}

/// Episodes without a value, by measure and row.
fn left_out(evaluation: &Evaluation) -> Option<String> {
    let count = |row: &RowReport, column: &Column| {
        let missing = row.summary.missing.get(column.name).copied().filter(|count| *count > 0)?;
        Some(format!("{} of {} in {missing}", column.heading, row.name))
    };
    let counts =
        Column::shown().flat_map(|column| evaluation.rows.iter().filter_map(move |row| count(row, column)));
    let counts: Vec<String> = counts.collect();
    let told = format!("Episodes without a value are left out: {}.", counts.join(", "));
    (!counts.is_empty()).then_some(told)
}
