//! Simulated users whose true metrics are known: the real binary sends their events to the real
//! binary over HTTP, in order, and out of order while the server is killed repeatedly.
//!
//! `cargo xtask bench simulation` runs the same with 20,000 users over 30 days.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test, a panic is how it fails; and it says what it has compared"
)]

mod common;

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use common::process::{CLIENT_KEY, Server, server_binary};
use serde_json::Value;

/// Number of times that the server is killed.
const KILLS: u64 = 5;

fn read_number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

impl Server {
    fn spawn_simulation(&self, seed: u64, more: &[&str]) -> Child {
        let users = read_number("PHASEGATE_SIMULATED_USERS", 120).to_string();
        let days = read_number("PHASEGATE_SIMULATED_DAYS", 12).to_string();
        Command::new(server_binary())
            .args(["simulate", "--json", "--url", &format!("http://127.0.0.1:{}", self.port)])
            .args(["--client-key", CLIENT_KEY, "--users", &users, "--days", &days])
            .args(["--seed", &seed.to_string()])
            .args(more)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Returns the number of sessions that have been counted.
    async fn count_sessions(&self) -> u64 {
        let path = "/analytics?range=90d&data=simulated";
        let answer: Value = self
            .api_request(reqwest::Method::GET, path)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        answer["sessions"]["now"]["sessions"].as_u64().unwrap()
    }
}

/// Waits for the end of a simulation, checks that all metrics hold, and returns its report.
fn wait_for_outcome(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let all = found["metrics"].as_array().unwrap();
    let wrong: Vec<&Value> = all.iter().filter(|metric| metric["holds"] != true).collect();
    assert!(wrong.is_empty(), "{said}\n{wrong:#?}");
    assert!(output.status.success(), "{said}");
    found
}

fn check_metrics(found: &Value) {
    let all = found["metrics"].as_array().unwrap();
    for kind in ["exact", "quantile"] {
        let mine: Vec<&Value> = all.iter().filter(|metric| metric["kind"] == kind).collect();
        assert!(mine.len() > 50, "{kind}: {}", mine.len());
        let off = mine.iter().map(|metric| {
            let (truth, measured) = (metric["truth"].as_f64(), metric["measured"].as_f64());
            let truth = truth.unwrap();
            (measured.unwrap_or_default() - truth).abs() / truth.abs().max(f64::MIN_POSITIVE)
        });
        let most = off.fold(0.0, f64::max);
        println!("{kind}: {} numbers, off by {:.3} % at most", mine.len(), most * 100.0);
        if kind == "exact" {
            assert!(most <= 0.0);
        }
    }
}

#[tokio::test]
async fn measured_metrics_equal_the_true_ones() {
    let server = Server::start_server();
    let begun = Instant::now();
    let found = wait_for_outcome(server.spawn_simulation(1, &[]));
    check_metrics(&found);
    println!(
        "in order: {:.1} s, {} sessions",
        begun.elapsed().as_secs_f64(),
        server.count_sessions().await
    );
    let metrics = found["metrics"].as_array().unwrap();
    for name in ["users.now.users", "error_rate", "vitals.LCP.p75", "phase:3/vitals.INP.p75"] {
        assert!(metrics.iter().any(|metric| metric["metric"] == name), "{name}");
    }
    // Repeating the simulation changes nothing; another one replaces it.
    let before = server.count_sessions().await;
    assert_eq!(wait_for_outcome(server.spawn_simulation(1, &[]))["metrics"], found["metrics"]);
    assert_eq!(server.count_sessions().await, before);
    wait_for_outcome(server.spawn_simulation(2, &["--regression", "3"]));
    // Simulated telemetry does not count as real, and one call deletes it.
    let real: Value = server
        .api_request(reqwest::Method::GET, "/analytics?range=90d")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(real["users"]["now"]["users"], 0);
    assert_eq!(
        server.api_request(reqwest::Method::DELETE, "/simulation").send().await.unwrap().status(),
        204
    );
    assert_eq!(server.count_sessions().await, 0);
}

#[tokio::test]
async fn nothing_is_lost_or_counted_twice_when_the_server_is_killed() {
    let mut server = Server::start_server();
    // The expected number of sessions comes from a server that is not killed.
    let undisturbed = Server::start_server();
    wait_for_outcome(undisturbed.spawn_simulation(3, &[]));
    let total = undisturbed.count_sessions().await;
    drop(undisturbed);
    let begun = Instant::now();
    // With few sessions, few are sent at once, so that the kills come before the end.
    let at_once = (total / 40).clamp(16, 256).to_string();
    let simulation = server.spawn_simulation(3, &["--disorder", "--at-once", &at_once]);
    for kill in 1..=KILLS {
        while server.count_sessions().await < total * kill / (2 * KILLS) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.kill_and_restart();
    }
    let left = total - server.count_sessions().await;
    assert!(left > 0, "it was killed in the middle, not after the end");
    check_metrics(&wait_for_outcome(simulation));
    assert_eq!(server.count_sessions().await, total);
    println!("in disorder, killed {KILLS} times: {:.1} s", begun.elapsed().as_secs_f64());
}
