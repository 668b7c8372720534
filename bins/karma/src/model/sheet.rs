//! A table before it is drawn: the same for a terminal and for a page.

use comfy_table::{Cell, CellAlignment, Table, presets};

/// Cells of text under a heading; the first cell of a row is its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::model) struct Sheet {
    pub(in crate::model) heading: String,
    pub(in crate::model) head: Vec<String>,
    pub(in crate::model) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(in crate::model) fn new(heading: impl Into<String>, head: &[&str]) -> Self {
        Self {
            heading: heading.into(),
            head: head.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// As text, with its heading above and no line end behind.
    pub(in crate::model) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty().set_header(&self.head);
        for row in &self.rows {
            let cell = |(place, text): (usize, &String)| {
                let side = if place == 0 { CellAlignment::Left } else { CellAlignment::Right };
                Cell::new(text).set_alignment(side)
            };
            table.add_row(row.iter().enumerate().map(cell));
        }
        format!("{}\n{}", self.heading, table.trim_fmt())
    }
}
