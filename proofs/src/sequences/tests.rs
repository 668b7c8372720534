//! The kernel passes, and wrong kernels are found out.

use super::*;

const FEW: u64 = 20_000;

#[test]
fn the_kernel_keeps_every_property_and_every_property_is_at_stake() {
    let summary = run(&Real, (1, FEW), 2, &|_| {}).unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(summary.sequences, FEW);
    for (property, stake) in Property::ALL.into_iter().zip(summary.stakes) {
        if property != Property::NonBlocking {
            assert!(stake > summary.decisions / 1_000, "{property}: {stake} of {}", summary.decisions);
        }
    }
    assert_eq!(run(&Real, (1, FEW), 1, &|_| {}), Ok(summary), "whatever the number of threads");
}
