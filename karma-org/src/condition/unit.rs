//! Units and dimensions: what a number counts, so that requests are never compared with millicores.
//!
//! A [`Dimension`] is a product of powers of six base quantities; a [`Unit`] is a dimension and a scale; a
//! [`Quantity`] is a number with the unit it was written in. Everything is reckoned in the base unit of the metrics
//! (requests, pods, millicores, mebibytes, seconds, kilobits), so that only literals are ever rescaled.

use std::fmt;

use super::hint::nearest;

/// A product of powers of requests, pods, millicores, mebibytes, seconds and kilobits.
///
/// ```
/// use karma_org::condition::Unit;
/// let rate = Unit::parse("1/s").unwrap().dimension();
/// let each = Unit::parse("requests").unwrap().dimension();
/// let second = Unit::parse("s").unwrap().dimension();
/// assert_eq!(each.over(second), rate);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dimension([i16; 6]);

/// Names of the base quantities, in the order of the powers.
const BASES: [&str; 6] = ["requests", "pods", "millicores", "mebibytes", "seconds", "kilobits"];

impl Dimension {
    /// A ratio or a plain count.
    pub const NONE: Self = Self([0; 6]);
    /// Requests.
    pub const REQUESTS: Self = Self([1, 0, 0, 0, 0, 0]);
    /// Pods.
    pub const PODS: Self = Self([0, 1, 0, 0, 0, 0]);
    /// CPU, in millicores.
    pub const CPU: Self = Self([0, 0, 1, 0, 0, 0]);
    /// Memory, in mebibytes.
    pub const MEMORY: Self = Self([0, 0, 0, 1, 0, 0]);
    /// Time, in seconds.
    pub const TIME: Self = Self([0, 0, 0, 0, 1, 0]);
    /// Data on a network, in kilobits.
    pub const DATA: Self = Self([0, 0, 0, 0, 0, 1]);

    /// The dimension of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self(std::array::from_fn(|base| self.0[base].saturating_add(other.0[base])))
    }

    /// The dimension of a quotient.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self(std::array::from_fn(|base| self.0[base].saturating_sub(other.0[base])))
    }

    /// The unit in which values of this dimension are reckoned and shown: `requests`, `m`, `Kbps`; empty for none.
    pub fn symbol(self) -> String {
        let named = [(Self::CPU, "m"), (Self::MEMORY, "Mi"), (Self::TIME, "s"), (Self::REQUESTS, "requests")];
        let rates = [(Self::REQUESTS.over(Self::TIME), "requests/s"), (Self::DATA.over(Self::TIME), "Kbps")];
        let known = named.into_iter().chain(rates).find(|(dimension, _)| *dimension == self);
        match known {
            Some((_, symbol)) => symbol.to_owned(),
            None if self == Self::NONE => String::new(),
            None => self.to_string(),
        }
    }

    fn powers(self, sign: i16) -> Vec<String> {
        let of_sign = BASES.iter().zip(self.0).filter(|(_, power)| power.signum() == sign);
        let power = |(name, power): (&&str, i16)| match power.unsigned_abs() {
            1 => (*name).to_owned(),
            more => format!("{name}^{more}"),
        };
        of_sign.map(power).collect()
    }
}

impl fmt::Display for Dimension {
    /// In words: `requests`, `millicores/pods`, `a plain number`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (over, under) = (self.powers(1).join("*"), self.powers(-1).join("/"));
        match (over.as_str(), under.as_str()) {
            ("", "") => f.write_str("a plain number"),
            (over, "") => f.write_str(over),
            ("", under) => write!(f, "1/{under}"),
            (over, under) => write!(f, "{over}/{under}"),
        }
    }
}

/// A unit of one word and its scale to the base unit.
#[derive(Debug, PartialEq)]
struct Word {
    name: &'static str,
    dimension: Dimension,
    scale: f64,
}

const fn word(name: &'static str, dimension: Dimension, scale: f64) -> Word {
    Word { name, dimension, scale }
}

const BITRATE: Dimension = Dimension([0, 0, 0, 0, -1, 1]);

/// Every unit of one word. Several words may mean one thing; each is printed as it was written.
static WORDS: [Word; 25] = [
    word("requests", Dimension::REQUESTS, 1.0),
    word("request", Dimension::REQUESTS, 1.0),
    word("req", Dimension::REQUESTS, 1.0),
    word("pods", Dimension::PODS, 1.0),
    word("pod", Dimension::PODS, 1.0),
    word("replicas", Dimension::PODS, 1.0),
    word("replica", Dimension::PODS, 1.0),
    word("m", Dimension::CPU, 1.0),
    word("millicores", Dimension::CPU, 1.0),
    word("cores", Dimension::CPU, 1000.0),
    word("core", Dimension::CPU, 1000.0),
    word("Ki", Dimension::MEMORY, 1.0 / 1024.0),
    word("Mi", Dimension::MEMORY, 1.0),
    word("Gi", Dimension::MEMORY, 1024.0),
    word("ms", Dimension::TIME, 0.001),
    word("s", Dimension::TIME, 1.0),
    word("sec", Dimension::TIME, 1.0),
    word("seconds", Dimension::TIME, 1.0),
    word("min", Dimension::TIME, 60.0),
    word("minutes", Dimension::TIME, 60.0),
    word("h", Dimension::TIME, 3600.0),
    word("bps", BITRATE, 0.001),
    word("Kbps", BITRATE, 1.0),
    word("Mbps", BITRATE, 1000.0),
    word("%", Dimension::NONE, 0.01),
];

fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// Whether `name` is a unit of one word, and so cannot name anything else in a condition.
pub(super) fn is_unit(name: &str) -> bool {
    find(name).is_some()
}

/// A unit: a word (`requests`), a ratio of words (`Mi/pod`, `requests/s`), `1/` a word, or nothing.
///
/// A bare frequency counts requests, as in Prometheus: `1/s` is the same as `requests/s`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Unit {
    over: Option<&'static Word>,
    under: Option<&'static Word>,
}

impl Unit {
    /// The unit of ratios and plain numbers.
    pub const NONE: Self = Self { over: None, under: None };

    /// The unit written as `text`: `requests`, `%`, `1/s`, `/s`, `Mi/pod`; empty, `1` and `none` mean no unit.
    ///
    /// # Errors
    /// A sentence that names the unit that is not known, and the nearest that is.
    ///
    /// ```
    /// use karma_org::condition::Unit;
    /// assert_eq!(Unit::parse("cores").unwrap().scale(), 1000.0);
    /// assert!(Unit::parse("reqests").unwrap_err().ends_with("did you mean \"requests\"?"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let (over, under) = text.split_once('/').unwrap_or((text, ""));
        Self::ratio(over.trim(), under.trim())
    }

    /// The unit `over / under`, either of which may be empty.
    pub(super) fn ratio(over: &str, under: &str) -> Result<Self, String> {
        let part = |name: &str| match name {
            "" | "1" | "none" => Ok(None),
            name => find(name).map(Some).ok_or_else(|| unknown(name)),
        };
        Ok(Self { over: part(over)?, under: part(under)? })
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        let of = |word: Option<&Word>| word.map_or(Dimension::NONE, |word| word.dimension);
        match (self.over, self.under) {
            (None, Some(under)) if under.dimension == Dimension::TIME => {
                Dimension::REQUESTS.over(Dimension::TIME)
            }
            (over, under) => of(over).over(of(under)),
        }
    }

    /// How many base units one of it is.
    pub fn scale(self) -> f64 {
        let of = |word: Option<&Word>| word.map_or(1.0, |word| word.scale);
        of(self.over) / of(self.under)
    }
}

fn unknown(name: &str) -> String {
    let hint = nearest(name, WORDS.iter().map(|word| word.name));
    format!("there is no unit {name:?}{hint}")
}

impl fmt::Display for Unit {
    /// As it is written in a condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.over, self.under) {
            (None, None) => Ok(()),
            (None, Some(under)) => write!(f, "1/{}", under.name),
            (Some(over), None) => f.write_str(over.name),
            (Some(over), Some(under)) => write!(f, "{}/{}", over.name, under.name),
        }
    }
}

/// A number and the unit it was written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The number, as written.
    pub number: f64,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// `number` in the unit called `unit`.
    ///
    /// # Errors
    /// A sentence, if the number is not finite or there is no such unit.
    ///
    /// ```
    /// use karma_org::condition::Quantity;
    /// let threshold = Quantity::new(90.0, "%").unwrap();
    /// assert!((threshold.value() - 0.9).abs() < 1e-12);
    /// assert_eq!(threshold.to_string(), "90 %");
    /// ```
    pub fn new(number: f64, unit: &str) -> Result<Self, String> {
        let unit = Unit::parse(unit)?;
        let quantity = Self { number, unit };
        #[expect(clippy::cast_possible_truncation, reason = "whether it overflows is what is asked")]
        let fits = (quantity.value() as f32).is_finite();
        fits.then_some(quantity).ok_or_else(|| format!("{number} {unit} is not a finite number of 32 bits"))
    }

    /// The amount in base units.
    pub fn value(self) -> f64 {
        self.number * self.unit.scale()
    }

    /// The amount in base units, as programs reckon.
    #[expect(clippy::cast_possible_truncation, reason = "programs reckon in 32 bits, as states do")]
    pub fn single(self) -> f32 {
        self.value() as f32
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        self.unit.dimension()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        if self.unit == Unit::NONE { Ok(()) } else { write!(f, " {}", self.unit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::Metric;

    #[test]
    fn every_metric_has_a_unit_of_scale_one() {
        for metric in Metric::ALL {
            assert_eq!(Unit::parse(metric.unit()).unwrap().scale(), 1.0, "{}", metric.name());
        }
    }

    #[test]
    fn compound_dimensions_are_said_in_words() {
        let each = Dimension::CPU.over(Dimension::PODS);
        assert_eq!(each.to_string(), "millicores/pods");
        assert_eq!(
            Dimension::TIME.times(Dimension::TIME).over(Dimension::DATA).to_string(),
            "seconds^2/kilobits"
        );
        assert_eq!(Dimension::NONE.over(Dimension::PODS).to_string(), "1/pods");
    }

    #[test]
    fn a_kilobit_rate_times_a_time_is_data() {
        let rate = Unit::parse("Mbps").unwrap();
        assert_eq!(rate.dimension().times(Dimension::TIME), Dimension::DATA);
        assert_eq!(rate.scale(), 1000.0);
    }

    #[test]
    fn a_number_that_overflows_is_refused() {
        assert!(Quantity::new(1e38, "cores").is_err());
        assert!(Quantity::new(f64::NAN, "s").is_err());
    }
}
