//! Components that several pages use.

#[cfg(feature = "ssr")]
mod annotations;
#[cfg(feature = "ssr")]
mod changes;
#[cfg(feature = "ssr")]
mod dimension_label;
#[cfg(feature = "ssr")]
mod exports;
#[cfg(feature = "ssr")]
mod freshness;
#[cfg(feature = "ssr")]
mod notice;
#[cfg(feature = "ssr")]
mod sparkline;
mod table_card;
#[cfg(feature = "ssr")]
mod text_area;
mod time;
#[cfg(feature = "ssr")]
mod trend;
mod vital_card;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    annotations::{Annotations, annotation_lines},
    changes::Changes,
    dimension_label::dimension_label,
    exports::Exports,
    freshness::Freshness,
    notice::Notice,
    sparkline::Sparkline,
    text_area::TextArea,
    trend::Trend,
};
pub(crate) use table_card::TableCard;
pub(crate) use time::Time;
pub(crate) use vital_card::VitalCard;
#[cfg(feature = "ssr")]
pub(crate) use vital_card::rating_class;
