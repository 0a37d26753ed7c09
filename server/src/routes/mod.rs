//! The routes, grouped by caller.

pub(crate) mod admin;
pub(crate) mod api;
pub(crate) mod assets;
pub(crate) mod collect;
pub(crate) mod demo;
pub(crate) mod health;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod ofrep;
