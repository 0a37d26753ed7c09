//! A mergeable quantile sketch with a relative error of 1 %.
//!
//! DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
//! Relative-Error Guarantees", VLDB 2019) with logarithmic bins: a value v > 0 falls into bin
//! `i = ⌈ln v ÷ ln γ⌉` with `γ = (1 + α) ÷ (1 − α)`, which is reported as `2γⁱ ÷ (γ + 1)`.

use super::leb128;

/// The guaranteed relative error of a quantile.
pub(crate) const RELATIVE_ERROR: f64 = 0.01;

/// Smaller values count as zero.
const SMALLEST: f64 = 1.0;

/// Larger values count as this one.
const LARGEST: f64 = 1e12;

/// The bin of [`LARGEST`]: ⌈ln 1e12 ÷ ln γ⌉.
const MAX_BIN: i32 = 1_382;

/// The first byte of the stored form.
const ENCODING: u8 = 2;

/// Counts of non-negative values per logarithmic bin.
///
/// Counts are signed, so a value may be removed before it is added, and the order of changes does
/// not matter. Queries ignore bins whose count is not positive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    zeros: i64,
    /// By bin, lowest first, without counts of zero. A list, because panels merge thousands of
    /// sketches, and two sorted lists merge much faster than two trees.
    bins: Vec<(i32, i64)>,
}

/// Why bytes cannot be decoded as a sketch or aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSketch {
    /// The encoding is unknown, such as that of a newer version.
    #[error("the sketch is in an unknown encoding")]
    Encoding,
    /// The bytes end too early or contain an impossible number.
    #[error("the sketch is damaged")]
    Damaged,
}

fn gamma() -> f64 {
    (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)
}

impl Sketch {
    /// Adds one value. NaN and negative values count as zero.
    pub fn add_value(&mut self, value: f64) {
        self.change_count(value, 1);
    }

    /// Removes one value, which may be added later.
    pub fn remove_value(&mut self, value: f64) {
        self.change_count(value, -1);
    }

    fn change_count(&mut self, value: f64, times: i64) {
        if value >= SMALLEST {
            let bin = (value.min(LARGEST).ln() / gamma().ln()).ceil();
            // At most MAX_BIN.
            self.count_bin(bin as i32, times);
        } else {
            self.zeros += times;
        }
    }

