//! Login, and access without it, over a real listener.

use phasegate_service::access::Actor;

use crate::common::{self, EMAIL, PASSWORD, TestApp, fetch_json, location_header, session_cookie};

#[tokio::test]
async fn the_admin_requires_a_login() {
    let app = TestApp::start_app().await;
    let page = app.get("/admin/flags?user=ada").send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), location_header(&page)),
        (303, "/login?next=/admin/flags%3Fuser%3Dada")
    );
    for path in ["/admin/rollout", "/admin/flags", "/admin/settings", "/admin/environment"] {
        let (status, problem) = fetch_json(app.post_form(path, &[])).await;
        assert_eq!((status, problem["status"].as_u64()), (401, Some(401)), "{path}");
    }
    for path in ["/admin/session", "/admin/export.toml", "/admin/export.json"] {
        assert_eq!(fetch_json(app.get(path)).await.0, 401, "{path}");
    }
    assert_eq!(fetch_json(app.get("/admin/live/dashboard")).await.0, 401);
    assert_eq!(app.get("/").send().await.unwrap().status(), 303);
}

#[tokio::test]
async fn a_login_gives_access_until_logout() {
    let app = TestApp::start_app().await;
    let response = app
        .post_form("/login", &[("email", EMAIL), ("password", PASSWORD), ("next", "/admin/flags")])
        .send()
        .await
        .unwrap();
    assert_eq!(location_header(&response), "/login/check?next=/admin/flags");
    let set = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    let session = session_cookie(&response);
    let check = app.get("/login/check?next=/admin/flags").header("cookie", &session);
    assert_eq!(location_header(&check.send().await.unwrap()), "/admin/flags");
    let page = app.get("/admin/flags").header("cookie", &session).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("'nonce-") && !policy.contains("unsafe-inline"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("ENHANCED_EXERCISE_LIBRARY"), "the page is whole without a script");
    assert!(!html.contains(" style="), "the policy forbids inline styles");

    let out = app.post_form("/logout", &[]).header("cookie", &session).send().await.unwrap();
    assert_eq!(location_header(&out), "/login");
    let page = app.get("/admin/flags").header("cookie", &session).send().await.unwrap();
    assert_eq!(page.status(), 303);
}

#[tokio::test]
async fn each_login_has_its_own_session() {
    let app = TestApp::start_app().await;
    let first = app.log_in().await;
    let again = app
        .post_form("/login", &[("email", EMAIL), ("password", PASSWORD)])
        .header("cookie", &first)
        .send()
        .await
        .unwrap();
    assert_ne!(session_cookie(&again), first, "the id is rotated");
    let old = app.get("/admin/flags").header("cookie", &first).send().await.unwrap();
    assert_eq!(old.status(), 303, "the old id opens nothing");
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_throttled() {
    let app = TestApp::start_app().await;
    let attempt = |password: &'static str| {
        app.post_form("/login", &[("email", EMAIL), ("password", password)]).send()
    };
    for _ in 0..8 {
        let response = attempt("wrong").await.unwrap();
        assert!(
            location_header(&response).starts_with("/login?error=wrong&email=admin%40example.com")
        );
    }
    let response = attempt(PASSWORD).await.unwrap();
    assert!(location_header(&response).starts_with("/login?error=wait"), "also for the right one");
}

#[tokio::test]
async fn concurrent_login_attempts_are_all_counted() {
    let app = TestApp::start_app().await;
    let attempts =
        (0..30).map(|_| app.post_form("/login", &[("email", EMAIL), ("password", "wrong")]).send());
    let answers = futures::future::join_all(attempts).await;
    let waiting = answers.iter().filter(|answer| {
        location_header(answer.as_ref().unwrap()).starts_with("/login?error=wait")
    });
    assert_eq!(waiting.count(), 22);
}

