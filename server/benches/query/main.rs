//! Latency of panels after 100,000, one million and ten million events, which must not depend on
//! the number of events. Prints a table; asserts nothing about time.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is a test of its own kind, and prints"
)]

use phasegate_domain::{
    Timestamp,
    events::{Arm, Batch, Event, EventKind, SessionHash, TimingKind, UserHash, Visit},
    ids::{EnvironmentId, FlagKey, PhaseNumber, VariantName},
    metrics::{Dimension, DimensionKind},
    time::{TimeRange, TimeRangePreset},
    vitals::{Device, Vital},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use chrono::TimeDelta;
use phasegate_server::{Config, open_service};
use phasegate_service::{
    Service,
    access::Actor,
    analytics::{AnalyticsQuery, compute_analytics},
    dashboard::compute_dashboard,
    ingest::{Appended, append_batches, ingest_batch, reserve_queue_place, write_queued},
    performance::{PerformanceQuery, read_performance},
    setup,
};

use phasegate_store_sqlite::SqliteTelemetry;

/// Maximum number of events in a batch, and of batches in a group.
const EVENTS: usize = 50;
const BATCHES: usize = 256;

/// Number of users, and of days on which they send events.
const USERS: u64 = 20_000;
const DAYS: i64 = 30;

const KINDS: usize = 8;

/// The number of the next visit, above the numbers of the stored batches.
static VISITS: AtomicUsize = AtomicUsize::new(1_000_000);

/// Number of requests for each panel.
const ASKED: usize = 1_000;

const FLAGS: [&str; 3] =
    ["ENHANCED_EXERCISE_LIBRARY", "EXERCISE_PROGRESS_TRACKING", "EXERCISE_VIDEO_INTEGRATION"];

#[tokio::main]
async fn main() {
    println!(
        "\npanels over {DAYS} days of {USERS} users, asked {ASKED} times, each time after another visit; ms"
    );
    println!(
        "{:>12} {:>8} {:>9} {:>9}   {:>17} {:>17} {:>17} {:>17}",
        "events",
        "disk MB",
        "filled in",
        "start ms",
        "dashboard",
        "performance 24h",
        "performance 30d",
        "analytics 30d"
    );
    for events in [100_000, 1_000_000, 10_000_000] {
        measure_panels(events).await;
    }
    println!(
        "(p50 / p99; budgets: p99 25 ms with ten million events, and 1.5 × that with 100,000; start 300 ms)"
    );
}

async fn measure_panels(events: usize) {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    fill_store(folder.path(), events).await;
    let filled = begun.elapsed().as_secs_f64();
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    let begun = Instant::now();
    let service = open_service(&config).await.unwrap();
    let start = begun.elapsed().as_secs_f64() * 1_000.0;
    let new = setup::FirstSecrets {
        email: "a@b.example".into(),
        password: "a long password".into(),
        client_key: "pk_bench".into(),
        server_token: "pgs_bench".into(),
    };
    let plan = setup::parse_plan(include_str!("../../../app/service/plans/exercise-library.toml"))
        .unwrap();
    setup::run_first_start(&service, &new, plan, [[1; 32], [2; 32]]).await.unwrap().unwrap();
    let disk: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let here = service.first_environment().unwrap();
    let actor = Actor::from_command_line("bench");
    let speed = |range, by| PerformanceQuery {
        period: TimeRange::Last(range),
        dimension: Dimension::All,
        by,
    };
    let month = AnalyticsQuery {
        period: TimeRange::Last(TimeRangePreset::Month),
        dimension: Dimension::All,
        flag: FlagKey::new(FLAGS[0]).ok(),
    };
    let (day, long) = (
        speed(TimeRangePreset::Day, DimensionKind::Page),
        speed(TimeRangePreset::Month, DimensionKind::Flag),
    );
    let writer = Arc::clone(&service);
    let writer = tokio::spawn(async move { write_queued(&writer).await });
    let panels = [
        measure_panel(&service, async |service| {
            drop(compute_dashboard(service, &actor, here).await.unwrap());
        })
        .await,
        measure_panel(&service, async |service| {
            drop(read_performance(service, &actor, here, &day).await.unwrap());
        })
        .await,
        measure_panel(&service, async |service| {
            drop(read_performance(service, &actor, here, &long).await.unwrap());
        })
        .await,
        measure_panel(&service, async |service| {
            drop(compute_analytics(service, &actor, here, &month).await.unwrap());
        })
        .await,
    ];
    writer.abort();
    print!("{events:>12} {:>8.1} {filled:>8.1}s {start:>9.0}  ", disk as f64 / 1e6);
    for (p50, p99) in panels {
        print!(" {:>17}", format!("{p50:.1} / {p99:.1}"));
    }
    println!();
}

/// Measures a panel [`ASKED`] times, each time after a new visit. Returns p50 and p99 in
/// milliseconds.
async fn measure_panel(service: &Arc<Service>, panel: impl AsyncFn(&Service)) -> (f64, f64) {
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        store_visit(service).await;
        let begun = Instant::now();
        panel(service).await;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |q: f64| times.get(((ASKED - 1) as f64 * q) as usize).copied().unwrap_or_default();
    (at(0.5), at(0.99))
}

/// Stores a visit, which changes the counts of today and so invalidates cached results.
async fn store_visit(service: &Service) {
    let number = VISITS.fetch_add(1, Ordering::Relaxed);
    let mut visit = sample_batch(number, service.now(), service.now());
    visit.events.truncate(KINDS);
    assert_eq!(
        ingest_batch(reserve_queue_place(service).await.unwrap(), visit).await.unwrap(),
        Appended::Stored
    );
}

/// Stores about `events` events in chronological order up to now. The number of users is the same
/// at every size; only the events of each user grow.
async fn fill_store(folder: &Path, events: usize) {
    let store = SqliteTelemetry::open(&folder.join("telemetry.db")).await.unwrap();
    let batches = (events / EVENTS).max(USERS as usize);
    let each = events / batches;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_timestamp(i64::try_from(now.as_secs()).unwrap(), 0).unwrap();
    let step = TimeDelta::days(DAYS) / i32::try_from(batches).unwrap();
    let from = now - TimeDelta::days(DAYS);
    for start in (0..batches).step_by(BATCHES) {
        let group: Vec<Batch> = (start..(start + BATCHES).min(batches))
            .map(|number| {
                let mut batch =
                    sample_batch(number, from + step * i32::try_from(number).unwrap(), now);
                batch.events.truncate(each);
                batch
            })
            .collect();
        append_batches(&store, &group).await.unwrap();
    }
    // Pending disk writes would be measured, too.
    assert!(std::process::Command::new("sync").status().unwrap().success());
}

fn sample_batch(number: usize, at: Timestamp, now: Timestamp) -> Batch {
    // Pseudo-random, but the same on every run.
    let noise = |salt: u64, of: u64| {
        ((number as u64 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % of
    };
    let flag = |n: u64| FlagKey::new(FLAGS[n as usize % FLAGS.len()]).unwrap();
    let arm = |n: u64| VariantName::new(if noise(n, 2) == 0 { "on" } else { "off" }).unwrap();
    let page = format!("/page-{}", noise(1, 40));
    let kinds: [EventKind; KINDS] = [
        EventKind::View,
        EventKind::Vital {
            vital: Vital::Lcp,
            millionths: 800_000 + noise(2, 4_000_000),
            was: None,
        },
        EventKind::Vital { vital: Vital::Inp, millionths: 40_000 + noise(3, 500_000), was: None },
        EventKind::Vital { vital: Vital::Cls, millionths: noise(4, 300_000), was: None },
        EventKind::Exposure { flag: flag(noise(5, 3)), variant: arm(noise(5, 3)) },
        EventKind::FeatureUsed { flag: flag(noise(6, 3)) },
        EventKind::Timing {
            kind: TimingKind::Api,
            name: format!("/api/endpoint-{}", noise(7, 60)),
            millionths: 20_000 + noise(8, 900_000),
            has_failed: noise(9, 50) == 0,
        },
        EventKind::Custom { name: format!("event-{}", noise(10, 20)) },
    ];
    let exposed = (0..3).map(|n| (flag(n), arm(n))).collect();
    // Each batch starts with another kind, so that short batches do not all have the same kinds.
    let events = kinds.into_iter().cycle().skip(number % KINDS).take(EVENTS);
    Batch {
        id: format!("b{number}"),
        environment: EnvironmentId(1),
        received_at: now,
        visit: Visit {
            who: Some((UserHash(noise(11, USERS)), SessionHash(number as u64))),
            device: Device::ALL.into_iter().nth(number % 3).unwrap_or_default(),
            release: Some(format!("1.{}", noise(12, 4))),
            exposed,
            phase: Some(PhaseNumber(1 + (noise(13, 3) as u16))),
            arm: Arm::parse("2:everyone:20000:treatment"),
            ..Visit::default()
        },
        events: events.map(|kind| Event { at, page: page.clone(), kind }).collect(),
        raw: Vec::new(),
    }
}
