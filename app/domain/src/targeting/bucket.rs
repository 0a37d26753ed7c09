//! Buckets of users, and the shares that they are compared with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of buckets; one is 0.001 % of all users.
pub const BUCKETS: u32 = 100_000;

/// The fixed position of a user for one salt, in `0..BUCKETS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(pub u32);

/// MurmurHash3 (x86, 32 bit, seed 0), fed incrementally so that salt and key are not concatenated.
#[derive(Debug, Clone, Copy, Default)]
struct Murmur3 {
    hash: u32,
    tail: u32,
    tail_bytes: u32,
    length: u32,
}

impl Murmur3 {
    fn scramble_word(word: u32) -> u32 {
        word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
    }

    fn hash_word(&mut self, word: u32) {
        self.hash = (self.hash ^ Self::scramble_word(word))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }

    fn hash_byte(&mut self, byte: u8) {
        self.tail |= u32::from(byte) << (8 * self.tail_bytes);
        self.tail_bytes += 1;
        if self.tail_bytes == 4 {
            self.hash_word(self.tail);
            self.tail = 0;
            self.tail_bytes = 0;
        }
    }

    fn hash_bytes(&mut self, bytes: &[u8]) {
        // The length wraps as in the reference code; keys are far shorter than that.
        self.length = self.length.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let (words, rest) = bytes.as_chunks::<4>();
        let shift = 8 * self.tail_bytes;
        for chunk in words {
            let word = u32::from_le_bytes(*chunk);
            if shift == 0 {
                self.hash_word(word);
            } else {
                self.hash_word(self.tail | (word << shift));
                self.tail = word >> (32 - shift);
            }
        }
        for byte in rest {
            self.hash_byte(*byte);
        }
    }

    fn finish(self) -> u32 {
        let mut hash = self.hash;
        if self.tail_bytes > 0 {
            hash ^= Self::scramble_word(self.tail);
        }
        hash ^= self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

/// The hash algorithm of buckets. Stored with every salt, because a change reassigns every user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashVersion {
    /// `(murmur3_x86_32(seed 0, salt ++ "/" ++ targetingKey) * 100_000) >> 32`
    #[default]
    Murmur3V1,
}

/// The salt of buckets. A user's buckets for different salts are independent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "StoredSalt", into = "StoredSalt")]
pub struct Salt {
    stored: StoredSalt,
    /// The hash state after `salt ++ "/"`, so that an evaluation only hashes the user's key.
    prefix: Murmur3,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredSalt {
    text: String,
    hash_version: HashVersion,
}

impl From<StoredSalt> for Salt {
    fn from(stored: StoredSalt) -> Self {
        let mut prefix = Murmur3::default();
        prefix.hash_bytes(stored.text.as_bytes());
        prefix.hash_byte(b'/');
        prefix.length = prefix.length.wrapping_add(1);
        Self { stored, prefix }
    }
}

impl From<Salt> for StoredSalt {
    fn from(salt: Salt) -> Self {
        salt.stored
    }
}

impl PartialEq for Salt {
    fn eq(&self, other: &Self) -> bool {
        self.stored == other.stored
    }
}

impl Salt {
    /// A salt of the newest hash version.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        StoredSalt { text: text.into(), hash_version: HashVersion::default() }.into()
    }

    /// The text that is hashed before the targeting key.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.stored.text
    }

    /// Returns the bucket of a user.
    #[must_use]
    pub fn assign_bucket(&self, targeting_key: &str) -> Bucket {
        let mut hash = self.prefix;
        hash.hash_bytes(targeting_key.as_bytes());
        let scaled = (u64::from(hash.finish()) * u64::from(BUCKETS)) >> 32;
        Bucket(u32::try_from(scaled).unwrap_or(BUCKETS - 1))
    }
}

/// A share of all users in steps of 0.001 %, which is one bucket; in per cent when serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = f64, minimum = 0, maximum = 100))]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(u32);

