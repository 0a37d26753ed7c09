//! The embedded store passes the stories of all backends, and a few of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use phasegate_store::StoreError;
use phasegate_store_sqlite::{SqliteState, SqliteTelemetry};
use phasegate_store_tests as stories;

macro_rules! stories {
    ($store:ident: $($story:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $story() {
            let folder = tempfile::tempdir().unwrap();
            let store = $store::open(&folder.path().join("test.db")).await.unwrap();
            stories::$story(store).await;
        })+
    };
}

stories!(SqliteState:
    first_start_happens_once,
    a_first_start_brings_its_plan,
    sessions_end,
    a_flag_change_needs_the_newest_version,
    a_rollout_moves_with_its_history,
);

stories!(SqliteTelemetry:
    batches_add_up_once,
    rollups_are_kept_apart,
    labels_are_bounded,
    unused_labels_make_room,
    reports_are_newest_first_and_bounded,
);

async fn execute(path: &std::path::Path, statement: &'static str) -> Result<(), sqlx::Error> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await?;
    sqlx::query(statement).execute(&pool).await?;
    pool.close().await;
    Ok(())
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    drop(SqliteState::open(&path).await.unwrap());
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9001, 'from the future', 1, x'00', 0)";
    execute(&path, newer).await.unwrap();
    let refused = SqliteState::open(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerDatabase { version: 9001, .. }), "{refused}");
}

#[tokio::test]
async fn the_history_cannot_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    stories::a_rollout_moves_with_its_history(SqliteState::open(&path).await.unwrap()).await;
    for statement in ["UPDATE history SET actor = 'x'", "DELETE FROM history"] {
        let refused = execute(&path, statement).await.unwrap_err();
        assert!(refused.to_string().contains("history is never"), "{refused}");
    }
}
