//! `karma org explain`: which rules allowed or removed which actions, in words.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::bail;
use karma_core::Seconds;
use karma_org::guide::{GuideSetting, Guides};

use super::cli::ExplainArgs;
use super::files::OrganizationFiles;
use super::{observation, setting};

/// What each role, or the one that was asked for, may do after the observations.
pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<String> {
    let topology = setting::topology(&args.topology)?;
    let files = OrganizationFiles::find(&args.file)?;
    let (alpha, decision_period) = (args.alpha, Seconds(args.decision_period));
    let setting = GuideSetting { alpha, decision_period, ..GuideSetting::default() };
    let guides = Arc::new(files.compile(&files.check()?.organization, &topology, setting)?);
    let states = observation::states(&topology, &args.observations, args.decision_period)?;
    let mut text = String::new();
    for agent in guides.team().ids().filter(|agent| asked_for(args, guides.role_of(*agent))) {
        if let Some(explanation) = guides.explain(agent, &states, &[]) {
            let _ = writeln!(text, "{explanation}");
        }
    }
    if text.is_empty() {
        let role = args.role.as_deref().unwrap_or_default();
        bail!("no agent plays a role \"{}\"; the roles are {}", role.escape_debug(), roles(&guides));
    }
    Ok(text)
}

fn asked_for(args: &ExplainArgs, role: &str) -> bool {
    args.role.as_deref().is_none_or(|asked| asked == role)
}

fn roles(guides: &Guides) -> String {
    let roles = guides.team().ids().map(|agent| guides.role_of(agent));
    roles.collect::<Vec<_>>().join(", ")
}
