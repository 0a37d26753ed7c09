//! Parts of editors.

use leptos::prelude::*;

use crate::components::TextArea;

/// A button that adds, removes or moves a row. With a script, it acts in place; without one, the form
/// is sent to its own page, which applies it.
pub(super) fn render_press(
    press: String,
    label: String,
    text: &'static str,
    class: &'static str,
) -> AnyView {
    view! {
        <button class=class type="submit" name="press" value=press formnovalidate aria-label=label>{text}</button>
    }
    .into_any()
}

/// A button that adds a row at the end of a list.
pub(super) fn render_add(list: &str, text: &'static str) -> AnyView {
    let press = format!("add {list}");
    view! { <button class="button" type="submit" name="press" value=press formnovalidate>{text}</button> }
        .into_any()
}

/// The options of a field that chooses one of some names. An unknown choice is listed as well.
pub(super) fn render_options(
    names: &[String],
    chosen: &str,
    extra: Option<(&str, &'static str)>,
) -> AnyView {
    let option = |name: &String| {
        let (is_chosen, value) = (name == chosen, name.clone());
        view! { <option value=value selected=is_chosen>{name.clone()}</option> }.into_any()
    };
    let mut options: Vec<AnyView> = names.iter().map(option).collect();
    let is_extra = extra.is_some_and(|(value, _)| value == chosen);
    if !chosen.is_empty() && !is_extra && names.iter().all(|name| name != chosen) {
        let text = format!("{chosen} (unknown variant)");
        options.insert(
            0,
            view! { <option value=chosen.to_owned() selected>{text}</option> }.into_any(),
        );
    }
    if let Some((value, text)) = extra {
        options.push(
            view! { <option value=value.to_owned() selected=is_extra>{text}</option> }.into_any(),
        );
    }
    options.into_any()
}

/// A list of suggestions.
pub(super) fn render_suggestions(id: &'static str, keys: &[String]) -> AnyView {
    let option = |key: &String| view! { <option value=key.clone()></option> }.into_any();
    let options: Vec<AnyView> = keys.iter().map(option).collect();
    view! { <datalist id=id>{options}</datalist> }.into_any()
}

/// A field with one line.
pub(super) fn render_line(
    label: &'static str,
    name: &'static str,
    value: String,
    most: u32,
) -> AnyView {
    view! {
        <label class="field"><span>{label}</span>
            <input type="text" name=name value=value maxlength=most.to_string() autocomplete="off"/></label>
    }
    .into_any()
}

/// A field with two lines.
pub(super) fn render_text(label: &'static str, name: &'static str, value: String) -> AnyView {
    view! { <label class="field"><span>{label}</span><TextArea value rows=2 name/></label> }
        .into_any()
}
