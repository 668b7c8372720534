//! The memory as bytes, for a restart.
//!
//! Version 1, little-endian: the magic `KSHM`, the version (u16), the number of services (u32), the clock, the services,
//! and an FNV-1a checksum (u64) of all before it. An optional number is a byte (0 or 1) before it, a list its length
//! (u8). Whatever the bytes are, they are read or refused; nothing panics.

use alloc::vec::Vec;
use core::fmt;

use super::window::Extreme;
use super::{Clock, Direction, Memory, Reversals, ServiceMemory, Window};

const MAGIC: [u8; 4] = *b"KSHM";
const VERSION: u16 = 1;
/// The fewest bytes of a service: four empty windows, two absent options and no reversals.
const LEAST_SERVICE: usize = 7;

/// Why bytes are no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryError {
    /// They do not begin as a memory does.
    Foreign,
    /// They are of another version.
    Version(u16),
    /// They end too early, go on too long, contradict themselves, or do not match their checksum.
    Damaged,
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "this is no memory of a shield: it does not begin with KSHM"),
            Self::Version(version) => write!(
                f,
                "this memory of a shield has version {version}, this program reads {VERSION}; \
                 begin with a cautious memory instead"
            ),
            Self::Damaged => {
                write!(f, "this memory of a shield is damaged; begin with a cautious memory instead")
            }
        }
    }
}

impl core::error::Error for MemoryError {}

impl Memory {
    /// All of it as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(u32::try_from(self.services.len()).unwrap_or(u32::MAX).to_le_bytes());
        write_option(&mut out, self.clock.outside);
        out.extend(self.clock.elapsed.to_le_bytes());
        self.services.iter().for_each(|service| service.write(&mut out));
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// The memory that these bytes hold.
    ///
    /// # Errors
    /// If they are not what [`Memory::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MemoryError> {
        let mut reader = Reader(bytes);
        if reader.take() != Ok(MAGIC) {
            return Err(MemoryError::Foreign);
        }
        let version = u16::from_le_bytes(reader.take()?);
        if version != VERSION {
            return Err(MemoryError::Version(version));
        }
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(MemoryError::Damaged)?;
        if checksum(body) != u64::from_le_bytes(*sum) {
            return Err(MemoryError::Damaged);
        }
        reader.0 = sound(reader.0.strip_suffix(sum), |_| true)?;
        let memory = reader.memory()?;
        sound(Some(memory), |_| reader.0.is_empty())
    }
}

impl ServiceMemory {
    fn write(&self, out: &mut Vec<u8>) {
        write_window(out, &self.levels_low);
        write_window(out, &self.levels_high);
        write_window(out, &self.wishes_high);
        write_window(out, &self.wishes_low);
        write_option(out, self.last_up);
        let direction = match self.reversals.direction {
            None => 0,
            Some(Direction::Up) => 1,
            Some(Direction::Down) => 2,
        };
        out.extend([direction, self.reversals.len]);
        self.reversals.times().for_each(|time| out.extend(time.to_le_bytes()));
    }
}

fn write_window<E: Extreme>(out: &mut Vec<u8>, window: &Window<E>) {
    out.push(u8::try_from(window.entries().count()).unwrap_or(u8::MAX));
    for (time, value) in window.entries() {
        out.extend(time.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
}

fn write_option(out: &mut Vec<u8>, value: Option<u64>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        out.extend(value.to_le_bytes());
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

/// Something that was read, or damage.
type Read<T> = Result<T, MemoryError>;

/// `value`, if it is there and as it must be.
fn sound<T>(value: Option<T>, is_sound: impl FnOnce(&T) -> bool) -> Read<T> {
    value.filter(is_sound).ok_or(MemoryError::Damaged)
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(MemoryError::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Read<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Read<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Read<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// A time that is not after `elapsed`.
    fn time(&mut self, elapsed: u64) -> Read<u64> {
        let time = self.u64()?;
        sound(Some(time), |time| *time <= elapsed)
    }

    /// What `read` reads, if the byte before it says that it is there.
    fn option(&mut self, read: impl FnOnce(&mut Self) -> Read<u64>) -> Read<Option<u64>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(MemoryError::Damaged),
        }
    }

    fn memory(&mut self) -> Read<Memory> {
        let count = self.u32()?;
        let clock = Clock { outside: self.option(Self::u64)?, elapsed: self.u64()? };
        // A count that the bytes cannot hold makes no room for itself.
        let mut services = Vec::with_capacity((count as usize).min(self.0.len() / LEAST_SERVICE));
        for _ in 0..count {
            services.push(self.service(clock.elapsed)?);
        }
        Ok(Memory { clock, services })
    }

    fn service(&mut self, elapsed: u64) -> Read<ServiceMemory> {
        Ok(ServiceMemory {
            levels_low: self.window(elapsed)?,
            levels_high: self.window(elapsed)?,
            wishes_high: self.window(elapsed)?,
            wishes_low: self.window(elapsed)?,
            last_up: self.option(|reader| reader.time(elapsed))?,
            reversals: self.reversals(elapsed)?,
        })
    }

    fn window<E: Extreme>(&mut self, elapsed: u64) -> Read<Window<E>> {
        let mut window = Window::EMPTY;
        for _ in 0..self.byte()? {
            let (time, value) = (self.time(elapsed)?, self.u32()?);
            sound(window.restore(time, value), |()| true)?;
        }
        Ok(window)
    }

    fn reversals(&mut self, elapsed: u64) -> Read<Reversals> {
        let direction = match self.byte()? {
            0 => None,
            1 => Some(Direction::Up),
            2 => Some(Direction::Down),
            _ => return Err(MemoryError::Damaged),
        };
        let len = self.byte()?;
        let mut reversals = Reversals { direction, len, ..Reversals::EMPTY };
        let mut last = 0;
        for at in 0..usize::from(len) {
            let time = self.time(elapsed)?;
            *sound(reversals.times.get_mut(at), |_| time >= last)? = time;
            last = time;
        }
        sound(Some(reversals), |_| len == 0 || direction.is_some())
    }
}
