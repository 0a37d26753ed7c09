//! The query cache never returns stale results.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use phasegate_domain::{
    Timestamp,
    events::{Batch, Event, EventKind, SessionHash, UserHash, Visit},
    ids::EnvironmentId,
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    privacy::RetentionPolicy,
    stats::UserSet,
    time::Resolution,
    vitals::Vital,
};
use phasegate_service::{ingest::append_batches, maintenance::delete_expired_telemetry};
use phasegate_store::{
    ActivityStore, EventLog, MetricStore, PrivacyStore,
    models::{Rollup, RollupQuery},
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

use phasegate_store_sqlite::SqliteTelemetry;

const HERE: EnvironmentId = EnvironmentId(1);
const TODAY: i64 = 20_000;
const DAYS: i64 = 12;

fn at_hour(hour: i64) -> Timestamp {
    Timestamp::from_timestamp(hour * 3_600, 0).unwrap()
}

fn sample_batch(number: u64, hour: i64) -> Batch {
    let page = format!("/{}", number % 5);
    let kinds = [
        EventKind::View,
        EventKind::Vital { vital: Vital::Lcp, millionths: number * 1_000, was: None },
        EventKind::Custom { name: format!("event {}", number % 3) },
    ];
    Batch {
        id: number.to_string(),
        environment: HERE,
        received_at: at_hour(TODAY * 24 + 23),
        visit: Visit {
            who: Some((UserHash(number % 17), SessionHash(number))),
            ..Visit::default()
        },
        events: kinds.map(|kind| Event { at: at_hour(hour), page: page.clone(), kind }).to_vec(),
        raw: Vec::new(),
    }
}

type Seen = (Vec<Vec<Arc<Rollup>>>, Vec<(Activity, i64, Arc<UserSet>)>, Vec<Dimension>);

async fn read_everything(store: &SqliteTelemetry) -> Seen {
    let mut all = Vec::new();
    for (resolution, unit) in
        [(Resolution::Minute, 1_440), (Resolution::Hour, 24), (Resolution::Day, 1)]
    {
        let query = RollupQuery {
            environment: HERE,
            resolution,
            metrics: Metric::ALL.to_vec(),
            dimensions: [
                vec![Dimension::All],
                (0..5).map(|n| Dimension::Page(format!("/{n}"))).collect(),
            ]
            .concat(),
            from: (TODAY - DAYS) * unit,
            to: (TODAY + 1) * unit,
        };
        let mut sums = store.read_rollup_sums(&query).await.unwrap();
        sums.sort_by(|a, b| {
            (a.metric, &a.dimension, &a.label).cmp(&(b.metric, &b.dimension, &b.label))
        });
        let mut rows = store.read_rollups(&query).await.unwrap();
        let parts = rows.chunk_by(|a, b| (a.metric, &a.dimension) == (b.metric, &b.dimension));
        for part in parts {
            assert!(part.is_sorted_by_key(|row| row.bucket), "in the order of time");
        }
        rows.sort_by(|a, b| {
            (a.metric, &a.dimension, &a.label, a.bucket).cmp(&(
                b.metric,
                &b.dimension,
                &b.label,
                b.bucket,
            ))
        });
        all.extend([sums, rows]);
    }
    let mut users =
        store.read_user_sets(HERE, &ActivityFilter::All, TODAY - DAYS, TODAY + 1).await.unwrap();
    users.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let views = Metric::Vital(Vital::Lcp);
    let dimensions = store
        .read_dimensions(HERE, views, DimensionKind::Page, (TODAY - DAYS, TODAY + 1), 9)
        .await
        .unwrap();
    (all, users, dimensions)
}

/// Returns the results of a store with an empty cache.
async fn read_uncached(path: &Path) -> Seen {
    read_everything(&SqliteTelemetry::open(path).await.unwrap()).await
}

#[tokio::test]
async fn cached_results_equal_fresh_reads_after_every_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telemetry.db");
    let store = SqliteTelemetry::open(&path).await.unwrap();
    let hours = DAYS * 24;
    for number in 0..60_u64 {
        // Most events are of today; every fourth batch is late by up to all days.
        let late = if number % 4 == 3 { (number as i64).pow(3) % hours } else { number as i64 % 3 };
        append_batches(&store, &[sample_batch(number, TODAY * 24 + 22 - late)]).await.unwrap();
        let seen = read_everything(&store).await;
        assert!(!seen.0[0].is_empty());
        assert_eq!(seen, read_uncached(&path).await, "after batch {number}");
    }
    store.erase_user(HERE, UserHash(3)).await.unwrap();
    assert_eq!(
        read_everything(&store).await,
        read_uncached(&path).await,
        "after a user was erased"
    );
    let kept = RetentionPolicy { rollup_days: 30, ..RetentionPolicy::default() };
    let later = at_hour((TODAY + 25) * 24);
    delete_expired_telemetry(&store, later, &BTreeMap::from([(HERE, kept)])).await.unwrap();
    let after = read_everything(&store).await;
    assert_eq!(after, read_uncached(&path).await, "after old days were deleted");
    store.erase_environment(HERE).await.unwrap();
    assert!(read_everything(&store).await.1.is_empty());
}

#[tokio::test]
async fn writes_of_another_process_invalidate_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telemetry.db");
    let store = SqliteTelemetry::open(&path).await.unwrap();
    append_batches(&store, &[sample_batch(1, TODAY * 24), sample_batch(2, (TODAY - 5) * 24)])
        .await
        .unwrap();
    store.invalidate_outdated_caches().await.unwrap();
    let before = read_everything(&store).await;
    let other = SqliteTelemetry::open(&path).await.unwrap();
    append_batches(&other, &[sample_batch(3, (TODAY - 5) * 24)]).await.unwrap();
    store.invalidate_outdated_caches().await.unwrap();
    let after = read_everything(&store).await;
    assert_ne!(after, before);
    assert_eq!(after, read_uncached(&path).await);
}
