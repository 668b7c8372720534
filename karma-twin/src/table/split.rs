//! Which transitions are learned from and which are held back: always whole stretches of time, never shuffled rows.
//!
//! Neighbouring rows are nearly copies of each other, so a random split of rows would test on what was learned.

use serde::{Deserialize, Serialize};

use super::Table;

/// A transition of a table: from row `row` of window `window` to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// Index of the window.
    pub window: usize,
    /// Row from which the transition starts.
    pub row: usize,
}

impl Table {
    /// All transitions, in order.
    pub fn starts(&self) -> impl Iterator<Item = Start> {
        let windows = self.windows().iter().enumerate();
        windows.flat_map(|(window, rows)| (0..rows.transitions()).map(move |row| Start { window, row }))
    }
}

/// How a table is divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Of the transitions of each run, in the order of time, the last `share` are held back.
    Tail {
        /// In (0, 1).
        share: f64,
    },
    /// The whole run of this name is held back.
    Run {
        /// Name of the run.
        name: String,
    },
    /// Every `every`-th window is held back, beginning with the last of the first `every`: for traces of many short
    /// episodes.
    Windows {
        /// At least 2.
        every: usize,
    },
}

impl Split {
    /// The transitions to learn from and those held back, in the order of the table.
    pub fn divide(&self, table: &Table) -> (Vec<Start>, Vec<Start>) {
        match self {
            Self::Tail { share } => tail(table, *share),
            Self::Run { name } => partition(table, |_, run| run == name),
            Self::Windows { every } => {
                partition(table, |window, _| (window + 1).is_multiple_of((*every).max(2)))
            }
        }
    }
}

fn partition(table: &Table, held_back: impl Fn(usize, &str) -> bool) -> (Vec<Start>, Vec<Start>) {
    table.starts().partition(|start| !held_back(start.window, table.windows()[start.window].run()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count lies between 0 and the count"
)]
fn tail(table: &Table, share: f64) -> (Vec<Start>, Vec<Start>) {
    let (mut learned, mut held_back) = (Vec::new(), Vec::new());
    for run in table.runs() {
        let of_run: Vec<Start> =
            table.starts().filter(|start| table.windows()[start.window].run() == run).collect();
        let first = (of_run.len() as f64 * (1.0 - share.clamp(0.0, 1.0))).round() as usize;
        learned.extend(&of_run[..first]);
        held_back.extend(&of_run[first..]);
    }
    (learned, held_back)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Part, Schema, Window};

    fn table() -> Table {
        let schema = Schema::new(vec![Column::new("x", Part::Predicted)]).unwrap();
        let window = |run: &str, rows: usize| {
            let mut window = Window::new(run, 1);
            (0..rows).for_each(|row| window.push(row as f64, &[row as f32]));
            window
        };
        Table::new(schema, [window("a", 7), window("a", 5), window("b", 11)])
    }

    #[test]
    fn the_tail_of_each_run_is_held_back() {
        let (learned, held_back) = Split::Tail { share: 0.2 }.divide(&table());
        assert_eq!((learned.len(), held_back.len()), (16, 4));
        assert_eq!(held_back[0], Start { window: 1, row: 2 });
        assert_eq!(held_back[3], Start { window: 2, row: 9 });
    }

    #[test]
    fn a_run_is_held_back_whole() {
        let (learned, held_back) = Split::Run { name: "b".to_owned() }.divide(&table());
        assert_eq!((learned.len(), held_back.len()), (10, 10));
        assert!(held_back.iter().all(|start| start.window == 2));
    }

    #[test]
    fn every_so_many_windows_one_is_held_back() {
        let (learned, held_back) = Split::Windows { every: 2 }.divide(&table());
        assert!(learned.iter().all(|start| start.window != 1));
        assert!(held_back.iter().all(|start| start.window == 1));
    }
}
