//! Lists in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use axum::http::StatusCode;

use crate::http::Problem;

/// Things on one page, if nothing else is asked for.
const PAGE: usize = 100;

/// Most things on one page.
const MAX_PAGE: usize = 1_000;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// At most so many things, up to 1,000; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Begin after this one: `next` of the page before.
    after: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// How many there are in all.
    pub(super) total: usize,
    /// Send this as `after` to get the next page; not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl PageQuery {
    /// Cuts the page out of all things, which are in the order of their keys.
    pub(super) fn cut<T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            let detail = format!("limit: must be between 1 and {MAX_PAGE}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        let total = all.len();
        let is_later = |thing: &T| self.after.as_ref().is_none_or(|after| key(thing) > *after);
        let mut items: Vec<T> = all.into_iter().filter(is_later).take(limit + 1).collect();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(&key);
        Ok(Page { items, total, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once() {
        let all: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = PageQuery { limit: Some(10), after };
            let page = query.cut(all.clone(), String::clone).unwrap();
            assert_eq!(page.total, 25);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        let wrong = PageQuery { limit: Some(0), after: None };
        assert!(wrong.cut(all, String::clone).is_err());
    }
}
