//! What several pages use.

#[cfg(feature = "ssr")]
mod changes;
#[cfg(feature = "ssr")]
mod exports;
#[cfg(feature = "ssr")]
mod freshness;
#[cfg(feature = "ssr")]
mod marks;
#[cfg(feature = "ssr")]
mod notice;
#[cfg(feature = "ssr")]
mod slice_words;
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
    changes::Changes,
    exports::Exports,
    freshness::Freshness,
    marks::{Marks, lines},
    notice::Notice,
    slice_words::slice_words,
    sparkline::Sparkline,
    text_area::TextArea,
    trend::Trend,
};
pub(crate) use table_card::TableCard;
pub(crate) use time::Time;
pub(crate) use vital_card::VitalCard;
#[cfg(feature = "ssr")]
pub(crate) use vital_card::rating_class;
