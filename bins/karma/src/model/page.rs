//! Pages and pictures that stand alone: no script, no font, no request to anywhere.

use crate::report::svg::escape;

const STYLE: &str = concat!(include_str!("../report/style.css"), include_str!("style.css"));

/// A page of sections, each a heading and its body; bodies are HTML.
///
/// ```
/// let page = karma::model::page("Fidelity", &[("Errors".to_owned(), "<p>none</p>".to_owned())]);
/// assert!(page.contains("<h2>Errors</h2><p>none</p>"));
/// ```
pub fn page(title: &str, sections: &[(String, String)]) -> String {
    let title = escape(title);
    let section =
        |(heading, body): &(String, String)| format!("<section><h2>{}</h2>{body}</section>", escape(heading));
    let body: String = sections.iter().map(section).collect();
    let head = format!(
        "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>"
    );
    format!(
        "<!doctype html>\n<html lang=\"en\"><head>{head}</head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )
}

/// The first picture of an HTML fragment as a file of its own.
pub fn standalone(fragment: &str) -> String {
    let start = fragment.find("<svg ").map_or(fragment, |at| &fragment[at..]);
    let svg = start.find("</svg>").map_or(start, |end| &start[..end + "</svg>".len()]);
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let open = open.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    format!("{open}><style>{STYLE}</style>{rest}\n")
}

/// A table; the first cell of a row is its name.
pub fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let cells = |row: &[String], first: &str, other: &str| -> String {
        let cell = |(place, text): (usize, &String)| {
            let tag = if place == 0 { first } else { other };
            format!("<{tag}>{}</{tag}>", escape(text))
        };
        row.iter().enumerate().map(cell).collect()
    };
    let rows: Vec<String> = rows.iter().map(|row| format!("<tr>{}</tr>", cells(row, "th", "td"))).collect();
    format!(
        "<div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        cells(head, "th", "th"),
        rows.concat()
    )
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
