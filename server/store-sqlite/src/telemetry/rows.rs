//! Rows: what was counted in a minute, an hour, a day.

use std::collections::{BTreeMap, HashMap};

use data_encoding::HEXUPPER;
use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    stats::{Tally, TallySum},
    telemetry::{Resolution, RowKey, Series, Slice},
};
use phasegate_store::{
    StoreError,
    models::{Row, RowQuery},
};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::settled::{Counts, Kind, Settled};
use crate::{
    database::{Database, apart},
    error::{damaged, database},
};

/// A row's key as the table has it: environment, resolution, series, slice, span, label.
type Place = (i64, i64, &'static str, String, i64, String);

/// Adds to what is stored, in every resolution that keeps the span at `now`.
pub(super) async fn merge(
    tx: &mut SqliteConnection,
    rows: &BTreeMap<RowKey, Tally>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<Place, Tally> = BTreeMap::new();
    for (key, tally) in rows {
        let slice = key.slice.to_text();
        for resolution in Resolution::ALL {
            if key.span(resolution) < resolution.kept_since(now) {
                continue;
            }
            let place = (
                key.environment.0,
                resolution.number(),
                key.series.as_str(),
                slice.clone(),
                key.span(resolution),
                key.label.clone(),
            );
            sums.entry(place).or_default().merge(tally);
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    add_stored(tx, &mut sums).await?;
    let document: Vec<Value> = sums
        .iter()
        .map(|(place, tally)| {
            json!([
                place.0,
                place.1,
                place.2,
                place.3,
                place.4,
                place.5,
                HEXUPPER.encode(&tally.to_bytes())
            ])
        })
        .collect();
    sqlx::query(
        "INSERT OR REPLACE INTO rollups
             (environment_id, resolution, series, slice, span, label, tally)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                unhex(value ->> 6)
         FROM json_each(?)",
    )
    .bind(Value::Array(document).to_string())
    .execute(tx)
    .await
    .map_err(database)?;
    Ok(())
}

/// Adds what is stored to sums; one of the two is always short, so the order does not matter.
async fn add_stored(
    tx: &mut SqliteConnection,
    sums: &mut BTreeMap<Place, Tally>,
) -> Result<(), StoreError> {
    let places: Vec<(Place, &mut Tally)> =
        sums.iter_mut().map(|(place, tally)| (place.clone(), tally)).collect();
    let document: Vec<Value> = places.iter().map(|(place, _)| json!(place)).collect();
    let stored: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT j.key, r.tally FROM json_each(?) AS j CROSS JOIN rollups AS r
         ON r.environment_id = j.value ->> 0 AND r.resolution = j.value ->> 1
         AND r.series = j.value ->> 2 AND r.slice = j.value ->> 3
         AND r.span = j.value ->> 4 AND r.label = j.value ->> 5",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(tx)
    .await
    .map_err(database)?;
    let mut places = places;
    for (index, tally) in stored {
        let place = usize::try_from(index).ok().and_then(|index| places.get_mut(index));
        if let Some((_, sum)) = place {
            sum.merge(&decode(&tally)?);
        }
    }
    Ok(())
}

fn decode(tally: &[u8]) -> Result<Tally, StoreError> {
    Tally::from_bytes(tally).map_err(|error| damaged("row")(&error))
}

/// The rows of spans that are over, as they were read before, and those of the others.
pub(super) async fn read(
    db: &Database,
    settled: &Settled,
    query: &RowQuery,
    wanted: Span,
) -> Result<Vec<Row>, StoreError> {
    let (environment, resolution) = (query.environment, query.resolution);
    let (kind, spans) = (Kind::of_rows(resolution), (query.from, query.to));
    // Minutes begin elsewhere with every minute: whole hours are kept.
    let begin = match (kind, wanted) {
        (Kind::Minutes, Span::Each) => query.from.div_euclid(60).saturating_mul(60),
        _ => query.from,
    };
    let parts = settled.parts(environment, kind, resolution, (begin, spans.1));
    let [long_over, over, open] = parts.map(|(from, to)| RowQuery { from, to, ..query.clone() });
    let kept = async |part: RowQuery| {
        let of = (environment, kind, kind.spans((part.from, part.to), resolution));
        let key = (part.clone(), wanted);
        settled.find(&settled.rows, key, of, fetch(db, &part, wanted)).await
    };
    let (long_over, over, open) =
        tokio::try_join!(kept(long_over), kept(over), fetch(db, &open, wanted))?;
    let kept = long_over.iter().chain(over.iter()).cloned();
    if wanted == Span::All {
        let mut rows = Vec::new();
        add_to(&mut rows, kept.chain(open), query.from);
        return Ok(rows);
    }
    let mut rows: Vec<Row> =
        kept.chain(open).filter(|row| (spans.0..spans.1).contains(&row.span)).collect();
    rows.sort_by(|a, b| (a.series, &a.slice, a.span).cmp(&(b.series, &b.slice, b.span)));
    Ok(rows)
}

/// Adds rows to those of the same series, slice and label.
fn add_to(rows: &mut Vec<Row>, others: impl Iterator<Item = Row>, span: i64) {
    let mut places: HashMap<(Series, Slice, String), usize> = HashMap::new();
    for other in others {
        let key = (other.series, other.slice.clone(), other.label.clone());
        let place = *places.entry(key).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.tally.merge(&other.tally),
            None => rows.push(Row { span, ..other }),
        }
    }
}

async fn fetch(db: &Database, query: &RowQuery, wanted: Span) -> Result<Vec<Row>, StoreError> {
    if query.from >= query.to {
        return Ok(Vec::new());
    }
    let series: Vec<&str> = query.series.iter().map(|series| series.as_str()).collect();
    let slices: Vec<String> = query.slices.iter().map(Slice::to_text).collect();
    // All spans of a slice come as one document: each row that is fetched on its own costs two
    // threads more than reading and merging it.
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT s.value, p.value,
             (SELECT json_group_array(json_array(r.span, r.label, hex(r.tally)))
              FROM rollups AS r
              WHERE r.environment_id = ?1 AND r.resolution = ?2 AND r.series = s.value
              AND r.slice = p.value AND r.span >= ?5 AND r.span < ?6)
         FROM json_each(?3) AS s CROSS JOIN json_each(?4) AS p",
    )
    .bind(query.environment.0)
    .bind(query.resolution.number())
    .bind(json!(series).to_string())
    .bind(json!(slices).to_string())
    .bind(query.from)
    .bind(query.to)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    let from = query.from;
    apart(move || {
        let mut rows = Vec::new();
        for (series, slice, document) in found {
            let found: Vec<Found<'_>> =
                serde_json::from_str(&document).map_err(|error| damaged("row")(&error))?;
            let unknown = |what: &str| damaged("row")(&format_args!("unknown {what}"));
            let series = Series::parse(&series).ok_or_else(|| unknown(&series))?;
            let slice = Slice::parse(&slice).ok_or_else(|| unknown(&slice))?;
            let row =
                |(label, span, tally)| Row { series, slice: slice.clone(), label, span, tally };
            match wanted {
                Span::Each => rows.extend(each(found)?.into_iter().map(row)),
                Span::All => rows.extend(together(found, from)?.into_iter().map(row)),
            }
        }
        Ok(rows)
    })
    .await
}

/// Whether rows are wanted span by span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Span {
    /// One by one.
    Each,
    /// As one.
    All,
}

