//! `template.yaml`, with the short forms of functions written out: `!Ref X` is `{"Ref": "X"}`.

use super::root;
use frontrow_local::variables::Variables;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs};
use yaml_serde::{Value as Yaml, value::TaggedValue};

/// The parsed template.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

impl Template {
    /// Reads the deployed template.
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read_to_string(root().join("template.yaml")).expect("a template"))
    }

    /// Parses a template.
    pub(crate) fn parse(text: &str) -> Self {
        Self(plain(yaml_serde::from_str(text).expect("YAML")))
    }

    /// A resource; null if there is none with that name.
    pub(crate) fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]
    }

    /// Names and definitions of all resources of a type.
    pub(crate) fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.0["Resources"].as_object().expect("resources").iter();
        all.filter(move |(_, resource)| resource["Type"] == kind).map(|(name, resource)| (name.as_str(), resource))
    }

    /// The environment of the function that runs `binary`: its declared variables, with values from `variables`;
    /// otherwise the template's value, if it is the default of a parameter or a resource's name for something that
    /// only AWS knows.
    pub(crate) fn environment(&self, binary: &str, variables: &Variables) -> BTreeMap<String, String> {
        let own = &self.resource(&function_name(binary))["Properties"]["Environment"]["Variables"];
        let common = &self.0["Globals"]["Function"]["Environment"]["Variables"];
        let declared = [common, own].into_iter().filter_map(Value::as_object).flatten();
        // No condition holds with the parameters' defaults.
        let value = |value: &Value| match (value["Ref"].as_str(), &value["Fn::If"][2]) {
            (None, Value::Null) => text(value),
            (None, otherwise) => text(otherwise),
            (Some(name), _) => match &self.0["Parameters"][name]["Default"] {
                Value::Null => name.to_owned(),
                default => text(default),
            },
        };
        let value_of =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
        declared.map(|(name, found)| (name.clone(), value_of(name).unwrap_or_else(|| value(found)))).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `hold_seats` → `HoldSeatsFunction`.
pub(crate) fn function_name(binary: &str) -> String {
    format!("{}Function", pascal_case(binary))
}

/// `hold_seats` → `HoldSeats`.
pub(crate) fn pascal_case(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => written_out(*tagged),
        Yaml::Sequence(values) => values.into_iter().map(plain).collect(),
        Yaml::Mapping(fields) => {
            let name = |name: Yaml| name.as_str().expect("names are texts").to_owned();
            Value::Object(fields.into_iter().map(|(key, value)| (name(key), plain(value))).collect::<Map<_, _>>())
        }
        other => serde_json::to_value(other).expect("plain data"),
    }
}

fn written_out(TaggedValue { tag, value }: TaggedValue) -> Value {
    let (tag, value) = (tag.to_string(), plain(value));
    match tag.trim_start_matches('!') {
        "Ref" => json!({"Ref": value}),
        "GetAtt" => {
            let (resource, attribute) = value.as_str().and_then(|text| text.split_once('.')).expect("A.B");
            json!({"Fn::GetAtt": [resource, attribute]})
        }
        function => json!({format!("Fn::{function}"): value}),
    }
}
