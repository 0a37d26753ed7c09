//! The rollout over HTTP: its rules, concurrent commands, and power cuts.

use crate::common::process::Server;
use crate::common::{self, CLIENT_KEY, TestApp, fetch_json};
use phasegate_domain::{
    accounts::{Reach, Role, Scope},
    rollout::RecordEntry,
};
use phasegate_service::{
    ObjectKind, ServiceError,
    access::Actor,
    rollout::{self, PlanBase, PlanImport},
    tokens::{TokenFields, create_token},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn send_command(app: &TestApp, name: &str, reason: &str) -> (u16, Value) {
    let body = json!({"command": name, "reason": reason});
    let (status, answer) =
        fetch_json(app.overwrite_request(Method::POST, "/rollout/commands").json(&body)).await;
    (status, answer)
}

async fn add_record_entry(app: &TestApp, record_entry: Value) -> (u16, Value) {
    let sent = app.api_request(Method::POST, "/rollout/record").json(&record_entry);
    let (status, answer) = fetch_json(sent).await;
    (status, answer)
}

async fn read_rollout(app: &TestApp) -> Value {
    fetch_json(app.api_request(Method::GET, "/rollout")).await.1
}

#[tokio::test]
async fn a_refused_command_says_why_and_what_is_possible() {
    let app = TestApp::start_app().await;
    let (code, problem) = send_command(&app, "advance", "").await;
    assert_eq!(
        (code, problem["detail"].as_str().unwrap()),
        (409, "the rollout has not started; start it first. Possible now: start, abort",)
    );
    let (code, problem) = send_command(&app, "start", "").await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(code, 409);
    assert!(detail.starts_with("12 of 12 items of the checklist are not done"), "{detail}");
    let (code, problem) = send_command(&app, "fly", "").await;
    assert_eq!(code, 422, "{problem}");
    let (code, problem) = add_record_entry(&app, json!({"kind": "tick", "item": "Coffee"})).await;
    assert_eq!(
        (code, problem["detail"].as_str().unwrap()),
        (422, "item: the plan has no item \"Coffee\"")
    );
    for (sent, says) in [
        (json!({"kind": "vote", "go": "yes"}), "go: must be true or false, not \"yes\""),
        (json!({"kind": {"kind": "vote"}}), "kind: must be a text, not an object"),
        (json!({"kind": "nope"}), "kind: there is no \"nope\"; choose one of tick"),
        (json!({"kind": "vote"}), "go: is missing"),
        (json!({}), "kind: is missing"),
    ] {
        let (code, problem) = add_record_entry(&app, sent).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(code == 422 && detail.starts_with(says), "{code} {detail}");
    }
    let typo = json!({"kind": "vote", "go": true, "coment": "lost"});
    let (code, problem) = add_record_entry(&app, typo).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((code, detail), (422, "coment: there is no such field"));
    let link = json!({"kind": "tick", "item": "E2E tests passing", "link": "javascript:alert(1)"});
    assert_eq!(add_record_entry(&app, link).await.0, 422);
    let (code, started) = send_command(&app, "start", "a trial").await;
    assert_eq!((code, &started["status"], &started["phase"]), (200, &json!("running"), &json!(1)));
    assert_eq!(started["can_advance"], false);
    let (code, problem) = send_command(&app, "advance", "").await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(code, 409);
    for part in ["At least 3 days", "No blocking bugs: needs sign-off", "0 of 2 say go", "kill"] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    let (code, problem) = send_command(&app, "rollback", "why not").await;
    assert_eq!(code, 409, "{problem}");
}

#[tokio::test]
async fn the_second_of_two_commands_is_refused() {
    let app = TestApp::start_app().await;
    let seen = app.api_request(Method::GET, "/rollout").send().await.unwrap();
    let tag = seen.headers()["etag"].to_str().unwrap().to_owned();
    let start = || {
        let body = json!({"command": "start", "reason": "a trial"});
        app.api_request(Method::POST, "/rollout/commands").header("if-match", &tag).json(&body)
    };
    assert_eq!(fetch_json(start()).await.0, 200);
    let (code, problem) = fetch_json(start()).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        code == 412 && detail.contains("first start") && detail.contains("started"),
        "{detail}"
    );
    let body = json!({"command": "advance", "reason": "by force"});
    let (code, problem) =
        fetch_json(app.api_request(Method::POST, "/rollout/commands").json(&body)).await;
    assert_eq!(code, 428, "a request that is sent twice must not go two phases on: {problem}");
    // With `If-Match: *`, the three commands still run one after the other.
    let advance =
        || fetch_json(app.overwrite_request(Method::POST, "/rollout/commands").json(&body));
    let (one, two, three) = tokio::join!(advance(), advance(), advance());
    let won = [&one, &two, &three].into_iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(read_rollout(&app).await["phase"], json!(1 + won));
}

