//! Pages and pictures that stand alone: no script, no font, no request to anywhere.

use crate::report::grid::Grid;
use crate::report::html;
use crate::report::shell::{self, CHARTS, Head};
use crate::report::svg::escape;

const STYLE: &str = include_str!("style.css");

/// A page of sections, each a heading and its body; bodies are HTML.
///
/// ```
/// let page = karma::model::page("Fidelity", &[("Errors".to_owned(), "<p>none</p>".to_owned())]);
/// assert!(page.contains("<h2>Errors</h2><p>none</p>"));
/// ```
pub fn page(title: &str, sections: &[(String, String)]) -> String {
    let section =
        |(heading, body): &(String, String)| format!("<section><h2>{}</h2>{body}</section>", escape(heading));
    let body: String = sections.iter().map(section).collect();
    let main = format!("<main><h1>{}</h1>{body}</main>", escape(title));
    shell::page(Head { title, style: STYLE, script: "" }, &main)
}

/// The first picture of an HTML fragment as a file of its own.
pub fn standalone(fragment: &str) -> String {
    let start = fragment.find("<svg ").map_or(fragment, |at| &fragment[at..]);
    let svg = start.find("</svg>").map_or(start, |end| &start[..end + "</svg>".len()]);
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let open = open.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    format!("{open}><style>{CHARTS}{STYLE}</style>{rest}\n")
}

/// A table; the first cell of a row is its name.
pub fn table(head: &[String], rows: &[Vec<String>]) -> String {
    html::table(&Grid { head: head.to_vec(), rows: rows.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_become_markup_and_nothing_is_fetched() {
        let body = table(&["<b>".to_owned()], &[vec!["<img src=x>".to_owned(), "\"".to_owned()]]);
        let page = page("<script>", &[("a & b".to_owned(), body)]);
        assert!(!page.contains("<script") && !page.contains("<img") && page.contains("a &amp; b"));
        for outside in ["http://", "https://", "<link", "url("] {
            assert!(!page.contains(outside), "{outside} is in the page");
        }
    }

    #[test]
    fn a_picture_of_its_own_says_what_it_is() {
        let svg = standalone("<p>x</p><svg viewBox=\"0 0 1 1\"><g/></svg><p>y</p>");
        assert!(
            svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><style>"),
            "{svg}"
        );
        assert!(svg.ends_with("<g/></svg>\n"), "{svg}");
    }
}
