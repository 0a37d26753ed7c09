//! User sets: the users of each activity on each day.

use phasegate_domain::{
    events::UserHash,
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter, FirstDays, UserKey, UserSetChanges},
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

use super::hex::unhex;
use super::query_cache::{Kind, QueryCache, Sets};
use crate::{
    database::{Database, run_blocking},
    error::{damaged_error, database_error},
};

/// The key of a part of a set: environment, activity, day, and the upper 16 bits of the user
/// numbers.
type Chunk = (i64, String, i64, u32);

/// Changes by chunk: the lower 16 bits of a user number, and whether it is added or removed.
type Changes = BTreeMap<Chunk, Vec<(u32, bool)>>;

fn user_column(user: UserHash) -> i64 {
    user.0.cast_signed()
}

/// Reads the number and the first day of those of some users who are known.
pub(super) async fn read_users(
    tx: &mut SqliteConnection,
    users: &[UserKey],
) -> Result<BTreeMap<UserKey, (u32, i64)>, StoreError> {
    let document: Vec<Value> = users
        .iter()
        .map(|(environment, user)| json!([environment.0, user_column(*user)]))
        .collect();
    let known: Vec<(i64, u32, i64)> = sqlx::query_as(
        "SELECT j.key, p.number, p.first_day
         FROM json_each(?) AS j CROSS JOIN users AS p
         ON p.environment_id = j.value ->> 0 AND p.hash = j.value ->> 1",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let user = |(index, number, first_day)| {
        let key = usize::try_from(index).ok().and_then(|index: usize| users.get(index))?;
        Some((*key, (number, first_day)))
    };
    Ok(known.into_iter().filter_map(user).collect())
}

/// Changes the sets of users; new users get a number, which `numbers` gains. Returns the days whose
/// sets may have changed.
pub(super) async fn change_user_sets(
    tx: &mut SqliteConnection,
    changes: &UserSetChanges,
    numbers: &mut BTreeMap<UserKey, u32>,
) -> Result<BTreeSet<(EnvironmentId, i64)>, StoreError> {
    let sets = || {
        let added = changes.added.iter().map(|(set, users)| (set, users, true));
        added.chain(changes.removed.iter().map(|(set, users)| (set, users, false)))
    };
    read_missing_numbers(tx, sets().map(|(set, users, _)| (set.0, users)), numbers).await?;
    save_first_days(tx, &changes.first_days, numbers).await?;
    let mut chunks = Changes::new();
    for ((environment, day, activity), users, is_in) in sets() {
        let activity = activity.to_text();
        for number in users.iter().filter_map(|user| numbers.get(&(*environment, *user))) {
            let chunk = (environment.0, activity.clone(), *day, number >> 16);
            chunks.entry(chunk).or_default().push((number & 0xffff, is_in));
        }
    }
    apply_changes(tx, chunks).await?;
    Ok(sets().map(|((environment, day, _), ..)| (*environment, *day)).collect())
}

/// Reads the numbers of known users that `numbers` lacks.
async fn read_missing_numbers(
    tx: &mut SqliteConnection,
    sets: impl Iterator<Item = (EnvironmentId, &BTreeSet<UserHash>)>,
    numbers: &mut BTreeMap<UserKey, u32>,
) -> Result<(), StoreError> {
    let users =
        sets.flat_map(|(environment, users)| users.iter().map(move |user| (environment, *user)));
    let missing: BTreeSet<UserKey> = users.filter(|user| !numbers.contains_key(user)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<UserKey> = missing.into_iter().collect();
    let known = read_users(tx, &missing).await?;
    numbers.extend(known.into_iter().map(|(user, (number, _))| (user, number)));
    Ok(())
}

/// Stores the first days of users, and assigns the next numbers to those without one.
async fn save_first_days(
    tx: &mut SqliteConnection,
    first_days: &FirstDays,
    numbers: &mut BTreeMap<UserKey, u32>,
) -> Result<(), StoreError> {
    if first_days.is_empty() {
        return Ok(());
    }
    let newest: Vec<(i64, u32)> =
        sqlx::query_as("SELECT environment_id, max(number) FROM users GROUP BY 1")
            .fetch_all(&mut *tx)
            .await
            .map_err(database_error)?;
    let mut newest: BTreeMap<i64, u32> = newest.into_iter().collect();
    let row = |((environment, user), day): (&UserKey, &i64)| {
        let number = *numbers.entry((*environment, *user)).or_insert_with(|| {
            let newest = newest.entry(environment.0).or_default();
            *newest = newest.saturating_add(1);
            *newest
        });
        json!([environment.0, user_column(*user), number, day])
    };
    let rows: Vec<Value> = first_days.iter().map(row).collect();
    sqlx::query(
        "INSERT OR REPLACE INTO users (environment_id, hash, number, first_day)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    )
    .bind(Value::Array(rows).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
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
    let [long_closed, closed, open] = parts;
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
    let (long_closed, closed, open) = tokio::try_join!(kept(long_closed), kept(closed), open)?;
    Ok(long_closed.iter().chain(closed.iter()).cloned().chain(open).collect())
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
    // One document, because fetching a row costs two thread switches.
    let document: String = sqlx::query_scalar(
        "SELECT json_group_array(json_array(activity, day, chunk, hex(users))) FROM (
             SELECT activity, day, chunk, users FROM activities
             WHERE environment_id = ?1 AND activity >= ?2 AND activity < ?3
             AND day >= ?4 AND day < ?5 ORDER BY activity, day, chunk)",
    )
    .bind(environment.0)
    .bind(first)
    .bind(last)
    .bind(from_day)
    .bind(to_day)
    .fetch_one(&db.reader)
    .await
    .map_err(database_error)?;
    run_blocking(move || join_chunks(&document)).await
}

/// Joins the chunks of the table to whole sets. They must be sorted by activity, day and chunk.
fn join_chunks(document: &str) -> Result<Sets, StoreError> {
    let damaged = |error: serde_json::Error| damaged_error("set of users")(&error);
    let rows: Vec<(String, i64, u32, &str)> = serde_json::from_str(document).map_err(damaged)?;
    let mut bytes = Vec::new();
    let mut found = Sets::new();
    for (text, day, chunk, digits) in rows {
        let users = unhex(digits, &mut bytes)?;
        let activity = Activity::parse(&text).ok_or_else(|| {
            damaged_error("set of users")(&format_args!("unknown activity {text}"))
        })?;
        let users = decode_user_set(users)?.shift_numbers(chunk << 16);
        match found.last_mut() {
            Some((last, of, set)) if *last == activity && *of == day => {
                Arc::make_mut(set).extend(&users);
            }
            _ => found.push((activity, day, Arc::new(users))),
        }
    }
    Ok(found)
}

/// Reads the last day with an active user.
pub(super) async fn read_last_active_day(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar("SELECT max(day) FROM activities WHERE environment_id = ? AND activity = ?")
        .bind(environment.0)
        .bind(Activity::Active.to_text())
        .fetch_one(&db.reader)
        .await
        .map_err(database_error)
}