#[tokio::test]
async fn a_killed_rollout_is_off_for_all_users() {
    let app = TestApp::start_app().await;
    send_command(&app, "start", "a trial").await;
    let ask = async || {
        let body = json!({"context": {"targetingKey": "ines", "groups": ["internal"]}});
        let path = "/ofrep/v1/evaluate/flags/ENHANCED_EXERCISE_LIBRARY";
        fetch_json(app.post(path).bearer_auth(CLIENT_KEY).json(&body)).await.1["value"].clone()
    };
    assert_eq!(ask().await, true);
    let (code, problem) = send_command(&app, "kill", "").await;
    assert_eq!(code, 422, "{problem}");
    let (code, problem) = send_command(&app, "kill", &"x".repeat(2_001)).await;
    assert_eq!(code, 422, "{problem}");
    let (code, killed) = send_command(&app, "kill", "it burns").await;
    assert_eq!((code, &killed["record"]["incidents"][0]["kind"]), (200, &json!("kill")));
    assert_eq!(ask().await, false);
    let (_, audit) = fetch_json(app.api_request(Method::GET, "/audit?limit=5")).await;
    let audit = audit.to_string();
    assert!(audit.contains("\"killed\"") && audit.contains("ENHANCED_EXERCISE_LIBRARY"), "{audit}");
}

#[tokio::test]
async fn votes_and_sign_offs_survive_a_restart() {
    let app = TestApp::start_app().await;
    send_command(&app, "start", "a trial").await;
    let (code, problem) = add_record_entry(&app, json!({"kind": "vote", "go": true})).await;
    assert_eq!(code, 409, "tokens vote only where the plan says so: {problem}");
    cast_vote(&app, true, "").await.unwrap();
    assert!(cast_vote(&app, false, "").await.is_err(), "a no-go says why");
    cast_vote(&app, false, "not on a Friday").await.unwrap();
    let judged = json!({"kind": "sign_off", "statement": "No blocking bugs", "holds": true});
    assert_eq!(add_record_entry(&app, judged).await.0, 200);
    let before = read_rollout(&app).await;
    let app = app.restart_on_same_data().await;
    let after = read_rollout(&app).await;
    assert_eq!(before["record"], after["record"]);
    assert_eq!(after["record"]["votes"][0]["comment"], "not on a Friday");
    send_command(&app, "advance", "by force").await;
    let moved = read_rollout(&app).await;
    assert_eq!(moved["record"]["votes"], json!([]));
}

