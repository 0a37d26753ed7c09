//! Stories of the state store.

use phasegate_domain::{
    accounts::{Role, Scope},
    audit::{AuditEntry, Change, SubjectKind},
    flags::FlagState,
    ids::{AccountId, ActorName, EnvironmentId, PhaseNumber},
    plan::PlanFile,
    rollout::{CommandKind, GateResult, RolloutCommand, RolloutEvent, apply_command},
};
use phasegate_store::{
    StateStore, StoreError,
    models::{
        AccountLink, AccountValue, AccountValueKind, AuditQuery, Digest, Edit,
        EnvironmentAuditEntry, FirstPlan, FirstStart, FlagVersion, LinkPurpose, NewFlag, Session,
        Versioned,
    },
};
use serde_json::json;

use crate::at_second;

fn sample_first_start() -> FirstStart {
    FirstStart {
        email: "Admin@example.com".into(),
        password_hash: "hash".into(),
        client_key: "pk_1".into(),
        server_token: Digest([7; 32]),
        plan: None,
        at: at_second(0),
    }
}

fn sample_plan() -> PlanFile {
    serde_json::from_value(json!({
        "format": 1, "key": "library", "name": "Library", "revision": "v1.0",
        "segments": [{"key": "beta", "name": "Beta", "condition":
            {"attribute": "groups", "operator": "contains", "value": "beta"}}],
        "flags": [{"key": "A", "name": "A", "kind": "boolean",
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
            "off_variant": "off", "default_variant": "off", "rollout_variant": "on"}],
        "phases": [
            {"number": 1, "name": "One", "percentage": 0.1,
             "audience": [{"segment": "beta", "share": 100}], "flags": ["A"]},
            {"number": 2, "name": "Two", "percentage": 100,
             "audience": [{"segment": "everyone", "share": 20.5}]}],
    }))
    .unwrap()
}

pub(crate) async fn start_with_plan(store: &impl StateStore) -> EnvironmentId {
    let PlanFile { plan, segments, flags, .. } = sample_plan();
    let flags = flags.into_iter().map(|flag| NewFlag {
        state: FlagState::initial(&flag.key),
        elsewhere: FlagState::unused(&flag.key),
        flag,
    });
    let plan = FirstPlan { plan, salt: "salt".into(), segments, flags: flags.collect() };
    let first = FirstStart { plan: Some(plan), ..sample_first_start() };
    store.create_first_environment(&first).await.unwrap().unwrap().environment
}

/// The first start creates an account, an environment and its keys, and only once.
pub async fn first_start_happens_once(store: impl StateStore) {
    let created = store.create_first_environment(&sample_first_start()).await.unwrap().unwrap();
    assert_eq!(store.create_first_environment(&sample_first_start()).await.unwrap(), None);
    let environments = store.read_environments().await.unwrap();
    assert_eq!(environments.len(), 1);
    assert_eq!(environments[0].id, created.environment);
    assert_eq!(environments[0].project.as_str(), "default");
    assert_eq!(environments[0].key.as_str(), "production");
    let keys = store.read_client_keys().await.unwrap();
    assert_eq!((keys.len(), keys[0].key.as_str()), (1, "pk_1"));
    assert_eq!(keys[0].environment, created.environment);
    assert!(keys[0].allowed_origins.is_empty());
    assert!(store.read_rollout(created.environment).await.unwrap().is_none());
    let account = store.read_account("admin@EXAMPLE.com").await.unwrap().unwrap();
    assert_eq!(account.account.id, created.admin);
    assert_eq!(account.account.role, Role::Admin);
    assert_eq!(store.find_account(created.admin).await.unwrap(), Some(account.account));
    assert!(store.read_account("nobody@example.com").await.unwrap().is_none());
    let tokens = store.read_server_tokens().await.unwrap();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].digest, Digest([7; 32]));
    assert_eq!(tokens[0].environment, created.environment);
    assert_eq!(tokens[0].scopes, [Scope::Admin]);
    assert_eq!((tokens[0].created_at, tokens[0].last_used_at), (at_second(0), None));
}

