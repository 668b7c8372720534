//! Single decisions: what was done, what spoke for and against it, and what others would have done.

use super::chart::{Chart, Key, Swatch, fill_class, short};
use crate::explain::view::DecisionView;
use crate::report::svg::{document, escape};

const WIDTH: f64 = 420.0;
const LINE: f64 = 36.0;
/// The middle of the bars, and the length of the longest.
const ZERO: f64 = 210.0;
const LENGTH: f64 = 150.0;

pub(super) fn body(decisions: &[DecisionView]) -> String {
    decisions.iter().enumerate().map(|(place, decision)| one(place, decision)).collect()
}

pub(super) fn charts(decisions: &[DecisionView]) -> Vec<Chart> {
    let drawn = decisions.iter().enumerate().filter(|(_, decision)| !decision.contributions.is_empty());
    drawn.map(|(place, decision)| chart(place, decision)).collect()
}

fn one(place: usize, decision: &DecisionView) -> String {
    let DecisionView { time, scenario, agent, action, sentence, allowed_by, hpa, shield, .. } = decision;
    let heading = escape(&format!("{agent}: {action}"));
    let shield = shield.as_deref().unwrap_or("changed nothing");
    let facts = [("Organisation", allowed_by.as_str()), ("Kubernetes HPA", hpa.as_str()), ("Shield", shield)];
    let fact = |(name, value): &(&str, &str)| format!("<dt>{name}</dt><dd>{}</dd>", escape(value));
    let facts: String = facts.iter().map(fact).collect();
    let chart =
        if decision.contributions.is_empty() { String::new() } else { chart(place, decision).figure() };
    format!(
        "<article><h3>{heading}</h3><p>{}, second {time:.0}</p><blockquote>{}</blockquote>{chart}<dl>{facts}</dl></article>",
        escape(scenario),
        escape(sentence)
    )
}

fn chart(place: usize, decision: &DecisionView) -> Chart {
    let shown = || decision.contributions.iter().filter(|contribution| contribution.weight.is_finite());
    let most = shown().map(|contribution| contribution.weight.abs()).fold(0.0, f64::max);
    let height = LINE * shown().count() as f64 + 6.0;
    let mut body = String::new();
    for (line, contribution) in shown().enumerate() {
        body.push_str(&bar(LINE * line as f64 + 3.0, &contribution.name, (contribution.weight, most)));
    }
    let title = format!(
        "What moved the score of “{}” of {}, second {:.0}",
        decision.action, decision.agent, decision.time
    );
    Chart {
        file: format!("decision-{place}"),
        svg: document(WIDTH, height, &title, &body),
        title,
        size: (WIDTH, height),
        keys: vec![
            Key::new(Swatch::Area(fill_class(1)), "against it (−)"),
            Key::new(Swatch::Area(fill_class(0)), "for it (+)"),
        ],
    }
}

/// A name, and below it a bar: to the right for what speaks for the action, to the left for what speaks against it.
fn bar(y: f64, name: &str, (weight, most): (f64, f64)) -> String {
    let length = if most > 0.0 { LENGTH * weight.abs() / most } else { 0.0 };
    let (x, beside, anchor, place) = if weight < 0.0 {
        (ZERO - length, ZERO - length - 5.0, "end", 1)
    } else {
        (ZERO, ZERO + length + 5.0, "start", 0)
    };
    let (text, bar, beside_bar, floor) = (y + 11.0, y + 16.0, y + 27.0, y + 32.0);
    let (class, full) = (fill_class(place), escape(name));
    let sign = if weight < 0.0 { "−" } else { "+" };
    format!(
        r#"<text class="tick" x="4" y="{text}"><title>{full}</title>{}</text><rect class="{class}" x="{x:.1}" y="{bar}" width="{length:.1}" height="14"/><text class="tick" x="{beside:.1}" y="{beside_bar}" text-anchor="{anchor}">{sign}{:.2}</text><line class="axis" x1="{ZERO}" x2="{ZERO}" y1="{}" y2="{floor}"/>"#,
        escape(&short(name, 64)),
        weight.abs(),
        y + 14.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_to_the_side_of_their_sign() {
        let pro = bar(0.0, "queue", (2.0, 4.0));
        assert!(pro.contains(r#"x="210.0" y="16" width="75.0""#) && pro.contains("+2.00"), "{pro}");
        let contra = bar(0.0, "cost", (-4.0, 4.0));
        assert!(contra.contains(r#"x="60.0" y="16" width="150.0""#) && contra.contains("−4.00"), "{contra}");
    }
}
