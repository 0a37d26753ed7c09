//! What is around every page and runs in the browser.

mod attention;
mod badge;
mod palette;
mod shortcuts;
mod theme_switch;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    attention::AttentionStrip, badge::AttentionBadge, palette::CommandPalette,
    shortcuts::Shortcuts, theme_switch::ThemeSwitch,
};
