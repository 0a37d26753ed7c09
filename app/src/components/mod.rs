//! Components that several pages use.

#[cfg(feature = "ssr")]
mod annotations;
mod changes;
#[cfg(feature = "ssr")]
mod dimension_label;
#[cfg(feature = "ssr")]
mod exports;
#[cfg(feature = "ssr")]
mod freshness;
mod notice;
mod reactive;
mod secret_notice;
mod sparkline;
mod table_card;
mod text_area;
mod time;
mod trend;
mod vital_card;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    annotations::{Annotations, annotation_marks},
    dimension_label::dimension_label,
    exports::Exports,
    freshness::Freshness,
};
pub(crate) use changes::Changes;
pub(crate) use notice::Notice;
pub(crate) use reactive::{live, live_text};
pub(crate) use secret_notice::SecretNotice;
pub(crate) use sparkline::Sparkline;
pub(crate) use table_card::TableCard;
pub(crate) use text_area::TextArea;
pub(crate) use time::Time;
pub(crate) use trend::Trend;
#[cfg(feature = "ssr")]
pub(crate) use vital_card::rating_class;
pub(crate) use vital_card::{VitalCard, VitalNumbers, vital_limits};