    /// Adds to a bin. Bins with a count of zero are removed, so that equal contents compare equal.
    fn count_bin(&mut self, bin: i32, times: i64) {
        match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Err(place) if times != 0 => self.bins.insert(place, (bin, times)),
            Err(_) => {}
            Ok(place) => {
                if let Some((_, count)) = self.bins.get_mut(place) {
                    *count += times;
                    if *count == 0 {
                        self.bins.remove(place);
                    }
                }
            }
        }
    }

    /// Adds all counts of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        // Panels merge thousands of sketches into few, which soon have all the bins: existing bins
        // are updated in place, and only missing ones require a sort.
        let (mut place, mut missing, mut is_any_nothing) = (0, Vec::new(), false);
        for &(bin, count) in &other.bins {
            while self.bins.get(place).is_some_and(|(own, _)| *own < bin) {
                place += 1;
            }
            match self.bins.get_mut(place) {
                Some((own, total)) if *own == bin => {
                    *total += count;
                    is_any_nothing |= *total == 0;
                }
                _ => missing.push((bin, count)),
            }
        }
        if is_any_nothing {
            self.bins.retain(|(_, count)| *count != 0);
        }
        if !missing.is_empty() {
            self.bins.append(&mut missing);
            // Two sorted runs, which the stable sort merges in one pass.
            self.bins.sort_by_key(|(bin, _)| *bin);
        }
    }

    /// The heap memory of the bins, in bytes.
    #[must_use]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bins.capacity() * size_of::<(i32, i64)>()
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.positive_bins().map(|(_, count)| count).sum()
    }

    /// Returns the bins with a positive count, lowest first; `None` is the bin of zeros.
    fn positive_bins(&self) -> impl Iterator<Item = (Option<i32>, u64)> + '_ {
        let bins = self.bins.iter().map(|(bin, count)| (Some(*bin), *count));
        let all = std::iter::once((None, self.zeros)).chain(bins);
        all.filter_map(|(bin, count)| Some((bin, u64::try_from(count).ok().filter(|c| *c > 0)?)))
    }

    /// The `q`-quantile (0 to 1) of the values, within 1 %; `None` if there are none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        // Counts beyond 2^53 are out of reach, so the conversions are exact.
        let rank = (q.clamp(0.0, 1.0) * (count - 1) as f64).floor() as u64;
        let mut seen = 0;
        self.positive_bins().find_map(|(bin, count)| {
            seen += count;
            (rank < seen).then(|| Self::bin_value(bin))
        })
    }

    /// The number of values up to `limit`; a bin counts by its representative value.
    #[must_use]
    pub fn count_at_most(&self, limit: f64) -> u64 {
        let below = self.positive_bins().take_while(|(bin, _)| Self::bin_value(*bin) <= limit);
        below.map(|(_, count)| count).sum()
    }

    /// The representative value of a bin.
    fn bin_value(bin: Option<i32>) -> f64 {
        bin.map_or(0.0, |bin| 2.0 * gamma().powi(bin) / (gamma() + 1.0))
    }

    /// The stored form: a version byte, then in LEB128 the zeros and the bins as (gap, count), with
    /// zigzag-encoded counts.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![ENCODING];
        leb128::push_signed(&mut bytes, self.zeros.into());
        let mut last = 0;
        for (bin, count) in &self.bins {
            // Bins are never negative: the smallest value is 1.
            leb128::push_unsigned(&mut bytes, bin.abs_diff(last).into());
            leb128::push_signed(&mut bytes, (*count).into());
            last = *bin;
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Returns an error if the bytes are damaged or have an unknown encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSketch> {
        let mut bins = Vec::with_capacity(bytes.len() / 2);
        let zeros = Self::decode_bins(bytes, |bin, count| bins.push((bin, count)))?;
        Ok(Self { zeros, bins })
    }

    /// Passes the bins of the stored form to `each`, lowest first, and returns the number of zeros.
    pub(super) fn decode_bins(
        bytes: &[u8],
        mut each: impl FnMut(i32, i64),
    ) -> Result<i64, InvalidSketch> {
        let (version, mut rest) = bytes.split_first().ok_or(InvalidSketch::Damaged)?;
        if *version != ENCODING {
            return Err(InvalidSketch::Encoding);
        }
        let signed = |rest: &mut &[u8]| {
            let number = leb128::pull_signed(rest).ok_or(InvalidSketch::Damaged)?;
            i64::try_from(number).map_err(|_| InvalidSketch::Damaged)
        };
        let zeros = signed(&mut rest)?;
        let mut last: Option<i32> = None;
        while !rest.is_empty() {
            let gap = leb128::pull_unsigned(&mut rest).and_then(|gap| i32::try_from(gap).ok());
            let bin = gap.and_then(|gap| last.unwrap_or(0).checked_add(gap));
            // After the first bin, a gap of 0 would repeat a bin.
            let is_higher = |bin: &i32| *bin <= MAX_BIN && last.is_none_or(|last| last < *bin);
            let bin = bin.filter(is_higher).ok_or(InvalidSketch::Damaged)?;
            let count = signed(&mut rest)?;
            if count != 0 {
                each(bin, count);
            }
            last = Some(bin);
        }
        Ok(zeros)
    }

    /// Builds a sketch from counts by bin, starting at bin 0.
    pub(super) fn from_counts(zeros: i64, counts: &[i64]) -> Self {
        let bins = (0..).zip(counts).filter(|(_, count)| **count != 0);
        Self { zeros, bins: bins.map(|(bin, count)| (bin, *count)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch_of_values(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add_value(*value));
        sketch
    }

    #[test]
    fn an_empty_sketch_has_no_quantile() {
        assert_eq!(Sketch::default().quantile(0.75), None);
        assert_eq!(sketch_of_values(&[0.0, 0.0]).quantile(0.75), Some(0.0));
    }

    #[test]
    fn values_up_to_a_limit_are_counted() {
        let sketch = sketch_of_values(&[0.0, 10.0, 20.0, 30.0]);
        assert_eq!(sketch.count_at_most(25.0), 3);
        assert_eq!(sketch.count_at_most(1e9), 4);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert_eq!(Sketch::from_bytes(&[]), Err(InvalidSketch::Damaged));
        assert_eq!(Sketch::from_bytes(&[9]), Err(InvalidSketch::Encoding));
        assert_eq!(Sketch::from_bytes(&[2, 0, 5]), Err(InvalidSketch::Damaged));
        assert_eq!(Sketch::from_bytes(&[2, 0x80]), Err(InvalidSketch::Damaged));
    }

    #[test]
    fn the_largest_value_has_the_last_bin() {
        let sketch = sketch_of_values(&[f64::MAX, 1.0]);
        assert_eq!(sketch.bins.iter().map(|(bin, _)| *bin).collect::<Vec<_>>(), [0, MAX_BIN]);
        assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_one_per_cent(
            mut values in prop::collection::vec(1.0..1e9_f64, 1..200), q in 0.0..=1.0_f64
        ) {
            let estimate = sketch_of_values(&values).quantile(q).unwrap();
            values.sort_by(f64::total_cmp);
            let exact = values[(q * (values.len() - 1) as f64).floor() as usize];
            // Slightly above α, because the logarithm is rounded at the edge of a bin.
            prop_assert!((estimate - exact).abs() <= exact * (RELATIVE_ERROR + 1e-9), "{estimate} {exact}");
        }

        #[test]
        fn merging_does_not_depend_on_the_split(values in prop::collection::vec(0.0..1e9_f64, 0..200), at in 0..200_usize) {
            let (left, right) = values.split_at(at.min(values.len()));
            let mut merged = sketch_of_values(right);
            merged.merge(&sketch_of_values(left));
            prop_assert_eq!(merged, sketch_of_values(&values));
        }

        #[test]
        fn removed_values_cancel_added_values(values in prop::collection::vec(0.0..1e9_f64, 0..50)) {
            let mut taken = Sketch::default();
            values.iter().for_each(|value| taken.remove_value(*value));
            prop_assert_eq!(taken.count(), 0);
            taken.merge(&sketch_of_values(&values));
            prop_assert_eq!(taken, Sketch::default());
        }

        #[test]
        fn decoding_the_stored_form_returns_the_sketch(values in prop::collection::vec(0.0..1e13_f64, 0..100)) {
            let sketch = sketch_of_values(&values);
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
        }

        #[test]
        fn decoding_arbitrary_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Sketch::from_bytes(&bytes);
        }
    }
}