/// Why a number is not a valid share.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidShare {
    /// Below 0, above 100 or NaN.
    #[error("a share is between 0 and 100 per cent, not {0}")]
    OutOfRange(f64),
    /// More than three decimals, so finer than the buckets.
    #[error("a share has at most three decimals, {0} has more")]
    TooFine(f64),
}

impl Share {
    /// 100 % of all users.
    pub const ALL: Self = Self(BUCKETS);

    /// Creates a share from per cent, in steps of 0.001.
    ///
    /// # Errors
    /// Returns an error if `percent` is outside 0..=100 or finer than a bucket.
    pub fn from_percent(percent: f64) -> Result<Self, InvalidShare> {
        if !(0.0..=100.0).contains(&percent) {
            return Err(InvalidShare::OutOfRange(percent));
        }
        let milli = (percent * 1_000.0).round();
        if (milli / 1_000.0 - percent).abs() > 1e-9 {
            return Err(InvalidShare::TooFine(percent));
        }
        // In range by the check above, so the cast neither cuts nor wraps.
        Ok(Self(milli as u32))
    }

    /// Creates a share from a number of buckets, at most [`BUCKETS`].
    #[must_use]
    pub fn from_buckets(buckets: u32) -> Self {
        Self(buckets.min(BUCKETS))
    }

    /// The share after throttling; shares of 100 % are not throttled.
    #[must_use]
    pub fn throttled(self, throttle: Throttle) -> Self {
        if self == Self::ALL {
            return self;
        }
        let buckets = u64::from(self.0) * u64::from(throttle.0) / u64::from(Throttle::NONE.0);
        // At most the share itself, so it fits.
        Self(buckets as u32)
    }

    /// The number of buckets in the share, one per 0.001 %.
    #[must_use]
    pub fn buckets(self) -> u32 {
        self.0
    }

