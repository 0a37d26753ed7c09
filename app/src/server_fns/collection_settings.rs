//! Server functions of the collection settings.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;
#[cfg(feature = "ssr")]
use phasegate_domain::{
    config::Switch,
    field_error::{FieldCode, FieldError},
    targeting::Share,
};
#[cfg(feature = "ssr")]
use phasegate_service::{ServiceError, collection_settings as service, models::Versioned};

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// Saves which telemetry pages send. A switch that is left out is off; `sample_rate` is in per cent.
#[server(prefix = "/admin/fn", endpoint = "collection_settings/save", output = JsonResult)]
pub async fn save_collection_settings(
    environment: EnvironmentKey,
    #[server(default)] analytics: bool,
    #[server(default)] performance: bool,
    #[server(default)] errors: bool,
    sample_rate: f64,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let mut value = service::read_collection_settings(&service, &actor, environment)?.value;
    for switch in Switch::ALL {
        let is_on = match switch {
            Switch::Analytics => analytics,
            Switch::Performance => performance,
            Switch::Errors => errors,
        };
        // A disabled checkbox is not sent, which does not mean that it is unchecked.
        if service::find_pinned_switch(&service, switch).is_none() {
            value = value.with_switch(switch, is_on);
        }
    }
    value.sample_rate = parse_sample_rate(sample_rate)?;
    let after = Versioned { value, version };
    service::save_collection_settings(&service, &actor, environment, after).await?;
    Ok(Done::new("Collection settings saved. Open pages have been notified."))
}

#[cfg(feature = "ssr")]
fn parse_sample_rate(percent: f64) -> Result<Share, ServiceError> {
    Share::from_percent(percent).map_err(|error| {
        FieldError::new("sample_rate", FieldCode::Invalid, error.to_string()).into()
    })
}
