//! Code that evaluates a flag, for several SDKs.

use phasegate_domain::flags::{Flag, FlagKind};

/// Returns pieces of code: who runs it, and the code. The fallback is the value of the off variant.
pub(super) fn list_code(flag: &Flag, origin: &str) -> Vec<(String, String)> {
    let key = &flag.key;
    let off = flag.variants.iter().find(|variant| variant.name == flag.off_variant);
    let fallback = off.map_or_else(|| "null".to_owned(), |variant| variant.value.to_string());
    let (method, page) = match flag.kind {
        FlagKind::Boolean => (
            "getBooleanValue",
            format!("if (phasegate.isFeatureEnabled('{key}', {fallback})) {{\n  // …\n}}"),
        ),
        FlagKind::String => ("getStringValue", page_variant(flag)),
        FlagKind::Integer | FlagKind::Float => ("getNumberValue", page_variant(flag)),
        FlagKind::Object => ("getObjectValue", page_variant(flag)),
    };
    let server = format!(
        "const value = await client.{method}('{key}', {fallback}, {{ targetingKey: userId }});"
    );
    let http = format!(
        "curl {origin}/ofrep/v1/evaluate/flags/{key} \\\n  -H \"Authorization: Bearer $PHASEGATE_TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{{\"context\": {{\"targetingKey\": \"ada\"}}}}'"
    );
    [
        ("Page, with the collector", page),
        ("Server or page, with OpenFeature", server),
        ("HTTP, OFREP", http),
    ]
    .map(|(title, code)| (title.to_owned(), code))
    .into()
}

fn page_variant(flag: &Flag) -> String {
    let (key, off) = (&flag.key, &flag.off_variant);
    format!("const variant = phasegate.getVariant('{key}', '{off}');")
}
