//! Organisations as pictures that need no other tool.
//!
//! First everything is placed ([`scene`]), then it is written. Nothing is fetched and nothing runs: there is no script, no
//! font and no link in the text, and it carries its own colours for light and for dark.

mod arcs;
mod card;
mod goals;
mod groups;
mod legend;
mod metrics;
mod norms;
mod roles;
mod scene;
mod style;
#[cfg(test)]
mod tests;
mod tidy;
mod tree;
mod write;

use crate::organization::Organization;

use super::Part;
use super::names::Names;
use super::phrases;
use metrics::{Style, shortened};
use scene::{Frame, shelves, text_width};

/// Room at the edges of the picture, in pixels.
const MARGIN: f64 = 24.0;
/// Where sections begin a new row.
const WIDTH: f64 = 1240.0;

/// A picture of an organisation, as SVG.
///
/// * Roles form a tree from left to right, each beside the role that it extends.
/// * Groups are boxes in boxes. Links run along lanes at the right of the roles they join, compatibilities at the left.
/// * Goals form a tidy tree from left to right; a sign beside a goal tells how its plan combines the goals below it, and tags
///   tell its missions.
/// * Norms run from roles at the left to missions at the right.
///
/// What is cut because it is too long is written in full in the title of its box, which programs show or read
/// out when it is pointed at. Widths of texts are estimated so that texts stay in their boxes in all usual fonts.
///
/// Cost in proportion to the number of elements, times its logarithm; the lanes of a group take the square of the number of
/// its links.
pub fn svg(organization: &Organization, part: Part) -> String {
    let names = Names::new(organization);
    let frame = page(organization, &names, part);
    write::picture(&names.organization(), &phrases::counts(organization), &frame)
}

/// Everything in its place.
fn page(organization: &Organization, names: &Names<'_>, part: Part) -> Frame {
    let sections = sections(organization, names, part);
    let widest = sections.iter().map(|section| section.width).fold(0.0, f64::max);
    let (sections, width, height) = shelves(sections, widest.max(WIDTH), 28.0);
    let kinds = groups::own_kinds(organization);
    let entries = legend::entries(organization, part, &kinds);
    let (entries, legend_width, legend_height) = shelves(entries, width.max(640.0), 18.0);
    let name = shortened(&names.organization(), Style::Title, 600.0);
    let counts = phrases::counts(organization);
    let texts = text_width(&name, Style::Title).max(text_width(&counts, Style::Note));
    let wide = width.max(legend_width).max(texts) + 2.0 * MARGIN;
    let top = 74.0;
    let below = top + height + if legend_height > 0.0 && height > 0.0 { 26.0 } else { 0.0 };
    let mut page = Frame::sized(wide, below + legend_height + MARGIN);
    page.write(MARGIN, 38.0, Style::Title, name);
    page.write(MARGIN, 57.0, Style::Note, counts);
    page.children.extend(sections.into_iter().map(|section| shifted(section, MARGIN, top)));
    page.children.extend(entries.into_iter().map(|entry| shifted(entry, MARGIN, below)));
    page
}

fn shifted(frame: Frame, x: f64, y: f64) -> Frame {
    let (x, y) = (frame.x + x, frame.y + y);
    frame.moved(x, y)
}

fn sections(organization: &Organization, names: &Names<'_>, part: Part) -> Vec<Frame> {
    let kinds = groups::own_kinds(organization);
    let mut sections = Vec::new();
    if part.shows(Part::Structure) {
        sections.push(section("Roles", roles::roles(organization, names)));
        sections.extend(groups::groups(organization, names, &kinds).map(|groups| section("Groups", groups)));
    }
    if part.shows(Part::Goals) {
        let schemes = organization.schemes().iter();
        sections.extend(schemes.map(|scheme| section("Goals", goals::scheme(organization, names, scheme))));
    }
    if part.shows(Part::Norms) && !organization.missions().is_empty() {
        sections.push(section("Norms", norms::norms(organization, names)));
    }
    sections
}

/// A frame below a heading.
fn section(heading: &str, content: Frame) -> Frame {
    let width = content.width.max(text_width(heading, Style::Heading));
    let mut section = Frame::sized(width, content.height + 30.0);
    section.write(0.0, 17.0, Style::Heading, heading);
    section.children.push(content.moved(0.0, 30.0));
    section
}
