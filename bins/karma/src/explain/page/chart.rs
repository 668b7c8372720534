//! A chart with its title and its legend: as a figure of the page, and as a file of its own.

use std::fmt::Write as _;

use crate::report::shell::CHARTS;
use crate::report::svg::escape;

/// How the charts of this page look, besides those of every page.
pub(super) const STYLE: &str = include_str!("chart.css");

/// Colours, dashes and shapes; further series begin anew.
const SERIES: usize = 8;

/// Shapes around the origin: circle, square, triangle, diamond, triangle on its head, cross, plus, hourglass.
const SHAPES: [&str; SERIES] = [
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "M-3.6,-3.6H3.6V3.6H-3.6Z",
    "M0,-4.6L4.4,3.4H-4.4Z",
    "M0,-5L5,0L0,5L-5,0Z",
    "M0,4.6L4.4,-3.4H-4.4Z",
    "M-4.4,-2.6L-2.6,-4.4L0,-1.8L2.6,-4.4L4.4,-2.6L1.8,0L4.4,2.6L2.6,4.4L0,1.8L-2.6,4.4L-4.4,2.6L-1.8,0Z",
    "M-1.4,-4.8H1.4V-1.4H4.8V1.4H1.4V4.8H-1.4V1.4H-4.8V-1.4H-1.4Z",
    "M-4.2,-4.2H4.2L-4.2,4.2H4.2Z",
];

/// The class of a line: a colour and a dash.
pub(super) fn line_class(place: usize) -> String {
    format!("s{}", place % SERIES)
}

/// The class of what is filled with the colour of a series.
pub(super) fn fill_class(place: usize) -> String {
    format!("m{}", place % SERIES)
}

/// The shape of a series.
pub(super) const fn shape(place: usize) -> &'static str {
    SHAPES[place % SERIES]
}

/// The first characters of a text, if it is long.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// What stands beside a name in a legend.
#[derive(Clone, Debug)]
pub(super) enum Swatch {
    /// A line of this class.
    Line(String),
    /// The shape and colour of a series.
    Mark(usize),
    /// An area of this class.
    Area(String),
}

/// An entry of a legend.
#[derive(Clone, Debug)]
pub(super) struct Key {
    swatch: Swatch,
    name: String,
}

impl Key {
    pub(super) fn new(swatch: Swatch, name: &str) -> Self {
        Self { swatch, name: name.to_owned() }
    }

