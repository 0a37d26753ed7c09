//! Runs the stories of all backends against the embedded store, and a few tests of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use phasegate_store::{AccountStore, AuditLog, EnvironmentStore, FlagStore, StoreError};
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
    accounts_come_and_go,
    a_first_start_stores_its_plan,
    login_sessions_end,
    a_flag_is_created_changed_and_deleted,
    an_edit_upon_an_old_version_changes_nothing,
    segments_and_overrides_are_stored,
    keys_and_tokens_are_stored,
    an_environment_begins_with_all_flags,
    rollout_changes_are_audited,
);

stories!(SqliteTelemetry:
    batches_add_up_once,
    a_replaced_value_counts_once,
    screenshots_are_bounded,
    dimensions_and_resolutions_are_stored,
    sessions_are_counted_once,
    users_are_counted_exactly,
    old_rollups_expire,
    the_digest_key_is_never_replaced,
    rollups_are_separated_by_environment_and_minute,
    labels_are_bounded,
    evaluation_counts_add_up_by_hour,
    unused_labels_are_replaced,
    labels_of_old_events_are_bounded,
    day_old_labels_are_only_displaced_by_far_more_users,
    labels_of_the_plan_are_never_displaced,
    reports_and_screenshots_expire,
    user_data_is_read_and_erased,
    simulated_telemetry_is_erased,
    reports_are_newest_first_and_bounded,
);

async fn execute_statement(
    path: &std::path::Path,
    statement: &'static str,
) -> Result<(), sqlx::Error> {
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
    execute_statement(&path, newer).await.unwrap();
    let refused = SqliteState::open(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerDatabase { version: 9001, .. }), "{refused}");
}

#[tokio::test]
async fn the_audit_log_cannot_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    stories::rollout_changes_are_audited(SqliteState::open(&path).await.unwrap()).await;
    for statement in ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"] {
        let refused = execute_statement(&path, statement).await.unwrap_err();
        assert!(refused.to_string().contains("the audit log is never"), "{refused}");
    }
}

/// The rows that a first start of the first version wrote.
const FIRST_VERSION: &str = "
    INSERT INTO projects (id, key, name) VALUES (1, 'default', 'Default');
    INSERT INTO environments (id, project_id, key, client_key) VALUES (1, 1, 'production', 'pk_old');
    INSERT INTO server_tokens VALUES (zeroblob(32), 1, 'first start', '[\"admin\"]');
    INSERT INTO flags VALUES (1, 'A', '{\"key\":\"A\",\"name\":\"A\",\"kind\":\"boolean\",\"variants\":[{\"name\":\"on\",\"value\":true},{\"name\":\"off\",\"value\":false}],\"off_variant\":\"off\",\"default_variant\":\"off\",\"rollout_variant\":\"on\"}');
    INSERT INTO flag_states VALUES (1, 'A', 0, 1, 7);
    INSERT INTO segments VALUES (1, 'beta', '{\"key\":\"beta\",\"name\":\"Beta\",\"condition\":{\"attribute\":\"groups\",\"operator\":\"contains\",\"value\":\"beta\"}}');
    INSERT INTO history (environment_id, at, actor, subject_kind, subject, change) VALUES
        (1, 5, 'ada', 'flag', 'A', '{\"subject\":\"flag_switched\",\"flag\":\"A\",\"enabled\":false}');";

#[tokio::test]
async fn a_database_of_the_first_version_is_migrated() {
    use phasegate_store::models::AuditQuery;

    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    let first = include_str!("../../../migrations/sqlite/state/0001_first.sql");
    std::fs::write(migrations.join("0001_first.sql"), first).unwrap();
    let path = folder.path().join("state.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::migrate::Migrator::new(migrations).await.unwrap().run(&pool).await.unwrap();
    sqlx::raw_sql(FIRST_VERSION).execute(&pool).await.unwrap();
    pool.close().await;

    let store = SqliteState::open(&path).await.unwrap();
    let environment = store.read_environments().await.unwrap()[0].clone();
    assert_eq!((environment.key.as_str(), environment.name.as_str()), ("production", "Production"));
    let flags = store.read_flags(environment.id, &[]).await.unwrap();
    let state = &flags[0].state;
    assert_eq!((state.enabled, state.killed, state.version), (false, true, 7));
    assert_eq!((state.salt.text(), state.rules.len()), ("A", 0));
    assert_eq!(store.read_segments(environment.id, &[]).await.unwrap()[0].version, 1);
    let keys = store.read_client_keys().await.unwrap();
    assert_eq!((keys[0].key.as_str(), keys[0].environment), ("pk_old", environment.id));
    assert_eq!(store.read_server_tokens().await.unwrap()[0].name, "first start");
    let query = AuditQuery { limit: 5, ..AuditQuery::default() };
    assert_eq!(
        store.read_audit_records(environment.id, &query).await.unwrap()[0].entry.actor.0,
        "ada"
    );
    // Foreign keys still refer to the recreated tables.
    let orphan =
        execute_statement(&path, "INSERT INTO overrides VALUES (99, 'A', 'ada', '{}', 1)").await;
    assert!(orphan.unwrap_err().to_string().contains("FOREIGN KEY"));
}
