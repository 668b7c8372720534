//! The frame around each message: `TFRecord`.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | length of the message, little endian |
//! | 4 | masked checksum of these 8 bytes |
//! | length | the message |
//! | 4 | masked checksum of the message |
//!
//! The checksum is CRC-32C (Castagnoli). It is masked, since a checksum over data that hold their own checksum says
//! little.

use prost::Message;

const MASK: u32 = 0xa282_ead8;

/// A message in its frame.
pub(super) fn encode(message: &impl Message) -> Vec<u8> {
    let data = message.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), &data, &masked(&data)].concat()
}

fn masked(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, appendix B.4.
    #[test]
    fn checksums_are_those_of_the_standard() {
        let ascending: Vec<u8> = (0..32).collect();
        let descending: Vec<u8> = (0..32).rev().collect();
        for (data, expected) in [
            (&[0; 32][..], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
            (&descending, 0x113f_db5c),
            (b"123456789", 0xe306_9283),
        ] {
            assert_eq!(crc32c::crc32c(data), expected, "{data:?}");
        }
    }

    /// The first twelve bytes that tensorboard 2.21.0 writes for a message of 15 bytes.
    #[test]
    fn a_length_is_followed_by_its_masked_checksum() {
        let length = 15_u64.to_le_bytes();
        assert_eq!(masked(&length), [0x6d, 0x53, 0x2b, 0x09]);
    }
}