/// Login sessions end by time, by logout, and when the password changes.
pub async fn login_sessions_end(store: impl StateStore) {
    let created = store.create_first_environment(&sample_first_start()).await.unwrap().unwrap();
    let admin = created.admin;
    let change = |edit: Edit| {
        let (edits, store) = ([edit], &store);
        async move { store.apply_edits(created.environment, &edits, &[]).await }
    };
    let session = |id: u8, account| Session {
        epoch: 0,
        id: Digest([id; 32]),
        account,
        data: format!("{{\"n\":{id}}}"),
        expires_at: at_second(100),
    };
    store.create_session(&session(1, None)).await.unwrap();
    assert!(store.save_session(&session(1, Some(admin))).await.unwrap());
    assert_eq!(
        store.find_session(Digest([1; 32]), at_second(99)).await.unwrap(),
        Some(session(1, Some(admin)))
    );
    assert_eq!(store.find_session(Digest([1; 32]), at_second(100)).await.unwrap(), None);
    store.delete_ended_sessions(at_second(99)).await.unwrap();
    assert!(store.find_session(Digest([1; 32]), at_second(99)).await.unwrap().is_some());
    store.delete_ended_sessions(at_second(100)).await.unwrap();
    assert_eq!(store.find_session(Digest([1; 32]), at_second(99)).await.unwrap(), None);

    store.create_session(&session(2, Some(admin))).await.unwrap();
    store.delete_session(Digest([2; 32])).await.unwrap();
    // A request that is still in progress saves the session that it has read.
    assert!(!store.save_session(&session(2, Some(admin))).await.unwrap());
    assert_eq!(store.find_session(Digest([2; 32]), at_second(0)).await.unwrap(), None);

    store.create_session(&session(3, Some(admin))).await.unwrap();
    store.create_session(&session(4, None)).await.unwrap();
    change(Edit::SavePassword(admin, "new".into(), None)).await.unwrap();
    assert_eq!(store.find_session(Digest([3; 32]), at_second(0)).await.unwrap(), None);
    assert!(!store.save_session(&session(3, Some(admin))).await.unwrap());
    // A login with the old password that was still in progress.
    store.create_session(&session(5, Some(admin))).await.unwrap();
    assert_eq!(store.find_session(Digest([5; 32]), at_second(0)).await.unwrap(), None);
    let epoch = store.read_account("admin@example.com").await.unwrap().unwrap().session_epoch;
    let fresh = Session { epoch, ..session(6, Some(admin)) };
    store.create_session(&fresh).await.unwrap();
    assert_eq!(store.find_session(Digest([6; 32]), at_second(0)).await.unwrap(), Some(fresh));
    assert!(store.find_session(Digest([4; 32]), at_second(0)).await.unwrap().is_some());
    assert_eq!(
        store.read_account("admin@example.com").await.unwrap().unwrap().password_hash,
        "new"
    );
    let nobody = Edit::SavePassword(AccountId(99), "new".into(), None);
    assert!(matches!(change(nobody).await, Err(StoreError::Conflict)));

    // With a new password, one session may stay, and a request that is still in progress keeps it.
    let sessions = || async { store.read_sessions(Some(admin), at_second(0)).await.unwrap() };
    store.create_session(&Session { epoch, ..session(7, Some(admin)) }).await.unwrap();
    assert_eq!(sessions().await.len(), 2);
    change(Edit::SavePassword(admin, "newer".into(), Some(Digest([7; 32])))).await.unwrap();
    assert!(store.save_session(&Session { epoch, ..session(7, Some(admin)) }).await.unwrap());
    let ids: Vec<Digest> = sessions().await.iter().map(|session| session.id).collect();
    assert_eq!(ids, [Digest([7; 32])]);
}