#[tokio::test]
async fn an_exported_plan_is_changed_and_imported_as_a_revision() {
    let app = TestApp::start_app().await;
    let plan = async || {
        let (_, answer) = fetch_json(app.api_request(Method::GET, "/rollout/plan")).await;
        answer["toml"].as_str().unwrap().to_owned()
    };
    let bring = async |toml: &str, note: &str| {
        let body = json!({"toml": toml, "note": note});
        let (code, answer) =
            fetch_json(app.overwrite_request(Method::PUT, "/rollout/plan").json(&body)).await;
        (code, answer["detail"].as_str().unwrap_or_default().to_owned())
    };
    let text = plan().await;
    assert_eq!(bring(&text, "").await.1, "the plan equals the current one");
    send_command(&app, "start", "a trial").await;
    let longer = text.replacen("minimum_days = 3", "minimum_days = 4", 1);
    assert_ne!(longer, text);
    let (code, why) = bring(&longer, "more time").await;
    assert_eq!(
        (code, why.as_str()),
        (409, "revision: must be higher than v2.0, the current revision")
    );
    let revised = longer.replacen("revision = \"v2.0\"", "revision = \"v2.1\"", 1);
    assert_eq!(bring(&revised, "").await.1, "note: must not be empty");
    assert_eq!(bring(&revised, "more time").await.0, 200);
    assert_eq!(plan().await, revised);
    let now = read_rollout(&app).await;
    assert_eq!((&now["revision"], &now["phase"]), (&json!("v2.1"), &json!(1)));
    let (_, audit) = fetch_json(app.api_request(Method::GET, "/audit?kind=rollout&limit=2")).await;
    assert_eq!(audit[0]["change"]["what"]["note"], "more time");
    let fields = audit[1]["fields"].to_string();
    assert!(fields.contains("minimum_days") && fields.contains("v2.1"), "{fields}");
    // An invalid plan is refused with the line of the error.
    let wrong = revised.replacen("metric = \"error_rate\"", "metric = \"moon\"", 1);
    let (code, why) = bring(&wrong, "x").await;
    assert!(code == 422 && why.contains("line ") && why.contains("there is no \"moon\""), "{why}");
    // Another plan is accepted once this one has ended.
    let canary = include_str!("../../../app/service/plans/canary.toml");
    let (code, why) = bring(canary, "x").await;
    assert!(code == 409 && why.starts_with("key: exercise-library is in progress"), "{why}");
    send_command(&app, "abort", "enough").await;
    assert_eq!(bring(canary, "x").await.0, 200);
    let now = read_rollout(&app).await;
    assert_eq!((&now["key"], &now["status"]), (&json!("canary"), &json!("draft")));
    let (code, flag) = fetch_json(app.api_request(Method::GET, "/flags/NEW_FEATURE")).await;
    assert_eq!((code, &flag["enabled"]), (200, &json!(true)));
}

/// Votes as an operator's account.
async fn cast_vote(app: &TestApp, go: bool, comment: &str) -> Result<(), ServiceError> {
    let actor = common::actor_with_role(Role::Operator);
    let environment = app.service.first_environment().unwrap();
    let vote = RecordEntry::Vote { go, comment: comment.to_owned() };
    rollout::add_to_record(&app.service, &actor, environment, &vote).await.map(drop)
}

#[tokio::test]
async fn one_account_has_one_vote_across_its_tokens() {
    let app = TestApp::start_app().await;
    let canary = include_str!("../../../app/service/plans/canary.toml");
    let text = canary.replace("quorum = 1\n", "quorum = 1\ntoken_votes = true\n");
    let (code, answer) = fetch_json(
        app.overwrite_request(Method::PUT, "/rollout/plan").json(&json!({"toml": text})),
    )
    .await;
    assert_eq!(code, 200, "{answer}");
    send_command(&app, "start", "a trial").await;
    let mut secrets = Vec::new();
    for name in ["one", "two"] {
        let token = json!({"name": name, "scopes": ["write"]});
        let (_, made) = fetch_json(app.api_request(Method::POST, "/tokens").json(&token)).await;
        secrets.push(made["secret"].as_str().unwrap().to_owned());
    }
    let record = "/api/v1/projects/default/environments/production/rollout/record";
    for secret in &secrets {
        let go = json!({"kind": "vote", "go": true});
        let (code, answer) = fetch_json(app.post(record).bearer_auth(secret).json(&go)).await;
        assert_eq!(code, 200, "{answer}");
    }
    cast_vote(&app, true, "").await.unwrap();
    // A token without an account has no vote.
    let environment = app.service.first_environment().unwrap();
    let fields = TokenFields {
        name: "deploy".into(),
        scopes: vec![Scope::Write],
        reach: Reach::Environment,
    };
    let maker = Actor::from_command_line("bert");
    let made = create_token(&app.service, &maker, environment, &fields, &[7; 32]).await.unwrap();
    let go = json!({"kind": "vote", "go": true});
    let (code, problem) = fetch_json(app.post(record).bearer_auth(&made.secret).json(&go)).await;
    assert_eq!(code, 409, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("\"command line (bert)\"") && detail.contains("--owner"), "{detail}");
    let votes = read_rollout(&app).await["record"]["votes"].clone();
    assert_eq!(votes.as_array().unwrap().len(), 1, "{votes}");
    assert_eq!(votes[0]["by"], common::EMAIL);
}

