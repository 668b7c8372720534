//! Checks a written object against the definition of its kind, as the API server does at `kubectl apply`.
//!
//! What is left to the API server: rules between fields, of which [`super::resource`] repeats those that matter, and patterns.

use serde_json::Value;

/// What is wrong first, with its place; `None` if nothing is.
pub(super) fn fault(value: &Value, schema: &Value, place: &str) -> Option<String> {
    if value.is_null() && schema["nullable"] == true {
        return None;
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    let fits = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    };
    if !fits {
        return Some(format!("{place} is {value}; expected: {kind}"));
    }
    match value {
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| field_fault(name, value, schema, place))
            .or_else(|| missing(value, schema, place)),
        Value::Array(items) => {
            let item = |(index, value)| fault(value, &schema["items"], &format!("{place}[{index}]"));
            items.iter().enumerate().find_map(item)
        }
        Value::Number(_) => out_of_range(value, schema, place),
        _ => no_choice(value, schema, place),
    }
}

fn field_fault(name: &str, value: &Value, schema: &Value, place: &str) -> Option<String> {
    let inner = format!("{place}.{name}");
    let known = &schema["properties"][name];
    if known.is_object() {
        return fault(value, known, &inner);
    }
    if schema["additionalProperties"].is_object() {
        return fault(value, &schema["additionalProperties"], &inner);
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    (!open).then(|| format!("{inner}: there is no such field; there are {}", names(&schema["properties"])))
}

fn missing(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let mut needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let absent = needed.find(|name| value.get(name).is_none())?;
    Some(format!("{place}.{absent} is missing"))
}

fn out_of_range(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let number = value.as_f64()?;
    let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
    let wrong = least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most);
    let allowed = match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, most) => format!("at most {}", most.unwrap_or(f64::INFINITY)),
    };
    wrong.then(|| format!("{place} is {value}; allowed: {allowed}"))
}

fn no_choice(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let choices = schema["enum"].as_array()?;
    let known: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
    (!choices.contains(value)).then(|| format!("{place} is {value}; allowed: {}", known.join(", ")))
}

fn names(properties: &Value) -> String {
    let names = properties.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    names.collect::<Vec<_>>().join(", ")
}
