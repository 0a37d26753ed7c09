//! Measurements of a rollout: comparison with control, alerts, the first minutes, and the review.

use crate::common::{CLIENT_KEY, TestApp, fetch_json};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns a plan whose first phase gives a feature to half of the users, and requires an error
/// rate more than 30 % below control.
fn control_plan() -> String {
    let canary = include_str!("../../../app/service/plans/canary.toml");
    let phases = canary.find("[[phases]]").unwrap();
    let phase = |number: u8, share: u8, rest: &str| {
        format!(
            "[[phases]]\nnumber = {number}\nname = \"P{number}\"\npercentage = {share}\n\
             audience = [{{ segment = \"everyone\", share = {share} }}]\n{rest}"
        )
    };
    let kpis = "[[kpis]]\ngroup = \"business\"\nname = \"Conversion\"\nmetric = \"events\"\n\
                event = \"premium_conversion\"\ncomparator = \">\"\nthreshold = 50\n\
                [[kpis]]\ngroup = \"technical\"\nname = \"Reliability\"\nmetric = \"uptime\"\n\
                comparator = \">\"\nthreshold = 99.9\n";
    let first = "flags = [\"NEW_FEATURE\"]\n[[phases.criteria]]\nmetric = \"error_rate\"\n\
                 comparator = \"<\"\nthreshold = -30\ncompared_with = \"control\"\n";
    format!("{}{kpis}{}{}", &canary[..phases], phase(1, 50, first), phase(2, 100, ""))
}

async fn start_rollout() -> TestApp {
    start_rollout_with(&control_plan()).await
}

async fn start_rollout_with(plan: &str) -> TestApp {
    let app = TestApp::start_app().await;
    let sent = app.overwrite_request(Method::PUT, "/rollout/plan").json(&json!({"toml": plan}));
    let (code, answer) = fetch_json(sent).await;
    assert_eq!(code, 200, "{answer}");
    let start = json!({"command": "start", "reason": "a trial"});
    let (code, answer) =
        fetch_json(app.overwrite_request(Method::POST, "/rollout/commands").json(&start)).await;
    assert_eq!(code, 200, "{answer}");
    app
}

/// Returns whether a user is given the feature.
async fn is_in(app: &TestApp, who: usize) -> bool {
    let body = json!({"context": {"targetingKey": format!("u{who}")}});
    let path = "/ofrep/v1/evaluate/flags/NEW_FEATURE";
    let (_, answer) = fetch_json(app.post(path).bearer_auth(CLIENT_KEY).json(&body)).await;
    answer["value"] == true
}

/// Sends the events of a user who was exposed to the variant of their arm.
async fn send_visit(app: &TestApp, who: usize, is_in: bool, mut events: Vec<Value>) {
    let variant = if is_in { "on" } else { "off" };
    events.push(json!({"t": "view", "page": "/"}));
    events.push(json!({"t": "exposure", "flag": "NEW_FEATURE", "variant": variant}));
    let accepted = events.len();
    let body = json!({"v": 1, "batch": format!("b{who}"), "session": format!("s{who}"),
        "visitor": "v", "user": format!("u{who}"), "exposed": {"NEW_FEATURE": variant},
        "events": events});
    let sent = app.post(&format!("/collect?key={CLIENT_KEY}")).body(body.to_string());
    let (status, receipt) = fetch_json(sent).await;
    assert_eq!((status, &receipt["accepted"]), (202, &json!(accepted)), "{receipt}");
}

async fn read_rollout(app: &TestApp) -> Value {
    fetch_json(app.api_request(Method::GET, "/rollout")).await.1
}

fn find_condition(status: &Value, kind: &str) -> Value {
    let all = status["gate"]["conditions"].as_array().unwrap();
    all.iter().find(|condition| condition["kind"] == kind).unwrap().clone()
}

fn error_event() -> Value {
    json!({"t": "error", "message": "it broke", "severity": "error"})
}

