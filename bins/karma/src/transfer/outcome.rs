//! What a simulated episode came to, as a table and as JSON.

use std::collections::BTreeMap;

use comfy_table::{Table, presets};
use karma_core::EpisodeReport;
use karma_k8s::control::LogEntry;
use karma_k8s::decide::{CanaryPhase, Listened};
use karma_k8s::resource::Mode;
use serde::Serialize;

use super::simulate::Played;
use crate::evaluation::Column;
use crate::report::table::wrap;

/// Counts of an episode's decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Decisions.
    pub decisions: usize,
    /// Those in which the agents were listened to.
    pub to_agents: usize,
    /// Those in which a novelty alarm rang.
    pub alarms: usize,
    /// Those that the shield changed.
    pub corrected: usize,
    /// Decisions changed, by the shield's property; one may count for several.
    pub by_property: BTreeMap<String, usize>,
    /// Decisions of single services.
    pub service_decisions: usize,
    /// Those in which agents and horizontal pod autoscaler wished for the same replicas.
    pub agreed: usize,
    /// Those in which replicas were changed.
    pub carried_out: usize,
    /// Seconds at which the canary came to another phase.
    pub canary: Vec<(f64, CanaryPhase)>,
}

/// What a simulated episode came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What was done with decisions.
    pub mode: Mode,
    /// The scenario and the seed, in words.
    pub episode: String,
    /// Digest of the policy.
    pub policy: String,
    /// The episode that was decided upon.
    pub karma: EpisodeReport,
    /// The same with the horizontal pod autoscaler alone.
    pub hpa: EpisodeReport,
    /// What was decided.
    pub counts: Counts,
}

impl Counts {
    /// Counts decisions.
    pub fn of(decisions: &[LogEntry]) -> Self {
        let mut counts = Self { decisions: decisions.len(), ..Self::default() };
        for decided in decisions.iter().map(|logged| &logged.decided) {
            counts.to_agents += usize::from(decided.listened == Listened::Agents);
            counts.alarms += usize::from(decided.alarm.is_some());
            counts.corrected += usize::from(!decided.changed_by.is_empty());
            for property in &decided.changed_by {
                *counts.by_property.entry(property.clone()).or_default() += 1;
            }
            counts.service_decisions += decided.services.len();
            let agree = decided.services.iter().filter(|one| one.agents.replicas == one.fallback.replicas);
            counts.agreed += agree.count();
            counts.carried_out += decided.services.iter().filter(|one| one.change().is_some()).count();
            counts.canary.extend(decided.canary_changed.map(|phase| (decided.time, phase)));
        }
        counts
    }
}

impl Outcome {
    /// What `played` came to under the policy with this digest.
    pub fn of(played: Played, mode: Mode, policy: String) -> Self {
        let episode = played.decisions.first().map_or_else(String::new, |logged| logged.name.clone());
        let counts = Counts::of(&played.decisions);
        Self { mode, episode, policy, karma: played.report, hpa: played.hpa, counts }
    }

    /// The table and what there is to say of it.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new();
        let mode = format!("{:?}", self.mode).to_lowercase();
        let name = format!("karma, {mode}");
        table.load_style(presets::UTF8_FULL_CONDENSED).force_no_tty();
        table.set_header([String::new(), name, "hpa alone".to_owned(), "difference".to_owned()]);
        for column in Column::shown() {
            let (ours, theirs) = ((column.value)(&self.karma), (column.value)(&self.hpa));
            let show =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| column.unit.show(value));
            let change = ours.zip(theirs).map(|(ours, theirs)| column.unit.show_change(ours - theirs));
            let cells = [
                column.heading.to_owned(),
                show(ours),
                show(theirs),
                change.unwrap_or_else(|| "–".to_owned()),
            ];
            table.add_row(cells);
        }
        let notes = self.notes();
        let notes = notes.iter().map(|note| wrap(note));
        std::iter::once(table.trim_fmt()).chain(notes).collect::<Vec<_>>().join("\n") + "\n"
    }

    fn notes(&self) -> Vec<String> {
        let Counts { decisions, to_agents, alarms, corrected, .. } = self.counts;
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let same = if self.mode == Mode::Shadow {
            " In shadow mode that autoscaler scales in both columns: they differ by nothing."
        } else {
            ""
        };
        let properties: Vec<String> =
            self.counts.by_property.iter().map(|(property, count)| format!("{property} {count}")).collect();
        let properties =
            if properties.is_empty() { String::new() } else { format!(" ({})", properties.join(", ")) };
        let mut notes = vec![
            format!(
                "  One episode ({}) of {decisions} decisions, played twice with the same load and the same disturbances; figures \
                 of one episode have no interval.{same}",
                self.episode
            ),
            format!(
                "  Listened to the agents: {to_agents} of {decisions} decisions ({:.0} %); novelty alarms: {alarms}. The shield \
                 changed {corrected} decisions{properties}.",
                percent(to_agents, decisions)
            ),
            format!(
                "  Agents and HPA wished for the same replicas in {:.0} % of {} decisions of single services; carried out: {} \
                 changes of replicas.",
                percent(self.counts.agreed, self.counts.service_decisions),
                self.counts.service_decisions,
                self.counts.carried_out
            ),
        ];
        if self.mode == Mode::Canary {
            notes.push(format!("  Canary: {}.", self.course()));
        }
        notes
    }

    fn course(&self) -> String {
        let phases = self.counts.canary.iter().map(|(time, phase)| match phase {
            CanaryPhase::Watching => format!("watched anew at {time:.0} s"),
            CanaryPhase::Promoted => format!("promoted to all services at {time:.0} s"),
            CanaryPhase::RolledBack => format!("rolled back at {time:.0} s"),
        });
        let phases: Vec<String> = phases.collect();
        if phases.is_empty() { "watched to the end".to_owned() } else { phases.join(", ") }
    }
}
