//! The JSON Schema of the form is committed, and says what the reader says.

use std::fs;
use std::path::PathBuf;

use karma_org::yaml;

/// Written, not compared, if this is set: `UPDATE_SCHEMA=1 cargo test -p karma-org --test yaml_form schema`.
const UPDATE: Option<&str> = option_env!("UPDATE_SCHEMA");

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/organization.schema.json");
    let generated = serde_json::to_string_pretty(&yaml::schema()).expect("schemas have a JSON form") + "\n";
    if UPDATE.is_some() {
        fs::write(&path, &generated).expect("the schema can be written");
    }
    let committed = fs::read_to_string(&path).expect("the committed schema");
    assert_eq!(
        committed,
        generated,
        "set UPDATE_SCHEMA=1 for a run of this test to write {}",
        path.display()
    );
}

#[test]
fn every_field_and_every_type_is_described() {
    fn walk(value: &serde_json::Value, place: &str, missing: &mut Vec<String>) {
        let serde_json::Value::Object(keywords) = value else { return };
        for group in ["properties", "$defs"] {
            for (name, schema) in
                keywords.get(group).and_then(serde_json::Value::as_object).into_iter().flatten()
            {
                let place = format!("{place}/{group}/{name}");
                if schema.get("description").is_none() {
                    missing.push(place.clone());
                }
                walk(schema, &place, missing);
            }
        }
    }
    let mut missing = Vec::new();
    walk(yaml::schema().as_value(), "", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

/// The examples in the schema, each with the place of the schema that it is an example of.
fn examples() -> Vec<(String, serde_json::Value)> {
    let schema = yaml::schema();
    let mut pending = vec![(String::new(), schema.as_value().clone())];
    let mut examples = Vec::new();
    while let Some((place, value)) = pending.pop() {
        let serde_json::Value::Object(keywords) = value else { continue };
        for example in keywords.get("examples").and_then(serde_json::Value::as_array).into_iter().flatten() {
            examples.push((place.clone(), example.clone()));
        }
        let children = keywords.into_iter().filter(|(name, _)| name != "examples");
        pending.extend(children.map(|(name, value)| (format!("{place}/{name}"), value)));
    }
    examples
}

#[test]
fn the_examples_in_the_schema_can_be_read() {
    let examples = examples();
    assert!(examples.len() > 20, "{}", examples.len());
    for (place, example) in examples {
        let Some(text) = in_an_organization(&place, &example) else { continue };
        if let Err(findings) = yaml::read(&text) {
            panic!("{place}: {findings}\n{text}");
        }
    }
}

/// An organisation around an example of one of its parts; nothing, for parts of parts.
fn in_an_organization(place: &str, example: &serde_json::Value) -> Option<String> {
    let group = |field: &str| format!("group: {{ id: g, {field}: {example} }}");
    Some(match place {
        "" => example.to_string(),
        "/properties/version" => format!("version: {example}"),
        "/$defs/Role" => format!("roles: {{ r: {example} }}"),
        "/$defs/Group" => format!("group: {example}"),
        "/$defs/Link" => format!("group: {{ id: g, links: [{example}] }}"),
        "/$defs/Compatibility" => format!("group: {{ id: g, compatibilities: [{example}] }}"),
        "/$defs/RoleCardinality" | "/$defs/GroupCardinality" => {
            format!("group: {{ id: g, cardinalities: [{example}] }}")
        }
        "/$defs/Include" => format!("group: {{ id: g, subgroups: [{example}] }}"),
        "/$defs/Group/properties/roles" => group("roles"),
        "/$defs/Group/properties/links" => group("links"),
        "/$defs/Group/properties/compatibilities" => group("compatibilities"),
        "/$defs/Group/properties/cardinalities" => group("cardinalities"),
        "/$defs/Range" => group("instances"),
        "/$defs/Goal" => format!("schemes: {{ s: {{ goal: {example} }} }}"),
        "/$defs/Goal/properties/within" => {
            format!("schemes: {{ s: {{ goal: {{ id: g, within: {example} }} }} }}")
        }
        "/$defs/Goal/properties/arguments" => {
            format!("schemes: {{ s: {{ goal: {{ id: g, arguments: {example} }} }} }}")
        }
        "/$defs/Plan" => format!("schemes: {{ s: {{ goal: {{ id: g, plan: {example} }} }} }}"),
        "/$defs/Mission" => format!("schemes: {{ s: {{ missions: {{ m: {example} }} }} }}"),
        "/$defs/Policy" => format!("schemes: {{ s: {{ notification_policies: {{ p: {example} }} }} }}"),
        "/$defs/Norm" => format!("norms: {{ n: {example} }}"),
        _ => return None,
    })
}
