//! JSON values as readable YAML 1.2.
//!
//! Only what a manifest needs: block style, texts of several lines as literal blocks, and every text that could be taken for
//! something else in JSON's quotes, which are YAML's as well.

use serde_json::Value;

/// Documents, one after the other.
pub(crate) fn write(documents: &[Value]) -> String {
    let document = |document: &Value| format!("---\n{}", block(document, 0));
    documents.iter().map(document).collect::<Vec<_>>().concat()
}

/// A value that begins on a line of its own.
fn block(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let entry =
        |(key, value): (&String, &Value)| format!("{pad}{}:{}", scalar(key), after_key(value, indent));
    let item = |item: &Value| format!("{pad}-{}", item_of(item, indent));
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            entries.iter().map(entry).collect::<Vec<_>>().concat()
        }
        Value::Array(items) if !items.is_empty() => items.iter().map(item).collect::<Vec<_>>().concat(),
        other => format!("{pad}{}\n", flat(other)),
    }
}

/// What stands after `key:`.
fn after_key(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(entries) if !entries.is_empty() => format!("\n{}", block(value, indent + 2)),
        Value::Array(items) if !items.is_empty() => format!("\n{}", block(value, indent)),
        Value::String(text) if is_literal(text) => literal(text, indent + 2),
        other => format!(" {}\n", flat(other)),
    }
}

/// What stands after `-`: an object begins on the same line.
fn item_of(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            format!(" {}", block(value, indent + 2).trim_start())
        }
        Value::Array(items) if !items.is_empty() => format!("\n{}", block(value, indent + 2)),
        other => format!(" {}\n", flat(other)),
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text, plain if nobody can take it for a number, a truth value or syntax.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(plain);
    let taken = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !taken.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        // JSON leaves DEL and the C1 controls as they are, which YAML does not allow.
        let escaped = |c: char| {
            if matches!(c, '\u{7f}'..='\u{9f}') { format!("\\u{:04x}", c as u32) } else { c.to_string() }
        };
        Value::from(text).to_string().chars().map(escaped).collect()
    }
}

/// Whether a text can stand as it is, line by line.
fn is_literal(text: &str) -> bool {
    let printable = |c: char| c == '\n' || !c.is_control();
    text.len() > 1
        && text.ends_with('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n'])
        && text.chars().all(printable)
        && !text.contains(['\u{feff}', '\u{2028}', '\u{2029}'])
}

fn literal(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") };
    format!(" |\n{}", text.lines().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_and_lists_are_blocks_and_texts_of_several_lines_literal() {
        let document = json!({
            "args": ["--out", "/data", "7", "yes", "a: b"],
            "data": { "sweep.toml": "[sweep]\n\nkind = \"grid\"\n" },
            "empty": {}, "list": [], "flag": true, "none": null,
            "rules": [{ "action": "Ignore", "types": [{ "type": "X" }] }],
        });
        let expected = "---\n\
            args:\n- \"--out\"\n- /data\n- \"7\"\n- \"yes\"\n- \"a: b\"\n\
            data:\n  sweep.toml: |\n    [sweep]\n\n    kind = \"grid\"\n\
            empty: {}\nflag: true\nlist: []\nnone: null\n\
            rules:\n- action: Ignore\n  types:\n  - type: X\n";
        assert_eq!(write(&[document]), expected);
    }

    #[test]
    fn what_would_not_come_back_as_a_literal_is_quoted() {
        for text in ["a\n\n", " a\n", "a\r\n", "a", "\n", "a\tb\n"] {
            let written = write(&[json!({ "key": text })]);
            assert!(!written.contains('|'), "{written}");
        }
        assert_eq!(scalar("a\u{85}"), "\"a\\u0085\"");
        assert_eq!(scalar("1e3"), "\"1e3\"");
    }
}
