//! Amounts as Kubernetes writes them.

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

/// The number that a Kubernetes quantity such as `1940m`, `16Gi` or `123456789n` stands for, if it is one: cores of CPU,
/// bytes of memory. `1e3` is a thousand and `1E` an exa.
///
/// ```
/// assert_eq!(karma_core::quantity("1940m"), Some(1.94));
/// assert_eq!(karma_core::quantity("2Ki"), Some(2048.0));
/// assert_eq!(karma_core::quantity("2 apples"), None);
/// ```
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    SUFFIXES.iter().find_map(|(suffix, factor)| {
        let digits = text.strip_suffix(suffix)?;
        let plain = digits.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        let value = digits.parse::<f64>().ok().filter(|_| plain)?;
        value.is_finite().then_some(value * factor)
    })
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        assert_eq!(quantity("1940m"), Some(1.94));
        assert_eq!(quantity("16Gi"), Some(16.0 * 1024.0 * 1024.0 * 1024.0));
        assert_eq!(quantity("1e3"), Some(1000.0));
        assert_eq!(quantity("1E"), Some(1e18));
        assert_eq!(quantity(".5"), Some(0.5));
        for wrong in ["", "m", "abc", "1Zi", "nan", "inf", "1 0"] {
            assert_eq!(quantity(wrong), None, "{wrong}");
        }
    }
}
