//! That the patterns hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::{Request, Response, value};

use super::{Reflected, schema};

async fn ask(query: &str) -> Response {
    let reflected = Reflected(Arc::new(AtomicI64::new(0)));
    let response = schema().execute(Request::new(query).data(reflected.clone())).await;
    let position = reflected.0.load(Ordering::Relaxed).to_string();
    response.extension("log", value!({ "position": (position) }))
}

#[tokio::test]
async fn an_interface_answers_each_object_by_its_own_name() {
    let response =
        ask("{ user: node(id: \"ada\") { __typename id asOf } product: node(id: \"p\") { __typename
        id ... on Node { asOf } ... on User { history { nodes { position } } } } }")
        .await;
    assert_eq!(response.errors, []);
    assert_eq!(
        response.data,
        value!({
            "user": {"__typename": "User", "id": "ada", "asOf": null},
            "product": {"__typename": "Product", "id": "p", "asOf": "7"},
        })
    );
}

#[tokio::test]
async fn an_event_has_common_and_own_fields_in_one_object() {
    let response =
        ask("{ events { __typename position type ... on UserRenamed { userId name type } } }").await;
    assert_eq!(response.errors, []);
    assert_eq!(
        response.data,
        value!({"events": [
            {"__typename": "UserRenamed", "position": "1", "type": "UserRenamed", "userId": "ada", "name": "Ada"},
            {"__typename": "UserDeactivated", "position": "2", "type": "UserDeactivated"},
        ]})
    );
}

#[tokio::test]
async fn objects_may_refer_to_each_other_in_a_circle() {
    let query =
        "{ node(id: \"ada\") { ... on User { history { nodes { subject { ... on User { history { nodes {
        position } } } } } } } } }";
    let inner = || value!({"subject": {"history": {"nodes": [{"position": "1"}, {"position": "2"}]}}});
    let nodes = async_graphql::Value::List(vec![inner(), inner()]);
    assert_eq!(ask(query).await.data, value!({"node": {"history": {"nodes": (nodes)}}}));
}

#[tokio::test]
async fn an_error_in_a_nullable_field_nulls_that_field_alone() {
    let response = ask("{ none { id } late { id } events { position subject { id } } }").await;
    assert_eq!(
        response.data,
        value!({
            "none": null,
            "late": null,
            "events": [{"position": "1", "subject": {"id": "ada"}}, {"position": "2", "subject": null}],
        })
    );
    let mut paths: Vec<String> = response.errors.iter().map(|error| format!("{:?}", error.path)).collect();
    paths.sort();
    assert_eq!(
        paths,
        [r#"[Field("events"), Index(1), Field("subject")]"#, r#"[Field("late")]"#],
        "{:?}",
        response.errors
    );
}

#[tokio::test]
async fn a_mutation_that_fails_does_not_hide_the_outcome_of_the_others() {
    let response =
        ask("mutation { a: renameUser(id: \"ada\") { position user { id } } b: renameUser(id: \"lost\") {
        position } c: renameUser(id: \"late\") { position user { id } } }")
        .await;
    assert_eq!(
        response.data,
        value!({
            "a": {"position": "2", "user": {"id": "ada"}},
            "b": null,
            "c": {"position": "2", "user": null},
        })
    );
    let codes: Vec<_> =
        response.errors.iter().filter_map(|error| error.extensions.as_ref()?.get("code").cloned()).collect();
    assert_eq!(codes, [value!("OUTCOME_UNKNOWN"), value!("NOT_YET_VISIBLE")]);
    assert_eq!(response.extensions.get("log"), Some(&value!({"position": "2"})));
}

#[test]
fn the_exported_schema_has_the_interfaces_and_no_flattened_parts() {
    let sdl = schema().sdl();
    assert!(!sdl.contains("Part"), "{sdl}");
    for shape in [
        "type User implements Node {",
        "type Product implements Node {",
        "type UserRenamed implements Event {",
        "type UserPayload implements CommandPayload {",
        "interface CommandPayload {",
        "A user has another name.",
        "subject: Node\n",
        "renameUser(id: String!): UserPayload\n",
    ] {
        assert!(sdl.contains(shape), "{shape}\nis missing in\n{sdl}");
    }
    assert_eq!(sdl.matches("type UserRenamed ").count(), 1, "{sdl}");
    assert!(!sdl.contains("UserAfter"), "{sdl}");
}
