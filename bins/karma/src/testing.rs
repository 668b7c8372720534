//! Small settings for tests.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_marl::MappoParams;
use karma_mock::ScenarioParams;
use karma_twin::trace::TraceWindow;
use karma_twin::twin::TwinFitting;
use karma_twin::{ClusterTable, ModelKind, Twin, TwinParams};

use crate::collect::{CollectPlan, EXPLORE, collect};
use crate::config::{Budget, Choice, EvaluationParams, RunConfig, RunParams, Written};
use crate::twin_file::{ClusterCard, SourceCard, TwinFile};

/// One short scenario with crashes, two environments, two seeds, one iteration.
pub(crate) fn tiny_params() -> RunParams {
    let scenario: ScenarioParams = toml::from_str(
        "name = \"short\"\n\
         episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }\n\
         disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]",
    )
    .expect("a scenario");
    RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::Table(Box::new(scenario))],
        budget: Budget::Iterations(1),
        learner: MappoParams { num_envs: 2, num_minibatches: 1, hidden: vec![8], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 2, resamples: 100, ..EvaluationParams::default() },
        ..RunParams::default()
    }
}

/// The same, checked.
pub(crate) fn tiny() -> RunConfig {
    checked(tiny_params())
}

/// Settings that must be sound.
pub(crate) fn checked(params: RunParams) -> RunConfig {
    Written::from(params).check().expect("sound settings")
}

/// What is recorded of the tiny settings.
#[cfg_attr(
    not(any(feature = "traces", feature = "transfer")),
    expect(dead_code, reason = "nobody fits twins")
)]
pub(crate) fn tiny_windows() -> Vec<TraceWindow> {
    let plan = CollectPlan::new(tiny(), EXPLORE, 100).expect("a plan");
    let mut windows = Vec::new();
    let keep = |_, window| -> Result<(), Infallible> {
        windows.push(window);
        Ok(())
    };
    let whole = collect(&plan, &BTreeSet::new(), keep, |_, _| true).expect("windows");
    assert!(whole, "nobody interrupts it");
    windows
}

/// A twin that a team of the tiny settings can be trained in.
#[cfg(feature = "transfer")]
pub(crate) fn trainable_twin() -> TwinFile {
    let params = TwinParams {
        model: ModelKind::Network,
        network: karma_twin::NetworkParams { epochs: 2, ..karma_twin::NetworkParams::default() },
        ..TwinParams::default()
    };
    twin(&tiny_windows(), &params)
}

/// A quick twin of that.
#[cfg_attr(
    not(any(feature = "traces", feature = "transfer")),
    expect(dead_code, reason = "nobody fits twins")
)]
pub(crate) fn tiny_twin(windows: &[TraceWindow]) -> TwinFile {
    twin(windows, &TwinParams { model: ModelKind::Ridge, ..TwinParams::default() })
}

#[cfg_attr(
    not(any(feature = "traces", feature = "transfer")),
    expect(dead_code, reason = "nobody fits twins")
)]
fn twin(windows: &[TraceWindow], params: &TwinParams) -> TwinFile {
    let period = tiny().setup().decision_period;
    let rows = ClusterTable::fit(Arc::clone(&tiny().setup().topology), windows).expect("a table");
    let fitting = TwinFitting {
        table: &rows.table_of(windows).expect("its rows"),
        split: None,
        params,
        structure: &rows.structure(period),
        seed: 1,
        threads: NonZeroUsize::MIN,
    };
    TwinFile {
        twin: Twin::fit(&fitting).expect("a twin"),
        cluster: Some(ClusterCard { table: rows, period }),
        source: SourceCard { path: "traces.db".into(), mapping: None },
    }
}
