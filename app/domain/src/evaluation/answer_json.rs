//! Writes answers as JSON, byte for byte as `serde_json` does. `serde_json` scans the dozen field
//! names of each answer for characters to escape, which took longer than the evaluation.

use serde::Serialize;

use super::{Answer, Metadata};

impl Answer<'_> {
    /// Appends the answer as JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut fields = Fields(out);
        fields.push_text("{\"key\":", self.key.as_str());
        match self.value.as_bool() {
            Some(true) => fields.push_literal(",\"value\":true"),
            Some(false) => fields.push_literal(",\"value\":false"),
            None => fields.push_json(",\"value\":", self.value),
        }
        fields.push_text(",\"reason\":", self.reason.as_str());
        fields.push_text(",\"variant\":", self.variant.as_str());
        fields.push_literal(",\"metadata\":");
        self.metadata.write_json(out);
        out.push(b'}');
    }
}

impl Metadata<'_> {
    fn write_json(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let mut fields = Fields(out);
        fields.push_optional_text(",\"variable\":", self.variable);
        if self.killed {
            fields.push_literal(",\"killed\":true");
        }
        if self.r#override {
            fields.push_literal(",\"override\":true");
        }
        fields.push_optional_text(",\"prerequisite\":", self.prerequisite);
        fields.push_optional_json(",\"rule\":", self.rule);
        fields.push_optional_text(",\"ruleName\":", self.rule_name);
        fields.push_optional_text(",\"rollout\":", self.rollout);
        fields.push_optional_json(",\"phase\":", self.phase);
        fields.push_optional_text(",\"segment\":", self.segment);
        fields.push_optional_json(",\"share\":", self.share);
        fields.push_optional_json(",\"bucket\":", self.bucket);
        // Replaces the comma of the first field with the opening brace.
        match out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
    }
}

/// Appends fields. An `opening` consists of a comma or brace, the quoted name and a colon.
struct Fields<'w>(&'w mut Vec<u8>);

impl Fields<'_> {
    fn push_literal(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn push_text(&mut self, opening: &str, text: &str) {
        let needs_escape = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        // A fold without early exit lets the compiler check many bytes at once.
        if text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
            return self.push_json(opening, text);
        }
        self.push_literal(opening);
        self.0.push(b'"');
        self.push_literal(text);
        self.0.push(b'"');
    }

    fn push_optional_text(&mut self, opening: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.push_text(opening, text);
        }
    }

    fn push_optional_json(&mut self, opening: &str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.push_json(opening, &value);
        }
    }

    fn push_json(&mut self, opening: &str, value: &(impl Serialize + ?Sized)) {
        self.push_literal(opening);
        // Writing to memory only fails for maps with keys that are not strings. Numbers and JSON
        // values contain none.
        if serde_json::to_writer(&mut *self.0, value).is_err() {
            self.push_literal("null");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        evaluation::Reason,
        ids::{FlagKey, VariantName},
    };

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            any::<(String, bool)>()
                .prop_map(|(text, is_on)| json!({"a": [text, null], "b": is_on})),
        ]
    }

    fn any_text() -> impl Strategy<Value = Option<String>> {
        option::of(any::<String>())
    }

    proptest! {
        #[test]
        fn the_output_equals_that_of_serde_json(
            value in any_value(),
            (variable, prerequisite, rule_name, rollout, segment) in (any_text(), any_text(), any_text(), any_text(), any_text()),
            (killed, r#override) in any::<(bool, bool)>(),
            (rule, phase, share, bucket) in any::<(Option<usize>, Option<u16>, Option<f64>, Option<u32>)>(),
            reason in prop::sample::select(&[Reason::Static, Reason::Disabled, Reason::Split, Reason::TargetingMatch, Reason::Default]),
        ) {
            let metadata = Metadata {
                variable: variable.as_deref(),
                killed,
                r#override,
                prerequisite: prerequisite.as_deref(),
                rule,
                rule_name: rule_name.as_deref(),
                rollout: rollout.as_deref(),
                phase,
                segment: segment.as_deref(),
                share,
                bucket,
            };
            let (key, variant) = (FlagKey::new("NEW_LIST").unwrap(), VariantName::new("on").unwrap());
            let answer = Answer { key: &key, value: &value, reason, variant: &variant, metadata };
            let mut written = b"before".to_vec();
            answer.write_json(&mut written);
            let expected = format!("before{}", serde_json::to_string(&answer).unwrap());
            prop_assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }

    #[test]
    fn an_answer_without_metadata_has_an_empty_object() {
        let mut written = Vec::new();
        Metadata::default().write_json(&mut written);
        assert_eq!(written, b"{}");
    }
}