/// Imports a plan as the admin and the command line do: after a look at the difference.
#[tokio::test]
async fn a_plan_import_requires_the_version_that_was_reviewed() {
    let app = TestApp::start_app().await;
    let (service, actor) = (&app.service, &common::actor_with_role(Role::Admin));
    let environment = service.first_environment().unwrap();
    let text = rollout::export_plan(service, actor, environment).await.unwrap().value;
    let longer = |days: u8| {
        let text = text.replacen("minimum_days = 3", &format!("minimum_days = {days}"), 1);
        rollout::read_plan(service, environment, &text).unwrap()
    };
    let (mine, theirs) = (longer(4), longer(5));
    let looked_at = rollout::compare_plan(service, actor, environment, &mine).await.unwrap();
    let salt = &[7; 32];
    let bring = async |plan, base| {
        let import = PlanImport { note: "more time", salt, base };
        rollout::import_plan(service, actor, environment, plan, import).await
    };
    bring(&theirs, PlanBase::Any).await.unwrap();
    let seen = PlanBase::Seen(looked_at.version);
    let refused = bring(&mine, seen).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Conflict(ObjectKind::Rollout)), "{refused}");
    let refused = bring(&mine, PlanBase::Seen(None)).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Conflict(ObjectKind::Rollout)), "there is one now");
    let looked_at = rollout::compare_plan(service, actor, environment, &mine).await.unwrap();
    bring(&mine, PlanBase::Seen(looked_at.version)).await.unwrap();
    assert_eq!(looked_at.unchanged, [""; 0], "the file has flags and segments as they are");
    // An import does not change existing segments and flags; differences are listed.
    let mut other = longer(5);
    other.segments[0].name = "Another name".into();
    other.flags[0].description = "Another description".into();
    let (segment, flag) = (other.segments[0].key.clone(), other.flags[0].key.clone());
    let looked_at = rollout::compare_plan(service, actor, environment, &other).await.unwrap();
    assert_eq!(looked_at.unchanged, [format!("segment {segment}"), format!("flag {flag}")]);
}

/// Returns a plan of two phases without minimum durations, which both require adoption above 50 %
/// and errors below 20 %.
fn measured_plan() -> String {
    let canary = include_str!("../../../app/service/plans/canary.toml");
    let phases = canary.find("[[phases]]").unwrap();
    let phase = |number: u8, flags: &str| {
        format!(
            "[[phases]]\nnumber = {number}\nname = \"P{number}\"\npercentage = 100\n\
             audience = [{{ segment = \"everyone\", share = 100 }}]\n{flags}\
             [[phases.criteria]]\nmetric = \"adoption_rate\"\ncomparator = \">\"\nthreshold = 50\n\
             [[phases.criteria]]\nmetric = \"error_rate\"\ncomparator = \"<\"\nthreshold = 20\n"
        )
    };
    let flags = "flags = [\"NEW_FEATURE\"]\n";
    format!("{}{}{}", &canary[..phases], phase(1, flags), phase(2, ""))
}

/// Sends the events of a user who was exposed to the feature and used it, optionally with an error.
async fn send_visit(app: &TestApp, who: usize, has_error: bool) {
    let mut events = vec![
        json!({"t": "view", "page": "/"}),
        json!({"t": "exposure", "flag": "NEW_FEATURE", "variant": "on"}),
        json!({"t": "use", "flag": "NEW_FEATURE"}),
    ];
    if has_error {
        events.push(json!({"t": "error", "message": "it broke", "severity": "error"}));
    }
    let (id, sent_events) = (format!("{who}-{has_error}"), events.len());
    let body = json!({"v": 1, "batch": id, "session": format!("s{id}"), "visitor": "v",
        "user": format!("u{who}"), "exposed": {"NEW_FEATURE": "on"}, "events": events});
    let sent = app.post(&format!("/collect?key={CLIENT_KEY}")).body(body.to_string());
    let (status, receipt) = fetch_json(sent).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(sent_events)), "{receipt}");
}

