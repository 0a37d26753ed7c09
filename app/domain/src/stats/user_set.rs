//! Exact sets of users.

use roaring::{MultiOps, RoaringBitmap};

/// Users by their numbers in an environment: a Roaring bitmap, small for millions of users and fast
/// to intersect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserSet(RoaringBitmap);

/// Why bytes are not a stored user set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the set of users is damaged: {0}")]
pub struct InvalidUserSet(String);

impl FromIterator<u32> for UserSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl UserSet {
    /// Adds a user; returns `false` if the set contained the user.
    pub fn insert(&mut self, number: u32) -> bool {
        self.0.insert(number)
    }

    /// Removes a user; returns `false` if the set did not contain the user.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(number)
    }

    /// Whether the set contains a user.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.contains(number)
    }

    /// The number of users.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether the set has no users.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all users of another set.
    pub fn extend(&mut self, others: &Self) {
        self.0 |= &others.0;
    }

    /// The union of many sets; much faster than adding one after the other.
    #[must_use]
    pub fn union_of_sets<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(sets.into_iter().map(|set| &set.0).union())
    }

    /// The intersection of both sets.
    #[must_use]
    pub fn intersection_with(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }

    /// The users of this set that the other one lacks.
    #[must_use]
    pub fn difference_with(&self, others: &Self) -> Self {
        Self(&self.0 - &others.0)
    }

    /// The size of the intersection.
    #[must_use]
    pub fn count_in_both(&self, others: &Self) -> u64 {
        self.0.intersection_len(&others.0)
    }

    /// The size of the union.
    #[must_use]
    pub fn count_in_either(&self, others: &Self) -> u64 {
        self.0.union_len(&others.0)
    }

    /// The set with `by` added to each number; numbers above 32 bits are left out.
    #[must_use]
    pub fn shift_numbers(self, by: u32) -> Self {
        if by == 0 {
            return self;
        }
        let higher = self.0.iter().filter_map(|number| number.checked_add(by));
        // Appending in order needs no search: panels shift thousands of sets.
        Self(RoaringBitmap::from_sorted_iter(higher).unwrap_or_default())
    }

    /// The size of the stored form, in bytes.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.0.serialized_size()
    }

    /// The stored form, in Roaring's portable format.
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
    /// Returns an error if the bytes are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidUserSet> {
        let set = RoaringBitmap::deserialize_from(bytes);
        set.map(Self).map_err(|error| InvalidUserSet(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_set_of(numbers: &[u32]) -> UserSet {
        numbers.iter().copied().collect()
    }

    #[test]
    fn users_are_counted_once() {
        let (some, others) = (user_set_of(&[1, 2, 3, 3]), user_set_of(&[3, 4]));
        assert_eq!(
            (some.len(), some.count_in_both(&others), some.count_in_either(&others)),
            (3, 1, 4)
        );
        assert_eq!(some.intersection_with(&others), user_set_of(&[3]));
        assert_eq!(
            UserSet::union_of_sets([&some, &others, &user_set_of(&[])]),
            user_set_of(&[1, 2, 3, 4])
        );
        assert_eq!(UserSet::union_of_sets([]), UserSet::default());
        assert_eq!(others.shift_numbers(65_536), user_set_of(&[65_539, 65_540]));
    }

    #[test]
    fn decoding_the_stored_form_returns_the_set() {
        let users = user_set_of(&[0, 7, 65_535, 70_000, u32::MAX]);
        assert_eq!(UserSet::from_bytes(&users.to_bytes()), Ok(users));
        for damaged in [&b""[..], b"x", &[255; 40]] {
            assert!(UserSet::from_bytes(damaged).is_err());
        }
    }
}
