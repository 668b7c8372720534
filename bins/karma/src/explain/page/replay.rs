//! What the script needs to play an episode: controls, which only show with a script, and the numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::explain::view::{Playback, Played, PlayedDecision};
use crate::report::svg::escape;

/// The second at which the cursor begins: the start of the attack, if there is one.
pub(super) fn start(episode: &Playback) -> f64 {
    episode.attack.map_or(0.0, |(from, _)| from).round()
}

/// The choice of the episode; nothing for a single one.
pub(super) fn chooser(playback: &[Playback]) -> String {
    if playback.len() < 2 {
        return String::new();
    }
    let names = playback.iter().map(|episode| format!("{}, seed {}", episode.scenario, episode.seed));
    format!("<p class=\"scripted\"><label>Episode {}</label></p>", select("episode", names.enumerate()))
}

/// The controls of an episode.
pub(super) fn controls(episode: &Playback) -> String {
    let (seconds, start) = (episode.legitimate.len(), start(episode));
    let rows = select("policy", episode.plays.iter().map(|play| play.row.clone()).enumerate());
    let services = select("service", episode.services.iter().cloned().enumerate());
    let services = services.replacen('>', "><option value=\"\">all services</option>", 1);
    format!(
        "<div class=\"controls scripted\"><button type=\"button\" class=\"run\">Play</button>\
         <label class=\"time\">Second <input type=\"range\" min=\"0\" max=\"{seconds}\" step=\"1\" value=\"{start}\"></label>\
         <label>Reasons of {rows}</label><label>Replicas and queue of {services}</label></div>"
    )
}

fn select(class: &str, options: impl Iterator<Item = (usize, String)>) -> String {
    let option =
        |(place, name): (usize, String)| format!("<option value=\"{place}\">{}</option>", escape(&name));
    let options: String = options.map(option).collect();
    format!("<select class=\"{class}\">{options}</select>")
}

/// The numbers as JSON inside of a script element that no browser runs.
pub(super) fn data(episode: &Playback) -> String {
    let mut texts = Texts::default();
    let rows = episode.plays.iter().map(|play| Row::of(play, &mut texts)).collect();
    let rounded = |values: &[f64]| values.iter().map(|value| (value * 10.0).round() / 10.0).collect();
    let replay = Replay {
        services: &episode.services,
        legitimate: rounded(&episode.legitimate),
        malicious: rounded(&episode.malicious),
        rows,
        texts: texts.in_order(),
    };
    let json = serde_json::to_string(&replay).unwrap_or_else(|_| "null".to_owned());
    let json = json.replace('<', "\\u003c");
    format!("<script type=\"application/json\">{json}</script>")
}

#[derive(Serialize)]
struct Replay<'a> {
    services: &'a [String],
    legitimate: Vec<f64>,
    malicious: Vec<f64>,
    rows: Vec<Row<'a>>,
    /// Each reason once.
    texts: Vec<String>,
}

/// The decisions of a policy, one list for each measure.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    success: Vec<f64>,
    time: Vec<f64>,
    replicas: Vec<&'a [u32]>,
    queue: Vec<Vec<Option<f64>>>,
    latency: Vec<Option<f64>>,
    /// Places in the texts.
    why: Vec<Vec<usize>>,
}

impl<'a> Row<'a> {
    fn of(play: &'a Played, texts: &mut Texts) -> Self {
        let decisions = || play.decisions.iter();
        let queues = |decision: &PlayedDecision| decision.queue.iter().map(|queue| rounded(*queue)).collect();
        Self {
            name: &play.row,
            success: play.success.iter().map(|share| thousandths(*share)).collect(),
            time: decisions().map(|decision| decision.time).collect(),
            replicas: decisions().map(|decision| decision.replicas.as_slice()).collect(),
            queue: decisions().map(queues).collect(),
            latency: decisions().map(|decision| rounded(decision.latency)).collect(),
            why: decisions()
                .map(|decision| decision.reasons.iter().map(|text| texts.place(text)).collect())
                .collect(),
        }
    }
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn rounded(value: Option<f32>) -> Option<f64> {
    value.filter(|value| value.is_finite()).map(|value| thousandths(f64::from(value)))
}

/// Texts by their first appearance: most reasons come again and again.
#[derive(Default)]
struct Texts(BTreeMap<String, usize>);

impl Texts {
    fn place(&mut self, text: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(text.to_owned()).or_insert(next)
    }

    fn in_order(self) -> Vec<String> {
        let mut texts: Vec<(String, usize)> = self.0.into_iter().collect();
        texts.sort_by_key(|(_, place)| *place);
        texts.into_iter().map(|(text, _)| text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_written_once() {
        let decision =
            PlayedDecision { reasons: vec!["b".to_owned(), "a".to_owned()], ..PlayedDecision::default() };
        let play = Played { decisions: vec![decision.clone(), decision], ..Played::default() };
        let data = data(&Playback { plays: vec![play], ..Playback::default() });
        assert!(data.contains(r#""why":[[0,1],[0,1]]}],"texts":["b","a"]}"#), "{data}");
    }

    #[test]
    fn a_reason_cannot_end_the_script_element() {
        let decision = PlayedDecision { reasons: vec!["</script>".to_owned()], ..PlayedDecision::default() };
        let play = Played { decisions: vec![decision], ..Played::default() };
        let data = data(&Playback { plays: vec![play], ..Playback::default() });
        assert_eq!(data.matches("</script>").count(), 1, "{data}");
        assert!(data.contains(r"\u003c/script>"), "{data}");
    }
}
