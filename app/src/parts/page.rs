//! A page, from a function that may fail.

use leptos::prelude::*;

use crate::request::{PageError, Request};

#[component]
pub(crate) fn PageErrorNotice(trouble: PageError) -> impl IntoView {
    view! { <p class="notice notice-error" role="alert">{trouble.message}</p> }
}

/// Renders a page from a function that may fail; an error replaces the page.
pub(crate) fn render_page<F>(make: impl FnOnce(Request) -> F) -> impl IntoView
where
    F: Future<Output = Result<AnyView, PageError>> + Send + 'static,
{
    let checked = Request::from_context().and_then(|request| {
        request.check_environment().inspect_err(|trouble| request.set_error_status(trouble))?;
        Ok(request)
    });
    let made = checked.map(|request| (request.clone(), make(request)));
    let made = async move {
        let (request, making) = match made {
            Ok(made) => made,
            Err(trouble) => return view! { <PageErrorNotice trouble/> }.into_any(),
        };
        match making.await {
            Ok(view) => view,
            Err(trouble) => {
                request.set_error_status(&trouble);
                view! { <PageErrorNotice trouble/> }.into_any()
            }
        }
    };
    // Rendered once and in order, so that it needs no fallback around it.
    view! { <div class="page">{Suspend::new(made)}</div> }
}
