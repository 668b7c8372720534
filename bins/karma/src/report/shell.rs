//! The shell of every page: one file, no font, no request to anywhere.

use super::svg::escape;

/// How charts look; also inside of pictures that stand alone.
pub(crate) const CHARTS: &str = include_str!("chart.css");
/// How pages look.
const PAGE: &str = include_str!("style.css");

/// What the head of a page holds besides the styles of every page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head<'a> {
    /// Title, as text.
    pub(crate) title: &'a str,
    /// Further styles.
    pub(crate) style: &'a str,
    /// The script at the end of the page; empty for none.
    pub(crate) script: &'a str,
}

/// A page around a body of HTML. Its policy lets nothing be fetched, and lets a script run only if there is one.
pub(crate) fn page(head: Head<'_>, body: &str) -> String {
    let Head { title, style, script } = head;
    let (title, allowed) =
        (escape(title), if script.is_empty() { "" } else { "script-src 'unsafe-inline';" });
    let script = if script.is_empty() { String::new() } else { format!("<script>{script}</script>") };
    let head = [
        "<meta charset=\"utf-8\">".to_owned(),
        format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline';{allowed}img-src data:\">"
        ),
        "<meta name=\"viewport\" content=\"width=device-width\">".to_owned(),
        format!("<title>{title}</title><style>{CHARTS}{PAGE}{style}</style>"),
    ];
    let head = head.concat();
    format!("<!doctype html>\n<html lang=\"en\"><head>{head}</head><body>{body}{script}</body></html>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_with_a_script_may_run_one() {
        let still = page(Head { title: "a < b", ..Head::default() }, "<main></main>");
        assert!(still.contains("<title>a &lt; b</title>") && !still.contains("script"), "{still}");
        let moving = page(Head { script: "1", ..Head::default() }, "");
        assert!(
            moving.contains("script-src 'unsafe-inline'") && moving.contains("<script>1</script>"),
            "{moving}"
        );
    }
}
