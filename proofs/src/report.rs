//! Property, proof, verdict, time: the table.
#![expect(clippy::print_stderr, reason = "a command says what it is at")]

use std::fmt::Display;
use std::time::{Duration, Instant};

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};

/// Columns of the table.
const WIDTH: u16 = 130;

/// One proof and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// P1 to P11, or several.
    property: String,
    /// What was done.
    proof: String,
    /// What was found, or why it does not hold.
    verdict: Result<String, String>,
    /// How long it took.
    time: Duration,
}

/// All rows so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Runs a proof, says so on the standard error, and keeps its row.
    pub(crate) fn prove<E: Display>(
        &mut self,
        property: &str,
        proof: &str,
        run: impl FnOnce() -> Result<String, E>,
    ) {
        self.prove_for(&[property], proof, || run().map_err(|error| (String::new(), error.to_string())));
    }

    /// The same for a proof of several properties, of which the one that is broken is named.
    pub(crate) fn prove_for(
        &mut self,
        properties: &[&str],
        proof: &str,
        run: impl FnOnce() -> Result<String, (String, String)>,
    ) {
        eprintln!("{}: {proof}", properties.join(", "));
        #[expect(clippy::disallowed_methods, reason = "the table says how long a proof took")]
        let start = Instant::now();
        let verdict = run();
        let property = match &verdict {
            Err((broken, _)) if !broken.is_empty() => broken.clone(),
            _ => properties.join(", "),
        };
        let verdict = verdict.map_err(|(_, why)| why);
        self.rows.push(Row { property, proof: proof.to_owned(), verdict, time: start.elapsed() });
    }

    /// Whether everything holds; nothing proved is nothing that holds.
    pub(crate) fn holds(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.verdict.is_ok())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = Table::new();
        table
            .load_style(UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH);
        table.set_header(["property", "proof", "verdict", "time"]);
        for row in &self.rows {
            let verdict = match &row.verdict {
                Ok(found) => format!("holds: {found}"),
                Err(why) => format!("BROKEN: {why}"),
            };
            let time = format!("{:.2} s", row.time.as_secs_f64());
            table.add_row([row.property.clone(), row.proof.clone(), verdict, time]);
        }
        write!(f, "{table}")
    }
}
