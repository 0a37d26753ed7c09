//! Bounds how many labels, pages and releases have rows of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use phasegate_domain::{
    stats::Tally,
    telemetry::{MAX_LABELS, OTHER_LABEL, RowKey},
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::database;

/// How long a label that is not heard of keeps its place, in minutes.
pub(super) const KEPT_MINUTES: i64 = 2 * 24 * 60;

/// What is bounded together: environment, and a series or a kind of slices.
type Group = (i64, String);

fn label_of(key: &RowKey) -> Option<(Group, String)> {
    let group = (key.environment.0, key.series.as_str().to_owned());
    (!key.label.is_empty()).then(|| (group, key.label.clone()))
}

fn slice_of(key: &RowKey) -> Option<(Group, String)> {
    let kind = key.slice.bounded_kind()?;
    Some(((key.environment.0, format!("{kind}s")), key.slice.to_text()))
}

/// Moves rows whose label or slice is one too many to [`OTHER_LABEL`]. They are heard of in the minute
/// in which they come, however old what they tell is: otherwise old events would never be bounded.
pub(super) async fn bound(
    tx: &mut SqliteConnection,
    rows: BTreeMap<RowKey, Tally>,
    minute: i64,
) -> Result<BTreeMap<RowKey, Tally>, StoreError> {
    let heard: BTreeSet<(Group, String)> =
        rows.keys().flat_map(|key| label_of(key).into_iter().chain(slice_of(key))).collect();
    let admitted = admit(tx, &heard, minute).await?;
    let mut bounded: BTreeMap<RowKey, Tally> = BTreeMap::new();
    for (mut key, tally) in rows {
        if label_of(&key).is_some_and(|place| !admitted.contains(&place)) {
            OTHER_LABEL.clone_into(&mut key.label);
        }
        if slice_of(&key).is_some_and(|place| !admitted.contains(&place)) {
            key.slice = key.slice.other();
        }
        bounded.entry(key).or_default().merge(&tally);
    }
    Ok(bounded)
}

/// Of what was heard of, those that have a place or get one.
async fn admit(
    tx: &mut SqliteConnection,
    heard: &BTreeSet<(Group, String)>,
    minute: i64,
) -> Result<BTreeSet<(Group, String)>, StoreError> {
    if heard.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all: Vec<Value> =
        heard.iter().map(|((e, group), label)| json!([e, group, label, minute])).collect();
    let known: Vec<(i64, String, String)> = sqlx::query_as(
        "UPDATE labels SET minute = max(minute, j.value ->> 3) FROM json_each(?) AS j
         WHERE environment_id = j.value ->> 0 AND series = j.value ->> 1 AND label = j.value ->> 2
         RETURNING environment_id, series, label",
    )
    .bind(Value::Array(all).to_string())
    .fetch_all(&mut *tx)
    .await
    .map_err(database)?;
    let mut admitted: BTreeSet<_> = known.into_iter().map(|(e, g, l)| ((e, g), l)).collect();
    if admitted.len() == heard.len() {
        return Ok(admitted);
    }
    let counts: Vec<(i64, String, i64)> =
        sqlx::query_as("SELECT environment_id, series, count(*) FROM labels GROUP BY 1, 2")
            .fetch_all(&mut *tx)
            .await
            .map_err(database)?;
    let mut counts: HashMap<Group, i64> = counts.into_iter().map(|(e, g, n)| ((e, g), n)).collect();
    let mut fresh = Vec::new();
    for place in heard {
        let (group, label) = place;
        let count = counts.entry(group.clone()).or_default();
        if !admitted.contains(place) && *count < i64::from(MAX_LABELS) {
            *count += 1;
            fresh.push(json!([group.0, group.1, label, minute]));
            admitted.insert(place.clone());
        }
    }
    sqlx::query(
        "INSERT INTO labels (environment_id, series, label, minute)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    )
    .bind(Value::Array(fresh).to_string())
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(admitted)
}