    /// As SVG, in a box of 26 × 12.
    fn drawn(&self) -> String {
        match &self.swatch {
            Swatch::Line(class) => format!(r#"<polyline class="{class}" points="1,6 25,6"/>"#),
            Swatch::Area(class) => format!(r#"<rect class="{class}" x="3" y="1" width="20" height="10"/>"#),
            Swatch::Mark(place) => format!(
                r#"<path class="{}" transform="translate(13 6)" d="{}"/>"#,
                fill_class(*place),
                shape(*place)
            ),
        }
    }

    /// As HTML, without what it may stand in.
    pub(super) fn html(&self) -> String {
        let (drawn, name) = (self.drawn(), escape(&self.name));
        format!(r#"<svg class="swatch" viewBox="0 0 26 12" aria-hidden="true">{drawn}</svg>{name}"#)
    }
}

/// A legend; nothing for no keys.
pub(super) fn legend(keys: &[Key]) -> String {
    let item = |key: &Key| format!("<li>{}</li>", key.html());
    let items: String = keys.iter().map(item).collect();
    if items.is_empty() { items } else { format!("<ul class=\"keys\">{items}</ul>") }
}

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// Name of its file, without the ending.
    pub(super) file: String,
    /// What it shows.
    pub(super) title: String,
    /// Width and height.
    pub(super) size: (f64, f64),
    /// An SVG element of this size.
    pub(super) svg: String,
    /// The legend.
    pub(super) keys: Vec<Key>,
}

impl Chart {
    /// With title and legend, as a part of the page.
    pub(super) fn figure(&self) -> String {
        self.bare(&legend(&self.keys))
    }

    /// With its title and the given HTML for a legend.
    pub(super) fn bare(&self, legend: &str) -> String {
        let (width, title) = (self.size.0, escape(&self.title));
        let (broad, most) = if width > 600.0 {
            (" broad", String::new())
        } else {
            ("", format!(" style=\"max-width:{width}px\""))
        };
        format!(
            "<figure{most}><figcaption>{title}</figcaption>{legend}<div class=\"wide{broad}\">{}</div></figure>",
            self.svg
        )
    }

    /// The file's name and the chart as a picture that stands alone: title and legend are drawn, colours are those of
    /// the light page and written out, since few programs but browsers know variables in styles.
    pub(super) fn picture(&self) -> (String, String) {
        const LINE: f64 = 18.0;
        let (width, height) = self.size;
        let (keys, lines) = drawn_legend(&self.keys, width);
        let (top, total) = (26.0 + LINE * lines, 30.0 + LINE * lines + height);
        let inner =
            self.svg.replacen("<svg ", &format!(r#"<svg y="{top}" width="{width}" height="{height}" "#), 1);
        let (style, title) = (plain(&[CHARTS, STYLE].concat()), escape(&self.title));
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{total}\" viewBox=\"0 0 {width} {total}\" role=\"img\"><title>{title}</title><style>{style}</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/><text class=\"head\" x=\"10\" y=\"17\">{title}</text>{keys}{inner}</svg>\n"
        );
        (format!("{}.svg", self.file), svg)
    }
}

/// Keys one after the other in lines of this width, and the number of lines.
fn drawn_legend(keys: &[Key], width: f64) -> (String, f64) {
    let (mut body, mut x, mut lines) = (String::new(), 10.0, 0.0);
    for key in keys {
        let length = 50.0 + 6.5 * key.name.chars().count() as f64;
        if lines == 0.0 || x + length > width {
            (x, lines) = (10.0, lines + 1.0);
        }
        let (y, drawn, name) = (26.0 + 18.0 * (lines - 1.0), key.drawn(), escape(&key.name));
        let _ = write!(
            body,
            r#"<g transform="translate({x:.1} {y:.1})">{drawn}<text x="31" y="10">{name}</text></g>"#
        );
        x += length;
    }
    (body, lines)
}

/// Styles with the light value in the place of each variable.
fn plain(style: &str) -> String {
    let (roots, rules): (Vec<&str>, Vec<&str>) =
        style.lines().filter(|line| !line.starts_with('@')).partition(|line| line.starts_with(":root{"));
    let set =
        roots.iter().flat_map(|root| root.trim_start_matches(":root{").trim_end_matches('}').split(';'));
    let values = set.filter_map(|pair| pair.trim().strip_prefix("--")?.split_once(':'));
    values.fold(rules.join("\n"), |rules, (name, value)| rules.replace(&format!("var(--{name})"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_take_their_light_values() {
        let style = ":root{--a:#111;--bc:#222}\n@media(prefers-color-scheme:dark){:root{--a:#eee}}\n.x{fill:var(--a);stroke:var(--bc)}";
        assert_eq!(plain(style), ".x{fill:#111;stroke:#222}");
    }

    #[test]
    fn legends_of_pictures_go_on_in_the_next_line() {
        let keys: Vec<Key> = ["one", "two", "three"].map(|name| Key::new(Swatch::Mark(0), name)).into();
        assert_eq!(drawn_legend(&keys, 150.0).1, 2.0);
        assert_eq!(drawn_legend(&[], 150.0), (String::new(), 0.0));
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(short("gateway", 7), "gateway");
        assert_eq!(short("gateway", 5), "gate…");
    }

    /// Relative luminance and contrast as in WCAG 2.1.
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |colour: &str| -> f64 {
            let part = |at: usize| {
                let share = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_series_stands_out_from_the_page_in_light_and_dark() {
        for (start, page) in [(":root{", "#ffffff"), ("@media(prefers-color-scheme:dark)", "#12161d")] {
            let line = STYLE.lines().find(|line| line.starts_with(start)).unwrap();
            for series in 0..SERIES {
                let (_, colour) = line.split_once(&format!("--c{series}:")).unwrap();
                let found = contrast(&colour[..7], page);
                assert!(found >= 3.0, "series {series} on {page}: {found:.2}");
            }
        }
    }
}
