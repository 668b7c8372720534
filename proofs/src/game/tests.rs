//! Small games, whose answers can be told without a computer.

use super::*;

fn state(pods: [u8; 4], demand: u8) -> State {
    State { pods, demand, since_up: 1 }
}

#[test]
fn what_ready_pods_carry_is_won_and_what_comes_too_late_is_lost() {
    let game = play(Model::SMALL);
    // Two levels a pod, one level of growth a tick, two ticks to start.
    assert!(game.wins(&state([4, 0, 0, 0], 8)), "everything is there");
    assert!(!game.wins(&state([3, 0, 0, 0], 6)), "seven may come before any other pod");
    assert!(game.wins(&state([3, 1, 0, 0], 5)), "six are carried until the fourth is ready");
    assert!(!game.wins(&state([3, 0, 1, 0], 5)), "seven may come one tick before the fourth");
    assert!(game.wins(&state([2, 0, 0, 0], 2)), "a pod that is asked for now is there before a fifth level");
    assert!(!game.wins(&state([2, 0, 0, 0], 3)), "and here after it");
    assert!(game.winning > 0 && game.winning < game.states && game.rounds > 1);
}

#[test]
fn the_kernel_stays_and_lets_nearly_every_winning_action_pass() {
    let stay = kernel_stays(&play(Model::SMALL)).unwrap();
    assert!(stay.questions > 1_000);
    assert!(stay.passed * 10 > stay.winning * 8, "{} of {}", stay.passed, stay.winning);
}

#[test]
fn two_services_stay_under_one_budget() {
    let pair = together().unwrap();
    assert!(pair.states > 100 && pair.questions > 10_000);
}

#[test]
fn a_kernel_with_too_short_a_lead_would_lose() {
    // The same kernel in a game in which pods take a tick longer than it was told.
    let slow = Model { delay: 3, ..Model::SMALL };
    let game = play(slow);
    let mut seat = Seat::new(&Model::SMALL).unwrap();
    let lost = game.winning_states().any(|state| {
        let reading = Reading::now(state.demand.into());
        proposals(&slow).any(|proposal| !game.keeps(&state, seat.act(&state, reading, proposal)))
    });
    assert!(lost);
}
