//! `karma-lab chaos`: disturbances by hand, and those of a scenario.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use karma_core::SeedTree;
use karma_testbed::chaos::{self, Faults, Strike, Struck, Which};

use super::site::Reach;

const EXAMPLES: &str = "\
Examples:
  karma-lab chaos kill orders
      Delete one pod of orders; its Deployment makes a new one.
  karma-lab chaos crash products --all
      End the containers of all pods of products; the kubelet starts them again, with back-off.
  karma-lab chaos slow products --speed 0.4
      Every request of products costs 2.5 times its CPU, until `karma-lab chaos clear`.
  karma-lab chaos clear";

/// `karma-lab chaos`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ChaosArgs {
    #[command(subcommand)]
    command: ChaosCommand,

    #[command(flatten)]
    reach: Reach,

    /// The root of what is drawn: which pods.
    #[arg(long, default_value_t = 1, global = true)]
    seed: u64,
}

/// Whom.
#[derive(Clone, Debug, Args)]
struct Whom {
    /// The service.
    service: String,

    /// How many of its pods, drawn.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    pods: usize,

    /// All of its pods.
    #[arg(long)]
    all: bool,
}

impl Whom {
    const fn which(&self) -> Which {
        if self.all { Which::All } else { Which::Count(self.pods) }
    }
}

#[derive(Clone, Debug, Subcommand)]
enum ChaosCommand {
    /// Delete pods without grace.
    Kill(Whom),
    /// End containers at once.
    Crash(Whom),
    /// Requests are taken and never answered; liveness probes fail.
    Hang(Whom),
    /// Every request costs more CPU.
    Slow {
        #[command(flatten)]
        whom: Whom,
        /// Speed as a multiple of nominal.
        #[arg(long, default_value_t = 0.5, value_parser = speed)]
        speed: f64,
    },
    /// A share of the requests fails.
    Fail {
        #[command(flatten)]
        whom: Whom,
        /// The share, 0 to 1.
        #[arg(long, default_value_t = 0.5, value_parser = share)]
        share: f64,
    },
    /// Other tenants keep a share of every node's CPU busy, until `clear`.
    Contend {
        /// The share, 0 to below 1.
        #[arg(long, default_value_t = 0.5, value_parser = share)]
        share: f64,
    },
    /// End every fault.
    Clear,
}

fn speed(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0 && value <= 100.0, "above 0, up to 100")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |value| (0.0..=1.0).contains(&value), "from 0 to 1")
}

fn number(text: &str, good: impl Fn(f64) -> bool, allowed: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value| good(*value));
    value.ok_or_else(|| format!("a number {allowed} is needed"))
}

pub(super) fn run(args: &ChaosArgs) -> anyhow::Result<ExitCode> {
    let struck = super::block_on(carry_out(args))??;
    let mut out = std::io::stdout();
    for Struck { service, pod } in &struck {
        writeln!(out, "{service}: {pod}")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(args: &ChaosArgs) -> anyhow::Result<Vec<Struck>> {
    let client = args.reach.client().await?;
    let namespace = &args.reach.namespace;
    let with = |faults: Faults| Strike::Faults(faults);
    let (whom, strike) = match &args.command {
        ChaosCommand::Kill(whom) => (whom, Strike::Kill),
        ChaosCommand::Crash(whom) => (whom, Strike::Crash),
        ChaosCommand::Hang(whom) => (whom, with(Faults { hang: true, ..Faults::default() })),
        ChaosCommand::Slow { whom, speed } => (whom, with(Faults { speed: *speed, ..Faults::default() })),
        ChaosCommand::Fail { whom, share } => {
            (whom, with(Faults { error_rate: *share, ..Faults::default() }))
        }
        ChaosCommand::Contend { share } => {
            let image = karma_testbed::deploy::DEFAULT_IMAGE;
            chaos::contend(&client, namespace, image, *share).await?;
            return Ok(Vec::new());
        }
        ChaosCommand::Clear => return Ok(chaos::clear(&client, namespace).await?),
    };
    let mut rng = SeedTree::new(args.seed).child("chaos").rng();
    Ok(chaos::strike(&client, (namespace, &whom.service), &strike, whom.which(), &mut rng).await?)
}
