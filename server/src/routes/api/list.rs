//! Pagination of list responses.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use axum::http::StatusCode;
use phasegate_domain::field_error::FieldCode;

use crate::http::Problem;

/// The default number of items per page.
const PAGE: usize = 100;

/// The maximum number of items per page.
const MAX_PAGE: usize = 1_000;

/// The query parameters of pagination.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The maximum number of items, up to 1,000; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The cursor: `next` of the previous page.
    after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The number of items on all pages.
    pub(super) total: usize,
    /// The cursor to send as `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl PageQuery {
    /// Returns the page of `all`, which must be sorted by `key`.
    pub(super) fn cut_page<T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            let message = format!("must be between 1 and {MAX_PAGE}");
            let status = StatusCode::BAD_REQUEST;
            return Err(Problem::invalid_field(status, "limit", FieldCode::Invalid, message));
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
    fn pages_contain_every_item_once() {
        let all: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = PageQuery { limit: Some(10), after };
            let page = query.cut_page(all.clone(), String::clone).unwrap();
            assert_eq!(page.total, 25);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        let wrong = PageQuery { limit: Some(0), after: None };
        assert!(wrong.cut_page(all, String::clone).is_err());
    }
}