    /// The share in per cent.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

impl TryFrom<f64> for Share {
    type Error = InvalidShare;
    fn try_from(percent: f64) -> Result<Self, InvalidShare> {
        Self::from_percent(percent)
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.percent()
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

/// A factor on every share below 100 %, in millionths; 1.0 normally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Throttle(u32);

impl Default for Throttle {
    fn default() -> Self {
        Self::NONE
    }
}

impl Throttle {
    /// A factor of 1.0: no throttle.
    pub const NONE: Self = Self(1_000_000);

    /// Half of this throttle.
    #[must_use]
    pub fn halved(self) -> Self {
        Self(self.0 / 2)
    }

    /// Twice this throttle, at most [`Throttle::NONE`].
    #[must_use]
    pub fn doubled(self) -> Self {
        Self(self.0.saturating_mul(2).min(Self::NONE.0))
    }

    /// The factor, 0.0 to 1.0.
    #[must_use]
    pub fn factor(self) -> f64 {
        f64::from(self.0) / 1_000_000.0
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.factor() * 100.0)
    }
}

/// Whether a bucket is inside a share: `bucket < share % × 1,000 × throttle`.
///
/// Shares of 100 % are not throttled. Integer arithmetic avoids rounding at the edge.
#[must_use]
pub fn is_inside(bucket: Bucket, share: Share, throttle: Throttle) -> bool {
    let throttle = if share == Share::ALL { Throttle::NONE } else { throttle };
    u64::from(bucket.0) * u64::from(Throttle::NONE.0) < u64::from(share.0) * u64::from(throttle.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn murmur3(text: &str) -> u32 {
        let mut hash = Murmur3::default();
        hash.hash_bytes(text.as_bytes());
        hash.finish()
    }

    #[test]
    fn hashes_match_published_values() {
        assert_eq!(murmur3("hello"), 0x248b_fa47);
        // flagd v2: hash("fractional-flagjack"), bucket 62 of 100.
        assert_eq!(murmur3("fractional-flagjack"), 2_682_799_072);
        for (key, expected) in [
            ("ejOoVL", 0),
            ("bY9fO-", 1),
            ("SI7p-", 0x7fff_ffff),
            ("6LvT0", 0x8000_0000),
            ("ceQdGm", 0xffff_ffff_u32),
        ] {
            assert_eq!(murmur3(key), expected, "{key}");
        }
    }

    const USERS: u32 = 1_000_000;

    /// `Σ (observed − expected)² / expected`
    fn chi_squared(cells: &[u32]) -> f64 {
        let expected = f64::from(USERS) / cells.len() as f64;
        cells.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn a_million_users_are_spread_evenly_over_buckets() {
        for salt in ["evenly", "", "ENHANCED_EXERCISE_LIBRARY"].map(Salt::new) {
            let mut cells = [0_u32; 100];
            for user in 0..USERS {
                cells[salt.assign_bucket(&format!("user-{user}")).0 as usize / 1_000] += 1;
            }
            // 99 degrees of freedom: above 148.2 with probability 0.001.
            let found = chi_squared(&cells);
            assert!(found < 148.2, "{}: χ² = {found}", salt.text());
        }
    }

    #[test]
    fn buckets_of_different_salts_are_independent() {
        let (one, other) = (Salt::new("one"), Salt::new("other"));
        let mut cells = [0_u32; 100];
        for user in 0..USERS {
            let key = format!("user-{user}");
            let tenth = |salt: &Salt| salt.assign_bucket(&key).0 as usize / 10_000;
            cells[tenth(&one) * 10 + tenth(&other)] += 1;
        }
        // A table of 10 × 10 whose margins are uniform: 99 degrees of freedom again.
        let found = chi_squared(&cells);
        assert!(found < 148.2, "χ² = {found}");
    }

    #[test]
    fn a_share_of_a_tenth_of_a_per_cent_is_exact() {
        let share = Share::from_percent(0.1).unwrap();
        assert_eq!(share.buckets(), 100);
        assert!(is_inside(Bucket(99), share, Throttle::NONE));
        assert!(!is_inside(Bucket(100), share, Throttle::NONE));
    }

    #[test]
    fn shares_out_of_range_or_too_fine_are_refused() {
        assert_eq!(Share::from_percent(100.1), Err(InvalidShare::OutOfRange(100.1)));
        assert!(Share::from_percent(f64::NAN).is_err());
        assert_eq!(Share::from_percent(0.0001), Err(InvalidShare::TooFine(0.0001)));
    }

    proptest! {
        #[test]
        fn feeding_the_hash_incrementally_does_not_change_it(salt in ".{0,12}", key in ".{0,40}") {
            let joined = u64::from(murmur3(&format!("{salt}/{key}")));
            let expected = (joined * u64::from(BUCKETS)) >> 32;
            prop_assert_eq!(u64::from(Salt::new(salt).assign_bucket(&key).0), expected);
        }

        #[test]
        fn raising_a_share_removes_no_user(
            bucket in 0..BUCKETS, low in 0..=BUCKETS, more in 0..=BUCKETS, halvings in 0..4
        ) {
            let throttle = (0..halvings).fold(Throttle::NONE, |t, _| t.halved());
            let low = Share(low);
            let high = Share(low.0.saturating_add(more).min(BUCKETS));
            if is_inside(Bucket(bucket), low, throttle) {
                prop_assert!(is_inside(Bucket(bucket), high, throttle));
            }
        }

        #[test]
        fn halving_keeps_users_with_lower_buckets(a in 0..BUCKETS, b in 0..BUCKETS, share in 0..BUCKETS) {
            let (first, last) = (Bucket(a.min(b)), Bucket(a.max(b)));
            let half = Throttle::NONE.halved();
            if is_inside(last, Share(share), half) {
                prop_assert!(is_inside(first, Share(share), half));
            }
        }

        #[test]
        fn a_full_share_is_never_throttled(bucket in 0..BUCKETS) {
            prop_assert!(is_inside(Bucket(bucket), Share::ALL, Throttle::NONE.halved()));
        }
    }
}
