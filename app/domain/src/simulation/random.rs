//! A reproducible generator of random numbers.

/// `SplitMix64` (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA
/// 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates a generator; each pair of seed and stream has its own sequence.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed);
        let first = mixed.next_bits();
        let mut random = Self(first ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next_bits();
        random
    }

    /// The next 64 random bits.
    #[allow(clippy::should_implement_trait, reason = "it never ends, so it is no iterator")]
    pub fn next_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number in `0..end`, which must not be empty.
    pub fn draw_below(&mut self, end: u64) -> u64 {
        // The upper half of a product of 128 bits: below `end`, so it fits.
        ((u128::from(self.next_bits()) * u128::from(end)) >> 64) as u64
    }

    /// Returns a number in `from..=to`, which must not be empty.
    pub fn draw_between(&mut self, from: u64, to: u64) -> u64 {
        from + self.draw_below(to - from + 1)
    }

    /// Returns a number in `0.0..1.0`.
    pub fn draw_fraction(&mut self) -> f64 {
        (self.next_bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns `true` with the given probability.
    pub fn draw_chance(&mut self, probability: f64) -> bool {
        self.draw_fraction() < probability
    }

    /// Draws from a log-normal distribution, but at least 1; `spread` is the standard deviation of
    /// the logarithm. The sum of twelve uniform numbers approximates a normal one (Irwin–Hall).
    pub fn draw_log_normal(&mut self, median: f64, spread: f64) -> u64 {
        let normal = (0..12).map(|_| self.draw_fraction()).sum::<f64>() - 6.0;
        // Below 2^53 by far: medians are seconds, in millionths.
        (median * (spread * normal).exp()).round().max(1.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_reproducible_and_evenly_spread() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (0..1_000).map(|_| random.draw_below(10)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
        for digit in 0..10 {
            let count = draw(1, 1).into_iter().filter(|drawn| *drawn == digit).count();
            assert!((60..140).contains(&count), "{digit}: {count}");
        }
        let mut random = Random::new(1, 1);
        let mut values: Vec<u64> = (0..999).map(|_| random.draw_log_normal(1e6, 0.5)).collect();
        values.sort_unstable();
        assert!((900_000..1_100_000).contains(&values[499]), "{}", values[499]);
        assert!((0..99).all(|_| (3..=5).contains(&random.draw_between(3, 5))));
    }
}
