//! How much memory does one environment hold, in the middle of an attack?
//!
//! Resident memory of this process before and after a hundred environments were made and played for ten
//! decisions each. Linux only.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use karma_benches::environment;
use karma_core::Environment as _;

const ENVIRONMENTS: u64 = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Everything is kept, or the second topology would reuse what the first one gave back.
    let mut kept = Vec::new();
    for name in ["chain4", "online-boutique"] {
        let before = resident_kib()?;
        for seed in 0..ENVIRONMENTS {
            let mut environment = environment(name);
            let mut step = environment.reset(seed);
            for _ in 0..10 {
                let hold = step.masks.iter().filter_map(|mask| mask.legal().next()).collect();
                step = environment.step(&hold)?;
            }
            kept.push(environment);
        }
        let each = (resident_kib()? - before) / ENVIRONMENTS;
        println!("{name}: {each} KiB for each of {ENVIRONMENTS} environments ({} in all)", kept.len());
    }
    Ok(())
}

/// Pages that are resident, in KiB (the second field of `statm`, in pages of 4 KiB).
fn resident_kib() -> Result<u64, Box<dyn std::error::Error>> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split_whitespace().nth(1).ok_or("statm has two fields")?.parse()?;
    Ok(pages * 4)
}
