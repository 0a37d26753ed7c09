//! User sets: the users of each activity on each day.

use phasegate_domain::{
    events::UserHash,
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter},
    stats::UserSet,
    time::Resolution,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use data_encoding::HEXUPPER;
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::query_cache::{Kind, QueryCache, Sets};
use crate::{
    database::{Database, run_blocking},
    error::{damaged_error, database_error},
};

/// Users by environment, day and activity.
type Activities = BTreeMap<(EnvironmentId, i64, Activity), BTreeSet<UserHash>>;

/// The key of a part of a set: environment, activity, day, and the upper 16 bits of the user
/// numbers.
type Chunk = (i64, String, i64, u32);

/// Changes by chunk: the lower 16 bits of a user number, and whether it is added or removed.
type Changes = BTreeMap<Chunk, Vec<(u32, bool)>>;

/// A user's number and first active day.
#[derive(Debug, Clone, Copy)]
struct KnownUser {
    number: u32,
    first_day: i64,
}

fn user_column(user: UserHash) -> i64 {
    user.0.cast_signed()
}

/// Adds users to the sets of their activities; new users get a number. Returns the days whose sets
/// may have changed.
pub(super) async fn add_activities(
    tx: &mut SqliteConnection,
    activities: &Activities,
) -> Result<BTreeSet<(EnvironmentId, i64)>, StoreError> {
    let mut first_days: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for ((environment, day, _), users) in activities {
        for user in users {
            let first = first_days.entry((environment.0, user_column(*user))).or_insert(*day);
            *first = (*first).min(*day);
        }
    }
    if first_days.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut changes = Changes::new();
    let users = number_users(tx, &first_days, &mut changes).await?;
    for ((environment, day, activity), who) in activities {
        for user in who.iter().filter_map(|p| users.get(&(environment.0, user_column(*p)))) {
            note_change(&mut changes, environment.0, activity, *day, user.number, true);
        }
    }
    let days = changes.keys().map(|(environment, _, day, _)| (EnvironmentId(*environment), *day));
    let days = days.collect();
    apply_changes(tx, changes).await?;
    Ok(days)
}

fn note_change(
    changes: &mut Changes,
    environment: i64,
    activity: &Activity,
    day: i64,
    number: u32,
    is_in: bool,
) {
    let chunk = (environment, activity.to_text(), day, number >> 16);
    changes.entry(chunk).or_default().push((number & 0xffff, is_in));
}

