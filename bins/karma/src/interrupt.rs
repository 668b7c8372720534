//! Ctrl-C and its relatives.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a program that was stopped by Ctrl-C: 128 + SIGINT.
pub(crate) const EXIT_CODE: u8 = 130;

/// Whether the user asked to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to Ctrl-C, SIGTERM and SIGHUP. A second one ends the program at once, which is safe: every file of a run is
    /// whole at any moment.
    pub(crate) fn listen() -> Result<Self, ctrlc::Error> {
        let interrupt = Self::default();
        let seen = interrupt.clone();
        ctrlc::set_handler(move || {
            if seen.0.swap(true, Ordering::SeqCst) {
                exit_now();
            }
            let _ = writeln!(std::io::stderr(), "stopping; once more to stop at once");
        })?;
        Ok(interrupt)
    }

    pub(crate) fn seen(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[expect(clippy::exit, reason = "the user asked twice, and the main thread may be hours from looking")]
fn exit_now() {
    std::process::exit(EXIT_CODE.into());
}

/// SIGTERM, as a pod gets it, or Ctrl-C.
#[cfg(any(feature = "lab", feature = "transfer"))]
pub(crate) async fn until_told() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
