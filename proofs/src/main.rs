//! Property, proof, verdict, time.

use karma_proofs::sequences;

fn main() {
    let start = std::time::Instant::now();
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