/// Returns users with their numbers and assigns numbers to new users. Adds changes of first days to
/// `changes`.
async fn number_users(
    tx: &mut SqliteConnection,
    first_days: &BTreeMap<(i64, i64), i64>,
    changes: &mut Changes,
) -> Result<BTreeMap<(i64, i64), KnownUser>, StoreError> {
    let document: Vec<Value> = first_days.keys().map(|place| json!(place)).collect();
    let known: Vec<(i64, i64, u32, i64)> = sqlx::query_as(
        "SELECT p.environment_id, p.hash, p.number, p.first_day
         FROM json_each(?) AS j CROSS JOIN users AS p
         ON p.environment_id = j.value ->> 0 AND p.hash = j.value ->> 1",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(&mut *tx)
    .await
    .map_err(database_error)?;
    let user = |(e, hash, number, first_day)| ((e, hash), KnownUser { number, first_day });
    let mut users: BTreeMap<(i64, i64), KnownUser> = known.into_iter().map(user).collect();
    let newest: Vec<(i64, u32)> =
        sqlx::query_as("SELECT environment_id, max(number) FROM users GROUP BY 1")
            .fetch_all(&mut *tx)
            .await
            .map_err(database_error)?;
    let mut newest: BTreeMap<i64, u32> = newest.into_iter().collect();
    let mut written = Vec::new();
    for (place, day) in first_days {
        let environment = place.0;
        let (number, before) = match users.get(place) {
            Some(user) if user.first_day <= *day => continue,
            Some(user) => (user.number, Some(user.first_day)),
            None => {
                let newest = newest.entry(environment).or_default();
                *newest = newest.saturating_add(1);
                (*newest, None)
            }
        };
        if let Some(before) = before {
            note_change(changes, environment, &Activity::First, before, number, false);
        }
        note_change(changes, environment, &Activity::First, *day, number, true);
        users.insert(*place, KnownUser { number, first_day: *day });
        written.push(json!([environment, place.1, number, day]));
    }
    sqlx::query(
        "INSERT OR REPLACE INTO users (environment_id, hash, number, first_day)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    )
    .bind(Value::Array(written).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(users)
}

/// Applies changes to the stored sets, and writes the chunks that differ.
async fn apply_changes(tx: &mut SqliteConnection, changes: Changes) -> Result<(), StoreError> {
    let chunks: Vec<(&Chunk, &Vec<(u32, bool)>)> = changes.iter().collect();
    let document: Vec<Value> = chunks.iter().map(|(chunk, _)| json!(chunk)).collect();
    let stored: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT j.key, p.users FROM json_each(?) AS j CROSS JOIN activities AS p
         ON p.environment_id = j.value ->> 0 AND p.activity = j.value ->> 1
         AND p.day = j.value ->> 2 AND p.chunk = j.value ->> 3",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(&mut *tx)
    .await
    .map_err(database_error)?;
    let mut sets: BTreeMap<i64, UserSet> = BTreeMap::new();
    for (index, users) in stored {
        sets.insert(index, decode_user_set(&users)?);
    }
    let mut written = Vec::new();
    for (index, (chunk, numbers)) in (0_i64..).zip(chunks) {
        let mut users = sets.remove(&index).unwrap_or_default();
        let mut is_other = false;
        for (number, is_in) in numbers {
            is_other |= if *is_in { users.insert(*number) } else { users.remove(*number) };
        }
        if is_other {
            let (environment, activity, day, upper) = chunk;
            written.push(json!([
                environment,
                activity,
                day,
                upper,
                HEXUPPER.encode(&users.to_bytes())
            ]));
        }
    }
    sqlx::query(
        "INSERT OR REPLACE INTO activities (environment_id, activity, day, chunk, users)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4)
         FROM json_each(?)",
    )
    .bind(Value::Array(written).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

pub(super) fn decode_user_set(users: &[u8]) -> Result<UserSet, StoreError> {
    UserSet::from_bytes(users).map_err(|error| damaged_error("set of users")(&error))
}

/// Reads user sets; those of closed days come from the query cache.
pub(super) async fn read_user_sets(
    db: &Database,
    query_cache: &QueryCache,
    environment: EnvironmentId,
    activities: &ActivityFilter,
    (from, to): (i64, i64),
) -> Result<Sets, StoreError> {
    let parts = query_cache.split_range(environment, Kind::Activity, Resolution::Day, (from, to));
    let [long_over, over, open] = parts;
    let kept = async |days: (i64, i64)| {
        let key = (environment, activities.clone(), days.0, days.1);
        let of = (environment, Kind::Activity, days);
        query_cache
            .find_or_read(
                &query_cache.users,
                key,
                of,
                fetch_user_sets(db, environment, activities, days),
            )
            .await
    };
    let open = fetch_user_sets(db, environment, activities, open);
    let (long_over, over, open) = tokio::try_join!(kept(long_over), kept(over), open)?;
    Ok(long_over.iter().chain(over.iter()).cloned().chain(open).collect())
}

async fn fetch_user_sets(
    db: &Database,
    environment: EnvironmentId,
    activities: &ActivityFilter,
    (from_day, to_day): (i64, i64),
) -> Result<Sets, StoreError> {
    if from_day >= to_day {
        return Ok(Sets::new());
    }
    let (first, last) = match activities {
        // All activities are in this range, because none contains U+10FFFF.
        ActivityFilter::All => (String::new(), "\u{10ffff}".to_owned()),
        // Only this activity is in the range, because none contains U+0000.
        ActivityFilter::Only(activity) => {
            let text = activity.to_text();
            (text.clone(), text + "\u{1}")
        }
    };
    let rows: Vec<(String, i64, u32, Vec<u8>)> = sqlx::query_as(
        "SELECT activity, day, chunk, users FROM activities
         WHERE environment_id = ?1 AND activity >= ?2 AND activity < ?3 AND day >= ?4 AND day < ?5
         ORDER BY activity, day, chunk",
    )
    .bind(environment.0)
    .bind(first)
    .bind(last)
    .bind(from_day)
    .bind(to_day)
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    run_blocking(move || join_chunks(rows)).await
}

/// Joins the chunks of the table to whole sets. Rows must be sorted by activity, day and chunk.
fn join_chunks(rows: Vec<(String, i64, u32, Vec<u8>)>) -> Result<Sets, StoreError> {
    let mut found = Sets::new();
    for (text, day, chunk, users) in rows {
        let activity = Activity::parse(&text).ok_or_else(|| {
            damaged_error("set of users")(&format_args!("unknown activity {text}"))
        })?;
        let users = decode_user_set(&users)?.shift_numbers(chunk << 16);
        match found.last_mut() {
            Some((last, of, set)) if *last == activity && *of == day => {
                Arc::make_mut(set).extend(&users);
            }
            _ => found.push((activity, day, Arc::new(users))),
        }
    }
    Ok(found)
}
