//! Bounds how many labels, pages and releases have rows of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{MAX_LABELS, Metric, OTHER_LABEL, RollupKey},
    stats::Aggregate,
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::database;

/// How long a label that is not heard of keeps its place, in minutes.
pub(super) const KEPT_MINUTES: i64 = 2 * 24 * 60;

/// How long a label waits for a place, in minutes.
pub(super) const CANDIDATE_MINUTES: i64 = 24 * 60;

/// After how many minutes a label that several visitors send is not displaced by a few more.
const RESERVED_AFTER_MINUTES: i64 = 24 * 60;

/// Labels that wait for a place at once.
const MAX_CANDIDATES: i64 = 5_000;

/// What is bounded together: environment, and a metric or a kind of dimensions.
type Group = (i64, String);

/// A label or dimension in its group.
type Place = (Group, String);

fn label_of(key: &RollupKey) -> Option<(Group, String)> {
    let group = (key.environment.0, key.metric.as_str().to_owned());
    (!key.label.is_empty()).then(|| (group, key.label.clone()))
}

fn slice_of(key: &RollupKey) -> Option<(Group, String)> {
    let kind = key.dimension.bounded_kind()?;
    Some(((key.environment.0, format!("{kind}s")), key.dimension.to_text()))
}

/// Moves rows whose label or dimension is one too many to [`OTHER_LABEL`]. They are heard of in the minute
/// in which they come, however old what they tell is: otherwise old events would never be bounded.
/// `senders` says by how many different visitors each was sent.
pub(super) async fn bound(
    tx: &mut SqliteConnection,
    rows: BTreeMap<RollupKey, Aggregate>,
    senders: &BTreeMap<(EnvironmentId, Option<Metric>, String), u64>,
    minute: i64,
) -> Result<BTreeMap<RollupKey, Aggregate>, StoreError> {
    let mut heard: BTreeMap<Place, u64> = BTreeMap::new();
    let bits = |key: &RollupKey, metric: Option<Metric>, text: &str| {
        senders.get(&(key.environment, metric, text.to_owned())).copied().unwrap_or_default()
    };
    for key in rows.keys() {
        if let Some(place) = label_of(key) {
            *heard.entry(place).or_default() |= bits(key, Some(key.metric), &key.label);
        }
        if let Some(place) = slice_of(key) {
            let sent = bits(key, None, &place.1);
            *heard.entry(place).or_default() |= sent;
        }
    }
    let admitted = admit(tx, &heard, minute).await?;
    let mut bounded: BTreeMap<RollupKey, Aggregate> = BTreeMap::new();
    for (mut key, aggregate) in rows {
        if label_of(&key).is_some_and(|place| !admitted.contains(&place)) {
            OTHER_LABEL.clone_into(&mut key.label);
        }
        if slice_of(&key).is_some_and(|place| !admitted.contains(&place)) {
            key.dimension = key.dimension.other();
        }
        bounded.entry(key).or_default().merge(&aggregate);
    }
    Ok(bounded)
}

/// Gives labels that a plan names a place for good, whatever else is sent.
pub(super) async fn reserve(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    labels: &[(Metric, String)],
    minute: i64,
) -> Result<(), StoreError> {
    let all: Vec<Value> =
        labels.iter().map(|(metric, label)| json!([metric.as_str(), label])).collect();
    sqlx::query(
        "INSERT INTO labels (environment_id, metric, label, minute, seen, since)
         SELECT ?1, value ->> 0, value ->> 1, ?2, -1, ?2 FROM json_each(?3) WHERE true
         ON CONFLICT (environment_id, metric, label) DO UPDATE SET seen = -1",
    )
    .bind(environment.0)
    .bind(minute)
    .bind(Value::Array(all).to_string())
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(())
}

