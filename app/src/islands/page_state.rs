//! The state of a live page: what the server has last told, and what the user has last done.

use std::sync::Arc;

use leptos::{prelude::*, server_fn::ServerFn};
use phasegate_domain::{Timestamp, ids::EnvironmentKey, reports::ChangeNotice};

use super::{
    done::DoneNotice,
    fn_form::{Answer, Then, render_fn_form, render_named_form},
    live::{rendered_revision, watch_changes},
};
use crate::{
    components::live,
    models::{Done, Undo},
    server_fns::ApiError,
};

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

    /// A form for the server function `F`, which names the environment by itself.
    pub(super) fn form<F: ServerFn>(self, class: &'static str, fields: AnyView) -> AnyView {
        self.form_in::<F>(class, self.environment_field().into_any(), fields)
    }

    /// The same, with what is done once the function has succeeded.
    pub(super) fn form_then<F: ServerFn>(
        self,
        class: &'static str,
        fields: AnyView,
        on_success: impl Fn() + Send + Sync + 'static,
    ) -> AnyView {
        let fields = view! { {self.environment_field()} {fields} }.into_any();
        let on_answer = Arc::new(move |answer: &Answer| {
            if answer.is_ok() {
                on_success();
            }
            self.take_answer(answer);
        });
        render_fn_form(F::PATH, class, Then::Refresh, fields, on_answer)
    }

    /// The same with an id, by which fields outside the form belong to it.
    pub(super) fn named_form<F: ServerFn>(
        self,
        id: &'static str,
        class: &'static str,
        fields: AnyView,
    ) -> AnyView {
        let fields = view! { {self.environment_field()} {fields} }.into_any();
        let on_answer = Arc::new(move |answer: &Answer| self.take_answer(answer));
        render_named_form(F::PATH, class, Then::Refresh, fields, on_answer, Some(id))
    }

    /// The same for a form about another environment, which `environment` names.
    pub(super) fn form_in<F: ServerFn>(
        self,
        class: &'static str,
        environment: AnyView,
        fields: AnyView,
    ) -> AnyView {
        let fields = view! { {environment} {fields} }.into_any();
        let on_answer = Arc::new(move |answer: &Answer| self.take_answer(answer));
        render_fn_form(F::PATH, class, Then::Refresh, fields, on_answer)
    }

    /// Reads the data again when the state has changed or telemetry has arrived.
    pub(super) fn follow_state(self) {
        // What changes while the page loads its script is read again, too.
        let seen = StoredValue::new(rendered_revision());
        watch_changes(&self.environment.get_value(), move |notice: ChangeNotice| {
            let before = seen.get_value();
            seen.set_value(Some(notice.state_revision));
            let is_new = before.is_some_and(|before| before != notice.state_revision);
            if is_new || notice.has_new_telemetry {
                self.refresh();
            }
        });
    }

    /// Shows what was done, and reads the data again. Success or not, it may have changed.
    pub(super) fn take_answer(self, answer: &Answer) {
        if let Ok(done) = answer {
            self.done.set(Some(done.clone()));
        }
        self.refresh();
    }

    /// The notice about what was last done, with a button that takes it back.
    pub(super) fn render_done(self) -> AnyView {
        live(move || {
            let Some(done) = self.done.get() else { return ().into_any() };
            let undo = done.undo.clone().map(|undo| self.render_undo(undo));
            let close = move |_| self.done.set(None);
            view! {
                <div class="toast" data-testid="toast">
                    <DoneNotice done=Some(done)/>
                    {undo}
                    <button class="button button-quiet" type="button" on:click=close aria-label="Dismiss">"✕"</button>
                </div>
            }
            .into_any()
        })
    }

    fn render_undo(self, undo: Undo) -> AnyView {
        let fields = undo.fields.into_iter();
        let fields: Vec<AnyView> = fields
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any())
            .collect();
        let fields =
            view! { {fields} <button class="button" type="submit">"Undo"</button> }.into_any();
        let on_answer = Arc::new(move |answer: &Answer| self.take_answer(answer));
        render_fn_form(undo.function, "", Then::Refresh, fields, on_answer)
    }
}

/// The question that is open on a page, as `?confirm=` names it: a command, an action or a row.
#[derive(Debug, Clone, Copy)]
struct OpenQuestion(RwSignal<Option<String>>);

/// Provides the question that the address asks to the components of a page.
pub(super) fn provide_question(asked: Option<String>) {
    provide_context(OpenQuestion(RwSignal::new(asked)));
}

/// Returns the open question of the page that a component is part of.
#[allow(clippy::expect_used, reason = "the components of an island are only used in it")]
pub(super) fn open_question() -> RwSignal<Option<String>> {
    let OpenQuestion(asked) = use_context().expect("the island provides it");
    asked
}
