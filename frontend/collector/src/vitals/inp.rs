//! Interaction to Next Paint: the 98th percentile of all interactions, from the ten longest, with
//! the parts of its latency.

/// The number of longest interactions that are kept, and of newest frames beside theirs.
const REMEMBERED: usize = 10;

/// The number of scripts of long animation frames that are kept.
const SCRIPTS: usize = 30;

/// Browsers number interactions in steps of seven.
const ID_STEP: f64 = 7.0;

/// Events painted within this many milliseconds were painted together.
const SAME_FRAME: f64 = 8.0;

/// An entry of the browser's Event Timing; times in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EventTiming {
    /// The id of the interaction; 0 if it belongs to none.
    pub(crate) id: f64,
    pub(crate) start: f64,
    pub(crate) duration: f64,
    pub(crate) processing_start: f64,
    pub(crate) processing_end: f64,
}

/// Events that were painted together.
#[derive(Debug)]
struct Frame {
    painted: f64,
    processing_start: f64,
    processing_end: f64,
}

#[derive(Debug)]
struct Interaction {
    id: f64,
    latency: f64,
    start: f64,
    /// Paint time of its frame, which identifies the frame.
    painted: f64,
    target: String,
    /// The longest script that ran during it.
    script: (f64, String),
}

/// The latency of an interaction and its parts, in milliseconds.
#[derive(Debug, PartialEq)]
pub(crate) struct Latency<'a> {
    pub(crate) value: f64,
    pub(crate) target: &'a str,
    /// Input delay, processing time, and presentation delay.
    pub(crate) parts: [f64; 3],
    pub(crate) script: &'a str,
}

#[derive(Debug, Default)]
pub(crate) struct Interactions {
    longest: Vec<Interaction>,
    frames: Vec<Frame>,
    /// Start, end and name of each script.
    scripts: Vec<(f64, f64, String)>,
    /// The lowest and the highest id.
    ids: Option<(f64, f64)>,
}

impl Interactions {
    /// Adds an event. The longest event of an interaction counts.
    pub(crate) fn add_event(&mut self, event: EventTiming, target: &str) {
        let painted = self.find_or_add_frame(event);
        if event.id <= 0.0 {
            return;
        }
        let (first, last) = self.ids.unwrap_or((event.id, event.id));
        self.ids = Some((first.min(event.id), last.max(event.id)));
        let mut new = Interaction {
            id: event.id,
            latency: event.duration,
            start: event.start,
            painted,
            target: target.to_owned(),
            script: (0.0, String::new()),
        };
        for (start, end, name) in &self.scripts {
            attribute_script(&mut new, *start, *end, name);
        }
        if let Some(known) = self.longest.iter_mut().find(|known| known.id == event.id) {
            if known.target.is_empty() {
                known.target.push_str(target);
            }
            if event.duration > known.latency {
                new.target = core::mem::take(&mut known.target);
                *known = new;
            }
            return;
        }
        if self.longest.len() < REMEMBERED {
            self.longest.push(new);
            return;
        }
        let shortest =
            self.longest.iter_mut().reduce(|a, b| if b.latency < a.latency { b } else { a });
        if let Some(shortest) = shortest.filter(|shortest| new.latency > shortest.latency) {
            *shortest = new;
        }
    }

    /// Finds or adds the frame in which an event was painted, and returns its paint time.
    fn find_or_add_frame(&mut self, event: EventTiming) -> f64 {
        let painted = event.start + event.duration;
        let is_same = |frame: &&mut Frame| {
            let run_blocking = frame.painted - painted;
            run_blocking <= SAME_FRAME && -run_blocking <= SAME_FRAME
        };
        if let Some(frame) = self.frames.iter_mut().rev().find(is_same) {
            frame.processing_start = frame.processing_start.min(event.processing_start);
            frame.processing_end = frame.processing_end.max(event.processing_end);
            return frame.painted;
        }
        let (processing_start, processing_end) = (event.processing_start, event.processing_end);
        self.frames.push(Frame { painted, processing_start, processing_end });
        if self.frames.len() > 3 * REMEMBERED {
            let mut newest = self.frames.len() - REMEMBERED;
            let longest = &self.longest;
            self.frames.retain(|frame| {
                let is_old = newest > 0;
                newest = newest.saturating_sub(1);
                !is_old || longest.iter().any(|one| one.painted == frame.painted)
            });
        }
        painted
    }

    /// Adds a script of a long animation frame.
    pub(crate) fn add_script(&mut self, start: f64, duration: f64, name: &str) {
        for interaction in &mut self.longest {
            attribute_script(interaction, start, start + duration, name);
        }
        if self.scripts.len() == SCRIPTS {
            self.scripts.remove(0);
        }
        self.scripts.push((start, start + duration, name.to_owned()));
    }