/// Of what was heard of, those that have a place or get one.
async fn admit(
    tx: &mut SqliteConnection,
    heard: &BTreeMap<Place, u64>,
    minute: i64,
) -> Result<BTreeSet<Place>, StoreError> {
    if heard.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all: Vec<Value> = heard
        .iter()
        .map(|(((e, group), label), bits)| json!([e, group, label, minute, bits.cast_signed()]))
        .collect();
    let known: Vec<(i64, String, String)> = sqlx::query_as(
        "UPDATE labels SET minute = max(minute, j.value ->> 3), seen = seen | (j.value ->> 4)
         FROM json_each(?) AS j
         WHERE environment_id = j.value ->> 0 AND metric = j.value ->> 1 AND label = j.value ->> 2
         RETURNING environment_id, metric, label",
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
        sqlx::query_as("SELECT environment_id, metric, count(*) FROM labels GROUP BY 1, 2")
            .fetch_all(&mut *tx)
            .await
            .map_err(database)?;
    let mut counts: HashMap<Group, i64> = counts.into_iter().map(|(e, g, n)| ((e, g), n)).collect();
    let (mut fresh, mut waiting) = (Vec::new(), BTreeMap::new());
    for (place, bits) in heard {
        let (group, label) = place;
        let count = counts.entry(group.clone()).or_default();
        if admitted.contains(place) {
            continue;
        }
        if *count < i64::from(MAX_LABELS) {
            *count += 1;
            fresh.push(json!([group.0, group.1, label, minute, bits.cast_signed()]));
            admitted.insert(place.clone());
        } else {
            waiting.insert(place.clone(), *bits);
        }
    }
    insert(tx, fresh).await?;
    if !waiting.is_empty() {
        admitted.extend(displace(tx, waiting, minute).await?);
    }
    Ok(admitted)
}

async fn insert(tx: &mut SqliteConnection, fresh: Vec<Value>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO labels (environment_id, metric, label, minute, seen, since)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 3
         FROM json_each(?)",
    )
    .bind(Value::Array(fresh).to_string())
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(())
}

/// How many different visitors a set of bits stands for, at least.
fn visitors(bits: i64) -> u32 {
    bits.count_ones()
}

/// From how many visitors on a label takes the place of another. What a plan names keeps it whoever sends
/// what; what several visitors sent yesterday already, unless it is far more.
fn bar(seen: i64, since: i64, minute: i64) -> Option<u32> {
    let strength = visitors(seen);
    let is_known = since <= minute - RESERVED_AFTER_MINUTES && strength >= 2;
    // One network alone does not reach it (`Visit::sender`).
    let bar = if is_known { 2 * strength + 4 } else { strength };
    (seen != -1).then_some(bar)
}

/// Notes labels that wait for a place, and gives one to those that more different visitors have sent than
/// the label in the place of which they come.
async fn displace(
    tx: &mut SqliteConnection,
    waiting: BTreeMap<Place, u64>,
    minute: i64,
) -> Result<BTreeSet<Place>, StoreError> {
    let all: Vec<Value> = waiting
        .iter()
        .map(|(((e, group), label), bits)| json!([e, group, label, minute, bits.cast_signed()]))
        .collect();
    let noted: Vec<(i64, String, String, i64)> = sqlx::query_as(
        "INSERT INTO label_candidates (environment_id, metric, label, minute, seen)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
         FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET seen = seen | excluded.seen, minute = excluded.minute
         RETURNING environment_id, metric, label, seen",
    )
    .bind(Value::Array(all).to_string())
    .fetch_all(&mut *tx)
    .await
    .map_err(database)?;
    let groups: BTreeSet<Group> = waiting.into_keys().map(|(group, _)| group).collect();
    let mut admitted = BTreeSet::new();
    for group in groups {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT label, seen, since FROM labels WHERE environment_id = ? AND metric = ?",
        )
        .bind(group.0)
        .bind(&group.1)
        .fetch_all(&mut *tx)
        .await
        .map_err(database)?;
        let mut weakest: Vec<(u32, String)> = rows
            .into_iter()
            .filter_map(|(label, seen, since)| Some((bar(seen, since, minute)?, label)))
            .collect();
        weakest.sort_by(|a, b| b.cmp(a));
        let mut here: Vec<(u32, String, i64)> = noted
            .iter()
            .filter(|(e, g, ..)| (*e, g) == (group.0, &group.1))
            .map(|(_, _, label, seen)| (visitors(*seen), label.clone(), *seen))
            .collect();
        here.sort_by(|a, b| b.cmp(a));
        for (strength, label, seen) in here {
            let Some((_, loser)) = weakest.last().filter(|(least, _)| *least < strength) else {
                break;
            };
            for (statement, label) in [
                ("DELETE FROM labels WHERE environment_id = ? AND metric = ? AND label = ?", loser),
                (
                    "DELETE FROM label_candidates
                     WHERE environment_id = ? AND metric = ? AND label = ?",
                    &label,
                ),
            ] {
                sqlx::query(statement)
                    .bind(group.0)
                    .bind(&group.1)
                    .bind(label)
                    .execute(&mut *tx)
                    .await
                    .map_err(database)?;
            }
            weakest.pop();
            insert(tx, vec![json!([group.0, group.1, label, minute, seen])]).await?;
            admitted.insert((group.clone(), label));
        }
    }
    // Bounded: those that were heard of longest ago go.
    sqlx::query(
        "DELETE FROM label_candidates WHERE (environment_id, metric, label) IN (
             SELECT environment_id, metric, label FROM label_candidates
             ORDER BY minute DESC LIMIT -1 OFFSET ?)",
    )
    .bind(MAX_CANDIDATES)
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(admitted)
}
