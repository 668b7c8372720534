//! Whether a program runs in an image that holds nothing else.
//!
//! Read from the ELF header (System V ABI, chapter 4): 64-bit little-endian, executable or position-independent, for
//! a known machine, and without a `PT_INTERP` segment, which would name the dynamic loader that the image lacks.

/// How a program that is refused should have been built.
const HOW: &str = "build a static one: RUSTFLAGS=\"-C target-feature=+crt-static\" cargo build --release \
                   -p PACKAGE --target x86_64-unknown-linux-gnu";

const TYPE_EXECUTABLE: u16 = 2;
const TYPE_SHARED: u16 = 3;
const MACHINE_X86_64: u16 = 62;
const MACHINE_AARCH64: u16 = 183;
const SEGMENT_INTERPRETER: u32 = 3;
/// Bytes of a program header.
const SEGMENT_BYTES: usize = 56;

/// Machines that an image is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Architecture {
    /// As images write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// Why a program cannot be the only one of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// Not a Linux program at all, or cut short.
    #[error("the program is no 64-bit ELF executable; {HOW}")]
    NoProgram,
    /// For another kind of machine.
    #[error("the program is for ELF machine {0}, not x86-64 (62) or 64-bit ARM (183); {HOW}")]
    Machine(u16),
    /// It needs a dynamic loader.
    #[error("the program is linked dynamically, and its image has no loader; {HOW}")]
    Dynamic,
}

/// What a static program runs on.
///
/// # Errors
/// If it is not a static program for a known machine. Never panics, whatever the bytes are.
pub(super) fn architecture(program: &[u8]) -> Result<Architecture, ElfError> {
    let header = Header::read(program).ok_or(ElfError::NoProgram)?;
    let architecture = match header.machine {
        MACHINE_X86_64 => Architecture::Amd64,
        MACHINE_AARCH64 => Architecture::Arm64,
        other => return Err(ElfError::Machine(other)),
    };
    for index in 0..usize::from(header.segments) {
        let at = index.checked_mul(SEGMENT_BYTES).and_then(|offset| header.segments_at.checked_add(offset));
        let kind = at.and_then(|at| u32_at(program, at)).ok_or(ElfError::NoProgram)?;
        if kind == SEGMENT_INTERPRETER {
            return Err(ElfError::Dynamic);
        }
    }
    Ok(architecture)
}

struct Header {
    machine: u16,
    segments_at: usize,
    segments: u16,
}

impl Header {
    fn read(program: &[u8]) -> Option<Self> {
        let kind = u16_at(program, 16)?;
        let is_program =
            program.starts_with(b"\x7fELF\x02\x01") && matches!(kind, TYPE_EXECUTABLE | TYPE_SHARED);
        let segments_at = u64::from_le_bytes(program.get(32..40)?.try_into().ok()?);
        let header = Self {
            machine: u16_at(program, 18)?,
            segments_at: usize::try_from(segments_at).ok()?,
            segments: u16_at(program, 56)?,
        };
        let sized = usize::from(u16_at(program, 54)?) == SEGMENT_BYTES && header.segments > 0;
        (is_program && sized).then_some(header)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The smallest program that the check takes: a header and one loadable segment.
#[cfg(test)]
pub(super) fn tiny(machine: u16, segment: u32) -> Vec<u8> {
    let mut program = vec![0; 64 + SEGMENT_BYTES];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[16..18].copy_from_slice(&TYPE_EXECUTABLE.to_le_bytes());
    program[18..20].copy_from_slice(&machine.to_le_bytes());
    program[32..40].copy_from_slice(&64_u64.to_le_bytes());
    program[54..56].copy_from_slice(&56_u16.to_le_bytes());
    program[56..58].copy_from_slice(&1_u16.to_le_bytes());
    program[64..68].copy_from_slice(&segment.to_le_bytes());
    program
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn static_programs_of_both_machines_are_taken() {
        assert_eq!(architecture(&tiny(62, 1)), Ok(Architecture::Amd64));
        assert_eq!(architecture(&tiny(183, 1)), Ok(Architecture::Arm64));
    }

    #[test]
    fn what_cannot_run_alone_is_refused_with_the_way_to_build_it() {
        assert_eq!(architecture(&tiny(62, 3)), Err(ElfError::Dynamic));
        assert_eq!(architecture(&tiny(40, 1)), Err(ElfError::Machine(40)));
        assert_eq!(architecture(b"#!/bin/sh\n"), Err(ElfError::NoProgram));
        assert!(ElfError::Dynamic.to_string().contains("target-feature=+crt-static"));
    }

    #[test]
    fn a_program_that_is_cut_short_is_refused() {
        let program = tiny(62, 1);
        for length in 0..68 {
            assert_eq!(architecture(&program[..length]), Err(ElfError::NoProgram), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn no_damage_to_a_header_panics(at in 6_usize..120, value in any::<u8>(), offset in any::<u64>()) {
            let mut program = tiny(62, 1);
            program[at] = value;
            let _ = architecture(&program);
            program[32..40].copy_from_slice(&offset.to_le_bytes());
            let _ = architecture(&program);
        }
    }
}
