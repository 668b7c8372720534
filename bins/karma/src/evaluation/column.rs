//! What is measured of every episode, and how it is shown.

use karma_core::EpisodeReport;
use serde::Serialize;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// How a number is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A ratio, shown in percent.
    Percent,
    /// Seconds.
    Seconds,
    /// Pod-hours of an episode.
    PodHours,
    /// A plain number.
    Plain,
}

/// One measure of an episode.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in files.
    pub name: &'static str,
    /// Heading of the table; empty for measures that are in the files only.
    pub heading: &'static str,
    /// Unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// The value; `None` where the episode has none.
    pub value: fn(&EpisodeReport) -> Option<f64>,
}

/// Every measure, those of the table first.
pub const COLUMNS: [Column; 11] = [
    Column {
        name: "success_rate",
        heading: "success",
        unit: Unit::Percent,
        better: Better::Higher,
        value: |report| report.success_rate,
    },
    Column {
        name: "latency_compliance",
        heading: "latency ok",
        unit: Unit::Percent,
        better: Better::Higher,
        value: |report| report.latency_compliance,
    },
    Column {
        name: "pending_ratio",
        heading: "pending",
        unit: Unit::Percent,
        better: Better::Lower,
        value: |report| report.pending_ratio,
    },
    Column {
        name: "recovery_seconds",
        heading: "recovery",
        unit: Unit::Seconds,
        better: Better::Lower,
        value: |report| report.recovery.map(karma_core::resilience::Recovery::seconds),
    },
    Column {
        name: "availability",
        heading: "availability",
        unit: Unit::Percent,
        better: Better::Higher,
        value: |report| report.availability,
    },
    Column {
        name: "pod_hours",
        heading: "cost",
        unit: Unit::PodHours,
        better: Better::Lower,
        value: |report| Some(report.pod_hours),
    },
    Column {
        name: "failed_or_late",
        heading: "",
        unit: Unit::Percent,
        better: Better::Lower,
        value: |report| {
            let requests = report.legitimate;
            let decided = requests.answered + requests.failed;
            (decided > 0).then(|| 1.0 - requests.within_slo as f64 / decided as f64)
        },
    },
    Column {
        name: "episodic_return",
        heading: "",
        unit: Unit::Plain,
        better: Better::Higher,
        value: |report| report.episodic_return,
    },
    Column {
        name: "latency_p95_seconds",
        heading: "",
        unit: Unit::Seconds,
        better: Better::Lower,
        value: |report| report.latency_p95.map(|latency| latency.0),
    },
    Column {
        name: "replica_changes",
        heading: "",
        unit: Unit::Plain,
        better: Better::Lower,
        value: |report| Some(report.replica_changes as f64),
    },
    Column {
        name: "intervention_rate",
        heading: "",
        unit: Unit::Percent,
        better: Better::Lower,
        value: |report| report.interventions.as_ref()?.rate(),
    },
];

impl Column {
    /// The measures of the table.
    pub fn shown() -> impl Iterator<Item = &'static Self> {
        COLUMNS.iter().filter(|column| !column.heading.is_empty())
    }
}

impl Unit {
    /// What a number is multiplied by before it is shown, and its digits after the point.
    const fn scale(self) -> (f64, usize) {
        match self {
            Self::Percent => (100.0, 1),
            Self::Seconds => (1.0, 0),
            Self::PodHours | Self::Plain => (1.0, 2),
        }
    }

    /// The number alone; what rounds to 0 has no sign.
    fn digits(self, value: f64) -> String {
        let (factor, digits) = self.scale();
        let text = format!("{:.digits$}", factor * value);
        let zero = text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.'));
        if zero { text.trim_start_matches('-').to_owned() } else { text }
    }

    /// A number as the table shows it.
    pub fn show(self, value: f64) -> String {
        let name = match self {
            Self::Percent => " %",
            Self::Seconds => " s",
            Self::PodHours => " pod·h",
            Self::Plain => "",
        };
        self.digits(value) + name
    }

    /// A difference as the table shows it: with its sign, and of percentages in points.
    pub fn show_change(self, value: f64) -> String {
        let sign = if value > 0.0 { "+" } else { "" };
        let text = sign.to_owned() + &self.show(value);
        if self == Self::Percent { text.replace(" %", " pts") } else { text }
    }

    /// An interval as the table shows it.
    pub fn show_interval(self, low: f64, high: f64) -> String {
        format!("[{}, {}]", self.digits(low), self.digits(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_their_units() {
        assert_eq!(Unit::Percent.show(0.987_6), "98.8 %");
        assert_eq!(Unit::Percent.show_interval(0.9, 1.0), "[90.0, 100.0]");
        assert_eq!(Unit::Percent.show_change(-0.012), "-1.2 pts");
        assert_eq!(Unit::PodHours.show_change(0.5), "+0.50 pod·h");
        assert_eq!(Unit::Seconds.show(61.4), "61 s");
        assert_eq!(Unit::PodHours.show(2.345_6), "2.35 pod·h");
    }

    #[test]
    fn what_rounds_to_zero_has_no_minus() {
        assert_eq!(Unit::Percent.show_interval(-0.000_1, 0.02), "[0.0, 2.0]");
        assert_eq!(Unit::Seconds.show_change(-0.4), "0 s");
        assert_eq!(Unit::PodHours.show_interval(-10.0, -0.5), "[-10.00, -0.50]");
    }

    #[test]
    fn names_are_unique_and_the_table_has_the_six_headline_measures() {
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
        assert_eq!(Column::shown().count(), 6);
    }
}
