//! What the numbers of the admin mean. Each definition is the doc comment of its constant, so that code
//! and documentation cannot differ.

/// The meaning of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name in addresses, such as `error-rate`.
    pub id: &'static str,
    /// The name that pages show.
    pub title: &'static str,
    /// What is counted, over what, and what is left out.
    pub text: &'static str,
}

macro_rules! definitions {
    ($($(#[doc = $text:literal])+ $id:literal $title:literal;)+) => {
        /// All definitions, in the order in which they are listed.
        pub const DEFINITIONS: &[Definition] = &[$(
            Definition { id: $id, title: $title, text: concat!($($text),+) },
        )+];
    };
}

definitions! {
    /// Largest Contentful Paint: the time from the start of the navigation until the largest image or text
    /// in view was painted, up to the first input. Shown is the 75th percentile of page views. Good up to
    /// 2.5 s, poor above 4 s.
    "lcp" "LCP";
    /// Interaction to Next Paint: the delay from a click, tap or key press to the next frame, of the
    /// slowest interaction of a page view; one in fifty is left out. Shown is the 75th percentile of page
    /// views with an interaction. Good up to 200 ms, poor above 500 ms.
    "inp" "INP";
    /// Cumulative Layout Shift: how much visible content moved without a user's input, as the largest
    /// burst of shifts of a page view (at most 5 s long, with gaps below 1 s). Shown is the 75th percentile
    /// of page views. Good up to 0.1, poor above 0.25.
    "cls" "CLS";
    /// First Contentful Paint: the time from the start of the navigation until the first text or image was
    /// painted. Shown is the 75th percentile of page views. Good up to 1.8 s, poor above 3 s.
    "fcp" "FCP";
    /// Time to First Byte: the time from the start of the navigation until the first byte of the answer
    /// arrived. Shown is the 75th percentile of page views. Good up to 800 ms, poor above 1.8 s.
    "ttfb" "TTFB";
    /// First Input Delay: the time from the first input until the browser began to handle it. Replaced by
    /// INP, and kept for comparison. Good up to 100 ms, poor above 300 ms.
    "fid" "FID";
    /// A value from 0 to 100 of the 75th percentiles of a group: LCP and INP count 30 % each, FCP and CLS
    /// 15 % each, TTFB 10 %, on the curves of Lighthouse. Vitals without samples are left out, and the rest
    /// is weighted up. Good from 90, poor below 50.
    "performance-score" "Performance score";
    /// Numbers of a few samples vary by chance. Below 30 samples a value is shown without a verdict; a
    /// criterion passes or fails only once its confidence interval lies on one side of its threshold.
    "verdict" "Verdict";
    /// Errors that pages reported: uncaught exceptions, rejected promises and those that the app captured.
    /// Repetitions within a session count. Errors that are ignored by the app do not.
    "errors" "Errors";
    /// Sessions with at least one error ÷ all sessions. Critical errors likewise.
    "error-rate" "Error rate";
    /// The activity of a user in a browser until 30 minutes pass without a click, key, scroll or
    /// navigation. Its duration lasts from the first to the last activity.
    "sessions" "Sessions";
    /// Pages that were opened, navigations within a page included.
    "page-views" "Page views";
    /// Identified users, or browsers that are not identified, with an event in the period. The counts are
    /// exact; each user counts once, whatever the number of sessions.
    "users" "Users";
    /// Users whose first event lies in the period.
    "new-users" "New users";
    /// Mean daily users over the complete days of the period ÷ users of the period. 100 % means that
    /// all of them come every day.
    "stickiness" "Stickiness";
    /// Users to whom a flag has answered another variant than its off variant, and whose page asked for it.
    "exposed" "Exposed users";
    /// Exposed users who used the feature at least once ÷ exposed users. A use is what the app reports with
    /// `featureUsed`.
    "adoption" "Adoption rate";
    /// Exposed users who used the feature on at least two days.
    "used-again" "Used again";
    /// Of the users first seen on a day, the share who were active 1, 7 or 30 days later. Days that are not
    /// over do not count.
    "retention" "Retention";
    /// Visible time of pages with a feature in use, from its use until the end of the activity.
    "time-in-use" "Time in use";
    /// Tasks that were completed ÷ tasks that were started, as the app reports them with `startTask`.
    "task-completion" "Task completion";
    /// The mean of the ratings from 1 to 5 that users have given.
    "satisfaction" "Satisfaction";
    /// Net promoter score: the share of scores of 9 and 10 minus the share of scores up to 6, times 100.
    "nps" "Net promoter score";
    /// How often apps asked for a flag: answers, not users.
    "evaluations" "Evaluations";
    /// Users who are given what a phase adds are the treatment; users whom its rules leave out at random
    /// are the control. Each user is in one of them. A difference is shown with its 95 % interval.
    "comparison" "Treatment and control";
    /// Events that pages dropped over a limit, or that the server rejected. Settings list the reasons.
    "dropped" "Dropped events";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::vitals::Vital;

    #[test]
    fn each_vital_has_a_definition_and_ids_are_unique() {
        let ids: BTreeSet<&str> = DEFINITIONS.iter().map(|definition| definition.id).collect();
        assert_eq!(ids.len(), DEFINITIONS.len());
        for vital in Vital::ALL {
            assert!(ids.contains(vital.as_str().to_lowercase().as_str()), "{vital:?}");
        }
        assert!(DEFINITIONS.iter().all(|definition| definition.text.len() > 40));
    }
}
