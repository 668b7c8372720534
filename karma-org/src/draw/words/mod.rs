//! A summary of an organisation for a terminal: what a person would say who explains it to another.

mod goals;
mod structure;

use crate::organization::{NormNode, Organization};

use super::Part;
use super::names::Names;
use super::phrases;
use super::text::{capitalised, listed};

/// A summary in plain text, one statement to a line, each line ended.
///
/// Roles come with what they extend and who may play them where, links and norms as sentences, goals as a tree. Cost
/// in proportion to the length of the text.
///
/// ```
/// # use karma_org::builder::{OrganizationBuilder, goal, mission};
/// # use karma_org::draw::{Part, words};
/// let paper = OrganizationBuilder::new("paper")
///     .scheme("writing", |scheme| {
///         scheme
///             .goal(goal("paper").sequence([goal("draft").within("1 day"), goal("final")]))
///             .mission(mission("write").agents(1..).goals(["draft", "final"]))
///     })
///     .organization()?;
/// let expected = "\
/// paper: 1 scheme · 3 goals · 1 mission
///
/// Scheme writing
///   paper: in sequence
///   ├─ 1. draft, within 1 day [write]
///   └─ 2. final [write]
///   Missions
///     write (1 or more): draft and final
/// ";
/// assert_eq!(words(&paper, Part::All), expected);
/// # Ok::<(), karma_org::Findings>(())
/// ```
pub fn words(organization: &Organization, part: Part) -> String {
    let names = Names::new(organization);
    let mut sections = vec![vec![format!("{}: {}", names.organization(), phrases::counts(organization))]];
    if part.shows(Part::Structure) {
        sections.push(structure::roles(organization, &names));
        sections
            .extend(organization.groups().ids().map(|group| structure::group(organization, &names, group)));
    }
    if part.shows(Part::Goals) {
        sections
            .extend(organization.schemes().iter().map(|scheme| goals::scheme(organization, &names, scheme)));
    }
    if part.shows(Part::Norms) {
        sections.push(norms(organization, &names));
    }
    sections.retain(|section| !section.is_empty());
    let sections: Vec<String> = sections.iter().map(|lines| lines.join("\n") + "\n").collect();
    sections.join("\n")
}

fn norms(organization: &Organization, names: &Names<'_>) -> Vec<String> {
    let said = organization.norms().iter().map(|norm| {
        let whom = inheritors(organization, names, norm);
        format!("  {}{whom}.", capitalised(&phrases::norm(norm, names)))
    });
    headed("Norms".to_owned(), said.collect())
}

/// Whom a norm of an abstract role binds: the roles that specialise it and can be played.
fn inheritors(organization: &Organization, names: &Names<'_>, norm: &NormNode) -> String {
    if !organization.roles()[norm.role].is_abstract {
        return String::new();
    }
    let roles = organization.roles();
    let played =
        roles.ids().filter(|role| !roles[*role].is_abstract && organization.specialises(*role, norm.role));
    let played: Vec<String> = played.map(|role| names.role(role)).collect();
    if played.is_empty() { String::new() } else { format!(" (that is, every {})", listed(&played)) }
}

/// Lines below a heading; nothing if there are none.
fn headed(heading: String, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { std::iter::once(heading).chain(lines).collect() }
}
