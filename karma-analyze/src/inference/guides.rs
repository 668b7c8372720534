//! What an inferred organisation means on a cluster, as a guides file of karma-org.

use std::fmt::Write as _;

use super::specification::mission_of;
use super::{Direction, InferredOrganization, InferredRole, Rule};

impl InferredOrganization {
    /// The guides, with the evidence for each rule as a comment. `hardness` says how strictly they bind; missions pay
    /// `weight` for being near their goals, 0 for a team that is to be compared with one that has none.
    pub fn guides(&self, hardness: f32, weight: f32) -> String {
        let mut text = format!(
            "# Inferred from trajectories: what the agents did, and when. Shares are of the recorded decisions.\n\n\
             organization: {}\nhardness: {hardness}\n\nroles:\n",
            quoted(&self.id)
        );
        for role in &self.roles {
            write_role(&mut text, role);
        }
        if !self.goals.is_empty() {
            text.push_str("\ngoals:\n");
            for goal in &self.goals {
                let _ = writeln!(text, "  {}:\n    value: {}", quoted(&goal.name), quoted(&goal.value));
            }
            let missions = if self.with_missions().next().is_some() { "\nmissions:\n" } else { "" };
            text.push_str(missions);
            for (_, role) in self.with_missions() {
                let _ = writeln!(text, "  {}: {{ weight: {weight} }}", quoted(&mission_of(role)));
            }
        }
        text
    }
}

fn write_role(text: &mut String, role: &InferredRole) {
    let _ = writeln!(text, "  {}:", quoted(&role.name));
    if role.agents != 1 {
        let _ = writeln!(text, "    agents: {}", role.agents);
    }
    if role.rules.is_empty() {
        text.push_str("    rules: [] # its agents hardly ever moved anything\n");
        return;
    }
    text.push_str("    rules:\n");
    for (place, rule) in role.rules.iter().enumerate() {
        write_rule(text, place + 1, rule);
    }
}

fn write_rule(text: &mut String, number: usize, rule: &Rule) {
    let (name, range) = match rule.direction {
        Direction::Up => ("scale up", format!("+1..+{}", rule.most)),
        Direction::Down => ("scale down", format!("-{}..-1", rule.most)),
    };
    let range = if rule.most == 1 { if name == "scale up" { "+1" } else { "-1" }.to_owned() } else { range };
    let _ = writeln!(
        text,
        "      # {:.0} % of what it did in this direction, at {:.0} % of its decisions\n      - name: {name} ({number})\n        for: each service",
        100.0 * rule.recall,
        100.0 * rule.exposure,
    );
    if let Some(when) = &rule.when {
        let _ = writeln!(text, "        when: {}", quoted(when));
    }
    let except: Vec<String> = rule.except.iter().map(|service| quoted(service)).collect();
    let except = if except.is_empty() { String::new() } else { format!(", except: [{}]", except.join(", ")) };
    let _ = writeln!(text, "        allow: [{{ change: {}, on: self{except} }}]", quoted(&range));
}

/// A text that YAML takes as a text, whatever it holds.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
