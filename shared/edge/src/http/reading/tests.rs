use super::*;
use frontrow_domain::{money::Won, performance::PerformanceDetails, show::ShowDetails};
use schemars::JsonSchema;
use serde::Deserialize;

fn body<T: DeserializeOwned>(text: &str) -> Result<T, Vec<(String, String)>> {
    reasons(Json::parse(text.as_bytes()).and_then(|sent| read(&sent, Source::Body(None))))
}

fn reasons<T>(read: Result<T, FieldErrors>) -> Result<T, Vec<(String, String)>> {
    read.map_err(|errors| errors.0.into_iter().map(|error| (error.field, error.message)).collect())
}

/// The reported fields, sorted by name.
fn fields<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> Vec<String> {
    let mut fields: Vec<_> = body::<T>(text).unwrap_err().into_iter().map(|(field, _)| field).collect();
    fields.sort();
    fields
}

#[test]
fn every_invalid_field_is_reported_once() {
    assert_eq!(fields::<ShowDetails>("{}"), ["category", "title", "venue"]);
    assert_eq!(
        fields::<ShowDetails>(
            r#"{"title":"","category":"opera","runningMinutes":0,"posterUrl":"x","surprise":1,"other":[]}"#
        ),
        ["category", "other", "posterUrl", "runningMinutes", "surprise", "title", "venue"]
    );
    let section = |price: &str| format!(r#"{{"name":"A","grade":"","price":{price},"rows":1,"odd":1}}"#);
    let house = format!(r#"{{"type":"numbered","sections":[{},{}]}}"#, section("0"), section("true"));
    assert_eq!(
        fields::<PerformanceDetails>(&format!(
            r#"{{"startsAt":5,"seating":{house},"waitingRoom":{{"paused":1,"maxActive":"many"}}}}"#
        )),
        [
            "seating.sections[0].grade",
            "seating.sections[0].odd",
            "seating.sections[0].price",
            "seating.sections[0].seatsPerRow",
            "seating.sections[1].grade",
            "seating.sections[1].odd",
            "seating.sections[1].price",
            "seating.sections[1].seatsPerRow",
            "startsAt",
            "waitingRoom.maxActive",
            "waitingRoom.paused",
        ]
    );
}

#[test]
fn repeated_fields_are_refused_even_if_all_else_is_valid() {
    let show = r#"{"title":"Aida","title":"Aida","category":"play","venue":"v"}"#;
    assert_eq!(fields::<ShowDetails>(show), ["title"]);
    assert_eq!(fields::<ShowDetails>(r#"{"title":"Aida","x":{"y":1,"y":1}}"#), ["category", "venue", "x", "x.y"]);
}

#[test]
fn rules_over_several_fields_name_their_fields() {
    let house = r#"{"type":"general","areas":[{"grade":"R","price":1,"capacity":1}]}"#;
    let at = |rest: &str| format!(r#"{{"startsAt":"2026-12-24T10:30:00Z","seating":{house}{rest}}}"#);
    assert_eq!(fields::<PerformanceDetails>(&at(r#","salesCloseAt":"2027-01-01T00:00:00Z""#)), ["salesCloseAt"]);
    assert_eq!(fields::<PerformanceDetails>(&at(r#","waitingRoom":{}"#)), ["waitingRoom.maxActive"]);
    let empty = r#"{"startsAt":"2026-12-24T10:30:00Z","seating":{"type":"numbered"}}"#;
    assert_eq!(fields::<PerformanceDetails>(empty), ["seating.sections"]);
}

#[test]
fn arrays_are_not_objects_and_null_means_absent() {
    let section = r#"{"name":"A","grade":"R","price":1,"rows":1,"seatsPerRow":1}"#;
    let seating = format!(r#"{{"type":"numbered","sections":[{section}]}}"#);
    let good =
        format!(r#"{{"startsAt":"2026-12-24T10:30:00Z","unheard":null,"waitingRoom":null,"seating":{seating}}}"#);
    assert!(body::<PerformanceDetails>(&good).is_ok());
    for (odd, field) in [
        (r#"["2026-12-24T10:30:00Z"]"#.to_owned(), "body"),
        (good.replace(r#""waitingRoom":null"#, r#""waitingRoom":[3,null,600,false]"#), "waitingRoom"),
        (good.replace(&seating, r#"["numbered",[["A","R",1,1,1]]]"#), "seating"),
        (good.replace(section, r#"["A","R",1,1,1]"#), "seating.sections[0]"),
    ] {
        assert_eq!(fields::<PerformanceDetails>(&odd), [field], "{odd}");
    }
}

#[test]
fn errors_never_quote_a_value() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only read")]
    struct Many {
        text: String,
        number: i64,
        small: u8,
        flag: bool,
        list: Vec<String>,
        kind: frontrow_domain::show::Category,
        within: Option<ShowDetails>,
    }
    let secrets =
        ["4815", "4815.5", "\"s4815\"", "true", "[4815]", "[[\"s4815\"]]", "{\"title\":4815}", "-4815", "4815e99"];
    for secret in secrets {
        let names = ["text", "number", "small", "flag", "list", "kind", "within"];
        let sent = names.map(|name| format!("\"{name}\":{secret}")).join(",");
        for (field, message) in body::<Many>(&format!("{{{sent}}}")).unwrap_err() {
            assert!(!message.contains("4815"), "{field}: {message}");
        }
    }
}

#[test]
fn numbers_are_compared_by_value() {
    #[derive(Debug, Deserialize)]
    struct Amount {
        amount: i64,
    }
    for hundred in ["100", "100.0", "1e2", "1000e-1"] {
        assert_eq!(body::<Amount>(&format!(r#"{{"amount":{hundred}}}"#)).unwrap().amount, 100, "{hundred}");
    }
    for other in ["100.5", "\"100\"", "1e30", "99999999999999999999", "[100]"] {
        let why = body::<Amount>(&format!(r#"{{"amount":{other}}}"#)).unwrap_err();
        assert_eq!(why, [("amount".to_owned(), "expected a whole number".to_owned())], "{other}");
    }
}

#[test]
fn response_fields_may_be_sent_back() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sent {
        amount: i64,
        parts: Vec<Part>,
    }
    #[derive(Debug, Deserialize)]
    struct Part {
        price: i64,
    }
    #[derive(JsonSchema)]
    #[schemars(rename_all = "camelCase")]
    #[allow(dead_code, reason = "its schema is read")]
    struct View {
        amount: Won,
        paid_by: Option<String>,
        parts: Vec<PartView>,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "its schema is read")]
    struct PartView {
        price: Won,
        note: Note,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "its schema is read")]
    struct Note {
        text: String,
    }
    let shown: Shown = |generator| generator.subschema_for::<View>();
    let put = |text: &str| {
        reasons(Json::parse(text.as_bytes()).and_then(|sent| read::<Sent>(&sent, Source::Body(Some(shown)))))
    };
    let back = put(r#"{"amount":1,"paidBy":"x","parts":[{"price":2,"note":{"text":"n"}}]}"#).unwrap();
    assert_eq!((back.amount, back.parts[0].price), (1, 2));
    let why = put(r#"{"amount":1,"paidby":"x","note":1,"parts":[{"price":2,"paidBy":1}]}"#).unwrap_err();
    let names: Vec<_> = why.into_iter().map(|(field, _)| field).collect();
    assert_eq!(names, ["paidby", "note", "parts[0].paidBy"]);
}
