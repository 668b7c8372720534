//! The simulation against closed forms: every value of `data/queue_reference.csv` whose model the simulated
//! cluster can be set up as, within 2 %. Left out: closed networks and exponential patience, which it does not model,
//! first-come-first-served work with cv² above 1, whose mean no feasible run resolves, and jobs under CFS quotas, which
//! are exact and checked beside their code.
//!
//! One time unit of the table is a millisecond here, so that a case of forty million requests spans hours, not
//! years, of simulated time. Seeds are fixed: a case passes or fails, it does not flicker.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test that cannot be set up has failed, and durations are small positive numbers"
)]

mod oracle;

use oracle::{Case, Expected, station};

/// Largest relative deviation; what is below 1e-5 in theory is below 2e-5 in the run.
const TOLERANCE: f64 = 0.02;

fn check(case: &Case, expected: &[Expected]) {
    let measured = case.run();
    for row in expected {
        let Some(value) = measured.get(&row.quantity) else {
            panic!("{}: {} is not measured", case.name, row.quantity)
        };
        let close = (value - row.value).abs() <= (TOLERANCE * row.value.abs()).max(1e-5);
        assert!(close, "{} {}: measured {value:.6}, closed form {:.6}", case.name, row.quantity, row.value);
    }
}

/// Requests for a standard error of about half a percent at utilisation `rho`.
fn requests(rho: f64) -> f64 {
    (1.5e5 / ((1.0 - rho) * (1.0 - rho)).max(0.01)).clamp(1e6, 1.5e7)
}

#[test]
fn m_m_c_waits_and_sojourns_as_erlang_says() {
    for (params, expected) in oracle::reference("M/M/c") {
        let (c, rho) = (params["c"], params["rho"]);
        // Heavy traffic correlates over long stretches; waiting in a nearly idle station is rare. Both need more.
        let rare = expected.iter().any(|row| row.value < 1e-2);
        let n = if rare {
            4e7
        } else if rho > 0.92 {
            2.5e7
        } else {
            requests(rho)
        };
        check(&Case::new(format!("M/M/{c} rho={rho}"), &station().servers(c), rho * c, n), &expected);
    }
}

#[test]
fn m_g_1_processor_sharing_is_insensitive_to_the_work_distribution() {
    for (params, expected) in oracle::reference("M/G/1-PS (insensitive)") {
        let rho = params["rho"];
        let mean: Vec<_> = expected.into_iter().filter(|row| row.quantity == "ET").collect();
        for work in [
            "\"work_distribution\": \"deterministic\"",
            "\"work_distribution\": \"exponential\"",
            "\"work_cv\": 1.5",
        ] {
            let name = format!("M/G/1-PS rho={rho} {work}");
            check(&Case::new(name, &station().sharing().work(work), rho, 2.0 * requests(rho)), &mean);
        }
    }
}

#[test]
fn m_g_1_first_come_first_served_follows_pollaczek_and_khinchine() {
    for (params, expected) in oracle::reference("M/G/1-FCFS (P-K)") {
        let (cv2, rho) = (params["cv2"], params["rho"]);
        if cv2 > 1.0 {
            continue; // the log-normal's fourth moment makes the mean of any feasible run meaningless
        }
        let work = format!("\"work_cv\": {}", cv2.sqrt());
        check(
            &Case::new(
                format!("M/G/1 cv2={cv2} rho={rho}"),
                &station().servers(1.0).work(&work),
                rho,
                2.0 * requests(rho),
            ),
            &expected,
        );
    }
}

#[test]
fn m_m_1_k_loses_what_the_closed_form_says() {
    for (params, expected) in oracle::reference("M/M/1/K") {
        let (k, rho) = (params["K"], params["rho"]);
        check(
            &Case::new(format!("M/M/1/{k} rho={rho}"), &station().servers(1.0).queue(k - 1.0), rho, 6e6),
            &expected,
        );
    }
}

#[test]
fn m_m_c_c_blocks_as_erlang_b_says() {
    for (params, expected) in oracle::reference("M/M/c/c (Erlang B)") {
        let (c, a) = (params["c"], params["a"]);
        check(&Case::new(format!("M/M/{c}/{c} a={a}"), &station().servers(c).queue(0.0), a, 4e6), &expected);
    }
}

#[test]
fn a_tandem_of_four_stations_has_the_sum_of_their_sojourns() {
    for (rates, lambda, expected) in oracle::tandems() {
        let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        check(&Case::tandem(&rates, lambda, requests(lambda / slowest)), &expected);
    }
}

#[test]
fn two_parallel_calls_wait_for_the_slower_as_flatto_and_hahn_say() {
    for (params, expected) in oracle::reference("fork-join 2 x M/M/1 (Flatto-Hahn)") {
        let rho = params["rho"];
        check(&Case::fork_join(rho, requests(rho)), &expected);
    }
}