#[tokio::test]
async fn treatment_and_control_are_compared() {
    let app = start_rollout().await;
    let before = find_condition(&read_rollout(&app).await, "criterion");
    assert_eq!(before["verdict"], "inconclusive");
    let (mut given, mut refused) = (0, 0);
    for who in 0..300 {
        let is_in = is_in(&app, who).await;
        let count = if is_in { &mut given } else { &mut refused };
        *count += 1;
        // Without the feature, every second session has an error; with it, every twentieth.
        let every = if is_in { 20 } else { 2 };
        let mut events = if *count % every == 0 { vec![error_event()] } else { Vec::new() };
        if is_in {
            events.push(json!({"t": "custom", "name": "premium_conversion"}));
        }
        send_visit(&app, who, is_in, events).await;
    }
    assert!(given > 100 && refused > 100, "{given} {refused}");
    let now = read_rollout(&app).await;
    let found = find_condition(&now, "criterion");
    assert_eq!(found["verdict"], "pass", "{found}");
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("{given} sessions against")), "{detail}");
    assert!(detail.contains(&format!("of {refused} in control")), "{detail}");
    assert!(found["value"].as_f64().unwrap() < -80.0, "{found}");
    assert_eq!(found["sample"], 300);
    let minutes = &now["first_minutes"];
    assert_eq!(minutes["flags"], json!([["NEW_FEATURE", given, refused]]));
    assert_eq!(minutes["now"]["sessions"], 300);
    assert_eq!(minutes["now"]["views"], 300);
    let notice = now["stakeholder_message"].as_str().unwrap();
    assert!(notice.contains("has started") && notice.contains("P1"), "{notice}");
    let kpis = &now["kpis"];
    assert_eq!(kpis[0]["current"], "100.0 per 100 users and day", "{kpis}");
    assert_eq!(
        (&kpis[0]["verdict"], &kpis[0]["event"]),
        (&json!("pass"), &json!("premium_conversion"))
    );
    assert_eq!(kpis[1]["detail"], "not measured: no address is monitored");
    let answer = app.api_request(Method::GET, "/rollout/review").send().await.unwrap();
    let text = answer.text().await.unwrap();
    for part in [
        "review",
        "Running: phase 1 of 2, P1",
        "Error rate change \\< -30 % against control — **holds**",
        "| Conversion | Events “premium\\_conversion” \\> 50 per 100 users and day | 100.0 per 100 users and day (28 days) | holds |",
        "Phase: Phase 1 began",
        "Vote on leaving the phase",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // With error collection off, the criterion is not measured, although earlier data would pass.
    let (_, mut collection_settings) =
        fetch_json(app.api_request(Method::GET, "/collection-settings")).await;
    collection_settings["errors"] = json!(false);
    let switched =
        app.overwrite_request(Method::PUT, "/collection-settings").json(&collection_settings);
    assert_eq!(fetch_json(switched).await.0, 200);
    let found = find_condition(&read_rollout(&app).await, "criterion");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    assert!(found["detail"].as_str().unwrap().starts_with("not measured: errors are"), "{found}");
}

#[tokio::test]
async fn a_criterion_on_an_event_never_received_is_inconclusive() {
    let event = "metric = \"events\"\nevent = \"premum_conversion\"";
    let misspelt = control_plan().replacen("metric = \"error_rate\"", event, 1);
    let app = start_rollout_with(&misspelt.replacen(
        "comparator = \"<\"\nthreshold = -30",
        "comparator = \">\"\nthreshold = 10",
        1,
    ))
    .await;
    for who in 0..40 {
        let is_in = is_in(&app, who).await;
        send_visit(&app, who, is_in, vec![json!({"t": "custom", "name": "premium_conversion"})])
            .await;
    }
    let found = find_condition(&read_rollout(&app).await, "criterion");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains("no event \"premum_conversion\" was received"), "{detail}");
}

