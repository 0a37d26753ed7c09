//! Sets of people, counted exactly.

use roaring::{MultiOps, RoaringBitmap};

/// People by their numbers in an environment. Small even for millions, and quick to intersect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserSet(RoaringBitmap);

/// Why bytes are not a set of people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the set of people is damaged: {0}")]
pub struct InvalidUserSet(String);

impl FromIterator<u32> for UserSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl UserSet {
    /// Adds somebody; `false` if they were there.
    pub fn insert(&mut self, number: u32) -> bool {
        self.0.insert(number)
    }

    /// Takes somebody out; `false` if they were not there.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(number)
    }

    /// Whether somebody is in it.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.contains(number)
    }

    /// The number of users.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all of another set.
    pub fn extend(&mut self, others: &Self) {
        self.0 |= &others.0;
    }

    /// All who are in any of them; much faster than adding one after the other.
    #[must_use]
    pub fn in_any<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(sets.into_iter().map(|set| &set.0).union())
    }

    /// Those who are in both.
    #[must_use]
    pub fn in_both(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }

    /// Those who are not in the other one.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self(&self.0 - &others.0)
    }

    /// How many are in both.
    #[must_use]
    pub fn count_in_both(&self, others: &Self) -> u64 {
        self.0.intersection_len(&others.0)
    }

    /// How many are in either.
    #[must_use]
    pub fn count_in_either(&self, others: &Self) -> u64 {
        self.0.union_len(&others.0)
    }

    /// The set with all numbers higher by `by`; those that no longer fit are left out.
    #[must_use]
    pub fn shifted(self, by: u32) -> Self {
        if by == 0 {
            return self;
        }
        let higher = self.0.iter().filter_map(|number| number.checked_add(by));
        // In order, so none is looked for: panels shift thousands of sets.
        Self(RoaringBitmap::from_sorted_iter(higher).unwrap_or_default())
    }

    /// How many bytes the stored form takes.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.0.serialized_size()
    }

    /// The stored form: Roaring's portable one.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        // Writing to memory does not fail.
        let _ = self.0.serialize_into(&mut bytes);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidUserSet> {
        let set = RoaringBitmap::deserialize_from(bytes);
        set.map(Self).map_err(|error| InvalidUserSet(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    #[test]
    fn people_are_counted_once() {
        let (some, others) = (people(&[1, 2, 3, 3]), people(&[3, 4]));
        assert_eq!(
            (some.len(), some.count_in_both(&others), some.count_in_either(&others)),
            (3, 1, 4)
        );
        assert_eq!(some.in_both(&others), people(&[3]));
        assert_eq!(UserSet::in_any([&some, &others, &people(&[])]), people(&[1, 2, 3, 4]));
        assert_eq!(UserSet::in_any([]), UserSet::default());
        assert_eq!(others.shifted(65_536), people(&[65_539, 65_540]));
    }

    #[test]
    fn the_stored_form_leads_back() {
        let people = people(&[0, 7, 65_535, 70_000, u32::MAX]);
        assert_eq!(UserSet::from_bytes(&people.to_bytes()), Ok(people));
        for damaged in [&b""[..], b"x", &[255; 40]] {
            assert!(UserSet::from_bytes(damaged).is_err());
        }
    }
}
