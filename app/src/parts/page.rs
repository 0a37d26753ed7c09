//! A page, from a function that may fail.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::request::{PageError, Request};

#[component]
pub(crate) fn PageErrorNotice(error: PageError) -> impl IntoView {
    view! { <p class="notice notice-error" role="alert">{error.message}</p> }
}

/// Renders a page from a function that may fail; an error replaces the page.
pub(crate) fn render_page<F>(make: impl FnOnce(Request) -> F) -> impl IntoView
where
    F: Future<Output = Result<AnyView, PageError>> + Send + 'static,
{
    let response = use_context::<ResponseOptions>();
    let made = Request::from_context().map(|request| (request.clone(), make(request)));
    let made = async move {
        let (request, making) = match made {
            Ok(made) => made,
            Err(error) => {
                if let Some(response) = response {
                    response.set_status(error.status);
                }
                return view! { <PageErrorNotice error/> }.into_any();
            }
        };
        let refused = request.refused.clone().map(|refused| PageError::from(refused.error));
        if let Some(error) = &refused {
            request.set_error_status(error);
        }
        let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
        match making.await {
            Ok(view) => view! { {refusal} {view} }.into_any(),
            Err(error) => {
                request.set_error_status(&error);
                view! { <PageErrorNotice error/> }.into_any()
            }
        }
    };
    // Rendered once and in order, so that it needs no fallback around it.
    view! { <div class="page">{Suspend::new(made)}</div> }
}
