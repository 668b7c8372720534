//! The process that owns a cluster: its namespaces, and the way from this machine's loopback to its API server.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use super::network::API_PORT;
use super::programs::Programs;
use super::state::{ClusterState, Layout};
use super::{cgroup, files, pki};

/// How often the keeper looks whether `init` still lives.
const LOOK: Duration = Duration::from_millis(250);

/// How the program that calls [`up`](super::up) is started again: as the keeper, and as `init`.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The program.
    pub program: PathBuf,
    /// Arguments with which it calls [`keep`].
    pub keep: Vec<String>,
    /// Arguments with which it calls [`init`](super::init).
    pub init: Vec<String>,
}

impl Keeper {
    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    pub(super) fn start(&self, layout: &Layout) -> io::Result<Child> {
        use std::os::unix::process::CommandExt as _;
        let log = fs::File::create(layout.logs().join("keeper.log"))?;
        // A group of its own: an interrupt of the terminal is not for the cluster.
        self.command(&self.keep)
            .stdout(log.try_clone()?)
            .stderr(log)
            .current_dir("/")
            .process_group(0)
            .spawn()
    }
}

/// Owns the cluster until it is told to end (SIGTERM, SIGINT), then removes all of it.
///
/// # Errors
/// When somebody else keeps it, when it cannot be started, and when `init` ends by itself; the logs then stay.
pub fn keep(layout: &Layout, programs: &Programs, keeper: &Keeper) -> io::Result<()> {
    let Some(_lock) = layout.try_lock()? else {
        return Err(io::Error::other(format!("the cluster {} has a keeper already", layout.name())));
    };
    // Of this machine's network: a socket stays where it was made.
    let outside = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = outside.local_addr()?.port();
    pki::write(layout, port)?;
    files::write(layout, programs)?;
    cgroup::create(&layout.control_group())?;
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID)?;
    let mut init = keeper.command(&keeper.init).spawn()?;
    layout.write_state(&ClusterState { keeper: std::process::id(), port })?;
    let told = runtime()?.block_on(carry(outside, &mut init));
    init.kill()?;
    init.wait()?;
    cgroup::remove(&layout.control_group())?;
    told?;
    fs::remove_dir_all(layout.root())
}

/// One thread: there can be no second one beside a process namespace that was made for others.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Carries connections until a signal comes.
async fn carry(outside: StdListener, init: &mut Child) -> io::Result<()> {
    outside.set_nonblocking(true)?;
    let outside = TcpListener::from_std(outside)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            accepted = outside.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(connect(client));
                }
            }
            _ = look.tick() => {
                if let Some(status) = init.try_wait()? {
                    return Err(io::Error::other(format!("the cluster's first process ended: {status}")));
                }
            }
        }
    }
}

/// One connection; how it ends concerns its two ends only.
async fn connect(mut client: TcpStream) {
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, API_PORT)).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