/// Accounts are created, change their role and are removed; links are used once.
pub async fn accounts_come_and_go(store: impl StateStore) {
    let created = store.create_first_environment(&sample_first_start()).await.unwrap().unwrap();
    let change = |edit: Edit| {
        let edits = [edit];
        let store = &store;
        async move { store.apply_edits(created.environment, &edits, &[]).await }
    };
    let create = |email: &str| Edit::CreateAccount(email.into(), "hash".into(), Role::Operator);
    change(create("bob@example.com")).await.unwrap();
    let again = change(create("BOB@example.com")).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let bob = store.read_account("bob@example.com").await.unwrap().unwrap().account;
    let emails: Vec<String> =
        store.read_accounts().await.unwrap().into_iter().map(|account| account.email).collect();
    assert_eq!(emails, ["Admin@example.com", "bob@example.com"]);

    change(Edit::SaveRole(bob.id, Role::Operator, Role::Viewer)).await.unwrap();
    assert_eq!(store.find_account(bob.id).await.unwrap().unwrap().role, Role::Viewer);
    let outdated = change(Edit::SaveRole(bob.id, Role::Operator, Role::Admin)).await;
    assert!(matches!(outdated, Err(StoreError::Conflict)), "{outdated:?}");

    let link = |digest, email: &str, purpose| AccountLink {
        digest: Digest([digest; 32]),
        purpose,
        email: email.into(),
        created_by: "ada".into(),
        expires_at: at_second(100),
    };
    let invitation = link(1, "eve@example.com", LinkPurpose::Invitation(Role::Admin));
    change(Edit::CreateAccountLink(invitation)).await.unwrap();
    let newer = link(2, "Eve@example.com", LinkPurpose::Invitation(Role::Viewer));
    change(Edit::CreateAccountLink(newer.clone())).await.unwrap();
    let reset = link(3, "bob@example.com", LinkPurpose::PasswordReset);
    change(Edit::CreateAccountLink(reset.clone())).await.unwrap();
    let links = store.read_account_links(at_second(99)).await.unwrap();
    assert_eq!(links.len(), 2, "a newer link replaces the older one: {links:?}");
    assert!(links.contains(&newer) && links.contains(&reset));
    assert!(store.read_account_links(at_second(100)).await.unwrap().is_empty());
    change(Edit::SavePassword(bob.id, "chosen".into(), None)).await.unwrap();
    let left = store.read_account_links(at_second(0)).await.unwrap();
    assert_eq!(left, std::slice::from_ref(&newer), "a reset link ends with a new password");
    let by_bob = AccountLink {
        created_by: "bob@example.com".into(),
        ..link(4, "dan@example.com", LinkPurpose::Invitation(Role::Admin))
    };
    change(Edit::CreateAccountLink(by_bob)).await.unwrap();
    change(Edit::SaveRole(bob.id, Role::Viewer, Role::Operator)).await.unwrap();
    let left = store.read_account_links(at_second(0)).await.unwrap();
    assert_eq!(
        left,
        std::slice::from_ref(&newer),
        "links of somebody who is no admin are not valid"
    );
    change(Edit::DeleteAccountLink(newer.digest)).await.unwrap();
    let used = change(Edit::DeleteAccountLink(newer.digest)).await;
    assert!(matches!(used, Err(StoreError::Conflict)), "{used:?}");

    let kind = AccountValueKind::FlagFilter;
    let value = |name: &str, value: &str| AccountValue {
        account: bob.id,
        environment: created.environment,
        kind,
        name: name.into(),
        value: value.into(),
    };
    for (name, kept) in [("old", "status=stale"), ("mine", "q=a"), ("mine", "q=b")] {
        store.save_account_value(&value(name, kept)).await.unwrap();
    }
    let read = |account| store.read_account_values(account, created.environment, kind);
    let kept = [("mine".into(), "q=b".into()), ("old".into(), "status=stale".into())];
    assert_eq!(read(bob.id).await.unwrap(), kept);
    assert_eq!(read(created.admin).await.unwrap(), []);
    store.delete_account_value(&value("old", "")).await.unwrap();
    assert_eq!(read(bob.id).await.unwrap(), kept[..1]);

    change(Edit::DeleteAccount(bob.id)).await.unwrap();
    assert_eq!(read(bob.id).await.unwrap(), []);
    assert!(store.find_account(bob.id).await.unwrap().is_none());
    assert!(store.read_account_links(at_second(0)).await.unwrap().is_empty());
}

