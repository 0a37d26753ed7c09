use phasegate_wire::{
    decode::{self, Timed},
    encode::EventsWriter,
};

use super::*;

fn decode_vital(event: Option<WireEvent>) -> Option<(String, u64, Option<u64>)> {
    let mut batch = EventsWriter::new(9_000);
    assert!(batch.push_event(&event?));
    let batch = crate::tests::decode_batch(&format!("0{}", batch.finish()))?;
    let Timed { event: decode::WireEvent::Vital(vital), .. } = batch.events[0].clone().unwrap()
    else {
        panic!("{:?}", batch.events)
    };
    Some((vital.name, vital.value, vital.was))
}

fn expected_vital(name: &str, value: u64, was: Option<u64>) -> Option<(String, u64, Option<u64>)> {
    Some((name.to_owned(), value, was))
}

fn painted_at(at: f64) -> Candidate {
    Candidate { at, ..Candidate::default() }
}

#[test]
fn the_largest_paint_is_reported_once() {
    let mut view = View::loaded("prerender", "/", 100.0, 50.0);
    view.add_paint_candidate(painted_at(500.0));
    view.add_paint_candidate(painted_at(1_340.25));
    assert_eq!(decode_vital(view.finish_largest()), expected_vital("LCP", 1_240_250, None));
    view.add_paint_candidate(painted_at(2_000.0));
    assert_eq!(decode_vital(view.finish_largest()), None);
    assert_eq!(
        decode_vital(view.report_first_byte()),
        expected_vital("TTFB", 0, None),
        "the page was there before"
    );
}

#[test]
fn paints_while_hidden_do_not_count() {
    let mut view = View::loaded("navigate", "/", 0.0, 5.0);
    view.record_hidden(50.0);
    view.add_paint_candidate(painted_at(60.0));
    assert_eq!(decode_vital(view.finish_largest()), None);
    assert_eq!(decode_vital(view.report_first_paint(60.0)), None);
    assert!(view.report_so_far(0.0).into_iter().all(|event| event.is_none()));
}

#[test]
fn a_growing_value_replaces_the_previous_one() {
    let mut view = View::loaded("navigate", "/", 0.0, 5.0);
    assert_eq!(decode_vital(view.report_first_paint(10.0)), expected_vital("FCP", 10_000, None));
    assert_eq!(decode_vital(view.report_first_paint(11.0)), None);
    view.add_layout_shift(20.0, 0.05, "p");
    let [moved, slowest] = view.report_so_far(0.0);
    assert_eq!(
        (decode_vital(moved), decode_vital(slowest)),
        (expected_vital("CLS", 50_000, None), None)
    );
    assert!(view.report_so_far(0.0)[0].is_none(), "nothing new");
    view.add_layout_shift(30.0, 0.1, "p");
    let [moved, _] = view.report_so_far(0.0);
    assert_eq!(decode_vital(moved), expected_vital("CLS", 150_000, Some(50_000)));
}

#[test]
fn vitals_that_the_loader_has_reported_are_not_reported_again() {
    let mut view = View::loaded("navigate", "/", 0.0, 5.0);
    view.mute_reports();
    assert_eq!(decode_vital(view.report_first_paint(10.0)), None);
    assert_eq!(decode_vital(view.report_first_byte()), None);
}

#[test]
fn a_view_from_the_cache_has_new_vitals() {
    let mut view = View::continued("back-forward-cache", "/", 70_000.0, 12.0);
    let reported: Vec<_> =
        view.report_restored_paint(16.5).into_iter().filter_map(decode_vital).collect();
    let names: Vec<_> = reported.iter().map(|(name, value, _)| (name.as_str(), *value)).collect();
    assert_eq!(names, [("FCP", 16_500), ("LCP", 16_500), ("TTFB", 0), ("CLS", 0)]);
    let [_, slowest] = view.report_so_far(12.0);
    assert_eq!(decode_vital(slowest), None, "no interaction since");
    let [_, slowest] = view.report_so_far(13.0);
    assert_eq!(
        decode_vital(slowest),
        expected_vital("INP", 8_000, None),
        "one that was too short to be listed"
    );
}

#[test]
fn the_first_input_delay_ends_when_handling_begins() {
    let mut view = View::loaded("navigate", "/", 0.0, 5.0);
    assert_eq!(
        decode_vital(view.report_first_input(100.0, 112.5)),
        expected_vital("FID", 12_500, None)
    );
    assert_eq!(decode_vital(view.report_first_input(200.0, 300.0)), None);
}

#[test]
fn paints_after_a_soft_navigation_count_from_its_start() {
    let mut view = View::continued("soft-navigation", "/next", 1_225.0, 3.0);
    view.add_paint_candidate(painted_at(1_355.5));
    assert_eq!(decode_vital(view.finish_largest()), expected_vital("LCP", 130_500, None));
}
