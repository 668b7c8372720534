//! `karma org check`: everything that is wrong, one line each.

use std::fmt::Write as _;

use karma_core::Topology;
use karma_org::guide::{Binding, GuideSetting, Guides};
use karma_org::spec::OrganizationalSpecification;
use karma_org::{Finding, Organization, Severity};
use serde::Serialize;

use super::cli::CheckArgs;
use super::error::{OrganizationError, tell};
use super::files::OrganizationFiles;
use super::setting;

/// One finding, and the file that it is about.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    severity: &'static str,
    code: String,
    message: String,
    #[serde(skip)]
    text: String,
}

/// What was found in the files of one organisation.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Checkup {
    /// As it was asked for.
    organization: String,
    /// How many there are of each kind of element; empty if it cannot be read.
    size: String,
    findings: Vec<Told>,
}

impl Told {
    fn new(file: &str, finding: &Finding) -> Self {
        let position = finding.position();
        let severity = match finding.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        Self {
            file: finding.origin.file.as_deref().unwrap_or(file).to_owned(),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            severity,
            code: finding.code.to_owned(),
            message: finding.message.clone(),
            text: tell(file, finding),
        }
    }

    /// A file that cannot be had.
    fn unreadable(file: &str, error: &OrganizationError) -> Self {
        let (code, message) = ("unreadable".to_owned(), error.to_string());
        let text = format!("error[{code}]: {message}");
        Self { file: file.to_owned(), line: None, column: None, severity: "error", code, message, text }
    }
}

impl Checkup {
    /// Reads and checks the files that `name` stands for.
    pub(super) fn of(name: &str, topology: &Topology) -> Self {
        let mut checkup = Self { organization: name.to_owned(), ..Self::default() };
        match OrganizationFiles::find(name) {
            Ok(files) => checkup.examine(&files, topology),
            Err(error) => checkup.findings.push(Told::unreadable(name, &error)),
        }
        checkup
    }

    fn examine(&mut self, files: &OrganizationFiles, topology: &Topology) {
        let organization = match files.read() {
            Ok((specification, warnings)) => self.specification(files, specification, &warnings),
            Err(error) => self.wrong(&files.specification.name, &error),
        };
        if let Ok(guides) = files.guides() {
            match guides.as_str().map(Binding::read) {
                Ok(Ok(binding)) => self.guides(&guides.name, &binding, organization.as_ref(), topology),
                Ok(Err(findings)) => self.tell(&guides.name, &findings.0),
                Err(error) => self.findings.push(Told::unreadable(&guides.name, &error)),
            }
        }
    }

    fn specification(
        &mut self,
        files: &OrganizationFiles,
        specification: OrganizationalSpecification,
        warnings: &[Finding],
    ) -> Option<Organization> {
        let file = &files.specification.name;
        self.tell(file, warnings);
        match Organization::new(specification) {
            Ok(organization) => {
                self.tell(file, organization.warnings());
                self.size = size(&organization);
                Some(organization)
            }
            Err(findings) => {
                self.tell(file, &findings.0);
                None
            }
        }
    }

    fn guides(
        &mut self,
        file: &str,
        binding: &Binding,
        organization: Option<&Organization>,
        topology: &Topology,
    ) {
        let Some(organization) = organization else { return };
        match Guides::compile(organization, binding, topology, GuideSetting::default()) {
            Ok(guides) => self.tell(file, guides.warnings()),
            Err(findings) => self.tell(file, &findings.0),
        }
    }

    fn wrong(&mut self, file: &str, error: &OrganizationError) -> Option<Organization> {
        match error {
            OrganizationError::Wrong { findings, .. } => self.tell(file, &findings.0),
            error => self.findings.push(Told::unreadable(file, error)),
        }
        None
    }

    fn tell(&mut self, file: &str, findings: &[Finding]) {
        self.findings.extend(findings.iter().map(|finding| Told::new(file, finding)));
    }

    /// Number of findings of this severity.
    pub(super) fn count(&self, severity: &str) -> usize {
        self.findings.iter().filter(|told| told.severity == severity).count()
    }

    /// All findings, and a line that sums them up.
    fn text(&self) -> String {
        let mut text = String::new();
        for told in &self.findings {
            let _ = writeln!(text, "{}", told.text);
        }
        let size = if self.size.is_empty() { String::new() } else { format!(" ({})", self.size) };
        let (errors, warnings) = (self.count("error"), self.count("warning"));
        let verdict = match (errors, warnings) {
            (0, 0) => "nothing wrong".to_owned(),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        let _ = writeln!(text, "{}: {verdict}{size}", self.organization);
        text
    }
}

/// Checks all organisations; gives what is to be printed, and whether nothing is wrong.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<(String, bool)> {
    let topology = setting::topology(&args.topology)?;
    let checkups: Vec<Checkup> = args.files.iter().map(|name| Checkup::of(name, &topology)).collect();
    let bad = |checkup: &Checkup| checkup.count("error") > 0 || (args.strict && checkup.count("warning") > 0);
    let text = if args.json {
        serde_json::to_string_pretty(&checkups)? + "\n"
    } else {
        checkups.iter().map(Checkup::text).collect()
    };
    Ok((text, !checkups.iter().any(bad)))
}

/// How many there are of each kind of element.
fn size(organization: &Organization) -> String {
    let links = organization.groups().iter().map(|group| group.links.len()).sum();
    // The root role exists in every organisation.
    let counts = [
        counted(organization.roles().len() - 1, "role"),
        counted(organization.groups().len(), "group"),
        counted(links, "link"),
        counted(organization.schemes().len(), "scheme"),
        counted(organization.goals().len(), "goal"),
        counted(organization.missions().len(), "mission"),
        counted(organization.norms().len(), "norm"),
    ];
    counts.join(", ")
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