    /// Returns the latency of the page; one interaction in fifty is left out as an outlier. `count`
    /// is the browser's own count of all interactions, including those too short to be reported; if
    /// it is 0, the count is estimated from the ids.
    pub(crate) fn page_latency(&self, count: f64) -> Option<Latency<'_>> {
        let (first, last) = self.ids?;
        let count = if count > 0.0 { count } else { (last - first) / ID_STEP + 1.0 };
        let index = self.longest.len().checked_sub(1)?.min((count / 50.0) as usize);
        let found = self.nth_longest(index)?;
        let frame = self.frames.iter().find(|frame| frame.painted == found.painted)?;
        let begun = frame.processing_start.max(found.start);
        let painted = (found.start + found.latency).max(begun);
        let ended = frame.processing_end.min(painted);
        Some(Latency {
            value: found.latency,
            target: &found.target,
            parts: [begun - found.start, ended - begun, painted - ended],
            script: &found.script.1,
        })
    }

    /// Returns the interaction that has `index` longer ones. It does not sort, because sorting code
    /// would be larger.
    fn nth_longest(&self, index: usize) -> Option<&Interaction> {
        self.longest.iter().enumerate().find_map(|(at, one)| {
            let longer = |(other_at, other): (usize, &Interaction)| {
                other.latency > one.latency || (other.latency == one.latency && other_at < at)
            };
            let before = self.longest.iter().enumerate().filter(|other| longer(*other)).count();
            (before == index).then_some(one)
        })
    }
}

fn attribute_script(interaction: &mut Interaction, start: f64, end: f64, name: &str) {
    if end < interaction.start || start > interaction.start + interaction.latency {
        return;
    }
    let during = end - start.max(interaction.start);
    if during > interaction.script.0 {
        interaction.script = (during, name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_event(id: f64, start: f64, duration: f64) -> EventTiming {
        EventTiming {
            id,
            start,
            duration,
            processing_start: start + 10.0,
            processing_end: start + duration - 20.0,
        }
    }

    fn latency_value(interactions: &Interactions, count: f64) -> Option<f64> {
        interactions.page_latency(count).map(|latency| latency.value)
    }

    #[test]
    fn a_page_without_interactions_has_no_latency() {
        let mut interactions = Interactions::default();
        interactions.add_event(sample_event(0.0, 0.0, 500.0), "");
        assert_eq!(latency_value(&interactions, 100.0), None);
    }

    #[test]
    fn events_of_one_interaction_count_once() {
        let mut interactions = Interactions::default();
        interactions.add_event(sample_event(7.0, 0.0, 80.0), "a");
        interactions.add_event(sample_event(7.0, 0.0, 200.0), "");
        interactions.add_event(sample_event(14.0, 1_000.0, 120.0), "b");
        assert_eq!(latency_value(&interactions, 0.0), Some(200.0));
        assert_eq!(interactions.page_latency(0.0).unwrap().target, "a");
    }

    #[test]
    fn one_outlier_in_fifty_is_left_out() {
        let mut interactions = Interactions::default();
        for n in 1..=60_u32 {
            let duration = if n == 5 { 900.0 } else { 100.0 + f64::from(n) };
            interactions
                .add_event(sample_event(f64::from(n) * 7.0, f64::from(n) * 1_000.0, duration), "");
        }
        assert_eq!(latency_value(&interactions, 0.0), Some(160.0), "estimated from the ids");
        assert_eq!(latency_value(&interactions, 100.0), Some(159.0), "as the browser counts");
        assert_eq!(
            latency_value(&interactions, 9_999.0),
            Some(152.0),
            "no further than the ten longest"
        );
        assert!(interactions.frames.len() <= 40, "what is remembered is bounded");
    }

    #[test]
    fn the_latency_is_split_into_parts() {
        let mut interactions = Interactions::default();
        interactions.add_script(90.0, 30.0, "early.js");
        interactions.add_event(sample_event(7.0, 100.0, 200.0), "button");
        interactions.add_script(130.0, 100.0, "slow.js click");
        interactions.add_script(5_000.0, 900.0, "later.js");
        // Painted together with it, but handled before it.
        let other = EventTiming { processing_start: 105.0, ..sample_event(0.0, 100.0, 204.0) };
        interactions.add_event(other, "");
        let found = interactions.page_latency(1.0).unwrap();
        assert_eq!((found.parts, found.script), ([5.0, 179.0, 16.0], "slow.js click"));
    }
}
