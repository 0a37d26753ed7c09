//! The state of a live page: what the server has last told, and what the user has last done.

use std::sync::Arc;

use leptos::prelude::*;
use phasegate_domain::{Timestamp, ids::EnvironmentKey};

use crate::{models::Done, server_fns::ApiError};

/// The data of a live page, which its island reads again after a change.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser reads again"))]
pub(super) trait LiveView: Clone + Send + Sync + 'static {
    /// The time at which the server has read it.
    fn read_at(&self) -> Timestamp;

    /// Reads it again; `None` if it is gone.
    fn read_again(
        &self,
        environment: EnvironmentKey,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + 'static;
}

/// The signals of a live page, which its components find in their context.
pub(super) struct PageState<V: LiveView> {
    view: RwSignal<V>,
    environment: StoredValue<EnvironmentKey>,
    /// What the user has last done.
    done: RwSignal<Option<Done>>,
}

// Derived implementations would require `V: Copy`.
impl<V: LiveView> Clone for PageState<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: LiveView> Copy for PageState<V> {}

impl<V: LiveView> PageState<V> {
    /// Creates the state with what the server has rendered, and provides it to the page.
    pub(super) fn provide(first: V, environment: EnvironmentKey, done: Option<Done>) -> Self {
        let page = Self {
            view: RwSignal::new(first),
            environment: StoredValue::new(environment),
            done: RwSignal::new(done),
        };
        provide_context(page);
        page
    }

    /// Returns the state of the page that a component is part of.
    #[allow(clippy::expect_used, reason = "the components of an island are only used in it")]
    pub(super) fn from_context() -> Self {
        use_context().expect("the island provides its state")
    }

    /// Returns a part of the data, which changes only when its value does.
    pub(super) fn part<T>(self, read: impl Fn(&V) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| read(&self.view.read()))
    }

    /// Reads the data without subscribing to it.
    pub(super) fn peek<T>(self, read: impl FnOnce(&V) -> T) -> T {
        read(&self.view.read_untracked())
    }

    /// What the user has last done on this page.
    pub(super) fn done(self) -> Option<Done> {
        self.done.get()
    }

    /// The field of every form that names the environment.
    pub(super) fn environment_field(self) -> impl IntoView {
        let key = self.environment.with_value(ToString::to_string);
        view! { <input type="hidden" name="environment" value=key/> }
    }

    /// Reads the data again. The answer to an earlier call never replaces that to a later one.
    pub(super) fn refresh(self) {
        #[cfg(feature = "hydrate")]
        {
            let environment = self.environment.get_value();
            let shown = self.view.get_untracked();
            leptos::task::spawn_local(async move {
                if let Ok(Some(newer)) = shown.read_again(environment).await
                    && self.peek(|shown| shown.read_at() <= newer.read_at())
                {
                    self.view.set(newer);
                }
            });
        }
    }

    /// Watches the outcome of an action, and returns its error. Success or not, the data may have
    /// changed.
    pub(super) fn watch_outcome(
        self,
        value: impl Fn() -> Option<Result<Done, ApiError>> + Send + Sync + 'static,
    ) -> Signal<Option<ApiError>> {
        self.watch_boxed(Arc::new(value))
    }

    fn watch_boxed(self, value: Arc<OutcomeReader>) -> Signal<Option<ApiError>> {
        let read = Arc::clone(&value);
        Effect::new(move |_| {
            let Some(outcome) = read() else { return };
            if let Ok(done) = outcome {
                self.done.set(Some(done));
            }
            self.refresh();
        });
        Signal::derive(move || value().and_then(Result::err))
    }
}

/// Reads the last outcome of an action. One type for all actions keeps the download small.
type OutcomeReader = dyn Fn() -> Option<Result<Done, ApiError>> + Send + Sync;
