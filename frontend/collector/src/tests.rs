use phasegate_wire::decode::{self, WireEvent};

use super::*;

fn new_collector() -> Collector {
    Collector::new("https://app.example", "/shop", "navigate", 0.0, 40.0)
}

/// Decodes a batch as the server does.
pub(crate) fn decode_batch(taken: &str) -> Option<decode::Batch<'static>> {
    let (dropped, events) = taken.split_at(taken.find('[')?);
    let frame = r#"{"v":1,"batch":"b-1","session":"s-1""#;
    let body = format!(r#"{frame},"dropped":{dropped},"events":{events}}}"#);
    Some(decode::decode_batch(body.leak().as_bytes()).unwrap())
}

fn take_decoded_batch(collector: &mut Collector) -> Option<decode::Batch<'static>> {
    decode_batch(&collector.take_batch(90_000.0))
}

fn decoded_events<'a>(batch: &'a decode::Batch<'_>) -> Vec<&'a WireEvent> {
    batch.events.iter().map(|event| &event.as_ref().unwrap().event).collect()
}

#[test]
fn every_event_that_is_sent_can_be_decoded() {
    let mut all = new_collector();
    all.record_page_view(10.0, "/shop", "navigate", "https://search.example");
    all.report_first_byte();
    all.report_first_paint(100.0);
    all.add_paint_candidate(200.0, "main>img", "https://cdn.example/a.png", 50.0, 150.0);
    all.add_layout_shift(300.0, 0.1, "p");
    all.add_event_timing(7.0, 400.0, 96.0, 410.0, 450.0, "button");
    all.report_first_input(400.0, 410.0);
    all.add_script(405.0, 60.0, "https://app.example/a.js");
    all.record_exposure(500.0, "A", "on");
    all.record_use(600.0, "A", r#"{"n":1}"#);
    all.record_custom_event(700.0, "added", "");
    all.record_task(700.0, "checkout", "started", 0.0);
    all.record_task(900.0, "checkout", "completed", 200.0);
    all.record_timing(800.0, "api", "https://app.example/api/items/42", 12.5, true);
    all.record_request(850.0, "GET", "/api/items/42?q", 503.0, 10.0);
    all.record_error(
        900.0,
        Problem {
            kind: "error",
            message: "No such user",
            stack: "Error
 at x",
            feature: "f",
            component: "c",
            severity: "critical",
        },
    );
    all.record_feedback(950.0, "nps", -1.0, 9.0, "", "");
    all.record_hidden(2_000.0, 1.0);
    let batch = take_decoded_batch(&mut all).unwrap();
    assert_eq!(decoded_events(&batch).len(), 17);
    let text = format!("{batch:?}");
    assert!(text.contains("GET /api/items/:id answered 503"), "{text}");
    assert!(take_decoded_batch(&mut all).is_none());
}

#[test]
fn switched_off_categories_are_not_sent() {
    let mut some = new_collector();
    some.set_wanted(Wanted {
        analytics: false,
        performance: true,
        errors: true,
        only_feedback: false,
    });
    some.record_custom_event(1.0, "added", "");
    some.report_first_byte();
    some.record_error(2.0, Problem { message: "x", ..Problem::default() });
    assert_eq!(decoded_events(&take_decoded_batch(&mut some).unwrap()).len(), 2);
}

#[test]
fn repeated_errors_are_one_with_a_count() {
    let mut failing = new_collector();
    for n in 0..500 {
        let stack = "Error
 at a.js:1:1";
        let problem = Problem { message: "x is not defined", stack, ..Problem::default() };
        failing.record_error(f64::from(n), problem);
    }
    let batch = take_decoded_batch(&mut failing).unwrap();
    let WireEvent::Error(error) = decoded_events(&batch)[0] else { panic!() };
    assert_eq!((decoded_events(&batch).len(), error.count), (1, 500));
}
