//! The value of a rollup: count, sum, squares and distribution.

use super::{InvalidSketch, Sketch, leb128};

/// The first byte of the stored form.
const ENCODING: u8 = 1;

/// Count, sum, sum of squares and distribution of values. Events without a value are only counted.
///
/// All parts are signed integers, so aggregates merged in any order and grouping are equal, even
/// if a value is removed before it is added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aggregate {
    count: i64,
    sum: i128,
    squares: i128,
    sketch: Sketch,
}

impl Aggregate {
    /// Adds `times` events without a value.
    pub fn add_events(&mut self, times: u64) {
        self.count = self.count.saturating_add_unsigned(times);
    }

    /// Adds one value to the aggregate.
    pub fn add_value(&mut self, value: u64) {
        self.count += 1;
        self.sum += i128::from(value);
        self.squares += i128::from(value).pow(2);
        self.sketch.add_value(value as f64);
    }

    /// Removes one value, which may also be added later.
    pub fn remove_value(&mut self, value: u64) {
        self.count -= 1;
        self.sum -= i128::from(value);
        self.squares -= i128::from(value).pow(2);
        self.sketch.remove_value(value as f64);
    }

    /// Removes `times` events without a value.
    pub fn remove_events(&mut self, times: u64) {
        self.count = self.count.saturating_sub_unsigned(times);
    }

    /// Merges another aggregate into this one.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
        self.sketch.merge(&other.sketch);
    }

    /// The number of events, with or without a value; 0 if more were removed than added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.max(0).unsigned_abs()
    }

    /// The sum of the values, in their unit.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// The mean of the values; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.sketch.count();
        (count > 0).then(|| self.sum as f64 / count as f64)
    }

    /// The sample variance of the values; `None` with fewer than two.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        let count = self.sketch.count();
        if count < 2 {
            return None;
        }
        let (n, sum) = (count as f64, self.sum as f64);
        Some(((self.squares as f64 - sum * sum / n) / (n - 1.0)).max(0.0))
    }

    /// The distribution of the values.
    #[must_use]
    pub fn sketch(&self) -> &Sketch {
        &self.sketch
    }

    /// The heap memory of its sketch, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.sketch.heap_bytes()
    }

    /// The stored form: a version byte, count, sum and squares in LEB128, and the sketch.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![ENCODING];
        leb128::push_signed(&mut bytes, self.count.into());
        leb128::push_signed(&mut bytes, self.sum);
        leb128::push_signed(&mut bytes, self.squares);
        // Most metrics count events without a value.
        if self.sketch != Sketch::default() {
            bytes.extend(self.sketch.to_bytes());
        }
        bytes
    }

    /// The length of a prefix of the stored form that always contains the count, in bytes.
    pub const COUNT_BYTES: u32 = 12;

    /// Reads only the count, from the first bytes of the stored form.
    ///
    /// # Errors
    /// See [`Aggregate::from_bytes`].
    pub fn decode_count(bytes: &[u8]) -> Result<u64, InvalidSketch> {
        let (version, mut rest) = bytes.split_first().ok_or(InvalidSketch::Damaged)?;
        if *version != ENCODING {
            return Err(InvalidSketch::Encoding);
        }
        let count = leb128::pull_signed(&mut rest).ok_or(InvalidSketch::Damaged)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Returns an error if the bytes are damaged or have an unknown encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSketch> {
        let (count, sum, squares, rest) = Self::split_stored(bytes)?;
        let sketch = if rest.is_empty() { Sketch::default() } else { Sketch::from_bytes(rest)? };
        Ok(Self { count, sum, squares, sketch })
    }

    /// Splits the stored form into count, sum, squares and the encoded sketch.
    fn split_stored(bytes: &[u8]) -> Result<(i64, i128, i128, &[u8]), InvalidSketch> {
        let (version, mut rest) = bytes.split_first().ok_or(InvalidSketch::Damaged)?;
        if *version != ENCODING {
            return Err(InvalidSketch::Encoding);
        }
        let mut next = || leb128::pull_signed(&mut rest).ok_or(InvalidSketch::Damaged);
        let count = i64::try_from(next()?).map_err(|_| InvalidSketch::Damaged)?;
        Ok((count, next()?, next()?, rest))
    }
}

