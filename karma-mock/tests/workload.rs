//! Workloads keep their scale, splits keep their rows, and no file make the reader panic.

#![expect(clippy::unwrap_used, reason = "what tests share may panic as a test may")]

use std::fmt::Write as _;

use karma_core::RequestsPerSecond;
use karma_mock::workload::{BurstParams, ReplayParams, Scale, Span};
use karma_mock::{Split, Trace, TraceError, Workload, WorkloadParams};
use proptest::prelude::*;

const NOMINAL: RequestsPerSecond = RequestsPerSecond(100.0);
const SECONDS: u32 = 660;

fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len() as f64
}

fn rates(name: &str, split: Split, seed: u64) -> Vec<f64> {
    Workload::by_name(name).unwrap().rates(NOMINAL, SECONDS, split, seed)
}

fn trace(rows: impl IntoIterator<Item = (usize, usize)>) -> Trace {
    let mut text = "second,requests\n".to_owned();
    for (time, value) in rows {
        writeln!(text, "{time},{value}").unwrap();
    }
    Trace::read(text.as_bytes(), "test").unwrap()
}

/// A trace whose value is the number of its row, so that a rate tells which row it came from.
fn ramp(rows: usize) -> Trace {
    trace((0..rows).map(|row| (row, row)))
}

fn read(text: &str) -> Result<Trace, TraceError> {
    Trace::read(text.as_bytes(), "test")
}

