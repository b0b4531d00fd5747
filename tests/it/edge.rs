//! What the edge makes of the shop itself, beyond what it does for any schema.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    an_answer_of_the_past_is_known_again_whatever_happens_since,
    a_failing_root_field_leaves_the_others,
);

/// A GET of a query, by a client that has kept an answer with this tag.
async fn get(shop: &Shop, query: &str, known: &str) -> reqwest::Response {
    let url = format!("http://{}/graphql", shop.address);
    let url = reqwest::Url::parse_with_params(&url, [("query", query)]).unwrap();
    let request = reqwest::Client::new().get(url).header(header::IF_NONE_MATCH, known);
    request.send().await.unwrap()
}

fn tag(response: &reqwest::Response) -> String {
    response.headers().get(header::ETAG).map_or("", |tag| tag.to_str().unwrap()).to_owned()
}

async fn an_answer_of_the_past_is_known_again_whatever_happens_since(home: &Home) {
    let shop = Shop::open(home).await;
    let user = shop.create_user("Ada", "ada@example.org").await;
    let past = "{ users(asOf: 1) { totalCount nodes { name asOf history { nodes { type } } } } }";
    let first = get(&shop, past, "").await;
    let known = tag(&first);
    assert_eq!((first.status(), known.len()), (StatusCode::OK, 66));
    let answer: Value = first.json().await.unwrap();
    assert_eq!(answer["data"]["users"]["nodes"][0]["name"], "Ada");

    shop.does("renameUser", json!({ "userId": user, "name": "Bea" })).await;
    assert_eq!(get(&shop, past, &known).await.status(), StatusCode::NOT_MODIFIED);
    let present = get(&shop, "{ users { nodes { name } } }", &known).await;
    assert_eq!((present.status(), tag(&present).as_str()), (StatusCode::OK, ""));
    let ahead = get(&shop, "{ users(asOf: 3) { totalCount } }", &known).await;
    assert_eq!(tag(&ahead), "", "what is an error today may be an answer tomorrow");
    let later = get(&shop, &past.replace("asOf: 1", "asOf: 2"), &known).await;
    assert!(later.status() == StatusCode::OK && tag(&later) != known);
    shop.close().await;
}

async fn a_failing_root_field_leaves_the_others(home: &Home) {
    let shop = Shop::open(home).await;
    let user = shop.create_user("Ada", "ada@example.org").await;
    let query = format!(
        "{{ z: user(id: \"{user}\") {{ name id }} late: user(id: \"{user}\", asOf: 9) {{ name }} a: __typename }}"
    );
    let body = json!({ "query": query, "extensions": { "minPosition": "1" } });
    let answer = shop.post(body.clone()).await;
    assert_eq!(answer["data"], json!({ "z": { "name": "Ada", "id": user }, "late": null, "a": "Query" }));
    assert_eq!(answer["errors"][0]["path"], json!(["late"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "MOMENT_OUT_OF_RANGE");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    // The order of the keys is the query's, in the text that is sent.
    let url = format!("http://{}/graphql", shop.address);
    let request = reqwest::Client::new().post(url).json(&body);
    let text = request.send().await.unwrap().text().await.unwrap();
    let place = |key: &str| text.find(key).expect(key);
    assert!(place("\"z\":{\"name\"") < place("\"late\":") && place("\"late\":") < place("\"a\":"), "{text}");
    shop.close().await;
}