/// A row of one series and slice: span, label, tally in hexadecimal digits.
type Found<'a> = (i64, String, &'a str);

/// A row's label, span and tally.
type Labelled = (String, i64, Tally);

fn each(found: Vec<Found<'_>>) -> Result<Vec<Labelled>, StoreError> {
    let mut bytes = Vec::new();
    let row =
        |(span, label, digits): Found<'_>| Ok((label, span, decode(unhex(digits, &mut bytes)?)?));
    found.into_iter().map(row).collect()
}

fn together(found: Vec<Found<'_>>, from: i64) -> Result<Vec<Labelled>, StoreError> {
    let mut bytes = Vec::new();
    let mut sums: BTreeMap<String, TallySum> = BTreeMap::new();
    for (_, label, digits) in found {
        let sum = sums.entry(label).or_default();
        sum.add(unhex(digits, &mut bytes)?).map_err(|error| damaged("row")(&error))?;
    }
    Ok(sums.into_iter().map(|(label, sum)| (label, from, sum.total())).collect())
}

/// Bytes from their digits, in memory that is used again.
fn unhex<'a>(digits: &str, bytes: &'a mut Vec<u8>) -> Result<&'a [u8], StoreError> {
    bytes.clear();
    bytes.resize(digits.len() / 2, 0);
    let decoded = HEXUPPER.decode_mut(digits.as_bytes(), bytes);
    decoded.map_err(|error| damaged("row")(&error.error))?;
    Ok(bytes)
}

