//! Organisations for Graphviz.
//!
//! Ids of nodes are made here and labels are escaped, so that names can be anything.

mod goals;
mod norms;
mod structure;

use std::fmt::Write as _;

use crate::organization::Organization;

use super::Part;
use super::names::Names;
use super::text::dot as escaped;

/// A directed graph in the DOT language, to be laid out by Graphviz' `dot`.
///
/// * Groups are clusters, with the number of their instances; roles are boxes in them, with the number of their
///   players. Abstract roles are dashed and in italics. Inheritance has an empty arrowhead.
/// * Acquaintance is dotted, communication solid, authority bold; links that hold both ways have two heads, and those
///   between groups a ring at their tail. Compatibilities are dashed lines between diamonds.
/// * Goals hang on a small node for the operator of their plan: an arrow for a sequence, whose edges are numbered, a
///   diamond for a choice, bars for parallel goals. Their missions are named below them.
/// * Norms are edges from role to mission: obligations solid, permissions dashed.
///
/// Cost in proportion to the size of the organisation.
pub fn dot(organization: &Organization, part: Part) -> String {
    let names = Names::new(organization);
    let mut graph = Graph::new(&names.organization());
    if part.shows(Part::Structure) {
        structure::draw(organization, &names, &mut graph);
    }
    if part.shows(Part::Goals) {
        goals::draw(organization, &names, &mut graph);
    }
    if part.shows(Part::Norms) {
        norms::draw(organization, &names, part, &mut graph);
    }
    graph.finish()
}

/// Text of a graph that is being written.
struct Graph {
    text: String,
    depth: usize,
}

impl Graph {
    fn new(title: &str) -> Self {
        let mut graph = Self { text: "digraph organization {\n".to_owned(), depth: 1 };
        let title = escaped(title);
        graph.line(&format!("label=\"{title}\"; labelloc=t; fontsize=18; rankdir=LR;"));
        graph.line("graph [fontname=\"Helvetica,Arial,sans-serif\", style=rounded, color=\"#8c959f\"];");
        graph.line("node [fontname=\"Helvetica,Arial,sans-serif\", shape=box, style=rounded, fontsize=12];");
        graph.line("edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=10, arrowsize=0.8];");
        graph
    }

    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:width$}{line}", "", width = 2 * self.depth.min(16));
    }

    /// A node; `attributes` as Graphviz takes them, with a comma before each.
    fn node(&mut self, id: &str, label: &str, attributes: &str) {
        self.line(&format!("{id} [label=\"{label}\"{attributes}];"));
    }

    /// An edge; `tooltip` is what it says, in words.
    fn edge(&mut self, from: &str, to: &str, tooltip: &str, attributes: &str) {
        self.line(&format!("{from} -> {to} [tooltip=\"{}\"{attributes}];", escaped(tooltip)));
    }

    fn open(&mut self, id: &str, label: &str) {
        self.line(&format!("subgraph cluster_{id} {{"));
        self.depth += 1;
        self.line(&format!("label=\"{label}\"; labeljust=l; fontsize=12;"));
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    fn finish(mut self) -> String {
        self.text.push_str("}\n");
        self.text
    }
}

/// Lines of a label, each escaped.
fn label(lines: &[String]) -> String {
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\\n")
}
