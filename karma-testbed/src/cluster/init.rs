//! The first process of the cluster's namespaces: prepares them, starts every program, and starts again what ended.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait};

use super::components::{self, Component};
use super::network::{NODE, SERVICES};
use super::programs::Programs;
use super::state::Layout;

/// Between the end of a program and its next start, and between two questions to the API server.
const PAUSE: Duration = Duration::from_millis(200);

/// Questions to the API server before the rest is started all the same.
const QUESTIONS: u32 = 300;

/// Does not return: this process ends when it is killed, and all others in its namespace with it.
///
/// # Errors
/// When the namespaces cannot be prepared or a program cannot be started.
pub fn init(layout: &Layout, programs: &Programs) -> io::Result<Infallible> {
    // If the keeper is killed, this process must be too.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    raise_limits()?;
    own_mounts()?;
    own_network(programs)?;
    let all = components::all(layout, programs);
    let (first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|component| !component.needs_api);
    let mut running = BTreeMap::new();
    for component in first {
        running.insert(start(layout, programs, &component)?, component);
    }
    await_api(layout, programs);
    for component in rest {
        running.insert(start(layout, programs, &component)?, component);
    }
    loop {
        if let Some(component) = ended(&mut running)? {
            pause();
            running.insert(start(layout, programs, &component)?, component);
        }
    }
}

/// Waits for the end of any process, those that nobody else waits for included; returns the component that it was.
fn ended(running: &mut BTreeMap<u32, Component>) -> io::Result<Option<Component>> {
    let status = match wait() {
        Err(Errno::ECHILD) => {
            pause();
            return Ok(None);
        }
        other => other?,
    };
    let (WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) = status else {
        return Ok(None);
    };
    let component = running.remove(&pid.as_raw().unsigned_abs());
    if let Some(component) = &component {
        note(&format!("{} ended: {status:?}; it is started again", component.name))?;
    }
    Ok(component)
}

/// A line of the keeper's log, which is this process' output.
fn note(line: &str) -> io::Result<()> {
    use io::Write as _;
    writeln!(io::stderr(), "{line}")
}

#[expect(clippy::disallowed_methods, reason = "the first process of a machine has nothing else to do")]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn start(layout: &Layout, programs: &Programs, component: &Component) -> io::Result<u32> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(layout.logs().join(format!("{}.log", component.name)))?;
    let started = Command::new(&component.program)
        .args(&component.arguments)
        .env("PATH", programs.search_path())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn();
    let child = started.map_err(|error| {
        io::Error::new(error.kind(), format!("{} cannot be started: {error}", component.program.display()))
    })?;
    Ok(child.id())
}

/// Until the API server says that it is ready: the rest would end and be started again until then.
fn await_api(layout: &Layout, programs: &Programs) {
    for _ in 0..QUESTIONS {
        let answer = Command::new(programs.asset("kubectl"))
            .args(["get", "--raw", "/readyz", "--kubeconfig"])
            .arg(layout.pki("inside.kubeconfig"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if answer.is_ok_and(|status| status.success()) {
            return;
        }
        pause();
    }
}

/// As many files as this machine allows: every connection is one.
fn raise_limits() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// Mounts that nobody outside sees: `/proc` of this namespace, and fresh `/run` and `/var/log`, where kubelet and runc
/// leave things whatever they are told.
fn own_mounts() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let quiet = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("proc"), "/proc", Some("proc"), quiet | MsFlags::MS_NOEXEC, none)?;
    for folder in ["/run", "/var/log"] {
        mount(Some("tmpfs"), folder, Some("tmpfs"), quiet, none)?;
    }
    Ok(())
}

fn own_network(programs: &Programs) -> io::Result<()> {
    let ip = programs.system("ip");
    run(&ip, ["link", "set", "lo", "up"])?;
    run(&ip, ["address", "add", &format!("{NODE}/32"), "dev", "lo"])?;
    // Without a route to Services, a process of the node would not even ask for one.
    run(&ip, ["route", "add", SERVICES, "dev", "lo", "src", NODE])?;
    for (setting, value) in [
        ("ip_forward", "1"),
        // A connection for each request uses many ports of this side.
        ("ip_local_port_range", "1024 65535"),
        ("tcp_tw_reuse", "1"),
    ] {
        fs::write(Path::new("/proc/sys/net/ipv4").join(setting), value)?;
    }
    Ok(())
}

fn run<const N: usize>(program: &Path, arguments: [&str; N]) -> io::Result<()> {
    let status = Command::new(program).args(arguments.map(OsStr::new)).stdin(Stdio::null()).status()?;
    let said = || io::Error::other(format!("{} {}: {status}", program.display(), arguments.join(" ")));
    status.success().then_some(()).ok_or_else(said)
}
