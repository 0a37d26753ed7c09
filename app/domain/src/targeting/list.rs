//! Lists of values, sorted once and stored compactly: a segment may name ten thousand users.

use std::cmp::Ordering;

use serde_json::Value;

use super::{InvalidValue, number};

/// The maximum length of a list. Positions in a list fit into 16 bits.
pub(super) const MAX_LIST: usize = 10_000;

/// The number of values that 16 bits can hold.
const BLOCK: usize = 1 << 16;

/// A list as it was written, with an index that finds a value in logarithmic time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueList {
    Texts(TextList),
    Mixed {
        /// In the order in which they were written.
        items: Box<[Value]>,
        /// Positions in `items`, ordered by [`compare_values`].
        sorted: Box<[u16]>,
    },
}

/// Texts end to end in one allocation, with an overhead of four bytes for each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextList {
    text: Box<str>,
    ends: Ends,
    /// Positions in `ends`, ordered by text.
    sorted: Box<[u16]>,
}

/// The byte offset at which each text ends: an ascending sequence that stores only the lower 16
/// bits of each offset.
#[derive(Debug, Clone, PartialEq, Default)]
struct Ends {
    low: Box<[u16]>,
    /// For each multiple of 65,536, the first item that reaches it.
    reached: Box<[u16]>,
}

impl Ends {
    fn new(ends: &[usize]) -> Self {
        let low = ends.iter().map(|end| (end % BLOCK) as u16).collect();
        let blocks = 1..=ends.last().map_or(0, |end| end / BLOCK);
        let first = |block| ends.partition_point(|end| *end < block * BLOCK) as u16;
        Self { low, reached: blocks.map(first).collect() }
    }

    fn get(&self, index: u16) -> usize {
        let low = self.low.get(usize::from(index)).map_or(0, |low| usize::from(*low));
        low + BLOCK * self.reached.partition_point(|first| *first <= index)
    }

    #[cfg(test)]
    fn heap_bytes(&self) -> usize {
        2 * (self.low.len() + self.reached.len())
    }
}

impl TextList {
    fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for item in texts {
            text.push_str(item);
            ends.push(text.len());
        }
        let mut list = Self { text: text.into(), ends: Ends::new(&ends), sorted: Box::default() };
        let mut sorted = all_positions(ends.len());
        sorted.sort_unstable_by(|a, b| list.get(*a).cmp(list.get(*b)));
        list.sorted = sorted.into();
        list
    }

    fn get(&self, index: u16) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends.get(before));
        self.text.get(start..self.ends.get(index)).unwrap_or_default()
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.sorted.binary_search_by(|index| self.get(*index).cmp(text)).is_ok()
    }

    fn to_json(&self) -> Value {
        all_positions(self.sorted.len())
            .into_iter()
            .map(|index| Value::from(self.get(index)))
            .collect()
    }
}

fn all_positions(count: usize) -> Vec<u16> {
    (0..count).filter_map(|index| u16::try_from(index).ok()).collect()
}

impl ValueList {
    /// Parses a list.
    ///
    /// # Errors
    /// Returns what the list needs instead.
    pub(super) fn new(value: &Value) -> Result<Self, InvalidValue> {
        let items = value.as_array().filter(|list| !list.is_empty());
        let items = items.ok_or(InvalidValue::NotAList)?;
        if items.len() > MAX_LIST {
            return Err(InvalidValue::TooManyValues { found: items.len(), most: MAX_LIST });
        }
        if items.iter().all(Value::is_string) {
            return Ok(Self::Texts(TextList::new(items.iter().filter_map(Value::as_str))));
        }
        let mut sorted = all_positions(items.len());
        let at = |index: &u16| items.get(usize::from(*index)).unwrap_or(&Value::Null);
        sorted.sort_by(|a, b| compare_values(at(a), at(b)));
        Ok(Self::Mixed { items: items.clone().into(), sorted: sorted.into() })
    }

