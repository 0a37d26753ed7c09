//! Every server function, called by each role and from each side.

use std::fmt::Write;

use phasegate_app::list_server_fns;
use phasegate_domain::accounts::Role;
use phasegate_service::{access::Actor, accounts::create_account};
use reqwest::{Method, RequestBuilder};

use crate::common::{PASSWORD, TestApp, fetch_json, location_header, session_cookie};

/// Arguments of every function that are complete, so that only the caller decides.
const ARGUMENTS: &[(&str, &str)] = &[
    (
        "account/change_password",
        "present_password=no&new_password=correct-horse-battery&repeated=no",
    ),
    ("account/end_other_sessions", ""),
    ("account/end_session", "session=nothing"),
    ("accounts/change_role", "id=99&seen=viewer&role=admin"),
    ("accounts/invite", "email=nobody&role=viewer"),
    ("accounts/remove", "id=99"),
    ("accounts/reset_password", "id=99"),
    ("accounts/revoke_link", "email=nobody"),
    ("collection_settings/save", "errors=true&sample_rate=100&version=1"),
    ("debugger/evaluate_users", "flag=NOPE&users=ada"),
    ("environments/create", "key=another"),
    ("environments/delete", "confirm=nothing"),
    ("environments/rename", "key=production&seen_name=Nothing"),
    ("files/import", "file=version+%3D+1&seen=nothing"),
    ("files/preview", "file=version+%3D+1"),
    ("flags/change_many", "flags[]=NOPE@1&act=tag&tag=shop"),
    ("flags/delete_filter", "name=none"),
    ("flags/save_filter", "name=&query=q=a"),
    ("flags/archive", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1"),
    ("flags/create", "key=NOPE+NOPE&kind=boolean"),
    ("flags/delete", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1"),
    ("flags/kill", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1"),
    ("flags/list", "filter[q]=nothing"),
    ("flags/preview", "flag=EXERCISE_VIDEO_INTEGRATION&document=%7B%7D"),
    ("flags/read", "flag=EXERCISE_VIDEO_INTEGRATION"),
    ("flags/restore", "flag=EXERCISE_VIDEO_INTEGRATION&entry=1"),
    ("flags/revive", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1"),
    ("flags/save", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1&document=%7B%7D"),
    ("flags/switch", "flag=EXERCISE_VIDEO_INTEGRATION&enabled=true&version=99"),
    ("flags/unarchive", "flag=EXERCISE_VIDEO_INTEGRATION&definition=99&state=1"),
    ("frame/attention", ""),
    ("frame/choose_theme", "theme=dark"),
    ("frame/find", "query=rollout"),
    ("keys/create", "name="),
    ("keys/delete", "key=nothing&version=1"),
    ("keys/save", "key=nothing&version=1&name=A"),
    ("overrides/delete", "flag=NOPE&user=ada&version=1"),
    ("overrides/save", "flag=NOPE&user=ada&variant=on"),
    ("plan/create", "template=nothing&key=a"),
    ("plan/import", "plan=nothing"),
    ("plan/preview", "plan=nothing"),
    ("plan/preview_draft", "draft[name]="),
    ("privacy/erase_user", "id="),
    (
        "privacy/save_retention",
        "policy[raw_days]=7&policy[rollup_days]=0&policy[report_days]=90&policy[screenshot_days]=90&version=99",
    ),
    ("segments/delete", "segment=nothing&version=1"),
    ("segments/preview", "draft[key]=a&draft[name]=A"),
    ("segments/save", "draft[key]=not+a+key"),
    ("simulation/remove", ""),
    ("simulation/start", ""),
    ("tokens/create", "name="),
    ("tokens/delete", "id=99&version=1"),
    ("incidents/add_note", "incident=1&text=looking"),
    ("incidents/close", "incident=1"),
    ("incidents/notify_contact", "incident=1&contact=Support"),
    ("incidents/read", "incident=1"),
    ("incidents/save_draft", "incident=1&post_mortem[impact]=a"),
    (
        "incidents/write_post_mortem",
        "incident=1&post_mortem[impact]=a&post_mortem[timeline]=b&post_mortem[cause]=c\
         &post_mortem[went_well]=d&post_mortem[actions][0][what]=e&post_mortem[actions][0][owner]=f",
    ),
    ("rollout/acknowledge_alert", "alert=error_rate&comment=known"),
    ("rollout/cast_vote", "go=true"),
    ("rollout/execute_command", "kind=start&version=99&reason=a+trial"),
    ("rollout/read", ""),
    ("rollout/revive_flags", ""),
    ("rollout/sign_off", "statement=Nothing&holds=true"),
    ("rollout/tick_item", "item=Nothing"),
];

fn arguments_of(path: &str) -> String {
    let name = path.strip_prefix("/admin/fn/").unwrap();
    let name = if name == "rollout/untick_item" { "rollout/tick_item" } else { name };
    let found = ARGUMENTS.iter().find(|(known, _)| *known == name);
    let (_, arguments) = found.unwrap_or_else(|| panic!("add the arguments of {path}"));
    format!("environment=production&{arguments}")
}

fn call(app: &TestApp, path: &str, method: &Method, arguments: &str) -> RequestBuilder {
    match *method {
        Method::GET => app.get(&format!("{path}?{arguments}")),
        _ => app
            .post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(arguments.to_owned()),
    }
}

async fn log_in_as(app: &TestApp, role: Role) -> String {
    let email = format!("{}@example.com", role.as_str());
    if role != Role::Admin {
        create_account(
            &app.service,
            &Actor::from_command_line("test"),
            &email,
            PASSWORD,
            role,
            [7; 32],
        )
        .await
        .unwrap();
    }
    let form = [("email", email.as_str()), ("password", PASSWORD), ("next", "")];
    session_cookie(&app.post_form("/login", &form).send().await.unwrap())
}

/// A table of all functions: the status for each caller. 403 is a refusal by role or origin; any
/// other error of a permitted caller is about the arguments.
#[tokio::test]
async fn each_server_function_is_open_to_its_roles_only() {
    let app = TestApp::start_app().await;
    let mut callers = Vec::new();
    for role in [Role::Viewer, Role::Operator, Role::Admin] {
        callers.push(log_in_as(&app, role).await);
    }
    let mut table =
        "function | method | anonymous | foreign | viewer | operator | admin\n".to_owned();
    for (path, method) in list_server_fns() {
        let arguments = arguments_of(path);
        write!(table, "{} | {method}", path.strip_prefix("/admin/fn/").unwrap()).unwrap();
        let call = || call(&app, path, &method, &arguments);
        let own = |cookie: &str| call().header("origin", &app.url).header("cookie", cookie);
        write!(table, " | {}", fetch_json(call().header("origin", &app.url)).await.0).unwrap();
        let foreign = call().header("origin", "https://evil.example").header("cookie", &callers[2]);
        write!(table, " | {}", fetch_json(foreign).await.0).unwrap();
        for cookie in &callers {
            write!(table, " | {}", fetch_json(own(cookie)).await.0).unwrap();
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn wrong_arguments_of_a_server_function_name_their_field() {
    let app = TestApp::start_app().await;
    let cookie = app.log_in().await;
    let send = async |path: &str, body: &str| {
        let post = call(&app, &format!("/admin/fn/{path}"), &Method::POST, body);
        fetch_json(post.header("origin", &app.url).header("cookie", &cookie)).await
    };
    let (status, error) = send("rollout/sign_off", "environment=production&holds=true").await;
    assert_eq!((status, error["fields"][0]["field"].as_str()), (422, Some("statement")), "{error}");
    let (status, error) = send("rollout/cast_vote", "environment=nowhere&go=true").await;
    assert_eq!((status, error["code"].as_str()), (404, Some("not_found")), "{error}");
    let long = format!("environment=production&go=false&comment={}", "x".repeat(2_001));
    let (status, error) = send("rollout/cast_vote", &long).await;
    assert_eq!((status, error["fields"][0]["field"].as_str()), (422, Some("comment")), "{error}");
    assert_eq!(send("rollout/dance", "environment=production").await.0, 404);
    let large = format!("environment=production&go=true&comment={}", "x".repeat(5_000_000));
    assert_eq!(send("rollout/cast_vote", &large).await.0, 413);
}

/// A form without a script: its browser comes back to the page, which says what happened.
#[tokio::test]
async fn a_form_without_a_script_comes_back_to_its_page() {
    let app = TestApp::start_app().await;
    let cookie = app.log_in().await;
    let send = async |version: &str| {
        let body = format!(
            "environment=production&kind=start&version={version}&reason=a+trial&page=%2Fadmin%2Frollout%3Fconfirm%3Dstart-1"
        );
        call(&app, "/admin/fn/rollout/execute_command", &Method::POST, &body)
            .header("origin", &app.url)
            .header("cookie", &cookie)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap()
    };
    let done = send("1").await;
    assert_eq!((done.status().as_u16(), location_header(&done)), (303, "/admin/rollout"));
    let told = done.headers()["set-cookie"].to_str().unwrap();
    assert!(told.starts_with("phasegate_done=") && told.contains("Max-Age=60"), "{told}");
    let refused = send("1").await;
    assert_eq!(refused.status(), 412);
    let page = refused.text().await.unwrap();
    assert!(page.contains("Another change came first") && page.contains("<h1>"), "{page}");
}
