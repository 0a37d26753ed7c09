//! Server functions: doors from the UI to the use cases. Each finds out who is calling; the
//! use case decides whether they may.

mod dashboard;
mod error;
mod flags;
mod rollout;

pub(crate) use dashboard::dashboard;
pub use error::ApiError;
pub(crate) use error::ErrorKind;
pub(crate) use flags::{SwitchFlag, explain_flags, list_flags};
pub(crate) use rollout::{CommandRollout, rollout};

#[cfg(feature = "ssr")]
mod caller {
    use std::sync::Arc;

    use leptos::prelude::use_context;
    use phasegate_domain::{ids::EnvironmentId, people::Person};
    use phasegate_service::{Service, access::Actor};

    use super::{ApiError, ErrorKind};

    /// Who is calling, about what.
    pub(super) struct Caller {
        pub(super) service: Arc<Service>,
        pub(super) actor: Actor,
        pub(super) environment: EnvironmentId,
    }

    /// Finds out who is calling.
    pub(super) fn caller() -> Result<Caller, ApiError> {
        let service = use_context::<Arc<Service>>()
            .ok_or_else(|| ApiError::new(ErrorKind::Internal, "the server is not set up"))?;
        let person = use_context::<axum::http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Person>().cloned())
            .ok_or_else(ApiError::logged_out)?;
        let environment = service.first_environment()?;
        Ok(Caller { service, actor: Actor::from(&person), environment })
    }
}
#[cfg(feature = "ssr")]
use caller::caller;