/// A sum of stored aggregates that allocates no sketch for each: panels add thousands of them.
#[derive(Debug, Clone, Default)]
pub struct AggregateSum {
    count: i64,
    sum: i128,
    squares: i128,
    zeros: i64,
    /// Counts by sketch bin, from 0 up to the highest bin so far.
    bins: Vec<i64>,
}

impl AggregateSum {
    /// Adds an aggregate in its stored form.
    ///
    /// # Errors
    /// Returns an error if the bytes are damaged or have an unknown encoding; discard the sum then.
    pub fn add_stored(&mut self, bytes: &[u8]) -> Result<(), InvalidSketch> {
        let (count, sum, squares, rest) = Aggregate::split_stored(bytes)?;
        self.count = self.count.saturating_add(count);
        self.sum = self.sum.saturating_add(sum);
        self.squares = self.squares.saturating_add(squares);
        if rest.is_empty() {
            return Ok(());
        }
        let bins = &mut self.bins;
        let zeros = Sketch::decode_bins(rest, |bin, count| {
            let place = bin.unsigned_abs() as usize;
            if bins.len() <= place {
                bins.resize(place + 1, 0);
            }
            if let Some(total) = bins.get_mut(place) {
                *total = total.saturating_add(count);
            }
        })?;
        self.zeros = self.zeros.saturating_add(zeros);
        Ok(())
    }

    /// The aggregate of everything added so far.
    #[must_use]
    pub fn to_aggregate(&self) -> Aggregate {
        let sketch = Sketch::from_counts(self.zeros, &self.bins);
        Aggregate { count: self.count, sum: self.sum, squares: self.squares, sketch }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aggregate_of_values(values: &[u64]) -> Aggregate {
        let mut aggregate = Aggregate::default();
        values.iter().for_each(|value| aggregate.add_value(*value));
        aggregate
    }

    #[test]
    fn mean_variance_and_count_match_the_values() {
        let aggregate = aggregate_of_values(&[2, 4, 4, 4, 5, 5, 7, 9]);
        assert_eq!(aggregate.mean(), Some(5.0));
        assert!((aggregate.variance().unwrap() - 32.0 / 7.0).abs() < 1e-12);
        assert_eq!((aggregate.count(), aggregate.sum()), (8, 40));
        assert_eq!(Aggregate::default().mean(), None);
        let mut often = Aggregate::default();
        often.add_events(300);
        let bytes = often.to_bytes();
        let begin: Vec<u8> = bytes.into_iter().take(Aggregate::COUNT_BYTES as usize).collect();
        assert_eq!(Aggregate::decode_count(&begin), Ok(300));
        assert_eq!(Aggregate::decode_count(&[]), Err(InvalidSketch::Damaged));
    }

    proptest! {
        #[test]
        fn merging_does_not_depend_on_order_or_grouping(
            values in prop::collection::vec(0..1_000_000_000_u64, 0..60), at in 0..60_usize
        ) {
            let (left, right) = values.split_at(at.min(values.len()));
            let mut merged = aggregate_of_values(right);
            merged.merge(&aggregate_of_values(left));
            prop_assert_eq!(&merged, &aggregate_of_values(&values));
            // Values that are removed before they are added cancel out.
            let mut taken = Aggregate::default();
            values.iter().for_each(|value| taken.remove_value(*value));
            taken.merge(&merged);
            prop_assert_eq!(taken, Aggregate::default());
        }

        #[test]
        fn decoding_the_stored_form_returns_the_aggregate(values in prop::collection::vec(any::<u32>(), 0..40), times in 0..9_u64) {
            let mut aggregate = aggregate_of_values(&values.iter().map(|value| u64::from(*value)).collect::<Vec<_>>());
            aggregate.add_events(times);
            prop_assert_eq!(Aggregate::from_bytes(&aggregate.to_bytes()), Ok(aggregate));
        }

        #[test]
        fn summing_stored_forms_equals_merging(
            parts in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..9), 0..9)
        ) {
            let (mut merged, mut sum) = (Aggregate::default(), AggregateSum::default());
            for values in &parts {
                let mut part = aggregate_of_values(&values.iter().map(|value| u64::from(*value)).collect::<Vec<_>>());
                part.remove_value(7);
                merged.merge(&part);
                sum.add_stored(&part.to_bytes()).unwrap();
            }
            prop_assert_eq!(sum.to_aggregate(), merged);
        }

        #[test]
        fn decoding_arbitrary_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Aggregate::from_bytes(&bytes);
            let _ = AggregateSum::default().add_stored(&bytes);
        }
    }
}