/// The first start stores its plan, with flags and segments.
pub async fn a_first_start_stores_its_plan(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    let rollout = store.read_rollout(environment).await.unwrap().unwrap();
    assert_eq!(rollout.plan, sample_plan().plan);
    assert_eq!(rollout.salt.text(), "salt");
    assert_eq!(rollout.version, 1);
    let segments = store.read_segments(environment, &[]).await.unwrap();
    assert_eq!(
        segments,
        [Versioned { value: sample_plan().segments[0].clone().into(), version: 1 }]
    );
    let flags = store.read_flags(environment, &[]).await.unwrap();
    assert_eq!(flags.len(), 1);
    assert_eq!(*flags[0].flag, sample_plan().flags[0]);
    assert_eq!(*flags[0].state, FlagState::initial(&flags[0].flag.key));
    assert_eq!(flags[0].version(), FlagVersion { definition: 1, state: 1 });
    assert_eq!((flags[0].created_at, flags[0].changed_at), (at_second(0), at_second(0)));
}

/// Changes of a rollout are in the audit log, newest first; the loser of a race changes nothing.
pub async fn rollout_changes_are_audited(store: impl StateStore) {
    let environment = start_with_plan(&store).await;
    for (step, kind) in [CommandKind::Start, CommandKind::Advance].into_iter().enumerate() {
        let rollout = store.read_rollout(environment).await.unwrap().unwrap();
        let command = RolloutCommand::new(kind, "because");
        let now = at_second(i64::try_from(step).unwrap());
        let (gate, ada) = (GateResult::always_passing(), ActorName("ada".into()));
        let what = apply_command(&rollout.plan, &rollout.state, &command, &gate, Role::Admin, now)
            .unwrap();
        let state = rollout.state.apply_event(&what, &ada, now);
        let change = Change::Rollout { rollout: rollout.key.clone(), what };
        let entry = AuditEntry { at: now, actor: ada, change };
        let entries = [EnvironmentAuditEntry::new(environment, entry)];
        let saved = Box::new(state.clone());
        let edits = [Edit::SaveRollout(rollout.key.clone(), saved, rollout.version)];
        store.apply_edits(environment, &edits, &entries).await.unwrap();
        let late = store.apply_edits(environment, &edits, &entries).await;
        assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
        assert_eq!(store.read_rollout(environment).await.unwrap().unwrap().state, state);
    }
    let query = |kind, limit| AuditQuery { kind, limit, ..AuditQuery::default() };
    let history = store
        .read_audit_records(environment, &query(Some(SubjectKind::Rollout), 10))
        .await
        .unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].entry.at, at_second(1));
    assert_eq!(store.read_revision().await.unwrap(), history[0].id);
    let Change::Rollout { what: RolloutEvent::Advanced(moved), .. } = &history[0].entry.change
    else {
        panic!("{:?}", history[0]);
    };
    assert_eq!((moved.from, moved.to), (PhaseNumber(1), PhaseNumber(2)));
    assert_eq!(store.read_audit_records(environment, &query(None, 1)).await.unwrap().len(), 1);
    let found = |actor: &str, text: &str| {
        let found = AuditQuery { actor: actor.into(), text: text.into(), ..query(None, 9) };
        let store = &store;
        async move { store.read_audit_records(environment, &found).await.unwrap().len() }
    };
    assert_eq!((found("ADA", "").await, found("bert", "").await), (2, 0));
    assert_eq!(
        (found("", "Advanced").await, found("", "aDa").await, found("", "%").await),
        (1, 2, 0)
    );
    let before = AuditQuery { before: Some(history[0].id), ..query(None, 9) };
    assert_eq!(store.read_audit_records(environment, &before).await.unwrap(), [history[1].clone()]);
    let flags = query(Some(SubjectKind::Flag), 10);
    assert!(store.read_audit_records(environment, &flags).await.unwrap().is_empty());
}
