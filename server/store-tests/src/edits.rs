//! Stories of changes: flags, segments, overrides, keys and environments.

use phasegate_domain::{
    accounts::{Reach, Scope},
    audit::{AuditEntry, Change, SubjectKind},
    flags::{Flag, FlagDocument, FlagState, IndividualOverride},
    ids::{ActorName, EnvironmentId, EnvironmentKey, FlagKey, TokenId, VariantName},
    targeting::Segment,
};
use phasegate_store::{
    StateStore, StoreError, TelemetryStore,
    models::{
        AuditQuery, ClientKey, Digest, Edit, EnvironmentAuditEntry, EvaluationCount, FlagVersion,
        NewFlag, ServerToken,
    },
};
use serde_json::{Value, json};

use crate::{at_second, state::start_with_plan};

fn audit_entry(key: &str, second: i64) -> AuditEntry {
    AuditEntry {
        at: at_second(second),
        actor: ActorName("ada".into()),
        change: Change::Saved {
            kind: SubjectKind::Flag,
            key: key.into(),
            before: None,
            after: Some(json!({"key": key})),
        },
    }
}

fn environment_entry(environment: EnvironmentId, key: &str, second: i64) -> EnvironmentAuditEntry {
    EnvironmentAuditEntry::new(environment, audit_entry(key, second))
}

fn parse_flag(fields: Value) -> (Flag, FlagState) {
    let document: FlagDocument = serde_json::from_value(fields).unwrap();
    document.into_parts(None, 1)
}

fn checkout_flag() -> (Flag, FlagState) {
    parse_flag(json!({"key": "CHECKOUT", "kind": "string", "off_variant": "a",
        "variants": [{"name": "a", "value": "x"}, {"name": "b", "value": "y"}],
        "rules": [{"variant": "b", "share": 12.5, "condition": {"in_segment": "beta"}}],
        "schedule": [{"at": "2026-12-01T00:00:00Z", "enabled": false}]}))
}

fn individual_override(user: &str, variant: &str) -> IndividualOverride {
    IndividualOverride {
        flag: FlagKey::new("A").unwrap(),
        targeting_key: user.into(),
        variant: VariantName::new(variant).unwrap(),
        expires_at: Some(at_second(500)),
        note: "a test".into(),
    }
}

fn create_flag_edit(flag: Flag, state: FlagState, elsewhere: FlagState) -> Edit {
    Edit::CreateFlag(Box::new(NewFlag { flag, state, elsewhere }))
}

/// A flag is created, changed in definition and state, and deleted, with an audit entry each time.
pub async fn a_flag_is_created_changed_and_deleted(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    let (mut flag, mut state) = checkout_flag();
    let key = flag.key.clone();
    let create = [create_flag_edit(flag.clone(), state.clone(), FlagState::initial(&key))];
    store
        .apply_edits(environment, &create, &[environment_entry(environment, "CHECKOUT", 1)])
        .await
        .unwrap();
    let again = store
        .apply_edits(environment, &create, &[environment_entry(environment, "CHECKOUT", 2)])
        .await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");

    flag.owner = "team".into();
    state.enabled = false;
    state.version = 2;
    let both = [Edit::SaveDefinition(flag.clone(), 1), Edit::SaveState(key.clone(), state.clone())];
    store
        .apply_edits(environment, &both, &[environment_entry(environment, "CHECKOUT", 3)])
        .await
        .unwrap();
    let stored = store.read_flags(environment, &[]).await.unwrap();
    let found = stored.iter().find(|stored| stored.flag.key == key).unwrap();
    assert_eq!((&*found.flag, &*found.state), (&flag, &state));
    assert_eq!(found.version(), FlagVersion { definition: 2, state: 2 });
    assert_eq!((found.created_at, found.changed_at), (at_second(1), at_second(3)));

    let delete = [Edit::DeleteFlag(key.clone(), 2)];
    store
        .apply_edits(environment, &delete, &[environment_entry(environment, "CHECKOUT", 4)])
        .await
        .unwrap();
    assert_eq!(store.read_flags(environment, &[]).await.unwrap().len(), 1);
    let query = AuditQuery {
        kind: Some(SubjectKind::Flag),
        subjects: vec!["CHECKOUT".into()],
        limit: 10,
        ..AuditQuery::default()
    };
    let lines = store.read_audit_records(environment, &query).await.unwrap();
    let times: Vec<_> = lines.iter().map(|line| line.entry.at).collect();
    assert_eq!(times, [at_second(4), at_second(3), at_second(1)]);
    assert_eq!(lines[0].entry, audit_entry("CHECKOUT", 4));
}

