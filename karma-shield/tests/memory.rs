//! The memory survives a restart as bytes, and damage is refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_shield::{
    Budget, Cluster, Decision, LimitParams, Limits, Memory, MemoryError, Pause, Reading, ServiceLimits,
    ServiceState, decide,
};
use proptest::prelude::*;

fn limits(services: usize) -> Limits {
    let service = ServiceLimits { cooldown_ms: 30_000, stabilize_up_ms: 30_000, ..ServiceLimits::DEFAULT };
    LimitParams { services: vec![service; services], budget: Budget::UNLIMITED }.check().unwrap()
}

fn play(limits: &Limits, memory: &mut Memory, now_ms: u64, replicas: &mut [u32], proposals: &[u32]) {
    let state = |replicas: &u32| ServiceState {
        replicas: *replicas,
        ready: Reading::now((*replicas).into()),
        ..ServiceState::default()
    };
    let states: Vec<_> = replicas.iter().map(state).collect();
    let cluster = Cluster { now_ms, services: &states, nodes: None, trusted: true, pause: Pause::default() };
    let proposals: Vec<_> = proposals.iter().map(|proposal| Reading::now((*proposal).into())).collect();
    let mut decision = Decision::default();
    decide(limits, memory, &cluster, &proposals, &mut decision).unwrap();
    replicas
        .iter_mut()
        .zip(decision.cleared())
        .for_each(|(replicas, cleared)| *replicas = cleared.replicas());
}

/// A memory of two services after some decisions.
fn lived(proposals: &[(u32, u32)]) -> Memory {
    let (limits, mut memory, mut replicas) = (limits(2), Memory::new(2), [3, 3]);
    for (tick, proposal) in (0u64..).zip(proposals) {
        play(&limits, &mut memory, 1_000 + tick * 15_000, &mut replicas, &[proposal.0, proposal.1]);
    }
    memory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_give_back_the_memory(proposals in proptest::collection::vec((0u32..12, 0u32..12), 0..40)) {
        let memory = lived(&proposals);
        prop_assert_eq!(Memory::from_bytes(&memory.to_bytes()), Ok(memory));
    }

    /// Whatever it is, it is read or refused; and if it is read it is written again as it was.
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let framed = [b"KSHM\x01\x00".as_slice(), &bytes].concat();
        for bytes in [bytes, framed.clone(), sealed(framed)] {
            if let Ok(memory) = Memory::from_bytes(&bytes) {
                prop_assert_eq!(memory.to_bytes(), bytes);
            }
        }
    }

    /// Damage under a checksum that is right: by hand, or by someone.
    #[test]
    fn forged_bytes_are_refused_or_a_memory(at in 6usize..300, with: u8) {
        let mut bytes = lived(&[(9, 0), (0, 9), (4, 4), (9, 1)]).to_bytes();
        bytes.truncate(bytes.len() - 8);
        let at = at.min(bytes.len() - 1);
        bytes[at] = with;
        let bytes = sealed(bytes);
        if let Ok(mut memory) = Memory::from_bytes(&bytes) {
            prop_assert_eq!(memory.to_bytes(), bytes);
            if memory.len() == 2 {
                play(&limits(2), &mut memory, u64::MAX, &mut [3, 3], &[9, 0]);
            }
        }
    }
}

/// The bytes with the checksum that belongs to them: FNV-1a.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    for byte in &bytes {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    bytes.extend(sum.to_le_bytes());
    bytes
}

#[test]
fn a_restart_changes_no_decision() {
    let limits = limits(1);
    let (mut memory, mut restarted, mut replicas, mut again) = (Memory::new(1), Memory::new(1), [3], [3]);
    for (tick, proposal) in (0u64..).zip([9, 1, 9, 1, 9, 1, 4, 0, 12, 3, 3, 0]) {
        restarted = Memory::from_bytes(&restarted.to_bytes()).unwrap();
        play(&limits, &mut memory, tick * 15_000, &mut replicas, &[proposal]);
        play(&limits, &mut restarted, tick * 15_000, &mut again, &[proposal]);
        assert_eq!((replicas, &memory), (again, &restarted));
    }
}

#[test]
fn what_is_cut_off_or_flipped_is_refused() {
    let bytes = lived(&[(9, 0), (0, 9), (4, 4)]).to_bytes();
    for length in 0..bytes.len() {
        assert!(Memory::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(Memory::from_bytes(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
    assert_eq!(Memory::from_bytes(&[bytes, vec![0]].concat()), Err(MemoryError::Damaged));
}

#[test]
fn what_is_wrong_is_told() {
    let bytes = Memory::new(1).to_bytes();
    let newer = [b"KSHM\x02\x00".as_slice(), &bytes[6..]].concat();
    assert_eq!(Memory::from_bytes(b"PK"), Err(MemoryError::Foreign));
    assert_eq!(Memory::from_bytes(&newer), Err(MemoryError::Version(2)));
    let told =
        [MemoryError::Foreign, MemoryError::Version(2), MemoryError::Damaged].map(|error| error.to_string());
    assert!(told[0].contains("KSHM") && told[1].contains("version 2, this program reads 1"), "{told:?}");
    assert!(told[2].contains("cautious"), "{told:?}");
}

#[test]
fn a_count_that_the_bytes_cannot_hold_is_refused_at_once() {
    let mut bytes = b"KSHM\x01\x00".to_vec();
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend([0; 9]);
    assert_eq!(Memory::from_bytes(&sealed(bytes)), Err(MemoryError::Damaged));
}

#[test]
fn without_a_memory_nothing_is_removed_before_every_window_has_passed() {
    let limits = limits(2);
    let mut memory = Memory::cautious(&[5, 5], 1_000);
    assert_eq!((memory.len(), memory.is_empty(), Memory::new(0).is_empty()), (2, false, true));
    let mut replicas = [5, 5];
    for tick in 1..20 {
        play(&limits, &mut memory, 1_000 + tick * 15_000, &mut replicas, &[1, 6]);
        assert_eq!(replicas[0], 5, "five minutes");
        assert!(replicas[1] >= 5);
    }
    play(&limits, &mut memory, 1_000 + 20 * 15_000, &mut replicas, &[1, 6]);
    assert_eq!(replicas, [1, 6]);
}
