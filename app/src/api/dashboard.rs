//! The dashboard's door. Updates come over `GET /admin/live/dashboard`, in the same form.

use leptos::server;
use phasegate_domain::dashboard::Dashboard;

use super::ApiError;

/// The last hour.
///
/// # Errors
/// When nobody is logged in, or storage fails.
#[server(name = LoadDashboard, prefix = "/admin/fn", endpoint = "dashboard/view")]
pub(crate) async fn dashboard() -> Result<Dashboard, ApiError> {
    let caller = super::caller()?;
    let (service, actor) = (&caller.service, &caller.actor);
    Ok(phasegate_service::dashboard::dashboard(service, actor, caller.environment).await?)
}
