//! Texts of several lines.

use leptos::prelude::*;

/// What stands inside a text area, safe to be part of a page: Leptos writes it as it is.
fn escaped(text: &str) -> String {
    // A line break right after the tag is not part of the text; one of our own keeps a real one.
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// A text area. Use this and no `<textarea>`: a text that holds `</textarea>` would end it.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] value: String,
    #[prop(into, optional)] name: Option<String>,
    rows: u32,
    /// Whether it holds something that a machine reads.
    #[prop(optional)]
    code: bool,
    #[prop(optional)] required: bool,
    #[prop(optional)] readonly: bool,
    #[prop(into, optional)] placeholder: Option<String>,
    #[prop(into, optional)] label: Option<String>,
    #[prop(into, optional)] testid: Option<String>,
) -> impl IntoView {
    view! {
        <textarea name=name rows=rows.to_string() spellcheck=if code { "false" } else { "true" } required=required
            readonly=readonly placeholder=placeholder aria-label=label data-testid=testid
            inner_html=escaped(&value)></textarea>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_area() {
        assert_eq!(escaped("a</textarea><b> &lt;"), "\na&lt;/textarea&gt;&lt;b&gt; &amp;lt;");
    }
}