#[tokio::test]
async fn admin_pages_are_not_cached() {
    let app = TestApp::start_app().await;
    let session = app.log_in().await;
    for path in ["/admin/rollout", "/login"] {
        let page = app.get(path).header("cookie", &session).send().await.unwrap();
        assert_eq!(page.headers()["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_form_without_a_session_redirects_to_the_login() {
    let app = TestApp::start_app().await;
    let form = app.post_form("/admin/flags?q=a", &[]).header("accept", "text/html");
    let response = form.send().await.unwrap();
    assert_eq!(location_header(&response), "/login?next=/admin/flags%3Fq%3Da");
    let empty = app.post_form("/login", &[]).send().await.unwrap();
    assert_eq!(location_header(&empty), "/login?error=form");
}

#[tokio::test]
async fn a_login_never_redirects_to_another_site() {
    let app = TestApp::start_app().await;
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "//evil.example/admin")];
    let response = app.post_form("/login", &fields).send().await.unwrap();
    assert_eq!(location_header(&response), "/login/check?next=/admin/rollout");
    let lost = app.get("/login/check?next=/admin").send().await.unwrap();
    assert_eq!(location_header(&lost), "/login?error=cookie");
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let app = TestApp::start_app().await;
    let session = app.log_in().await;
    let fields = "kind=start&version=1";
    for (header, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x-none", "1")]
    {
        let request = app
            .post("/admin/rollout")
            .header("cookie", &session)
            .header("content-type", "application/x-www-form-urlencoded")
            .header(header, value)
            .body(fields);
        let as_page = request.try_clone().unwrap().header("accept", "text/html,*/*;q=0.8");
        assert_eq!(fetch_json(request).await.0, 403, "{header}");
        let refused = as_page.send().await.unwrap();
        assert_eq!(refused.status(), 403, "{header}");
        assert_eq!(refused.headers()["content-type"], "text/html; charset=utf-8");
        let page = refused.text().await.unwrap();
        let expected = match header {
            "origin" => ["Origin: https://evil.example", "PHASEGATE_PUBLIC_URL"],
            "sec-fetch-site" => ["Sec-Fetch-Site: cross-site", "Open this server's own page"],
            _ => ["has no Origin header", "PHASEGATE_PUBLIC_URL"],
        };
        for words in expected {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(page.contains("Nothing was changed") && page.contains("href=\"/admin/rollout\""));
    }
    let script = app
        .post("/admin/rollout")
        .header("origin", "https://<script>")
        .header("accept", "text/html");
    let page = script.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("https://&lt;script&gt;") && !page.contains("<script>"), "{page}");
    let large = "x".repeat(5_000_000);
    let large = app.post_form("/admin/rollout", &[("reason", &large)]).header("cookie", &session);
    assert_eq!(fetch_json(large).await.0, 413);
    let unknown = app.post_form("/admin/nothing", &[]).header("cookie", &session);
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn unknown_addresses_and_health_are_answered() {
    let app = TestApp::start_app().await;
    let (status, problem) = fetch_json(app.get("/nothing")).await;
    assert_eq!((status, problem["detail"].as_str()), (404, Some("there is nothing at /nothing")));
    let page = app.get("/nothing").header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("Page not found"));
    let (status, problem) = fetch_json(app.get("/collect")).await;
    assert_eq!((status, problem["detail"].as_str()), (405, Some("/collect does not take GET")));
    assert_eq!(app.get("/healthz").send().await.unwrap().text().await.unwrap(), "ok\n");
    assert_eq!(
        app.get("/readyz").send().await.unwrap().text().await.unwrap(),
        "{\"status\":\"ready\"}"
    );
}

#[tokio::test]
async fn the_dashboard_streams_every_change() {
    use futures::StreamExt;

    let app = TestApp::start_app().await;
    let session = app.log_in().await;
    let response =
        app.get("/admin/live/dashboard").header("cookie", &session).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut chunks = response.bytes_stream();
    let mut seen = String::new();
    // Reads until the stream contains the text; the test runner's own limit is the only timeout.
    let mut until = async |text: &str| {
        while !seen.contains(text) {
            seen.push_str(&String::from_utf8_lossy(&chunks.next().await.unwrap().unwrap()));
        }
    };
    until(r#""errors":{"count":0"#).await;
    let body = r#"{"v":1,"batch":"b","session":"s","events":[{"t":"error","message":"Boom"}]}"#;
    let sent = app.post("/collect?key=pk_test").body(body).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    until(r#""errors":{"count":1"#).await;

    // Logging out ends the stream at its next change.
    app.post_form("/logout", &[]).header("cookie", &session).send().await.unwrap();
    let body = body.replace("\"b\"", "\"c\"");
    app.post("/collect?key=pk_test").body(body).send().await.unwrap();
    let mut rest = String::new();
    while let Some(Ok(chunk)) = chunks.next().await {
        rest.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(!rest.contains(r#""errors":{"count":2"#), "{rest}");
}

#[tokio::test]
async fn text_in_a_text_area_is_escaped() {
    let app = TestApp::start_app().await;
    let session = app.log_in().await;
    let evil = "</textarea></form><form action=/admin/settings method=post>";
    let path = format!("/admin/debugger?user=x&attributes={}", common::percent_encode(evil));
    let page = app.get(&path).header("cookie", &session).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("&lt;/textarea&gt;&lt;/form&gt;"));
    assert!(!page.contains(evil));
}

/// Wrong passwords from behind the same proxy do not lock out a known browser.
#[tokio::test]
async fn failed_logins_behind_one_proxy_do_not_lock_out_known_browsers() {
    let app = TestApp::start_app().await;
    let fields = |password| [("email", common::EMAIL), ("password", password), ("next", "")];
    let first = app.post_form("/login", &fields(common::PASSWORD)).send().await.unwrap();
    let device = common::cookie_named(&first, "phasegate_device");
    for _ in 0..12 {
        app.post_form("/login", &fields("wrong horse battery")).send().await.unwrap();
    }
    let stranger = app.post_form("/login", &fields(common::PASSWORD)).send().await.unwrap();
    assert!(
        common::location_header(&stranger).contains("error=wait"),
        "a browser that is not known"
    );
    let known = app.post_form("/login", &fields(common::PASSWORD)).header("cookie", &device);
    let known = known.send().await.unwrap();
    assert!(
        common::location_header(&known).starts_with("/login/check"),
        "{}",
        common::location_header(&known)
    );
    let forged = device.replacen("phasegate_device=", "phasegate_device=x", 1);
    let forged = app.post_form("/login", &fields(common::PASSWORD)).header("cookie", forged);
    let forged = forged.send().await.unwrap();
    assert!(common::location_header(&forged).contains("error=wait"));
}

/// An accepted password works in every Unicode form in which it is typed.
#[tokio::test]
async fn a_password_works_in_every_unicode_form() {
    let app = TestApp::start_app().await;
    let wide = "\u{ff21}".repeat(1_000);
    let (composed, run_blocking) = ("\u{d55c}".repeat(341), "\u{1112}\u{1161}\u{11ab}".repeat(341));
    for (set, typed) in
        [(&wide, "A".repeat(1_000)), (&wide, wide.clone()), (&composed, run_blocking)]
    {
        phasegate_service::accounts::set_password(
            &app.service,
            &Actor::from_command_line("test"),
            EMAIL,
            set,
            [7; 32],
        )
        .await
        .unwrap();
        for password in [set.as_str(), typed.as_str()] {
            let fields = [("email", EMAIL), ("password", password), ("next", "")];
            let answer = app.post_form("/login", &fields).send().await.unwrap();
            assert_eq!(answer.status(), 303, "{} bytes", password.len());
            assert!(
                location_header(&answer).starts_with("/login/check"),
                "{}",
                location_header(&answer)
            );
        }
    }
}
