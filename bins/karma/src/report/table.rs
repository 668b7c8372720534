//! The tables at the end of a run, as plain text.

#[cfg(feature = "explain")]
use comfy_table::ContentArrangement;
use comfy_table::{Cell, CellAlignment, Table, TableStyle, presets};

use super::grid::{self, Grid};
use super::notes::{DIFFERENCES, notes};
use crate::evaluation::Evaluation;
use crate::policy::AttackReport;

/// Characters of a line of text.
pub(crate) const WIDTH: usize = 110;

/// The tables with their notes.
pub fn table(evaluation: &Evaluation) -> String {
    let mut lines = vec![draw(&grid::policies(evaluation), presets::UTF8_FULL)];
    lines.extend(notes(evaluation).iter().map(|note| wrap(note)));
    lines.push(String::new());
    lines.push(draw(&grid::differences(evaluation), presets::UTF8_FULL));
    lines.push(wrap(DIFFERENCES));
    if evaluation.scenarios.len() > 1 {
        lines.push(String::new());
        lines.push(draw(&grid::scenarios(evaluation), presets::UTF8_FULL_CONDENSED));
    }
    lines.join("\n") + "\n"
}

/// What attackers took from a team.
pub fn attack_table(report: &AttackReport) -> String {
    let AttackReport { iterations, seed, attacker, rows } = report;
    let episodes = rows.first().map_or(0, |row| row.episodes.len());
    let told = format!(
        "  The same {episodes} episodes in each row, nothing but the attack happens in them: at most {} times the nominal \
         rate at an entry point, {} seconds of the nominal rate in all. The attacker learned for {iterations} iterations, \
         seed {seed}; another may find more. Interquartile means with bootstrap intervals.",
        f64::from(attacker.most) * attacker.kappa,
        attacker.budget,
    );
    format!("{}\n{}\n", draw(&grid::figures("attacker", rows), presets::UTF8_FULL), wrap(&told))
}

/// Breaks a long sentence into lines of at most [`WIDTH`] characters; further lines are indented.
pub(crate) fn wrap(text: &str) -> String {
    let (indent, mut wrapped, mut column) = (text.len() - text.trim_start().len(), String::new(), 0);
    wrapped.push_str(&text[..indent]);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && indent + column + 1 + length > WIDTH {
            wrapped.push_str("\n    ");
            column = 4;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// A table as text.
#[cfg(feature = "lab")]
pub(crate) fn draw_grid(grid: &Grid) -> String {
    draw(grid, presets::UTF8_FULL)
}

fn draw(grid: &Grid, style: TableStyle) -> String {
    fill(Table::new(), grid, style)
}

/// A table no wider than [`WIDTH`]; long cells are broken into lines.
#[cfg(feature = "explain")]
pub(crate) fn narrow(grid: &Grid) -> String {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(110);
    fill(table, grid, presets::UTF8_FULL_CONDENSED)
}

fn fill(mut table: Table, grid: &Grid, style: TableStyle) -> String {
    table.load_style(style).force_no_tty().set_header(&grid.head);
    for row in &grid.rows {
        table.add_row(row.iter().enumerate().map(cell));
    }
    table.trim_fmt()
}

/// Names stand at the left, figures at the right.
fn cell((place, text): (usize, &String)) -> Cell {
    let alignment = if place == 0 { CellAlignment::Left } else { CellAlignment::Right };
    Cell::new(text).set_alignment(alignment)
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, wrap};

    #[test]
    fn long_sentences_are_broken_between_words() {
        assert_eq!(wrap("  short: all in one line"), "  short: all in one line");
        let text = wrap(&"a sentence that goes on ".repeat(12));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("    ")), "{text}");
        assert_eq!(text.split_whitespace().count(), 60);
    }
}