fn message(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

const GOOD: &str = "second,requests\n0,7\n1,5\n2,0\n3,1\n4,1\n5,2\n6,1\n7,1\n8,3\n9,4\n";

#[test]
fn the_shapes_of_the_shared_files_all_read() {
    let dated = |header: &str| {
        let mut text = format!("{header}\n");
        for minute in 10..22 {
            writeln!(text, "1998-04-30 23:{minute}:00,94.0").unwrap();
        }
        read(&text).unwrap()
    };
    assert_eq!(dated("period,count").step(), 60.0);
    assert_eq!(dated("timestamp,value").rows(), 12);
    assert_eq!(read(GOOD).unwrap().values(0..3), [7.0, 5.0, 0.0]);
    assert_eq!(read(&GOOD.replace('\n', "\r\n")).unwrap(), read(GOOD).unwrap());
    assert_eq!(read(&format!("\u{feff}{GOOD}")).unwrap(), read(GOOD).unwrap());
    assert_eq!(read(&GOOD.replace("second", "minute")).unwrap().step(), 60.0);
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_what_is_allowed() {
    for (broken, expected) in [
        (String::new(), "the trace is empty"),
        ("\n \n".to_owned(), "the trace is empty"),
        (GOOD.replace("second", "hour"), "line 1: the header \"hour,requests\" is not known"),
        (GOOD.replace("second,requests\n", ""), "line 1: the header \"0,7\" is not known"),
        (GOOD.replace("9,4\n", "9"), "line 11: 1 columns in \"9\"; a row has 2"),
        (GOOD.replace("3,1\n", "3,1,1\n"), "line 5: 3 columns in \"3,1,1\""),
        (GOOD.replace("3,1\n", "3,\n"), "line 5: \"\" is not allowed as a value; expected a number"),
        (GOOD.replace("3,1\n", "3,one\n"), "line 5: \"one\" is not allowed as a value"),
        (GOOD.replace("3,1\n", "3,-1\n"), "line 5: \"-1\" is not allowed as a value"),
        (GOOD.replace("3,1\n", "3,NaN\n"), "line 5: \"NaN\" is not allowed as a value"),
        (GOOD.replace("3,1\n", "3,inf\n"), "line 5: \"inf\" is not allowed as a value"),
        (GOOD.replace("3,1\n", "3,1e13\n"), "line 5: \"1e13\" is not allowed as a value"),
        (GOOD.replace("3,1\n", "three,1\n"), "line 5: \"three\" is not allowed as a time"),
        (GOOD.replace("3,1\n", "1998-06-10 00:00:00,1\n"), "is not allowed as a time; expected a number"),
        (GOOD.replace("3,1\n", "2,1\n"), "line 5: the time \"2\" is not later than the row before"),
        (GOOD.replace("3,1\n", "1,1\n"), "line 5: the time \"1\" is not later"),
        (GOOD.replace("9,4\n", ""), "the trace has 9 rows; at least 10 are needed"),
        (GOOD.replace("3,1\n", &format!("3,{}\n", "1".repeat(5000))), "line 5: longer than 1024 bytes"),
        (GOOD.replace("3,1\n", "\"3,1\n"), "line 5: 1 columns"),
    ] {
        let found = message(&broken);
        assert!(found.contains(expected), "{found:?} should say {expected:?}");
    }
}

#[test]
fn a_time_that_is_neither_number_nor_date_is_told_both_forms() {
    let found = message("timestamp,value\nyesterday,1\n");
    assert!(found.contains("a number of seconds") && found.contains("1998-06-10 21:30:00"), "{found}");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let bytes = [GOOD.as_bytes(), b"10,\xff\n"].concat();
    let error = Trace::read(&bytes[..], "test").unwrap_err();
    assert!(matches!(error, TraceError::NotUtf8 { line: 12 }), "{error}");
}

#[test]
fn an_endless_file_is_refused_without_reading_it_to_its_end() {
    let error = Trace::read(std::io::repeat(b'\n'), "test").unwrap_err();
    assert!(matches!(error, TraceError::TooLarge { .. }), "{error}");
}

#[test]
fn a_window_shows_its_own_splits_rows_only() {
    let params = ReplayParams { scale: Scale::Peak(1.0), cap: 1.0, ..ReplayParams::of("ramp") };
    let workload = Workload::replay(ramp(10_000), &params).unwrap();
    for (split, range) in [
        (Split::Train, 0.0..6000.0),
        (Split::Calibration, 6000.0..7000.0),
        (Split::Evaluation, 7000.0..10_000.0),
    ] {
        for seed in 0..20 {
            // A rate is scale · row and rows are a second apart, so the slope is the scale.
            let rates = workload.rates(NOMINAL, SECONDS, split, seed);
            let scale = rates[101] - rates[100];
            for row in rates.iter().map(|rate| (rate / scale).round()) {
                assert!(range.contains(&row), "{split:?} {seed}: row {row}");
            }
        }
    }
}

#[test]
fn a_part_that_is_shorter_than_the_window_is_played_forth_and_back() {
    // 1 000 rows: calibration has the rows 600 to 699, and an episode of 660 s passes there six times.
    let params = ReplayParams { scale: Scale::Peak(1.0), cap: 1.0, ..ReplayParams::of("ramp") };
    let workload = Workload::replay(ramp(1000), &params).unwrap();
    let rates = workload.rates(NOMINAL, SECONDS, Split::Calibration, 3);
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(lowest >= 100.0 * 600.0 / 699.0 - 1e-9, "{lowest}");
    let turns = rates.windows(3).filter(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0).count();
    assert!((5..=14).contains(&turns), "{turns}");
}

#[test]
fn windows_never_cross_a_gap() {
    // Two stretches, at 1 and at 1000; a window that crossed the gap would show both.
    let times = (0..2000).map(|row| if row < 1000 { (row, 1) } else { (row + 100_000, 1000) });
    let workload = Workload::replay(trace(times), &ReplayParams::of("gap")).unwrap();
    for seed in 0..50 {
        let rates = workload.rates(NOMINAL, SECONDS, Split::Train, seed);
        assert!(rates.iter().all(|rate| (rate - 100.0).abs() < 1e-9), "{seed}");
    }
}

#[test]
fn at_six_times_its_speed_a_minute_of_the_world_cup_passes_in_ten_seconds() {
    let trace = Trace::shipped("worldcup98").unwrap();
    let values = trace.values(0..trace.rows());
    let params = ReplayParams { speedup: Some(6.0), ..ReplayParams::of("worldcup98") };
    let workload = Workload::new(WorkloadParams::Trace(params)).unwrap();
    let rates = workload.rates(NOMINAL, SECONDS, Split::Train, 5);
    // The middle of a knot lies between the seconds 9 and 10 of each ten; the ratios of successive knots are
    // ratios of successive minutes, and somewhere in the trace these minutes stand in this order.
    let knots: Vec<f64> = (1..60).map(|knot| f64::midpoint(rates[knot * 10 - 1], rates[knot * 10])).collect();
    let found = values.windows(knots.len()).any(|minutes| {
        let scale = knots.iter().sum::<f64>() / minutes.iter().sum::<f64>();
        knots.iter().zip(minutes).all(|(knot, minute)| (knot - scale * minute).abs() < 0.03 * knot)
    });
    assert!(found, "{knots:?}");
}

/// The table in the documentation of `workload`: coefficient of variation and highest multiple of nominal, means
/// over 200 episodes of 660 s.
#[test]
fn workloads_vary_as_documented() {
    for (name, split, variation, peak) in [
        ("diurnal", Split::Train, 0.35, 1.5),
        ("burst", Split::Train, 0.41, 2.7),
        ("worldcup98", Split::Train, 0.22, 1.5),
        ("worldcup98", Split::Evaluation, 0.33, 1.9),
        ("azure-conv", Split::Train, 0.14, 1.4),
        ("azure-conv", Split::Evaluation, 0.19, 1.6),
        ("azure-code", Split::Train, 1.13, 3.0),
        ("azure-code", Split::Evaluation, 1.52, 3.0),
        ("nab-elb", Split::Train, 0.43, 2.5),
        ("nab-elb", Split::Evaluation, 0.49, 2.7),
    ] {
        let workload = Workload::by_name(name).unwrap();
        let (mut sum_cv, mut sum_peak) = (0.0, 0.0);
        for seed in 0..200 {
            let rates = workload.rates(NOMINAL, SECONDS, split, seed);
            let variance = rates.iter().map(|rate| (rate - mean(&rates)).powi(2)).sum::<f64>() / 660.0;
            sum_cv += variance.sqrt() / mean(&rates);
            sum_peak += rates.iter().copied().fold(0.0, f64::max) / 100.0;
        }
        let (found_cv, found_peak) = (sum_cv / 200.0, sum_peak / 200.0);
        assert!((found_cv - variation).abs() < 0.01, "{name} {split:?}: {found_cv}");
        assert!((found_peak - peak).abs() < 0.06, "{name} {split:?}: {found_peak}");
    }
}

#[test]
fn settings_out_of_range_are_refused_with_the_range() {
    let burst = BurstParams { calm: Span::new(0.0, 5.0), ..BurstParams::default() };
    let error = Workload::new(WorkloadParams::Burst(burst)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "burst.calm: [0, 5] is not allowed; expected [from, to] with 1 <= from <= to <= 86400"
    );
    let above_cap = ReplayParams { scale: Scale::Mean(4.0), ..ReplayParams::of("nab-elb") };
    assert!(Workload::new(WorkloadParams::Trace(above_cap)).is_err());
    let nan = ReplayParams { speedup: Some(f64::NAN), ..ReplayParams::of("nab-elb") };
    assert!(Workload::new(WorkloadParams::Trace(nan)).is_err());
    assert!(Workload::by_name("wordlcup98").unwrap_err().to_string().contains("\"worldcup98\"?"));
}

#[derive(serde::Deserialize)]
struct Config {
    workloads: Vec<Workload>,
}

#[test]
fn a_configuration_file_names_workloads_or_spells_them_out() {
    let config: Config = toml::from_str(
        r#"workloads = ["nab-elb", { kind = "diurnal", amplitude = 0.8 },
                        { kind = "trace", trace = "azure-conv", scale = { peak = 2 } }]"#,
    )
    .unwrap();
    assert_eq!(config.workloads[0], Workload::by_name("nab-elb").unwrap());
    assert_eq!(config.workloads[2].to_string(), "azure-conv");
    for workload in &config.workloads {
        let written = toml::to_string(workload).unwrap();
        assert_eq!(toml::from_str::<Workload>(&written).unwrap(), *workload, "{written}");
    }
}

#[test]
fn a_configuration_file_with_a_slip_is_refused_with_the_name() {
    let refused = |text: &str| toml::from_str::<Config>(text).err().unwrap().to_string();
    assert!(refused("workloads = [\"diurnall\"]").contains("did you mean \"diurnal\"?"));
    assert!(refused("workloads = [{ kind = \"diurnal\", amplitud = 1 }]").contains("amplitud"));
    assert!(refused("workloads = [{ kind = \"diurnal\", amplitude = 2 }]").contains("diurnal.amplitude: 2"));
    assert!(refused("workloads = [4]").contains("the name of a workload"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_seed_gives_the_same_rates(index in 0..Workload::NAMES.len(), seed: u64) {
        let name = Workload::NAMES[index];
        prop_assert_eq!(rates(name, Split::Train, seed), rates(name, Split::Train, seed));
    }

    /// A recording has so many windows and no more, so two seeds may draw the same one; eight in a row do not.
    #[test]
    fn different_seeds_and_splits_give_different_windows(index in 1..Workload::NAMES.len(), seed in 0u64..1 << 40) {
        let name = Workload::NAMES[index];
        let drawn = rates(name, Split::Train, seed);
        prop_assert!((1..8).any(|next| rates(name, Split::Train, seed + next) != drawn));
        prop_assert_ne!(rates(name, Split::Train, seed), rates(name, Split::Evaluation, seed));
    }

    #[test]
    fn a_replayed_window_has_the_nominal_mean_and_respects_its_cap(index in 3..Workload::NAMES.len(), seed: u64) {
        for split in Split::ALL {
            let rates = rates(Workload::NAMES[index], split, seed);
            prop_assert_eq!(rates.len(), SECONDS as usize);
            prop_assert!(rates.iter().all(|rate| (0.0..=300.0 + 1e-9).contains(rate)));
            // A window that is silent for two thirds of its time cannot reach the mean below a cap of three.
            let mean_holds = (mean(&rates) - 100.0).abs() < 1e-6;
            let all_at_cap = rates.iter().all(|rate| *rate == 0.0 || (rate - 300.0).abs() < 1e-9);
            prop_assert!(mean_holds || (mean(&rates) < 100.0 && all_at_cap), "{} {:?}", mean(&rates), split);
        }
    }

    #[test]
    fn a_window_scaled_to_its_peak_reaches_it_and_no_more(seed: u64, peak in 0.1f64..3.0) {
        let params = ReplayParams { scale: Scale::Peak(peak), ..ReplayParams::of("azure-conv") };
        let workload = Workload::new(WorkloadParams::Trace(params)).unwrap();
        let rates = workload.rates(NOMINAL, SECONDS, Split::Train, seed);
        let highest = rates.iter().copied().fold(0.0, f64::max);
        prop_assert!((highest - 100.0 * peak).abs() < 1e-6);
    }

    #[test]
    fn a_day_has_the_nominal_mean(seed: u64, days in 1u32..4) {
        let workload = Workload::by_name("diurnal").unwrap();
        let rates = workload.rates(NOMINAL, 600 * days, Split::Train, seed);
        prop_assert!((mean(&rates) - 100.0).abs() < 1e-6);
        prop_assert!(rates.iter().all(|rate| (50.0 - 1e-9..=150.0 + 1e-9).contains(rate)));
    }

    #[test]
    fn bursts_are_a_multiple_of_nominal_and_calm_is_nominal(seed: u64) {
        let rates = rates("burst", Split::Train, seed);
        prop_assert!(rates.iter().all(|rate| *rate == 100.0 || (150.0..=300.0).contains(rate)));
        prop_assert!(rates[..60].iter().all(|rate| *rate == 100.0));
        prop_assert!(rates.iter().any(|rate| *rate > 100.0));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Trace::read(&bytes[..], "random");
    }

    #[test]
    fn no_change_of_a_valid_file_makes_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(trace) = Trace::read(&bytes[..], "mutated") {
            let workload = Workload::replay(trace, &ReplayParams::of("mutated")).unwrap();
            for split in Split::ALL {
                let rates = workload.rates(NOMINAL, 60, split, 1);
                prop_assert!(rates.iter().all(|rate| (0.0..=300.0 + 1e-9).contains(rate)));
            }
        }
    }
}
