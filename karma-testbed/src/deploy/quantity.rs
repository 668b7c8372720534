//! Kubernetes quantities such as `1940m`, `16Gi` or `123456789n`, as numbers.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use karma_core::{Mebibytes, Millicores, quantity};

/// CPU, rounded up.
pub(super) fn millicores(amount: &Quantity) -> Option<Millicores> {
    whole(quantity(&amount.0)? * 1000.0).map(Millicores)
}

/// Memory, rounded down to whole mebibytes if `floor`, else up.
pub(super) fn mebibytes(amount: &Quantity, floor: bool) -> Option<Mebibytes> {
    let exact = quantity(&amount.0)? / 1_048_576.0;
    whole(if floor { exact.floor() } else { exact }).map(Mebibytes)
}

/// The least whole number that is not below `value`; a hair above a whole number is that number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked against the range first"
)]
fn whole(value: f64) -> Option<u32> {
    let value = (value - 1e-6).ceil();
    (-1.0..=f64::from(u32::MAX)).contains(&value).then_some(value.max(0.0) as u32)
}

pub(super) fn of_cpu(cpu: Millicores) -> Quantity {
    Quantity(cpu.to_string())
}

pub(super) fn of_memory(memory: Mebibytes) -> Quantity {
    Quantity(memory.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9.eEmKMGin-]{0,12}|\\PC{0,8}") {
            let quantity = Quantity(text);
            let _ = (millicores(&quantity), mebibytes(&quantity, true), mebibytes(&quantity, false));
        }
    }

    #[test]
    fn usage_in_nanocores_is_rounded_up_and_allocatable_memory_down() {
        assert_eq!(millicores(&Quantity("123456789n".to_owned())), Some(Millicores(124)));
        assert_eq!(mebibytes(&Quantity("2047Ki".to_owned()), true), Some(Mebibytes(1)));
        assert_eq!(mebibytes(&Quantity("2047Ki".to_owned()), false), Some(Mebibytes(2)));
        assert_eq!(millicores(&Quantity("-1".to_owned())), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(millicores(&of_cpu(Millicores(250))), Some(Millicores(250)));
        assert_eq!(mebibytes(&of_memory(Mebibytes(64)), true), Some(Mebibytes(64)));
    }
}
