//! A report in words and tables, the same for the same report.

use std::fmt::Write as _;

use super::predict::MEAN_BOUND;
use super::{Errors, Parameter, Prediction, Recovery, Report, SCRAPE, Totals};

impl Report {
    /// The report as a page of Markdown.
    pub fn to_markdown(&self) -> String {
        let mut page = String::from("# Calibration of the simulated cluster\n\n");
        let _ = writeln!(page, "{}\n", self.title);
        self.write_verdict(&mut page);
        self.write_fit(&mut page);
        self.write_predictions(&mut page);
        self.write_recoveries(&mut page);
        page
    }

    fn write_verdict(&self, page: &mut String) {
        page.push_str("## Verdict\n\n");
        let bound = percent(MEAN_BOUND);
        for prediction in &self.predictions {
            let error = prediction.errors.map_or("nothing predicted".into(), |e| signed(e.mean));
            let verdict = if prediction.mean_holds() { "holds" } else { "**fails**" };
            let _ =
                writeln!(page, "* {}: mean response within {bound}: {verdict} ({error}).", prediction.run);
            if let Some(recovery) = &prediction.recovery {
                let verdict = if recovery.agrees() { "holds" } else { "**fails**" };
                let difference = difference(recovery);
                let _ = writeln!(
                    page,
                    "* {}: recovery within one scrape ({SCRAPE} s): {verdict} ({difference}).",
                    prediction.run
                );
            }
        }
        page.push('\n');
    }

    fn write_fit(&self, page: &mut String) {
        let fit = &self.fit;
        page.push_str("## Parameters\n\n| parameter | value | |\n|---|---|---|\n");
        for parameter in
            [Parameter::WorkFactor, Parameter::Overhead, Parameter::Network, Parameter::Background]
        {
            let how = if fit.free.contains(&parameter) { "fitted" } else { "held" };
            let _ = writeln!(
                page,
                "| {} | {} | {how} |",
                name(parameter),
                value(parameter, fit.model.get(parameter))
            );
        }
        for (service, work) in &self.work {
            let _ = writeln!(
                page,
                "| CPU of a request of {service} | {} | {} |",
                milliseconds(*work),
                self.source()
            );
        }
        for (service, startup) in &self.startup {
            let _ =
                writeln!(page, "| start-up of {service}, median | {startup:.2} s | from observed starts |");
        }
        let _ = writeln!(page, "| sigma of start-ups | {:.3} | from observed starts |", self.startup_sigma);
        let _ = writeln!(
            page,
            "\nRoot mean square of the errors of means and throughput below: {}, after {} models with {} simulations of each run, seed {}.\n",
            percent(fit.objective),
            fit.evaluations,
            self.params.fit_replications,
            self.params.seed
        );
        page.push_str("| fitting run | mean | p95 | throughput |\n|---|---|---|---|\n");
        for run in &fit.runs {
            let _ = writeln!(page, "| {} | {} |", run.run, errors(&run.errors));
        }
        page.push('\n');
    }

    /// Where the CPU of requests is from.
    fn source(&self) -> &'static str {
        if self.fit.free.contains(&Parameter::WorkFactor) {
            "before the factor"
        } else {
            "measured in fitting runs"
        }
    }

    fn write_predictions(&self, page: &mut String) {
        let _ = writeln!(
            page,
            "## Predicted\n\nRuns that were not fitted on; {} simulations of each. Noise is half the range of the repetitions \
             of the real run over their mean.\n",
            self.params.replications
        );
        page.push_str("| run | | mean | p95 | answered | success |\n|---|---|---|---|---|---|\n");
        for prediction in &self.predictions {
            write_prediction(page, prediction);
        }
        page.push('\n');
    }

    fn write_recoveries(&self, page: &mut String) {
        let recoveries: Vec<_> =
            self.predictions.iter().filter_map(|p| Some((&p.run, p.recovery.as_ref()?))).collect();
        if recoveries.is_empty() {
            return;
        }
        page.push_str("## Recovery\n\nSeconds from the disturbance until success is at least 95 % and the mean response within 10 % of where it settles, or no worse than the worst scrape there.\n\n");
        page.push_str("| run | measured | predicted | difference | RMS of the response curve |\n|---|---|---|---|---|\n");
        for (run, recovery) in recoveries {
            let _ = writeln!(
                page,
                "| {run} | {} | {} | {} | {} |",
                seconds(recovery.measured),
                seconds(recovery.predicted),
                difference(recovery),
                recovery.response_rms.map_or("-".into(), milliseconds)
            );
        }
    }
}

fn write_prediction(page: &mut String, prediction: &Prediction) {
    let run = &prediction.run;
    let _ =
        writeln!(page, "| {run} | measured {}x | {} |", prediction.repetitions, totals(&prediction.measured));
    if let Some(predicted) = &prediction.predicted {
        let _ = writeln!(page, "| | predicted | {} |", totals(predicted));
    }
    if let Some(error) = &prediction.errors {
        let _ = writeln!(page, "| | error | {} | |", errors(error));
    }
    if let Some(noise) = &prediction.noise {
        let [mean, p95, throughput] = noise.all().map(percent);
        let _ = writeln!(page, "| | noise | ±{mean} | ±{p95} | ±{throughput} | |");
    }
}

fn totals(totals: &Totals) -> String {
    let (mean, p95) = (milliseconds(totals.mean), milliseconds(totals.p95));
    format!("{mean} | {p95} | {:.2}/s | {}", totals.throughput, percent(totals.success))
}

fn errors(errors: &Errors) -> String {
    errors.all().map(signed).join(" | ")
}

fn difference(recovery: &Recovery) -> String {
    match (recovery.difference(), recovery.measured, recovery.predicted) {
        (Some(difference), ..) => format!("{difference:+.0} s"),
        (None, None, None) => "neither recovers".into(),
        (None, None, _) => "only the prediction recovers".into(),
        (None, ..) => "only the real cluster recovers".into(),
    }
}

fn seconds(time: Option<f64>) -> String {
    time.map_or("not within the run".into(), |time| format!("{time:.0} s"))
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1000.0)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn signed(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

const fn name(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::WorkFactor => "work, as a factor",
        Parameter::Overhead => "CPU of a visit beside its work",
        Parameter::Network => "network, each call",
        Parameter::Background => "CPU that others use, of each node",
    }
}

fn value(parameter: Parameter, value: f64) -> String {
    match parameter {
        Parameter::WorkFactor => format!("{value:.3}"),
        Parameter::Overhead | Parameter::Network => format!("{:.3} ms", value * 1000.0),
        Parameter::Background => percent(value),
    }
}
