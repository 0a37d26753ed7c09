//! Creates a flag from its key, kind and name. The editor follows.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::flags::FlagKind;
use phasegate_service::flags::check_may_create;

use crate::{
    parts::{FnForm, render_page},
    server_fns::flags::CreateFlag,
};

#[component]
pub(crate) fn NewFlagPage() -> impl IntoView {
    view! {
        <Title text="New flag"/>
        {render_page(|request| async move {
            check_may_create(&request.actor)?;
            let typed = request.entered_form::<CreateFlag>();
            let kinds = FlagKind::ALL
                .map(|kind| {
                    let is_chosen = typed.get("kind") == kind.as_str();
                    view! { <option value=kind.as_str() selected=is_chosen>{kind.as_str()}</option> }
                })
                .collect_view();
            Ok(view! {
                <header class="page-head"><h1>"New flag"</h1></header>
                <FnForm<CreateFlag> class="card stack narrow">
                    <label class="field"><span>"Key: used in your code, cannot be changed"</span>
                        <input type="text" name="key" required maxlength="100" pattern="[A-Za-z0-9._\\-]+"
                            title="letters, digits, '.', '_' and '-'" autocomplete="off" autofocus
                            placeholder="NEW_CHECKOUT" value=typed.get("key").to_owned()/></label>
                    <label class="field"><span>"Kind of its values, cannot be changed"</span>
                        <select name="kind">{kinds}</select></label>
                    <label class="field"><span>"Name (optional)"</span>
                        <input type="text" name="name" maxlength="200" value=typed.get("name").to_owned()/></label>
                    <p class="hint">"A new flag is on in this environment and off in the others. It has no rules, so all users get its default variant here."</p>
                    <div class="row">
                        <button class="button button-primary" type="submit">"Create flag"</button>
                        <a class="button" href="/admin/flags">"Cancel"</a>
                    </div>
                </FnForm<CreateFlag>>
            }
            .into_any())
        })}
    }
}
