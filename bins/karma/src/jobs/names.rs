//! What Kubernetes accepts as a name, a quantity or an image.

use anyhow::bail;

/// A DNS label (RFC 1123) of at most `most` characters.
pub(super) fn label(flag: &str, value: &str, most: usize) -> anyhow::Result<()> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = !value.starts_with('-') && !value.ends_with('-');
    if value.is_empty() || value.len() > most || !ends || !value.chars().all(inside) {
        bail!(
            "{flag} is \"{}\"; allowed: 1 to {most} lowercase letters, digits and hyphens, no hyphen at the ends",
            value.escape_debug()
        );
    }
    Ok(())
}

/// Labels with dots between them.
pub(super) fn subdomain(flag: &str, value: &str) -> anyhow::Result<()> {
    if value.len() > 253 {
        bail!("{flag} has {} characters; allowed: 1 to 253", value.len());
    }
    value.split('.').try_for_each(|part| label(flag, part, 63))
}

/// A quantity above 0, such as `2`, `500m` or `1.5Gi`.
pub(super) fn quantity(flag: &str, value: &str) -> anyhow::Result<()> {
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let units = ["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"];
    let whole = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
    if !whole
        || !units.contains(&unit)
        || number.parse::<f64>().is_ok_and(|number| number <= 0.0)
        || number.parse::<f64>().is_err()
    {
        bail!("{flag} is \"{}\"; allowed: a quantity above 0 such as 2, 500m or 1.5Gi", value.escape_debug());
    }
    Ok(())
}

/// The name of an image.
pub(super) fn image(value: &str) -> anyhow::Result<()> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-._/:@".contains(c);
    if !value.starts_with(|c: char| c.is_ascii_alphanumeric())
        || value.len() > 255
        || !value.chars().all(inside)
    {
        bail!(
            "--image is \"{}\"; allowed: an image such as registry.example/karma:0.1",
            value.escape_debug()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        assert!(["a", "karma-7", "0"].iter().all(|name| label("--name", name, 50).is_ok()));
        assert!(
            ["", "-a", "a-", "A", "a_b", "a.b", "ü"].iter().all(|name| label("--name", name, 50).is_err())
        );
        assert!(label("--name", &"a".repeat(51), 50).is_err());
        assert!(subdomain("--claim", "data.0").is_ok() && subdomain("--claim", "data..0").is_err());
        let told = label("--name", "My Sweep", 50).unwrap_err().to_string();
        assert!(told.starts_with("--name is \"My Sweep\"; allowed: 1 to 50 lowercase letters"), "{told}");
    }

    #[test]
    fn quantities_are_positive_numbers_with_a_known_unit() {
        assert!(["1", "500m", "1.5Gi", "64Mi", "2k"].iter().all(|text| quantity("--cpu", text).is_ok()));
        let wrong = ["", "0", "-1", "1 Gi", "1gi", "Gi", "1.", ".5", "1.2.3", "1e3"];
        assert!(wrong.iter().all(|text| quantity("--cpu", text).is_err()));
    }

    #[test]
    fn an_image_is_one_word() {
        assert!(image("ghcr.io/karma/karma-train:0.1@sha256:00ff").is_ok());
        assert!(["", "a b", ":tag", "a\n"].iter().all(|text| image(text).is_err()));
    }
}
