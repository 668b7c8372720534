//! Kubernetes quantities such as `1940m`, `16Gi` or `123456789n`, as numbers.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use karma_core::{Mebibytes, Millicores};

const SUFFIXES: [(&str, f64); 16] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_125_899_906_842_624.0 * 1024.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("", 1.0),
];

/// The number that a quantity stands for, if it is a quantity.
///
/// `1e3` is a thousand and `1E` an exa, as in Kubernetes.
pub(super) fn number(quantity: &Quantity) -> Option<f64> {
    let text = quantity.0.trim();
    SUFFIXES.iter().find_map(|(suffix, factor)| {
        let digits = text.strip_suffix(suffix)?;
        let plain = digits.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        let value = digits.parse::<f64>().ok().filter(|_| plain)?;
        value.is_finite().then_some(value * factor)
    })
}

/// CPU, rounded up.
pub(super) fn millicores(quantity: &Quantity) -> Option<Millicores> {
    whole(number(quantity)? * 1000.0).map(Millicores)
}

/// Memory, rounded down to whole mebibytes if `floor`, else up.
pub(super) fn mebibytes(quantity: &Quantity, floor: bool) -> Option<Mebibytes> {
    let exact = number(quantity)? / 1_048_576.0;
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

    fn of(text: &str) -> Option<f64> {
        number(&Quantity(text.to_owned()))
    }

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        assert_eq!(of("1940m"), Some(1.94));
        assert_eq!(of("16Gi"), Some(16.0 * 1024.0 * 1024.0 * 1024.0));
        assert_eq!(of("1e3"), Some(1000.0));
        assert_eq!(of("1E"), Some(1e18));
        assert_eq!(of(".5"), Some(0.5));
        for wrong in ["", "m", "abc", "1Zi", "nan", "inf", "1 0"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

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
