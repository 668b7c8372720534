use karma_core::{SeedTree, StreamRng};
use rand::RngExt as _;

use super::*;
use crate::novelty::NoveltyParams;
use crate::table::{Column, Part, Schema, Window};
use crate::{CalibrationBuilder, EncoderParams, Forecasts, Inputs, Structure};

/// A cluster of two metrics that follow a control: x' = 0.8 x + u + noise, and y, which is noise around 3.
#[derive(Clone, Copy)]
struct Cluster {
    noise: f32,
    offset: f32,
    controls: f32,
    loses_y: bool,
}

const AS_LEARNED: Cluster = Cluster { noise: 1.0, offset: 0.0, controls: 1.0, loses_y: false };

impl Cluster {
    fn table(self, rng: &mut StreamRng, rows: usize) -> Table {
        let mut window = Window::new("a", 3);
        let mut x = 0.0;
        for time in 0..rows {
            let mut noise = || self.noise * (rng.random::<f32>() + rng.random::<f32>() - 1.0);
            let y = if self.loses_y { f32::NAN } else { 3.0 + noise() };
            let noise = noise();
            let control = self.controls * f32::from(rng.random_range(0..4u8));
            x = 0.8 * x + control + self.offset + noise;
            window.push(time as f64, &[x, y, control]);
        }
        Table::new(encoder().schema().clone(), [window])
    }
}

fn encoder() -> Encoder {
    let columns = [("x", Part::Predicted), ("y", Part::Predicted), ("u", Part::Controlled)];
    let schema = Schema::new(columns.map(|(name, part)| Column::new(name, part)).to_vec()).unwrap();
    Encoder::new(schema, EncoderParams::default(), Structure::Bounds).unwrap()
}

/// Knows the cluster as it was.
struct Known;

impl Forecaster for Known {
    fn name(&self) -> &'static str {
        "known"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let (rows, encoder) = (inputs.rows(), encoder());
        out.resize(rows, 2);
        let control = encoder.groups().controls.start;
        for row in 0..rows {
            out.median[2 * row] =
                0.8 * inputs.present[2 * row] + inputs.features[row * encoder.features() + control];
            out.median[2 * row + 1] = 3.0;
        }
        out.aleatoric.fill(1.0 / 3.0);
        out.epistemic.fill(0.1);
    }
}

fn starts(table: &Table) -> Vec<Start> {
    (0..table.transitions()).map(|row| Start { window: 0, row }).collect()
}

struct Twin {
    encoder: Encoder,
    calibration: Calibration,
    novelty: Novelty,
}

impl Twin {
    fn of(rng: &mut StreamRng) -> Self {
        let (encoder, learned, held_out) =
            (encoder(), AS_LEARNED.table(rng, 600), AS_LEARNED.table(rng, 400));
        let mut builder = CalibrationBuilder::new(1, 2);
        roll_out(&encoder, &Known, &held_out, &starts(&held_out), 1, &mut |visit| builder.visit(&visit));
        let samples = |table| Samples::of(&encoder, table, &starts(table));
        let (learned, held_out) = (samples(&learned), samples(&held_out));
        let params = NoveltyParams { false_alarms: 0.02 };
        let novelty = Novelty::fit(&encoder, &learned, &held_out, None, params).unwrap();
        Self { calibration: builder.finish(0.95).unwrap(), novelty, encoder }
    }

    fn report(&self, table: &Table) -> DriftReport {
        let watch = Watch {
            encoder: &self.encoder,
            forecaster: &Known,
            calibration: &self.calibration,
            novelty: Some(&self.novelty),
        };
        DriftReport::measure(&watch, table, &starts(table), DriftParams::default()).unwrap()
    }
}

#[test]
fn a_cluster_that_stays_as_it_was_gives_no_reason() {
    let root = SeedTree::new(1);
    let reasons: Vec<String> = (0..100)
        .flat_map(|trial| {
            let mut rng = root.index(trial).rng();
            Twin::of(&mut rng).report(&AS_LEARNED.table(&mut rng, 200)).reasons
        })
        .collect();
    assert!(reasons.len() <= 4, "1 % of reports is stated: {reasons:#?}");
}

#[test]
fn each_kind_of_drift_is_named_with_what_was_measured() {
    let mut rng = SeedTree::new(2).rng();
    let twin = Twin::of(&mut rng);
    let mut reasons = |cluster: Cluster| twin.report(&cluster.table(&mut rng, 300)).reasons;
    let noisier = reasons(Cluster { noise: 2.0, ..AS_LEARNED });
    assert!(
        noisier.iter().any(|r| r.starts_with("x: ") && r.contains("inside the intervals of level 90.0 %"))
    );
    assert!(noisier.iter().any(|r| r.starts_with("y: ") && r.contains("of 299 truths")), "{noisier:?}");
    let shifted = reasons(Cluster { offset: 0.4, ..AS_LEARNED });
    assert!(
        shifted.iter().any(|r| r.contains("x: truths lie +1.") && r.contains("from the median")),
        "{shifted:?}"
    );
    assert!(shifted.iter().all(|reason| !reason.starts_with("y: ")), "{shifted:?}");
    let elsewhere = reasons(Cluster { controls: 3.0, ..AS_LEARNED });
    assert!(elsewhere.iter().any(|r| r.contains("of 299 situations are novel")), "{elsewhere:?}");
}

#[test]
fn what_was_not_measured_is_not_judged() {
    let mut rng = SeedTree::new(3).rng();
    let twin = Twin::of(&mut rng);
    let report = twin.report(&Cluster { loses_y: true, ..AS_LEARNED }.table(&mut rng, 100));
    let y = &report.columns[1];
    assert_eq!((y.known, y.residual, y.coverage, y.p_value), (0, None, None, 1.0));
    assert_eq!(report.reasons, [""; 0]);
    let nothing = twin.report(&AS_LEARNED.table(&mut rng, 1));
    assert_eq!((nothing.transitions, nothing.refit_due()), (0, false));
    assert_eq!(nothing.novelty.unwrap().p_value, 1.0);
}

#[test]
fn a_report_without_novelty_and_one_on_paper_are_complete() {
    let mut rng = SeedTree::new(4).rng();
    let (twin, table) = (Twin::of(&mut rng), AS_LEARNED.table(&mut rng, 100));
    let watch =
        Watch { encoder: &twin.encoder, forecaster: &Known, calibration: &twin.calibration, novelty: None };
    let measure = |params| DriftReport::measure(&watch, &table, &starts(&table), params);
    assert_eq!(measure(DriftParams::default()).unwrap().novelty, None);
    let report = twin.report(&table);
    let paper = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<DriftReport>(&paper).unwrap(), report);
    let refused = |params| measure(params).unwrap_err().to_string();
    let default = DriftParams::default();
    assert!(
        refused(DriftParams { level: 0.999, ..default })
            .contains("no finite interval of level 0.999 for column 0")
    );
    assert!(
        refused(DriftParams { level: 1.0, ..default })
            .starts_with("level of the drift report is 1; allowed: above 0")
    );
    assert!(refused(DriftParams { bias_margin: f64::NAN, ..default }).contains("bias_margin"));
}