#[tokio::test]
async fn measurements_open_and_close_the_gate() {
    let app = TestApp::start_app().await;
    let plan = json!({"toml": measured_plan()});
    let (code, answer) =
        fetch_json(app.overwrite_request(Method::PUT, "/rollout/plan").json(&plan)).await;
    assert_eq!(code, 200, "{answer}");
    send_command(&app, "start", "a trial").await;
    cast_vote(&app, true, "").await.unwrap();
    let verdicts = async || {
        let gate = read_rollout(&app).await["gate"]["conditions"].clone();
        let of = |n: usize| gate[n]["verdict"].as_str().unwrap().to_owned();
        (of(1), of(2), gate.to_string())
    };
    let (adoption, errors, gate) = verdicts().await;
    assert_eq!((adoption.as_str(), errors.as_str()), ("inconclusive", "inconclusive"), "{gate}");
    for who in 0..60 {
        send_visit(&app, who, false).await;
    }
    let (adoption, errors, gate) = verdicts().await;
    assert_eq!((adoption.as_str(), errors.as_str()), ("pass", "pass"), "{gate}");
    assert_eq!(read_rollout(&app).await["can_advance"], true);
    let (code, moved) = send_command(&app, "advance", "").await;
    assert_eq!((code, &moved["phase"]), (200, &json!(2)), "without force: {moved}");
    cast_vote(&app, true, "").await.unwrap();
    for who in 0..60 {
        send_visit(&app, who, true).await;
    }
    let (adoption, errors, gate) = verdicts().await;
    assert_eq!((adoption.as_str(), errors.as_str()), ("pass", "fail"), "{gate}");
    let (code, problem) = send_command(&app, "complete", "").await;
    assert_eq!(code, 409);
    assert!(problem["detail"].as_str().unwrap().contains("100.0 % of 60 sessions"), "{problem}");
}

/// A server that is killed between a command and its answer has carried out all of it or nothing:
/// the audit log has one entry per version, and the entries lead to the state.
#[tokio::test]
async fn a_power_cut_leaves_no_partial_command() {
    let mut server = Server::start_server();
    let send = |server: &Server, name: &str| {
        let body = json!({"command": name, "reason": "because"});
        server.api_request(Method::POST, "/rollout/commands").header("if-match", "*").json(&body)
    };
    for name in ["start", "advance", "advance"] {
        assert_eq!(send(&server, name).send().await.unwrap().status(), 200, "{name}");
    }
    let mut answered = 3;
    for round in 0..8_u64 {
        let name = if round.is_multiple_of(2) { "halve" } else { "restore" };
        let request = tokio::spawn(send(&server, name).send());
        // The server is killed before, during or after the command: after `round` answers to other
        // requests.
        for _ in 0..round {
            server.api_request(Method::GET, "/flags").send().await.unwrap();
        }
        server.kill_and_restart();
        answered += u64::from(request.await.unwrap().is_ok_and(|answer| answer.status() == 200));
        let answer = server.api_request(Method::GET, "/rollout").send().await.unwrap();
        let found: Value = answer.json().await.unwrap();
        let answer =
            server.api_request(Method::GET, "/audit?kind=rollout&limit=100").send().await.unwrap();
        let history: Value = answer.json().await.unwrap();
        let lines = history.as_array().unwrap();
        let moves = lines.len() as u64;
        assert_eq!(found["version"].as_u64().unwrap(), 1 + moves, "{history}");
        assert!(moves >= answered, "what was answered is there");
        let count = |event: &str| {
            lines.iter().filter(|line| line["change"]["what"]["event"] == event).count()
        };
        let halvings = count("halved") - count("restored");
        let factor = 0.5_f64.powi(i32::try_from(halvings).unwrap());
        assert_eq!(found["throttle"].as_f64().unwrap(), factor, "{history}");
        assert_eq!(found["record"]["incidents"].as_array().unwrap().len(), count("halved"));
    }
}
