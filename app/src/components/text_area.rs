//! A field for text of several lines.

use leptos::prelude::*;

/// Escapes the content of a text area, because Leptos writes `inner_html` verbatim.
fn escape_html(text: &str) -> String {
    // HTML ignores a line break right after the tag; the added one preserves one in the text.
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// A text area. Use it instead of `<textarea>`, which a text with `</textarea>` would close.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] value: String,
    #[prop(into, optional)] name: Option<String>,
    rows: u32,
    /// Whether the text is code; this disables the spell checker.
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
            inner_html=escape_html(&value)></textarea>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_close_its_text_area() {
        assert_eq!(escape_html("a</textarea><b> &lt;"), "\na&lt;/textarea&gt;&lt;b&gt; &amp;lt;");
    }
}