/// Samples from before a change of the served flags do not count for the changed ones.
#[tokio::test]
async fn changing_the_rules_of_a_served_flag_resets_its_samples() {
    let app = start_rollout().await;
    for who in 0..20 {
        let is_in = is_in(&app, who).await;
        send_visit(&app, who, is_in, Vec::new()).await;
    }
    assert_eq!(find_condition(&read_rollout(&app).await, "criterion")["sample"], 20);
    let (_, mut flag) = fetch_json(app.api_request(Method::GET, "/flags/NEW_FEATURE")).await;
    flag["description"] = json!("ReasonedCommand otherwise");
    let described = app.overwrite_request(Method::PUT, "/flags/NEW_FEATURE").json(&flag);
    assert_eq!(fetch_json(described).await.0, 200);
    assert_eq!(
        find_condition(&read_rollout(&app).await, "criterion")["sample"],
        20,
        "a description does not affect evaluation"
    );
    flag["rules"] =
        json!([{"condition": {"attribute": "plan", "operator": "exists"}, "variant": "on"}]);
    assert_eq!(
        fetch_json(app.overwrite_request(Method::PUT, "/flags/NEW_FEATURE").json(&flag)).await.0,
        200
    );
    let found = find_condition(&read_rollout(&app).await, "criterion");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    assert_eq!(found["sample"], 0, "{found}");
}

#[tokio::test]
async fn a_sample_ratio_mismatch_makes_the_comparison_inconclusive() {
    let app = start_rollout().await;
    for who in 0..200 {
        let is_in = is_in(&app, who).await;
        // Most users without the feature send no events.
        if is_in || who % 5 == 0 {
            send_visit(&app, who, is_in, Vec::new()).await;
        }
    }
    let found = find_condition(&read_rollout(&app).await, "criterion");
    assert_eq!(found["verdict"], "inconclusive");
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains("cannot be with a share of 50.0 %"), "{detail}");
}

#[tokio::test]
async fn firing_alerts_close_the_gate() {
    let app = start_rollout().await;
    let unseen = find_condition(&read_rollout(&app).await, "alerts");
    assert_eq!(unseen["verdict"], "inconclusive", "no data is no good sign");
    let detail = unseen["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "none is firing, but no session of those who are given something was reported since yesterday"
    );
    let is_given: Vec<bool> = {
        let mut all = Vec::new();
        for who in 0..40 {
            all.push(is_in(&app, who).await);
        }
        all
    };
    for (who, is_in) in is_given.into_iter().enumerate() {
        let leak = json!({"t": "error", "message": "token in a log", "severity": "critical",
            "feature": "security"});
        send_visit(&app, who, is_in, vec![if who == 0 { leak } else { error_event() }]).await;
    }
    let found = find_condition(&read_rollout(&app).await, "alerts");
    assert_eq!(found["verdict"], "fail");
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.starts_with("Critical security issue (one critical error"), "{detail}");
    assert!(detail.contains("Error rate above 5 % (100.0 % of"), "{detail}");
    let text =
        app.api_request(Method::GET, "/rollout/review").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("- An alert is firing: Critical security issue"), "{text}");

    // Alerts survive an advance and end when they are acknowledged with a comment.
    let advance = json!({"command": "advance", "reason": "a trial"});
    let (code, answer) =
        fetch_json(app.overwrite_request(Method::POST, "/rollout/commands").json(&advance)).await;
    assert_eq!(code, 200, "{answer}");
    let acknowledge = async |alert: &str, comment: &str| {
        let said = json!({"kind": "acknowledge", "alert": alert, "comment": comment});
        fetch_json(app.api_request(Method::POST, "/rollout/record").json(&said)).await
    };
    let alerts = async || {
        let found = find_condition(&read_rollout(&app).await, "alerts");
        (
            found["verdict"].as_str().unwrap().to_owned(),
            found["detail"].as_str().unwrap().to_owned(),
        )
    };
    let (verdict, detail) = alerts().await;
    assert!(verdict == "fail" && detail.contains("Error rate above 5 %"), "{detail}");
    let (code, problem) = acknowledge("error_rate", " ").await;
    assert!((400..500).contains(&code), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("comment"), "{problem}");
    let (code, answer) = acknowledge("error_rate", "a test account").await;
    assert_eq!(code, 200, "{answer}");
    let (verdict, detail) = alerts().await;
    assert_eq!(verdict, "fail", "the security alert is not acknowledged");
    assert!(detail.starts_with("Critical security") && !detail.contains("Error rate"), "{detail}");
    assert_eq!(acknowledge("security", "the token is void").await.0, 200);
    let (verdict, detail) = alerts().await;
    assert_ne!(verdict, "fail", "{detail}");
    // A critical security error after the acknowledgement fires the alert again.
    let leak =
        json!({"t": "error", "message": "again", "severity": "critical", "feature": "security"});
    send_visit(&app, 77, true, vec![leak]).await;
    assert_eq!(alerts().await.0, "fail");
}

