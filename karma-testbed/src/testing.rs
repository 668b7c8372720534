//! A real control plane for tests.
//!
//! A test that needs one asks [`cluster`] for it and returns when there is none, so that it is skipped on machines
//! without. Where it must not be skipped, `KARMA_TEST_CLUSTER=required` makes that a failure.
//!
//! ```no_run
//! # async fn test() {
//! let Some(client) = karma_testbed::testing::cluster().await else { return };
//! let version = client.apiserver_version().await;
//! # }
//! ```

use std::env;
use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// Names a kubeconfig of a cluster that tests may use.
pub const KUBECONFIG: &str = "KARMA_TEST_KUBECONFIG";

/// `required`: a test that finds no cluster fails.
pub const REQUIRED: &str = "KARMA_TEST_CLUSTER";

/// A client of the cluster that `KARMA_TEST_KUBECONFIG` names; `None`, said on the standard error, if it names none.
///
/// # Panics
/// If there is none and one is required, or if the one that is named cannot be used: both are failures of a test.
pub async fn cluster() -> Option<Client> {
    let Some(path) = env::var_os(KUBECONFIG) else {
        skip();
        return None;
    };
    let path = Path::new(&path);
    match client(path).await {
        Ok(client) => Some(client),
        Err(error) => panic!("{KUBECONFIG}={}: {error}", path.display()),
    }
}

/// Whether tests may be skipped for want of a cluster.
pub fn is_required() -> bool {
    env::var_os(REQUIRED).is_some_and(|value| value == "required")
}

/// Says that a test is skipped.
///
/// # Panics
/// If it must not be.
pub fn skip() {
    let way = "`karma-lab cluster up` starts one";
    assert!(!is_required(), "{REQUIRED}=required, but {KUBECONFIG} names no cluster; {way}");
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!("SKIPPED: {KUBECONFIG} names no cluster; {way}");
    }
}

async fn client(path: &Path) -> Result<Client, Box<dyn std::error::Error>> {
    let config =
        Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &KubeConfigOptions::default()).await?;
    let client = Client::try_from(config)?;
    client.apiserver_version().await?;
    Ok(client)
}