pub(super) async fn slices(
    db: &Database,
    settled: &Settled,
    environment: EnvironmentId,
    series: Series,
    kind: &str,
    (from, to): (i64, i64),
    limit: usize,
) -> Result<Vec<Slice>, StoreError> {
    let parts = settled.parts(environment, Kind::Hours, Resolution::Day, (from, to));
    let [long_over, over, open] = parts;
    let kept = async |days: (i64, i64)| {
        let of = (environment, Kind::Hours, Kind::Hours.spans(days, Resolution::Day));
        let key = (environment, series, kind.to_owned(), days.0, days.1);
        let read = counts(db, environment, series, kind, days);
        settled.find(&settled.counts, key, of, read).await
    };
    let open = counts(db, environment, series, kind, open);
    let (long_over, over, mut counts) = tokio::try_join!(kept(long_over), kept(over), open)?;
    for (slice, count) in long_over.iter().chain(over.iter()) {
        *counts.entry(slice.clone()).or_default() += count;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(limit);
    let unknown = |text: &str| damaged("row")(&format_args!("unknown slice {text}"));
    counts.iter().map(|(text, _)| Slice::parse(text).ok_or_else(|| unknown(text))).collect()
}

async fn counts(
    db: &Database,
    environment: EnvironmentId,
    series: Series,
    kind: &str,
    (from_day, to_day): (i64, i64),
) -> Result<Counts, StoreError> {
    if from_day >= to_day {
        return Ok(Counts::new());
    }
    // From one slice to the next through the key, not over all rows between them; and of each row
    // only as much as says how often.
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "WITH RECURSIVE found (slice) AS (
             SELECT min(slice) FROM rollups
             WHERE environment_id = ?1 AND resolution = 2 AND series = ?2 AND slice >= ?3
             UNION ALL
             SELECT (SELECT min(r.slice) FROM rollups AS r
                     WHERE r.environment_id = ?1 AND r.resolution = 2 AND r.series = ?2
                     AND r.slice > found.slice)
             FROM found WHERE found.slice < ?4)
         SELECT r.slice, substr(r.tally, 1, ?7)
         FROM found CROSS JOIN rollups AS r
         ON r.environment_id = ?1 AND r.resolution = 2 AND r.series = ?2
         AND r.slice = found.slice AND r.span >= ?5 AND r.span < ?6
         WHERE found.slice >= ?3 AND found.slice < ?4",
    )
    .bind(environment.0)
    .bind(series.as_str())
    .bind(format!("{kind}:"))
    // The sign after the colon.
    .bind(format!("{kind};"))
    .bind(from_day)
    .bind(to_day)
    .bind(Tally::COUNT_BYTES)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    let mut counts = Counts::new();
    for (slice, tally) in rows {
        let count = Tally::count_of(&tally).map_err(|error| damaged("row")(&error))?;
        *counts.entry(slice).or_default() += count;
    }
    Ok(counts)
}
