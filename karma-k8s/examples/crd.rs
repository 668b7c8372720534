//! What does the API server have to know of the custom resource?
//!
//! `cargo run -p karma-k8s --example crd > deploy/chart/karma/crds/karmaautoscalers.yaml` renews what the chart installs.

use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let definition = serde_saphyr::to_string(&karma_k8s::resource::definition())?;
    let mut out = std::io::stdout();
    writeln!(out, "# Made by cargo run -p karma-k8s --example crd; a test compares it with the code.")?;
    out.write_all(definition.as_bytes())?;
    Ok(())
}
