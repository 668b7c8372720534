//! Property, proof, verdict, time.

use karma_proofs::{checker, game, sequences};

fn main() {
    let start = std::time::Instant::now();
    if std::env::args().nth(1).as_deref() == Some("game") {
        let g = game::play(game::Model::LARGE);
        println!("{} states {} winning {} rounds {:?}", g.states, g.winning, g.rounds, start.elapsed());
        println!("{:?} {:?}", game::kernel_stays(&g), start.elapsed());
        println!("{:?} {:?}", game::together(), start.elapsed());
        println!("{:?} {:?}", checker::check(&game::certificate(&g)), start.elapsed());
        return;
    }
    let n: u64 = std::env::args().nth(1).and_then(|x| x.parse().ok()).unwrap_or(100_000);
    if let Some(seq) = std::env::args().nth(2).and_then(|x| x.parse().ok()) {
        let mut out = String::new();
        sequences::replay(seq, &mut out).unwrap();
        println!("{out}");
        return;
    }
    match sequences::run(&sequences::Real, (1, n), 2, &|_| {}) {
        Ok(s) => println!("{s:?} {:?}", start.elapsed()),
        Err(v) => println!("{v} {:?}", start.elapsed()),
    }
}