#[tokio::test]
async fn a_bug_report_fails_the_criterion_of_zero_critical_bugs() {
    let app = TestApp::start_app().await;
    let start = json!({"command": "start", "reason": "a trial"});
    fetch_json(app.overwrite_request(Method::POST, "/rollout/commands").json(&start)).await;
    let report = async |who: usize, events: Value| {
        let id = format!("i{who}");
        let flag = "ENHANCED_EXERCISE_LIBRARY";
        let body = json!({"v": 1, "batch": id, "session": id, "visitor": "v", "user": id,
            "segments": "internal", "exposed": {flag: "on"}, "events": events});
        let sent = app.post(&format!("/collect?key={CLIENT_KEY}")).body(body.to_string());
        assert_eq!(fetch_json(sent).await.0, 202);
    };
    let verdict = async || {
        let now = read_rollout(&app).await;
        let all = now["gate"]["conditions"].as_array().unwrap().clone();
        let found = all.iter().find(|c| c["title"] == "Zero critical bugs").unwrap().clone();
        (found["verdict"].as_str().unwrap().to_owned(), found["detail"].to_string())
    };
    for who in 0..30 {
        report(who, json!([{"t": "view", "page": "/"}])).await;
    }
    assert_eq!(verdict().await.0, "pass");
    report(30, json!([{"t": "feedback", "kind": "bug", "message": "The timer stops"}])).await;
    let (verdict, detail) = verdict().await;
    assert!(verdict == "fail" && detail.contains("1 in 31 sessions"), "{verdict} {detail}");
}

/// A change of a prerequisite of a served flag resets the evidence; changes of other flags do not,
/// however many.
#[tokio::test]
async fn changing_a_prerequisite_of_a_served_flag_resets_the_evidence() {
    let app = start_rollout().await;
    for key in ["PARENT", "OTHER"] {
        let flag = json!({"key": key, "kind": "boolean", "default_variant": "on"});
        assert_eq!(fetch_json(app.api_request(Method::POST, "/flags").json(&flag)).await.0, 201);
    }
    let says = async |what: &str| {
        let gate = read_rollout(&app).await["gate"].to_string();
        assert!(gate.contains(&format!("{what} changed")), "{what}: {gate}");
    };
    let (_, mut flag) = fetch_json(app.api_request(Method::GET, "/flags/NEW_FEATURE")).await;
    flag["prerequisites"] = json!([{"flag": "PARENT", "variants": ["on"]}]);
    let needing = app.overwrite_request(Method::PUT, "/flags/NEW_FEATURE").json(&flag);
    assert_eq!(fetch_json(needing).await.0, 200);
    says("prerequisites of NEW_FEATURE").await;
    assert_eq!(fetch_json(app.api_request(Method::POST, "/flags/PARENT/off")).await.0, 200);
    says("enabled of PARENT").await;
    // More audit entries than are searched would themselves reset the evidence if they were about a
    // served flag.
    for n in 0..520 {
        let act = if n % 2 == 0 { "off" } else { "on" };
        assert_eq!(
            fetch_json(app.api_request(Method::POST, &format!("/flags/OTHER/{act}"))).await.0,
            200
        );
    }
    says("enabled of PARENT").await;
}
