//! A limited connection: a token bucket that holds one second's worth.

/// Tokens of a connection. Times are seconds that never go back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: f64,
    tokens: f64,
    filled: f64,
}

impl Bucket {
    /// Full; `rate` requests per second.
    pub(crate) fn new(rate: f64) -> Self {
        Self { rate, tokens: rate.max(1.0), filled: 0.0 }
    }

    /// Whether one more goes through now.
    #[inline]
    pub(crate) fn admits(&mut self, now: f64) -> bool {
        self.tokens = (self.tokens + (now - self.filled) * self.rate).min(self.rate.max(1.0));
        self.filled = now;
        let admits = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(admits));
        admits
    }
}
