//! Selects the environment that all pages show.

use leptos::prelude::*;

use crate::{parts::render_page, request::PageError};

/// Stores the selected environment in a cookie and redirects to the flags.
#[component]
pub(crate) fn EnvironmentPage() -> impl IntoView {
    render_page(|request| async move {
        let form = request.form.clone().unwrap_or_default();
        let wanted = form.get("environment");
        let all = request.service.environments();
        if !all.iter().any(|live| live.environment().key.as_str() == wanted) {
            return Err(PageError::invalid(format!(
                "environment: there is no environment {wanted:?}"
            )));
        }
        request.choose_environment(wanted);
        request.redirect_to("/admin/flags");
        Ok(().into_any())
    })
}
