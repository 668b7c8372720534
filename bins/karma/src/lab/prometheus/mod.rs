//! `karma-lab prometheus`: a real Prometheus beside the cluster, which scrapes the mock services.
//!
//! A Prometheus outside of a cluster reaches no pod's address, and distributions build theirs without Kubernetes' service
//! discovery. So it asks this command, on a port of the loopback interface, which pods there are (`http_sd_configs`) and what
//! each of them tells; both are answered through the API server. Labels `namespace`, `deployment` and `pod` say whose series
//! they are, and no key leaves this process.

mod gateway;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::site::Reach;
use crate::interrupt::until_told;
use crate::run_dir::atomic;
use gateway::{Place, TARGETS, router};

/// Prometheus' configuration.
const CONFIG: &str = "prometheus.yml";
/// Its series.
const SERIES: &str = "series";
/// A `KarmaAutoscaler` whose `spec.metrics` fits.
const SPEC: &str = "karma.yaml";

const EXAMPLES: &str = "\
Examples:
  karma-lab prometheus --dir prometheus &
      http://127.0.0.1:9090 has what the mock services of `karma-lab up` tell.
  karma-transfer collect --topology chain4 --namespace karma --spec prometheus/karma.yaml --out live.db
      prometheus/karma.yaml says which series these are.

Needs the program prometheus: from a distribution's package, or by --program.";

/// `karma-lab prometheus`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PrometheusArgs {
    #[command(flatten)]
    reach: Reach,

    /// Where its configuration and its series are kept; what another start has left there is replaced.
    #[arg(long, value_name = "DIR", default_value = "prometheus")]
    dir: PathBuf,

    /// Where it listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,

    /// Seconds between two scrapes, 1 to 60.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=60))]
    scrape: u8,

    /// The program.
    #[arg(long, value_name = "FILE", default_value = "prometheus")]
    program: PathBuf,
}

/// Runs it until it ends, or this is told to.
pub(super) fn run(args: &PrometheusArgs) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        let (client, namespace) = (args.reach.client().await?, args.reach.namespace.clone());
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.context("no port on the loopback interface")?;
        let address = listener.local_addr()?.to_string();
        prepare(args, &address)?;
        let mut prometheus = start(args)?;
        say(&format!(
            "Prometheus at http://{}; {} says which series there are",
            args.listen,
            args.dir.join(SPEC).display()
        ));
        let serving = axum::serve(listener, router(Place { client, namespace, address }));
        let ended = tokio::select! {
            status = prometheus.wait() => {
                Err(anyhow::anyhow!("{} ended by itself: {}", args.program.display(), status?))
            }
            served = serving => served.context("the pods cannot be told"),
            () = until_told() => Ok(()),
        };
        let _ = prometheus.kill().await;
        ended.map(|()| ExitCode::SUCCESS)
    })?
}

/// Writes what Prometheus starts from.
fn prepare(args: &PrometheusArgs, gateway: &str) -> anyhow::Result<()> {
    let dir = &args.dir;
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let config = include_str!("prometheus.yml")
        .replace("$scrape", &args.scrape.to_string())
        .replace("$targets", &format!("http://{gateway}{TARGETS}"));
    let spec = include_str!("karma.yaml").replace("$url", &format!("http://{}", args.listen));
    write(&dir.join(CONFIG), &config)?;
    write(&dir.join(SPEC), &spec)?;
    let series = dir.join(SERIES);
    if series.exists() {
        fs::remove_dir_all(&series).with_context(|| series.display().to_string())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    atomic::write(path, text.as_bytes()).with_context(|| path.display().to_string())
}

fn start(args: &PrometheusArgs) -> anyhow::Result<Child> {
    let mut command = Command::new(&args.program);
    command.arg("--config.file").arg(args.dir.join(CONFIG));
    command.arg("--storage.tsdb.path").arg(args.dir.join(SERIES));
    command.args(["--log.level", "warn", "--web.listen-address", &args.listen.to_string()]);
    let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
    child.with_context(|| {
        format!(
            "{}: cannot be started; a distribution's package has it (apt install prometheus), --program names another",
            args.program.display()
        )
    })
}

fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    /// What KARMA is told of Prometheus is a specification that it takes.
    #[cfg(feature = "transfer")]
    #[test]
    fn the_specification_that_is_written_is_understood() {
        let text = include_str!("karma.yaml").replace("$url", "http://127.0.0.1:9090");
        let metrics = crate::transfer::specification(&text).unwrap().metrics;
        metrics.queries().unwrap();
        assert_eq!(metrics.prometheus().unwrap().unwrap().url, "http://127.0.0.1:9090");
    }
}