/// Of two edits upon the same version, one wins. The other is refused as a whole, including its
/// parts that conflict with nothing.
pub async fn an_edit_upon_an_old_version_changes_nothing(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    let key = FlagKey::new("A").unwrap();
    let mut state = FlagState { enabled: false, ..FlagState::initial(&key) };
    state.version = 2;
    let save = Edit::SaveState(key.clone(), state.clone());
    store
        .apply_edits(
            environment,
            std::slice::from_ref(&save),
            &[environment_entry(environment, "A", 1)],
        )
        .await
        .unwrap();
    let (other, other_state) = checkout_flag();
    let late = [create_flag_edit(other, other_state.clone(), other_state), save];
    let refused =
        store.apply_edits(environment, &late, &[environment_entry(environment, "A", 2)]).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    let flags = store.read_flags(environment, &[]).await.unwrap();
    assert_eq!((flags.len(), &*flags[0].state), (1, &state));
    let query = AuditQuery { limit: 10, ..AuditQuery::default() };
    assert_eq!(store.read_audit_records(environment, &query).await.unwrap().len(), 1);
    let flag = Flag::clone(&flags[0].flag);
    for edit in [
        Edit::SaveDefinition(flag, 9),
        Edit::DeleteFlag(key, 9),
        Edit::SaveOverride(individual_override("nobody", "on"), 1),
        Edit::DeleteToken(TokenId(99), 1),
        Edit::DeleteClientKey("pk_1".into(), 9),
    ] {
        let refused = store.apply_edits(environment, &[edit], &[]).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
}

/// Segments and overrides are created, changed and deleted.
pub async fn segments_and_overrides_are_stored(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    let segment = |name: &str| -> Segment {
        serde_json::from_value(json!({"key": "vip", "name": name, "condition":
            {"attribute": "plan", "operator": "matches", "value": "^pro"}}))
        .unwrap()
    };
    let edit = async |edits: &[Edit]| store.apply_edits(environment, edits, &[]).await;
    edit(&[Edit::CreateSegment(segment("One"))]).await.unwrap();
    edit(&[Edit::SaveSegment(segment("Two"), 1)]).await.unwrap();
    let segments = store.read_segments(environment, &[]).await.unwrap();
    assert_eq!((&*segments[1].value, segments[1].version), (&segment("Two"), 2));
    let key = segments[1].value.key.clone();
    edit(&[Edit::DeleteSegment(key, 2)]).await.unwrap();
    assert_eq!(store.read_segments(environment, &[]).await.unwrap().len(), 1);

    let odd_key = "ada/ö \u{1f600}";
    edit(&[
        Edit::CreateOverride(individual_override(odd_key, "off")),
        Edit::CreateOverride(individual_override("bob", "on")),
    ])
    .await
    .unwrap();
    let twice = edit(&[Edit::CreateOverride(individual_override("bob", "on"))]).await;
    assert!(matches!(twice, Err(StoreError::Conflict)), "{twice:?}");
    edit(&[Edit::SaveOverride(individual_override(odd_key, "on"), 1)]).await.unwrap();
    let overrides = store.read_overrides(environment, &[]).await.unwrap();
    assert_eq!(
        (&*overrides[0].value, overrides[0].version),
        (&individual_override(odd_key, "on"), 2)
    );
    let flag = FlagKey::new("A").unwrap();
    edit(&[Edit::DeleteOverride(flag.clone(), odd_key.into(), 2)]).await.unwrap();
    assert_eq!(store.read_overrides(environment, &[]).await.unwrap().len(), 1);
    edit(&[Edit::DeleteFlag(flag, 1)]).await.unwrap();
    assert!(
        store.read_overrides(environment, &[]).await.unwrap().is_empty(),
        "they go with their flag"
    );
}

/// Keys and tokens are created, changed, used and deleted.
pub async fn keys_and_tokens_are_stored(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    let edit = async |edits: &[Edit]| store.apply_edits(environment, edits, &[]).await;
    let key = ClientKey {
        key: "pk_2".into(),
        environment,
        name: "Shop".into(),
        allowed_origins: vec!["https://shop.example".into()],
        created_at: at_second(1),
        version: 1,
    };
    edit(&[Edit::CreateClientKey(key.clone())]).await.unwrap();
    let renamed = ClientKey { name: "Store".into(), ..key.clone() };
    edit(&[Edit::SaveClientKey(renamed.clone())]).await.unwrap();
    let keys = store.read_client_keys().await.unwrap();
    assert_eq!(keys[1], ClientKey { version: 2, ..renamed });
    edit(&[Edit::DeleteClientKey("pk_2".into(), 2)]).await.unwrap();
    assert_eq!(store.read_client_keys().await.unwrap().len(), 1);

    let token = ServerToken {
        id: TokenId(0),
        digest: Digest([9; 32]),
        environment,
        name: "ci".into(),
        scopes: vec![Scope::Read, Scope::Write],
        created_at: at_second(2),
        reach: Reach::Project,
        owner: "ada@example.com".into(),
        created_by: "ada".into(),
        last_used_at: None,
        version: 1,
    };
    edit(&[Edit::CreateToken(token.clone())]).await.unwrap();
    let found = store.read_server_tokens().await.unwrap()[1].clone();
    assert_eq!(found, ServerToken { id: found.id, ..token });
    store.save_token_use(&[(found.id, at_second(60))]).await.unwrap();
    store.save_token_use(&[(found.id, at_second(30))]).await.unwrap();
    assert_eq!(store.read_server_tokens().await.unwrap()[1].last_used_at, Some(at_second(60)));
    edit(&[Edit::SaveToken(ServerToken { scopes: vec![Scope::Read], ..found.clone() })])
        .await
        .unwrap();
    assert_eq!(store.read_server_tokens().await.unwrap()[1].scopes, [Scope::Read]);
    edit(&[Edit::DeleteToken(found.id, 2)]).await.unwrap();
    assert_eq!(store.read_server_tokens().await.unwrap().len(), 1);
}

/// A new environment has the flags of its project, each in the given state, and its own audit log.
pub async fn an_environment_begins_with_all_flags(store: impl StateStore) {
    let first = start_with_plan(&store).await;
    let project = store.read_environments().await.unwrap()[0].project_id;
    let key = EnvironmentKey::new("staging").unwrap();
    let begin = |flag: &str| {
        let flag = FlagKey::new(flag).unwrap();
        (flag.clone(), FlagState { version: 1, ..FlagState::initial(&flag) })
    };
    let make = async |name, flags: &[(FlagKey, FlagState)], line| {
        store.create_environment(project, &key, name, flags, &audit_entry("staging", line)).await
    };
    let lacks = make("Staging", &[], 1).await;
    assert!(matches!(lacks, Err(StoreError::Conflict)), "a flag would have no state: {lacks:?}");
    let staging = make("Staging", &[begin("A")], 1).await.unwrap();
    let again = make("Again", &[begin("A")], 2).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let flags = store.read_flags(staging, &[]).await.unwrap();
    assert_eq!((flags.len(), flags[0].state.enabled), (1, true));
    let flag = flags[0].flag.key.clone();
    let off = FlagState { enabled: false, version: 2, ..FlagState::initial(&flag) };
    store
        .apply_edits(staging, &[Edit::SaveState(flag, off)], &[environment_entry(staging, "A", 3)])
        .await
        .unwrap();
    assert!(
        store.read_flags(first, &[]).await.unwrap()[0].state.enabled,
        "each has its own switch"
    );
    let (flag, state) = checkout_flag();
    let elsewhere = FlagState { enabled: false, ..FlagState::initial(&flag.key) };
    let create = [create_flag_edit(flag, state, elsewhere.clone())];
    let lines =
        [environment_entry(staging, "CHECKOUT", 4), environment_entry(first, "CHECKOUT", 4)];
    store.apply_edits(staging, &create, &lines).await.unwrap();
    assert_eq!(
        store.read_flags(first, &[]).await.unwrap()[1].state.as_ref(),
        &elsewhere,
        "new ones are in all"
    );
    let query = AuditQuery { limit: 10, ..AuditQuery::default() };
    let there = store.read_audit_records(first, &query).await.unwrap();
    assert_eq!(there.len(), 1, "each line stands where it was put");
    assert_eq!(there[0].entry, audit_entry("CHECKOUT", 4));
    assert_eq!(store.read_audit_records(staging, &query).await.unwrap().len(), 3);
}

/// Evaluation counts add up by hour, and old hours are deleted.
pub async fn evaluation_counts_add_up_by_hour(store: impl TelemetryStore) {
    let environment = phasegate_domain::ids::EnvironmentId(1);
    let row = |hour, variant: &str, count| EvaluationCount {
        environment,
        hour,
        flag: FlagKey::new("A").unwrap(),
        variant: VariantName::new(variant).unwrap(),
        count,
    };
    store
        .add_evaluation_counts(&[row(10, "on", 3), row(10, "off", 1), row(12, "on", 5)], 0)
        .await
        .unwrap();
    store.add_evaluation_counts(&[row(12, "on", 2)], 0).await.unwrap();
    let found = store.read_evaluation_counts(environment, 11).await.unwrap();
    assert_eq!(found, [row(12, "on", 7)]);
    assert_eq!(store.read_evaluation_counts(environment, 0).await.unwrap().len(), 3);
    store.add_evaluation_counts(&[], 11).await.unwrap();
    assert_eq!(store.read_evaluation_counts(environment, 0).await.unwrap(), [row(12, "on", 7)]);
}
