//! Ingest rate of the store, without HTTP, beside a reference: as many events, inserted as rows
//! into SQLite durably and in large transactions.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is a test of its own kind, and prints"
)]

use phasegate_service::ingest::append_batches;
use std::time::Instant;

use phasegate_domain::{
    events::{Arm, Batch, Event, EventKind, SessionHash, TimingKind, UserHash, Visit},
    ids::{EnvironmentId, FlagKey, PhaseNumber, VariantName},
    simulation::{Population, SimulatedBatch, SimulatedSession, Simulation, session_batches},
    vitals::{Device, Vital},
};
use phasegate_store_sqlite::SqliteTelemetry;
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// Events per batch, batches per group, and number of groups.
const EVENTS: usize = 50;
const BATCHES: usize = 256;
const GROUPS: usize = 40;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let rows = EVENTS * BATCHES * GROUPS;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("reference.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut db = options.connect().await.unwrap();
    sqlx::query(
        "CREATE TABLE events (at INTEGER, session INTEGER, kind TEXT, page TEXT, value INTEGER)",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let document: Vec<serde_json::Value> = (0..EVENTS * BATCHES)
        .map(|n| serde_json::json!([n, n / EVENTS, "vital", "/exercises", 1_840_000]))
        .collect();
    let document = serde_json::Value::Array(document).to_string();
    let begun = Instant::now();
    for _ in 0..GROUPS {
        let mut tx = db.begin().await.unwrap();
        sqlx::query(
            "INSERT INTO events SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
             FROM json_each(?)",
        )
        .bind(&document)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    let reference = rows as f64 / begun.elapsed().as_secs_f64();

    let store = SqliteTelemetry::open(&folder.path().join("telemetry.db")).await.unwrap();
    let mut spent = std::time::Duration::ZERO;
    for group in 0..GROUPS {
        let batches: Vec<Batch> = (0..BATCHES).map(|n| sample_batch(group * BATCHES + n)).collect();
        let begun = Instant::now();
        append_batches(&store, &batches).await.unwrap();
        spent += begun.elapsed();
    }
    let ours = rows as f64 / spent.as_secs_f64();
    println!("\n{rows} events in groups of {BATCHES} batches of {EVENTS}, durable");
    println!("  rows straight into SQLite, by json_each  {reference:>10.0} events/s");
    println!("  the store: rows, sessions, users        {ours:>10.0} events/s");
    println!("  ratio {:.1}", ours / reference);
    measure_simulated_users(&folder.path().join("users.db")).await;
}

/// Measures the hardest case: simulated users on past days, where each batch has another user and
/// session, and its own flags and segments.
async fn measure_simulated_users(path: &std::path::Path) {
    let simulation =
        Simulation { users: 20_000, days: 30, seed: 1, last_day: 20_800, regression: None };
    let population = Population::new(simulation.clone());
    let store = SqliteTelemetry::open(path).await.unwrap();
    let (mut spent, mut events, mut groups) = (std::time::Duration::ZERO, 0, 0);
    for group in population.sessions.chunks(BATCHES) {
        let batches: Vec<Batch> =
            group.iter().flat_map(|session| simulated_batches(&simulation, session)).collect();
        events += batches.iter().map(|batch| batch.events.len()).sum::<usize>();
        groups += 1;
        let begun = Instant::now();
        append_batches(&store, &batches).await.unwrap();
        spent += begun.elapsed();
    }
    let each = spent.as_secs_f64() / f64::from(groups);
    println!(
        "  simulated users, {BATCHES} sessions at once     {:>10.0} events/s",
        events as f64 / spent.as_secs_f64()
    );
    println!(
        "  ({:.0} events in a group, {:.0} ms each)",
        events as f64 / f64::from(groups),
        each * 1e3
    );
}

fn simulated_batches(simulation: &Simulation, session: &SimulatedSession) -> Vec<Batch> {
    let hash = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (u64::from(session.user) << 32) | u64::from(session.number);
    let batch = |made: SimulatedBatch| Batch {
        id: made.id,
        environment: EnvironmentId(1),
        received_at: chrono::DateTime::from_timestamp(20_801 * 86_400, 0).unwrap(),
        visit: Visit {
            who: Some((UserHash(hash(session.user.into())), SessionHash(hash(number)))),
            device: session.device,
            release: Some(made.release.to_owned()),
            exposed: made.exposed,
            phase: Some(session.phase),
            segments: session.segments.clone(),
            // The arm that a running rollout assigns.
            arm: Arm::parse("2:everyone:20000:treatment"),
            ..Visit::default()
        },
        events: made.events,
        raw: Vec::new(),
    };
    session_batches(simulation, session).into_iter().map(batch).collect()
}

fn sample_batch(number: usize) -> Batch {
    let at = chrono::DateTime::from_timestamp(1_800_000_000 + number as i64 / 100, 0).unwrap();
    let flag = || FlagKey::new("ENHANCED_EXERCISE_LIBRARY").unwrap();
    let on = || VariantName::new("on").unwrap();
    let kinds = [
        EventKind::View,
        EventKind::Vital { vital: Vital::Lcp, millionths: 1_000_000 + number as u64, was: None },
        EventKind::Vital { vital: Vital::Inp, millionths: 120_000, was: None },
        EventKind::Exposure { flag: flag(), variant: on() },
        EventKind::FeatureUsed { flag: flag() },
        EventKind::Timing {
            kind: TimingKind::Api,
            name: "/api/exercises/:id".into(),
            millionths: 98_000,
            has_failed: false,
        },
        EventKind::Custom { name: "set_logged".into() },
    ];
    let events = kinds.into_iter().cycle().take(EVENTS);
    let visit = Visit {
        who: Some((UserHash(number as u64 % 5_000), SessionHash(number as u64))),
        device: Device::ALL.into_iter().nth(number % 3).unwrap_or_default(),
        release: Some(format!("1.{}", number % 4)),
        exposed: [(flag(), on())].into(),
        phase: Some(PhaseNumber(2)),
        arm: Arm::parse("2:everyone:20000:treatment"),
        ..Visit::default()
    };
    Batch {
        id: format!("b{number}"),
        environment: EnvironmentId(1),
        received_at: at,
        visit,
        events: events.map(|kind| Event { at, page: "/exercises".into(), kind }).collect(),
        raw: Vec::new(),
    }
}
