//! Buttons of editors that add, remove or move a row.

/// A pressed button: an action, and the path of the row that it is about, such as
/// `remove rules.0.rows.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press<'a> {
    /// What to do, such as `add` or `remove`.
    pub action: &'a str,
    /// The list, such as `rules`.
    pub list: &'a str,
    /// The index in it.
    pub index: usize,
    /// The list in the row, and the index in that; empty without one.
    pub inner: &'a str,
    /// The index in the inner list.
    pub inner_index: usize,
}

impl<'a> Press<'a> {
    /// Parses the value of a button. Missing indices are beyond every list.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let (action, path) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = path.split('.');
        let list = parts.next().unwrap_or_default();
        let index = read_index(parts.next());
        let inner = parts.next().unwrap_or_default();
        Self { action, list, index, inner, inner_index: read_index(parts.next()) }
    }
}

fn read_index(text: Option<&str>) -> usize {
    text.and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
}

/// Removes an item, if there is one at the index.
pub(super) fn remove_item<T>(list: &mut Vec<T>, index: usize) {
    if index < list.len() {
        list.remove(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_names_action_list_and_rows() {
        let press = Press::parse("remove rules.2.rows.1");
        assert_eq!((press.action, press.list, press.index), ("remove", "rules", 2));
        assert_eq!((press.inner, press.inner_index), ("rows", 1));
        assert_eq!(Press::parse("add rules").index, usize::MAX);
    }
}