    /// The list as it was written.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Texts(list) => list.to_json(),
            Self::Mixed { items, .. } => items.to_vec().into(),
        }
    }

    pub(super) fn first_rounded(&self) -> Option<&serde_json::Number> {
        match self {
            Self::Texts(_) => None,
            Self::Mixed { items, .. } => items.iter().find_map(number::rounded_number),
        }
    }

    /// Whether a text is in the list; `None` if the list has no texts at all.
    pub(super) fn contains_text(&self, text: &str) -> Option<bool> {
        match self {
            Self::Texts(list) => Some(list.contains(text)),
            Self::Mixed { .. } => self.contains(&Value::from(text)),
        }
    }

    /// Whether a value is in the list; `None` if the list has no value of its type.
    pub(super) fn contains(&self, value: &Value) -> Option<bool> {
        match (self, value) {
            (Self::Texts(list), Value::String(text)) => Some(list.contains(text)),
            (Self::Texts(_), _) => None,
            (Self::Mixed { items, sorted }, value) => {
                let at = |index: u16| items.get(usize::from(index)).unwrap_or(&Value::Null);
                let is_found =
                    sorted.binary_search_by(|index| compare_values(at(*index), value)).is_ok();
                (is_found || items.iter().any(|item| type_rank(item) == type_rank(value)))
                    .then_some(is_found)
            }
        }
    }
}

/// A total order of values by type, then by value; lists and objects by their JSON text.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            number::compare_numbers(a, b).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => type_rank(a).cmp(&type_rank(b)).then_with(|| a.to_string().cmp(&b.to_string())),
    }
}

fn type_rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn membership_is_unknown_for_types_that_a_list_lacks() {
        let texts = ValueList::new(&json!(["b", "a", "b", ""])).unwrap();
        assert_eq!(texts.contains_text("a"), Some(true));
        assert_eq!(texts.contains_text("c"), Some(false));
        assert_eq!(texts.contains(&json!(1)), None);
        let mixed = ValueList::new(&json!([3, "x", 1.0, true])).unwrap();
        assert_eq!(mixed.contains(&json!(1)), Some(true));
        assert_eq!(mixed.contains(&json!(2)), Some(false));
        assert_eq!(mixed.contains(&json!(false)), Some(false));
        assert_eq!(mixed.contains_text("x"), Some(true));
        let numbers = ValueList::new(&json!([1, 2])).unwrap();
        assert_eq!(numbers.contains_text("1"), None);
    }

    #[test]
    fn a_list_of_ids_takes_little_more_than_its_text() {
        let ids: Vec<String> = (0..10_000).map(|n| format!("customer-{n:06}")).collect();
        let written = serde_json::to_string(&ids).unwrap().len();
        let ValueList::Texts(list) = ValueList::new(&json!(ids)).unwrap() else { panic!("texts") };
        let taken = list.text.len() + list.ends.heap_bytes() + 2 * list.sorted.len();
        assert!(taken * 10 <= written * 11, "{taken} bytes for {written}");
    }

    #[test]
    fn texts_longer_than_65535_bytes_are_found() {
        let texts = ["", "x", &"y".repeat(65_535), "", &"z".repeat(200_000), "end", ""];
        let list = ValueList::new(&json!(texts)).unwrap();
        assert_eq!(list.to_json(), json!(texts));
        for text in texts {
            assert_eq!(list.contains_text(text), Some(true), "{} bytes", text.len());
        }
        assert_eq!(list.contains_text(&"z".repeat(199_999)), Some(false));
    }

    proptest! {
        #[test]
        fn a_list_is_written_as_it_was_read(texts in prop::collection::vec(".{0,6}", 1..40), probe in ".{0,6}") {
            let list = ValueList::new(&json!(texts)).unwrap();
            prop_assert_eq!(list.to_json(), json!(texts));
            prop_assert_eq!(list.contains_text(&probe), Some(texts.contains(&probe)));
            for text in &texts {
                prop_assert_eq!(list.contains_text(text), Some(true));
            }
        }

        #[test]
        fn numbers_are_found_in_any_order(numbers in prop::collection::vec(-50_i64..50, 1..40), probe in -60_i64..60) {
            let list = ValueList::new(&json!(numbers)).unwrap();
            prop_assert_eq!(list.contains(&json!(probe as f64)), Some(numbers.contains(&probe)));
        }
    }
}
