//! One mock microservice: burns CPU, holds memory, calls others, fails when told to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use karma_mock::service::{Server, ServiceConfig, ServiceParams, VARIABLE, burn_forever};
use tokio::signal::unix::{SignalKind, signal};

const EXAMPLES: &str = r#"Examples:
  KARMA_SERVICE='{ "name": "web", "work": { "mean_seconds": 0.005 } }' karma-service
      Five milliseconds of CPU for each request on port 5000; probes, metrics and faults on port 5001.
  karma-service --config web.json
  curl -X PUT -H 'content-type: application/json' -d '{ "speed": 0.5 }' http://127.0.0.1:5001/faults
      Half as fast, until '{}' is sent.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 137 told to crash."#;

/// One mock microservice: burns CPU, holds memory, calls others, fails when told to.
#[derive(Debug, Parser)]
#[command(name = "karma-service", version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,

    /// Settings as JSON, instead of those in the variable `KARMA_SERVICE`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Do nothing until told to end: what holds a pod's namespaces.
    Pause,
    /// Keep cores busy: what stands for other tenants.
    Burn {
        /// How many, such as 0.5; at most 1024.
        #[arg(value_parser = cores)]
        cores: f64,
    },
}

fn cores(text: &str) -> Result<f64, String> {
    let cores = text.parse().ok().filter(|cores| (0.0..=1024.0).contains(cores));
    cores.ok_or_else(|| "a number from 0 to 1024 is needed".to_owned())
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.role {
        Some(Role::Pause) => block_on(ended()),
        Some(Role::Burn { cores }) => burn_forever(cores),
        None => match settings(args.config) {
            Ok(config) => block_on(serve(&config)),
            Err(error) => return fail(&error, ExitCode::from(2)),
        },
    };
    done.map_or_else(|error| fail(&error, ExitCode::FAILURE), |()| ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "where a program says why it failed")]
fn fail(error: &anyhow::Error, code: ExitCode) -> ExitCode {
    eprintln!("error: {error:#}");
    code
}

fn settings(file: Option<PathBuf>) -> anyhow::Result<ServiceConfig> {
    let (place, text) = written(file)?;
    let params: ServiceParams = serde_json::from_str(&text).with_context(|| place.clone())?;
    ServiceConfig::try_from(params).with_context(|| place)
}

/// The settings' place and text.
fn written(file: Option<PathBuf>) -> anyhow::Result<(String, String)> {
    if let Some(file) = file {
        let place = file.display().to_string();
        let text = fs::read_to_string(&file).with_context(|| place.clone())?;
        return Ok((place, text));
    }
    let text = env::var_os(VARIABLE);
    let text = text
        .with_context(|| format!("no settings: set {VARIABLE}, or name a file by --config (see --help)"))?;
    Ok((VARIABLE.to_owned(), text.to_string_lossy().into_owned()))
}

/// One thread for all connections: computing has threads of its own.
fn block_on(future: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4096)
        .build()?
        .block_on(future)
}

async fn serve(config: &ServiceConfig) -> anyhow::Result<()> {
    let server = Server::bind(config, |name| env::var_os(name)?.into_string().ok()).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let end = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(server.serve(end).await?)
}

async fn ended() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
