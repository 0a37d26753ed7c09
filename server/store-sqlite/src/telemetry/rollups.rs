//! Rollups by minute, hour and day.

use std::sync::Arc;

use std::collections::{BTreeMap, HashMap};

use data_encoding::HEXUPPER;
use phasegate_domain::{
    ids::EnvironmentId,
    metrics::{Dimension, DimensionKind, Metric, Rollups},
    stats::{Aggregate, AggregateSum},
    time::Resolution,
};
use phasegate_store::{
    StoreError,
    models::{Rollup, RollupQuery},
};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::hex::unhex;
use super::query_cache::{Counts, Kind, Merging, QueryCache};
use crate::{
    database::{Database, run_blocking},
    error::{damaged_error, database_error},
};

/// A rollup's key in the table: environment, resolution, metric, dimension, bucket, label.
type Place = (i64, i64, &'static str, String, i64, String);

pub(super) async fn merge_rollups(
    tx: &mut SqliteConnection,
    rollups: &Rollups,
    since: &[(Resolution, i64)],
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<Place, Aggregate> = BTreeMap::new();
    for (key, aggregate) in rollups {
        let dimension = key.dimension.to_text();
        for (resolution, since) in since {
            if key.bucket(*resolution) < *since {
                continue;
            }
            let place = (
                key.environment.0,
                resolution.stored_number(),
                key.metric.as_str(),
                dimension.clone(),
                key.bucket(*resolution),
                key.label.clone(),
            );
            sums.entry(place).or_default().merge(aggregate);
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    merge_stored_rollups(tx, &mut sums).await?;
    let document: Vec<Value> = sums
        .iter()
        .map(|(place, aggregate)| {
            json!([
                place.0,
                place.1,
                place.2,
                place.3,
                place.4,
                place.5,
                HEXUPPER.encode(&aggregate.to_bytes())
            ])
        })
        .collect();
    sqlx::query(
        "INSERT OR REPLACE INTO rollups
             (environment_id, resolution, metric, dimension, bucket, label, aggregate)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                unhex(value ->> 6)
         FROM json_each(?)",
    )
    .bind(Value::Array(document).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Merges stored aggregates into `sums`. One of each pair is always small, so the direction does
/// not matter.
async fn merge_stored_rollups(
    tx: &mut SqliteConnection,
    sums: &mut BTreeMap<Place, Aggregate>,
) -> Result<(), StoreError> {
    let places: Vec<(Place, &mut Aggregate)> =
        sums.iter_mut().map(|(place, aggregate)| (place.clone(), aggregate)).collect();
    let document: Vec<Value> = places.iter().map(|(place, _)| json!(place)).collect();
    let stored: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT j.key, r.aggregate FROM json_each(?) AS j CROSS JOIN rollups AS r
         ON r.environment_id = j.value ->> 0 AND r.resolution = j.value ->> 1
         AND r.metric = j.value ->> 2 AND r.dimension = j.value ->> 3
         AND r.bucket = j.value ->> 4 AND r.label = j.value ->> 5",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let mut places = places;
    for (index, aggregate) in stored {
        let place = usize::try_from(index).ok().and_then(|index| places.get_mut(index));
        if let Some((_, sum)) = place {
            sum.merge(&decode_aggregate(&aggregate)?);
        }
    }
    Ok(())
}

fn decode_aggregate(aggregate: &[u8]) -> Result<Aggregate, StoreError> {
    Aggregate::from_bytes(aggregate).map_err(|error| damaged_error("row")(&error))
}

/// Reads rollups; those of closed buckets come from the query cache.
pub(super) async fn read_rollups(
    db: &Database,
    query_cache: &QueryCache,
    query: &RollupQuery,
    wanted: Merging,
) -> Result<Vec<Arc<Rollup>>, StoreError> {
    let (environment, resolution) = (query.environment, query.resolution);
    let (kind, buckets) = (Kind::for_resolution(resolution), (query.from, query.to));
    // A range of minutes starts at another minute each time, so whole hours are cached.
    let begin = match (kind, wanted) {
        (Kind::Minutes, Merging::None) => query.from.div_euclid(60).saturating_mul(60),
        _ => query.from,
    };
    let parts = query_cache.split_range(environment, kind, resolution, (begin, buckets.1));
    let [long_closed, closed, open] =
        parts.map(|(from, to)| RollupQuery { from, to, ..query.clone() });
    let kept = async |part: RollupQuery| {
        let of = (environment, kind, kind.convert_buckets((part.from, part.to), resolution));
        let key = (part.clone(), wanted);
        query_cache.find_or_read(&query_cache.rows, key, of, fetch_rollups(db, &part, wanted)).await
    };
    let (long_closed, closed, open) =
        tokio::try_join!(kept(long_closed), kept(closed), fetch_rollups(db, &open, wanted))?;
    let kept = long_closed.iter().chain(closed.iter());
    if wanted == Merging::AllBuckets {
        return Ok(merge_rows(kept.chain(&open), query.from));
    }
    let is_wanted = |row: &Arc<Rollup>| (buckets.0..buckets.1).contains(&row.bucket);
    let mut rows: Vec<Arc<Rollup>> = kept.filter(|row| is_wanted(row)).cloned().collect();
    rows.extend(open.into_iter().filter(is_wanted));
    rows.sort_by(|a, b| {
        (a.metric, &a.dimension, a.bucket).cmp(&(b.metric, &b.dimension, b.bucket))
    });
    Ok(rows)
}

/// Merges rows with the same metric, dimension and label. Borrows, because most rows are merged into
/// others: a copy of each would cost more than merging it.
fn merge_rows<'a>(all: impl Iterator<Item = &'a Arc<Rollup>>, bucket: i64) -> Vec<Arc<Rollup>> {
    let mut rows: Vec<Rollup> = Vec::new();
    let mut places: HashMap<(Metric, &Dimension, &str), usize> = HashMap::new();
    for one in all {
        let place = *places.entry((one.metric, &one.dimension, &one.label)).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.aggregate.merge(&one.aggregate),
            None => rows.push(Rollup { bucket, ..Rollup::clone(one) }),
        }
    }
    rows.into_iter().map(Arc::new).collect()
}

async fn fetch_rollups(
    db: &Database,
    query: &RollupQuery,
    wanted: Merging,
) -> Result<Vec<Arc<Rollup>>, StoreError> {
    if query.from >= query.to {
        return Ok(Vec::new());
    }
    let metrics: Vec<&str> = query.metrics.iter().map(|metric| metric.as_str()).collect();
    let dimensions: Vec<String> = query.dimensions.iter().map(Dimension::to_text).collect();
    // All rollups come as one document: fetching a row costs two thread switches, which is more than
    // reading and merging it.
    let document: String = sqlx::query_scalar(
        "SELECT json_group_array(json_array(s.key, p.key, r.bucket, r.label, hex(r.aggregate)))
         FROM json_each(?3) AS s CROSS JOIN json_each(?4) AS p CROSS JOIN rollups AS r
         ON r.environment_id = ?1 AND r.resolution = ?2 AND r.metric = s.value
         AND r.dimension = p.value AND r.bucket >= ?5 AND r.bucket < ?6",
    )
    .bind(query.environment.0)
    .bind(query.resolution.stored_number())
    .bind(json!(metrics).to_string())
    .bind(json!(dimensions).to_string())
    .bind(query.from)
    .bind(query.to)
    .fetch_one(&db.reader)
    .await
    .map_err(database_error)?;
    let (metrics, dimensions) = (query.metrics.clone(), query.dimensions.clone());
    let from = query.from;
    run_blocking(move || {
        let found: Vec<Found<'_>> =
            serde_json::from_str(&document).map_err(|error| damaged_error("row")(&error))?;
        let mut rows = Vec::new();
        for group in found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let place = group.first().and_then(|(metric, dimension, ..)| {
                metrics.get(*metric).zip(dimensions.get(*dimension))
            });
            let Some((metric, dimension)) = place else { continue };
            let row = |(label, bucket, aggregate)| {
                let (metric, dimension) = (*metric, dimension.clone());
                Arc::new(Rollup { metric, dimension, label, bucket, aggregate })
            };
            match wanted {
                Merging::None => rows.extend(decode_rows(group)?.into_iter().map(row)),
                Merging::AllBuckets => rows.extend(sum_rows(group, from)?.into_iter().map(row)),
            }
        }
        Ok(rows)
    })
    .await
}

/// A stored rollup: the indices of its metric and dimension in the query, bucket, label, and aggregate
/// in hexadecimal digits.
type Found<'a> = (usize, usize, i64, String, &'a str);

/// A row's label, bucket and aggregate.
type Labelled = (String, i64, Aggregate);

fn decode_rows(found: &[Found<'_>]) -> Result<Vec<Labelled>, StoreError> {
    let mut bytes = Vec::new();
    let row = |(_, _, bucket, label, digits): &Found<'_>| {
        Ok((label.clone(), *bucket, decode_aggregate(unhex(digits, &mut bytes)?)?))
    };
    found.iter().map(row).collect()
}

fn sum_rows(found: &[Found<'_>], from: i64) -> Result<Vec<Labelled>, StoreError> {
    let mut bytes = Vec::new();
    let mut sums: BTreeMap<&str, AggregateSum> = BTreeMap::new();
    for (_, _, _, label, digits) in found {
        let sum = sums.entry(label).or_default();
        sum.add_stored(unhex(digits, &mut bytes)?).map_err(|error| damaged_error("row")(&error))?;
    }
    let labelled =
        |(label, sum): (&str, AggregateSum)| (label.to_owned(), from, sum.to_aggregate());
    Ok(sums.into_iter().map(labelled).collect())
}

pub(super) async fn read_dimensions(
    db: &Database,
    query_cache: &QueryCache,
    environment: EnvironmentId,
    metric: Metric,
    kind: DimensionKind,
    (from, to): (i64, i64),
    limit: usize,
) -> Result<Vec<Dimension>, StoreError> {
    let parts = query_cache.split_range(environment, Kind::Hours, Resolution::Day, (from, to));
    let [long_closed, closed, open] = parts;
    let kept = async |days: (i64, i64)| {
        let of = (environment, Kind::Hours, Kind::Hours.convert_buckets(days, Resolution::Day));
        let key = (environment, metric, kind, days.0, days.1);
        let read = fetch_counts(db, environment, metric, kind, days);
        query_cache.find_or_read(&query_cache.counts, key, of, read).await
    };
    let open = fetch_counts(db, environment, metric, kind, open);
    let (long_closed, closed, mut counts) =
        tokio::try_join!(kept(long_closed), kept(closed), open)?;
    for (dimension, count) in long_closed.iter().chain(closed.iter()) {
        *counts.entry(dimension.clone()).or_default() += count;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(limit);
    let unknown = |text: &str| damaged_error("row")(&format_args!("unknown dimension {text}"));
    counts.iter().map(|(text, _)| Dimension::parse(text).ok_or_else(|| unknown(text))).collect()
}

async fn fetch_counts(
    db: &Database,
    environment: EnvironmentId,
    metric: Metric,
    kind: DimensionKind,
    (from_day, to_day): (i64, i64),
) -> Result<Counts, StoreError> {
    if from_day >= to_day {
        return Ok(Counts::new());
    }
    // Skips from one dimension to the next through the primary key instead of reading all rows
    // between them, and reads only the bytes of the count from each row.
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "WITH RECURSIVE found (dimension) AS (
             SELECT min(dimension) FROM rollups
             WHERE environment_id = ?1 AND resolution = 2 AND metric = ?2 AND dimension >= ?3
             UNION ALL
             SELECT (SELECT min(r.dimension) FROM rollups AS r
                     WHERE r.environment_id = ?1 AND r.resolution = 2 AND r.metric = ?2
                     AND r.dimension > found.dimension)
             FROM found WHERE found.dimension < ?4)
         SELECT r.dimension, substr(r.aggregate, 1, ?7)
         FROM found CROSS JOIN rollups AS r
         ON r.environment_id = ?1 AND r.resolution = 2 AND r.metric = ?2
         AND r.dimension = found.dimension AND r.bucket >= ?5 AND r.bucket < ?6
         WHERE found.dimension >= ?3 AND found.dimension < ?4",
    )
    .bind(environment.0)
    .bind(metric.as_str())
    .bind(format!("{}:", kind.as_str()))
    // The character after the colon.
    .bind(format!("{};", kind.as_str()))
    .bind(from_day)
    .bind(to_day)
    .bind(Aggregate::COUNT_BYTES)
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    let mut counts = Counts::new();
    for (dimension, aggregate) in rows {
        let count =
            Aggregate::decode_count(&aggregate).map_err(|error| damaged_error("row")(&error))?;
        *counts.entry(dimension).or_default() += count;
    }
    Ok(counts)
}
