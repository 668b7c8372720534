//! Replays: the recording comes back, and other decisions lead elsewhere.

use super::*;

#[test]
fn with_the_recorded_decisions_it_is_the_recording() {
    let setup = setup();
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    batch.reset(&[3]);
    let played = rows(&mut batch, 20, |step| recorded(&setup, step));
    let expected: Vec<Vec<f32>> = (1..=20).map(|step| setup.scripts[0].row(step).to_vec()).collect();
    assert_eq!(bits(&played), bits(&expected));
}

#[test]
fn the_residuals_alone_bring_the_recording_back() {
    let setup = setup();
    let (front, back) = (setup.model.table.layout().services[0], setup.model.table.layout().services[1]);
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    batch.reset(&[3]);
    for step in 1..=20 {
        batch.players[0].as_mut().unwrap().replay.follows = false;
        batch.step(&[recorded(&setup, step - 1)]).unwrap();
        let (played, truth) = (batch.dynamics.row(0), setup.scripts[0].row(step));
        for (column, (played, truth)) in played.iter().zip(truth).enumerate() {
            if step == 6 && column == front.latency {
                assert!(truth.is_nan() && played.is_finite(), "what was not defined is forecast");
            } else if step < 6 || column != front.latency {
                let near = (played - truth).abs() <= 1e-4 * truth.abs().max(1.0);
                assert!(near || (played.is_nan() && truth.is_nan()), "{step}, {column}: {played} / {truth}");
            }
        }
        assert_eq!(step == 4, played[back.pending].is_nan(), "the lost scrape stays lost");
    }
}

#[test]
fn other_decisions_lead_elsewhere_under_the_same_load() {
    let setup = setup();
    let layout = setup.model.table.layout();
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    batch.reset(&[3]);
    let played = rows(&mut batch, 20, |step| joint([i32::from(step == 0), 0]));
    for (step, row) in played.iter().enumerate() {
        let truth = setup.scripts[0].row(step + 1);
        assert_eq!(row[layout.exogenous..], truth[layout.exogenous..]);
        assert_eq!(row[layout.controlled..layout.exogenous], [3.0, 3.0]);
    }
    let cpu = layout.services[0].cpu;
    assert_ne!(played[0][cpu], setup.scripts[0].row(1)[cpu]);
}

#[test]
fn replicas_are_kept_within_their_bounds_and_applied() {
    let setup = setup();
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    batch.reset(&[3]);
    let mut seen = Vec::new();
    for moves in [[3, -3], [3, -3], [3, 0], [-3, 3]] {
        let step = batch.step(&[joint(moves)]).unwrap().remove(0);
        let state = batch.history(0).unwrap().now();
        let replicas = |service| sample(state, service, Metric::DesiredReplicas).unwrap();
        assert_eq!(sample(state, 0, Metric::CurrentReplicas), Some(replicas(0)));
        let legal: Vec<DefenderAction> = step.masks.as_slice()[0]
            .legal()
            .filter_map(|action| team().action_space().defender(action))
            .collect();
        let up = legal.iter().any(|action| action.service.index() == 0 && action.replica_change > 0);
        assert_eq!(up, replicas(0) < 6.0, "no move beyond the maximum is legal");
        let healthy = sample(state, 0, Metric::PodsHealthy).unwrap();
        assert!(healthy <= replicas(0) && healthy.fract() == 0.0);
        seen.push([replicas(0), replicas(1)]);
    }
    assert_eq!(seen, [[5.0, 1.0], [6.0, 1.0], [6.0, 1.0], [3.0, 4.0]]);
}

#[test]
fn a_sample_that_the_recording_lost_is_missing_and_not_zero() {
    let setup = setup();
    let mut batch = TwinBatch::new(setup, 1).unwrap();
    batch.reset(&[3]);
    for step in 1..=5 {
        batch.step(&[joint([i32::from(step == 1), 0])]).unwrap();
        let state = batch.history(0).unwrap().now();
        for metric in [Metric::PendingRequests, Metric::CpuUsage, Metric::NetworkOut, Metric::RequestRate] {
            assert_eq!(sample(state, 1, metric).is_none(), step == 4, "{step}: {}", metric.name());
        }
        assert!(sample(state, 1, Metric::PodsHealthy).is_some());
    }
}

#[test]
fn lost_metrics_are_lost_to_the_team_and_not_to_the_twin() {
    let losses = FaultParams { loss_probability: 1.0, ..FaultParams::default() };
    let play = |faults| {
        let mut batch = TwinBatch::new(setup_of(&[window(20)], 20, faults), 1).unwrap();
        batch.reset(&[5]);
        let mut missing = 0;
        let rows: Vec<Vec<f32>> = (0..20)
            .map(|step| {
                batch.step(&[joint([i32::from(step == 0), 0])]).unwrap();
                let state = batch.history(0).unwrap().now();
                missing += usize::from(sample(state, 0, Metric::PendingRequests).is_none());
                batch.dynamics.row(0).to_vec()
            })
            .collect();
        (bits(&rows), missing)
    };
    let ((calm, none), (lossy, some)) = (play(FaultParams::default()), play(losses));
    assert_eq!((none, calm), (0, lossy));
    assert!(some > 0, "nothing was lost");
}

#[test]
fn stalls_surges_and_crashes_change_what_follows() {
    let faults = [
        FaultParams { stall_probability: 1.0, stall_share: 0.01, ..FaultParams::default() },
        FaultParams { surge_probability: 1.0, surge_factor: 50.0, ..FaultParams::default() },
        FaultParams { crash_probability: 1.0, ..FaultParams::default() },
    ];
    let play = |faults| {
        let setup = setup_of(&[window(20)], 20, faults);
        let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
        batch.reset(&[5]);
        rows(&mut batch, 20, |step| recorded(&setup, step))
    };
    let layout = model().table.layout().clone();
    let calm = play(FaultParams::default());
    let [stalled, surged, crashed] = faults.map(play);
    let differ = |rows: &[Vec<f32>], column: usize| {
        rows.iter().zip(&calm).any(|(a, b)| (a[column] - b[column]).abs() > 1e-3)
    };
    assert!(differ(&stalled, layout.services[0].pending) && !differ(&stalled, layout.exogenous));
    assert!(differ(&surged, layout.exogenous));
    assert!(differ(&crashed, layout.services[0].failed) && differ(&crashed, layout.terms + 1));
}
