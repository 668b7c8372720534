//! How long do distances, linkage and the best cut of many trajectories take?
//!
//! Words of 200 actions of a defender of four services are made by eight habits with noise, compared by dynamic time
//! warping (without a band, then with one of 20 steps), merged by average linkage, and cut where silhouettes are best
//! among 2 to 20 groups. Seconds of a clock, because threads are part of the question. Linux only.
//!
//! `cargo run --release -p karma-benches --example cluster_scale full` takes the sizes of `docs/performance.md`; numbers
//! in its place are sizes. Without arguments small ones run, in a second or two.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]
#![expect(clippy::disallowed_methods, reason = "an example may measure time")]

use std::num::NonZeroUsize;
use std::time::Instant;

use karma_analyze::cluster::{Linkage, best_cut, linkage};
use karma_analyze::distance::{Measure, WarpingParams, pairwise};
use karma_analyze::{Alphabet, Sequences};
use karma_core::{ActionSpace, SeedTree, draw};

const STEPS: usize = 200;
const HABITS: u64 = 8;
const BAND: u32 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sizes: Vec<usize> = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => vec![100, 200],
        ["full"] => vec![500, 1_000, 2_000, 5_000, 10_000],
        _ => arguments.iter().map(|size| size.parse()).collect::<Result<_, _>>()?,
    };
    let threads = std::thread::available_parallelism()?;
    println!("words of {STEPS} letters, {threads} threads, seconds");
    println!(
        "{:>7} {:>10} {:>10} {:>10} {:>10} {:>7} {:>9}",
        "words", "distances", "band 20", "linkage", "best cut", "groups", "peak MiB"
    );
    for size in sizes {
        row(size, threads)?;
    }
    Ok(())
}

fn row(size: usize, threads: NonZeroUsize) -> Result<(), Box<dyn std::error::Error>> {
    let words = words(size)?;
    let warp = |band| -> Result<_, Box<dyn std::error::Error>> {
        let measure = Measure::Warping(WarpingParams { band, ..WarpingParams::default() }.check()?);
        Ok(timed(|| pairwise(&words, &measure, threads)))
    };
    let (banded, _) = warp(Some(BAND))?;
    let (distances, matrix) = warp(None)?;
    let (linked, tree) = timed(|| linkage(&matrix, Linkage::Average));
    let tree = tree?;
    let (cut, best) = timed(|| best_cut(&matrix, &tree, 20));
    let groups = best?.groups;
    let peak = peak_kib()? / 1_024;
    println!("{size:>7} {distances:>10.4} {banded:>10.4} {linked:>10.4} {cut:>10.4} {groups:>7} {peak:>9}");
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

/// Each word follows a habit, a fixed word of forty letters that it plays at its own pace, and errs once in ten steps.
fn words(count: usize) -> Result<Sequences, Box<dyn std::error::Error>> {
    let space = ActionSpace::Defender { services: 4, alpha: 3 };
    let (letters, seed) = (space.len(), SeedTree::new(1));
    let mut words = Sequences::new(Alphabet::of_actions(space));
    for index in 0..count as u64 {
        let mut habit = seed.child("habit").index(index % HABITS).rng();
        let habit: Vec<usize> = (0..40).map(|_| draw::below(&mut habit, letters)).collect();
        let mut rng = seed.child("word").index(index).rng();
        let mut at = 0;
        let word = (0..STEPS).map(|_| {
            at += usize::from(draw::below(&mut rng, 5) == 0);
            let errs = draw::below(&mut rng, 10) == 0;
            if errs { draw::below(&mut rng, letters) } else { habit[at % habit.len()] }
        });
        words.push(&word.map(u32::try_from).collect::<Result<Vec<_>, _>>()?)?;
    }
    Ok(words)
}

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel tells the peak")?;
    Ok(peak.split_whitespace().next().ok_or("the peak is a number")?.parse()?)
}
