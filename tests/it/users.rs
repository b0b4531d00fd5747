//! Users from mutation to list, now and as of any moment, over HTTP and WebSocket.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;
use crate::support::socket::Socket;

on_both_stores!(
    a_user_is_what_it_was_at_any_moment,
    an_email_address_is_taken_in_any_case,
    lists_are_filtered_sorted_and_paged,
    a_cursor_pins_its_moment_and_belongs_to_its_list,
    lists_and_counts_are_those_of_their_moment,
    who_did_what_and_why_is_in_the_history,
    events_are_seen_live_and_resumed_without_a_gap,
    a_user_is_seen_as_it_changes,
    operators_see_the_log_and_the_read_models,
    bad_moments_and_arguments_are_refused_with_a_reason,
);

const SECOND: i64 = 1_000_000;

fn instant(micros: i64) -> String {
    hindsight::engine::time::Instant::from_micros(micros).to_string()
}

async fn a_user_is_what_it_was_at_any_moment(home: &Home) {
    let shop = Shop::open(home).await;
    let id = shop.create_user("Ada Lovelace", "ada@example.org").await;
    shop.clock.set(NOON + 10 * SECOND);
    shop.does("renameUser", json!({ "userId": id, "name": "Ada King", "reason": "married" })).await;
    shop.clock.set(NOON + 20 * SECOND);
    let query = "query($id: ID!, $then: Moment, $ago: Moment) {
        now: user(id: $id) { id asOf version name email emailVerified status createdAt updatedAt address { city } }
        then: user(id: $id, asOf: $then) { id asOf version name updatedAt }
        ago: user(id: $id, asOf: $ago) { name }
        first: user(id: $id, asOf: 1) { name asOf }
        never: user(id: $id, asOf: 0) { name }
        node(id: $id, asOf: $then) { __typename id asOf ... on User { name } }
        byEmail: userByEmail(email: \"ADA@example.org\", asOf: $then) { name } }";
    let seen = shop.see(query, json!({ "id": id, "then": instant(NOON), "ago": "-PT15S" })).await;
    let now = json!({
        "id": id, "asOf": null, "version": 2, "name": "Ada King", "email": "ada@example.org",
        "emailVerified": false, "status": "ACTIVE", "createdAt": instant(NOON),
        "updatedAt": instant(NOON + 10 * SECOND), "address": null,
    });
    assert_eq!(seen["now"], now);
    let then =
        json!({ "id": id, "asOf": "1", "version": 1, "name": "Ada Lovelace", "updatedAt": instant(NOON) });
    assert_eq!(seen["then"], then);
    assert_eq!(seen["ago"]["name"], "Ada Lovelace");
    assert_eq!(seen["first"], json!({ "name": "Ada Lovelace", "asOf": "1" }));
    assert_eq!(seen["never"], Value::Null, "before the first event the world is empty");
    assert_eq!(seen["node"], json!({ "__typename": "User", "id": id, "asOf": "1", "name": "Ada Lovelace" }));
    assert_eq!(seen["byEmail"]["name"], "Ada Lovelace");
    shop.close().await;
}

async fn an_email_address_is_taken_in_any_case(home: &Home) {
    let shop = Shop::open(home).await;
    let ada = shop.create_user("Ada", "Ada@Example.org").await;
    let again = json!({ "name": "Eve", "email": "aDA@exAMPLE.org" });
    assert_eq!(shop.refuses("createUser", again.clone()).await, ["EMAIL_TAKEN"]);
    let eve = shop.create_user("Eve", "eve@example.org").await;
    let change = json!({ "userId": eve, "email": "ADA@EXAMPLE.ORG" });
    assert_eq!(shop.refuses("changeEmail", change.clone()).await, ["EMAIL_TAKEN"]);
    shop.does("changeEmail", json!({ "userId": ada, "email": "lovelace@example.org" })).await;
    shop.does("changeEmail", change).await;
    let seen = shop.see("{ userByEmail(email: \"ada@example.org\") { id } }", json!({})).await;
    assert_eq!(seen["userByEmail"]["id"], json!(eve));
    let before = shop.see("{ userByEmail(email: \"ada@example.org\", asOf: 2) { id } }", json!({})).await;
    assert_eq!(before["userByEmail"]["id"], json!(ada), "the address was another's then");
    shop.close().await;
}

/// Five users, a second apart; every other one in Germany, the last one deactivated.
async fn five_users(shop: &Shop) {
    for (n, name) in ["Émile", "anna", "Zoë", "Bob", "emil"].into_iter().enumerate() {
        shop.clock.set(NOON + n as i64 * SECOND);
        let country = if n % 2 == 0 { "DE" } else { "FR" };
        let address = json!({ "line1": "1", "city": "x", "country": country });
        let email = format!("{n}@example.org");
        shop.does("createUser", json!({ "name": name, "email": email, "address": address })).await;
    }
    let last = shop.see("{ users(first: 1) { nodes { id } } }", json!({})).await;
    shop.does("deactivateUser", json!({ "userId": last["users"]["nodes"][0]["id"] })).await;
}

async fn names(shop: &Shop, arguments: &str) -> Vec<String> {
    let seen =
        shop.see(&format!("{{ users({arguments}) {{ nodes {{ name }} totalCount }} }}"), json!({})).await;
    let nodes = seen["users"]["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

async fn lists_are_filtered_sorted_and_paged(home: &Home) {
    let shop = Shop::open(home).await;
    five_users(&shop).await;
    for (arguments, expected) in [
        ("first: 9", "emil Bob Zoë anna Émile"),
        ("sortBy: { field: CREATED_AT, direction: ASC }", "Émile anna Zoë Bob emil"),
        ("sortBy: { field: EMAIL, direction: DESC }", "emil Bob Zoë anna Émile"),
        ("sortBy: { field: UPDATED_AT, direction: DESC }", "emil Bob Zoë anna Émile"),
        ("filter: { status: DEACTIVATED }", "emil"),
        ("filter: { status: ACTIVE }, first: 2", "Bob Zoë"),
        ("filter: { country: \"FR\" }", "Bob anna"),
        ("filter: { nameContains: \"EMIL\" }", "emil Émile"),
        ("filter: { nameContains: \"%\" }", ""),
        ("filter: { emailContains: \"3@EX\" }", "Bob"),
        ("filter: { emailVerified: true }", ""),
        (
            "filter: { createdFrom: \"2023-11-14T22:13:21Z\", createdUntil: \"2023-11-14T22:13:23Z\" }",
            "Zoë anna",
        ),
        ("last: 2", "anna Émile"),
        ("first: 0", ""),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(names(&shop, arguments).await, expected, "{arguments}");
    }
    let by_name = names(&shop, "sortBy: { field: NAME, direction: ASC }").await;
    assert_eq!(by_name[..2], ["anna", "Bob"], "case makes no difference");
    assert_eq!(by_name[2..4].iter().filter(|name| *name == "emil").count(), 1);
    assert_eq!(by_name[4], "Zoë");
    for direction in ["ASC", "DESC"] {
        for field in ["CREATED_AT", "UPDATED_AT", "NAME", "EMAIL"] {
            let order = format!("sortBy: {{ field: {field}, direction: {direction} }}");
            let whole = names(&shop, &order).await;
            assert_eq!(walk(&shop, &order, true).await, whole, "{order}, forward");
            assert_eq!(walk(&shop, &order, false).await, whole, "{order}, backward");
        }
    }
    shop.close().await;
}

/// The names of a list read in pages of two, from its start or from its end.
async fn walk(shop: &Shop, order: &str, forward: bool) -> Vec<String> {
    let (size, place) = if forward { ("first: 2", "after") } else { ("last: 2", "before") };
    let (more, end) = if forward { ("hasNextPage", "endCursor") } else { ("hasPreviousPage", "startCursor") };
    let query = format!(
        "query($cursor: String) {{ users({order}, {size}, {place}: $cursor) {{ edges {{ cursor node {{ name }} }}
            totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut cursor, mut found) = (Value::Null, Vec::new());
    loop {
        let seen = shop.see(&query, json!({ "cursor": cursor })).await["users"].take();
        assert_eq!(seen["totalCount"], 5);
        let edges = seen["edges"].as_array().expect("edges").iter();
        let page: Vec<String> =
            edges.map(|edge| edge["node"]["name"].as_str().expect("a name").into()).collect();
        found = if forward { [found, page].concat() } else { [page, found].concat() };
        cursor = seen["pageInfo"][end].clone();
        if seen["pageInfo"][more] == false {
            return found;
        }
    }
}

async fn a_cursor_pins_its_moment_and_belongs_to_its_list(home: &Home) {
    let shop = Shop::open(home).await;
    five_users(&shop).await;
    let query = "query($after: String) { users(first: 2, after: $after) { nodes { name asOf } totalCount
        pageInfo { endCursor hasNextPage } } }";
    let first = shop.see(query, json!({})).await["users"].take();
    let after = &first["pageInfo"]["endCursor"];
    for n in 0..3 {
        shop.create_user(&format!("New {n}"), &format!("new{n}@example.org")).await;
    }
    let second = shop.see(query, json!({ "after": after })).await["users"].take();
    assert_eq!(second["nodes"][0], json!({ "name": "Zoë", "asOf": null }));
    assert_eq!(second["totalCount"], 5, "the count too is that of the first page's moment");

    for other in [
        "{ users(first: 2, after: $, sortBy: { field: NAME, direction: ASC }) { totalCount } }",
        "{ users(first: 2, after: $, filter: { status: ACTIVE }) { totalCount } }",
        "{ users(first: 2, after: $, asOf: 3) { totalCount } }",
        "{ events(first: 2, after: $) { nodes { id } } }",
        "{ users(first: 2, after: \"bm9uc2Vuc2U\") { totalCount } }",
    ] {
        let response = shop.ask(&other.replace('$', &after.to_string()), json!({})).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{other}\n{response:#}");
    }
    shop.close().await;
}

async fn lists_and_counts_are_those_of_their_moment(home: &Home) {
    let shop = Shop::open(home).await;
    five_users(&shop).await;
    let id = shop.see("{ userByEmail(email: \"1@example.org\") { id } }", json!({})).await;
    let id = &id["userByEmail"]["id"];
    shop.does("renameUser", json!({ "userId": id, "name": "Anna Blume" })).await;
    let query = "query($p: Moment) { users(asOf: $p, sortBy: { field: CREATED_AT, direction: ASC }) {
        totalCount nodes { name asOf status } } }";
    for position in 0..=7 {
        let seen = shop.see(query, json!({ "p": position })).await["users"].take();
        assert_eq!(seen["totalCount"], position.min(5), "as of {position}");
        let nodes = seen["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.len(), position.min(5) as usize);
        assert!(nodes.iter().all(|node| node["asOf"] == position.to_string().as_str()));
        if position > 1 {
            assert_eq!(nodes[1]["name"], if position == 7 { "Anna Blume" } else { "anna" });
        }
        if position > 4 {
            assert_eq!(nodes[4]["status"], if position > 5 { "DEACTIVATED" } else { "ACTIVE" });
        }
    }
    shop.close().await;
}

async fn who_did_what_and_why_is_in_the_history(home: &Home) {
    let shop = Shop::open(home).await;
    let id = shop.create_user("Ada", "ada@example.org").await;
    let other = shop.create_user("Bob", "bob@example.org").await;
    let command = Uuid::now_v7().to_string();
    let rename = json!({ "userId": id, "name": "Ada King", "reason": "married", "commandId": command });
    let renamed = shop.does("renameUser", rename.clone()).await;
    assert_eq!(renamed["commandId"], json!(command));
    let again = shop.does("renameUser", rename).await;
    assert_eq!(again["events"], renamed["events"], "the same id, the same outcome");
    let query = "query($id: ID!, $command: ID!) {
        user(id: $id) { history { nodes { position type reason actor commandId correlationId data streamVersion
            ... on UserRenamed { userId name } subject { id asOf ... on User { name } } } } }
        past: user(id: $id, asOf: 2) { history { nodes { type } } }
        events(filter: { commandId: $command }) { nodes { type hash } }
        users: events(filter: { streamTypes: [USER], types: [\"UserCreated\"] }) { nodes { streamId } }
        event(position: 3) { __typename type schemaVersion streamType }
        none: event(position: 9) { type } }";
    let seen = shop.see(query, json!({ "id": id, "command": command })).await;
    let history = &seen["user"]["history"]["nodes"];
    assert_eq!(
        history[1],
        json!({
            "position": "3", "type": "UserRenamed", "reason": "married", "actor": null, "commandId": command,
            "correlationId": command, "data": { "name": "Ada King" }, "streamVersion": 2, "userId": id,
            "name": "Ada King", "subject": { "id": id, "asOf": "3", "name": "Ada King" },
        })
    );
    assert_eq!(history[0]["subject"]["name"], "Ada");
    assert_eq!(seen["past"]["history"]["nodes"], json!([{ "type": "UserCreated" }]));
    assert_eq!(seen["events"]["nodes"][0]["hash"], renamed["events"][0]["hash"]);
    assert_eq!(seen["users"]["nodes"], json!([{ "streamId": id }, { "streamId": other }]));
    let event = json!({ "__typename": "UserRenamed", "type": "UserRenamed", "schemaVersion": 1, "streamType": "USER" });
    assert_eq!(seen["event"], event);
    assert_eq!(seen["none"], Value::Null);
    let unknown =
        shop.ask("{ events(filter: { types: [\"UserEaten\"] }) { nodes { id } } }", json!({})).await;
    let message = unknown["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("UserCreated") && message.contains("OrderPlaced"), "{message}");
    shop.close().await;
}

async fn events_are_seen_live_and_resumed_without_a_gap(home: &Home) {
    let shop = Shop::open(home).await;
    for n in 0..3 {
        shop.create_user("x", &format!("{n}@example.org")).await;
    }
    let query = "subscription($after: Position) { events(after: $after) { position type } }";
    let mut socket = Socket::to(&shop).await;
    socket.subscribe("1", query, json!({ "after": 1 })).await;
    for position in 2..=3 {
        assert_eq!(socket.next().await["events"]["position"], position.to_string());
    }
    let mut live = Socket::to(&shop).await;
    live.subscribe(
        "1",
        "subscription { events(filter: { types: [\"UserCreated\"] }) { position } }",
        json!({}),
    )
    .await;
    let mut wrong = Socket::to(&shop).await;
    wrong.subscribe("1", query, json!({ "after": 99 })).await;
    let refused = wrong.receive().await;
    assert!(refused.to_string().contains("LOG_DIVERGED"), "{refused}");
    for n in 3..6 {
        shop.create_user("x", &format!("{n}@example.org")).await;
        assert_eq!(socket.next().await["events"]["position"], (n + 1).to_string());
    }
    drop(socket);
    shop.create_user("x", "away@example.org").await;
    let mut again = Socket::to(&shop).await;
    again.subscribe("1", query, json!({ "after": 6 })).await;
    assert_eq!(again.next().await["events"]["position"], "7");
    shop.close().await;
}

async fn a_user_is_seen_as_it_changes(home: &Home) {
    let shop = Shop::open(home).await;
    let id = shop.create_user("Ada", "ada@example.org").await;
    let mut socket = Socket::to(&shop).await;
    socket
        .subscribe("1", "subscription($id: ID!) { user(id: $id) { name version } }", json!({ "id": id }))
        .await;
    assert_eq!(socket.next().await["user"], json!({ "name": "Ada", "version": 1 }));
    shop.create_user("Bob", "bob@example.org").await;
    for n in 2..5 {
        shop.does("renameUser", json!({ "userId": id, "name": format!("Ada {n}") })).await;
        assert_eq!(socket.next().await["user"], json!({ "name": format!("Ada {n}"), "version": n }));
    }
    let mut nobody = Socket::to(&shop).await;
    nobody
        .subscribe("1", "subscription($id: ID!) { user(id: $id) { name } }", json!({ "id": Uuid::nil() }))
        .await;
    let refused = nobody.receive().await;
    assert!(refused.to_string().contains("BAD_USER_INPUT"), "{refused}");
    shop.close().await;
}

async fn operators_see_the_log_and_the_read_models(home: &Home) {
    let shop = Shop::open(home).await;
    let query = "{ log { id head recordedAt hash } readModels { name state position lag lagSeconds error progress } }";
    let empty = shop.query(query, json!({})).await;
    assert_eq!((&empty["log"]["head"], &empty["log"]["recordedAt"]), (&json!("0"), &Value::Null));
    shop.create_user("Ada", "ada@example.org").await;
    shop.see("{ users { totalCount } }", json!({})).await;
    let seen = shop.query(query, json!({})).await;
    assert_eq!(seen["log"]["id"], empty["log"]["id"]);
    assert_eq!((&seen["log"]["head"], &seen["log"]["recordedAt"]), (&json!("1"), &json!(instant(NOON))));
    let models = seen["readModels"].as_array().expect("read models");
    let users = models.iter().find(|model| model["name"] == "users").expect("users");
    assert_eq!((&users["state"], &users["error"]), (&json!("LIVE"), &Value::Null));
    assert_eq!((&users["position"], &users["lag"]), (&json!("1"), &json!(0)));
    shop.close().await;
}

async fn bad_moments_and_arguments_are_refused_with_a_reason(home: &Home) {
    let shop = Shop::open(home).await;
    shop.create_user("Ada", "ada@example.org").await;
    for (query, code, hint) in [
        ("{ users(asOf: \"2023-11-14\") { totalCount } }", "BAD_USER_INPUT", "time"),
        ("{ users(asOf: \"2099-01-01T00:00:00Z\") { totalCount } }", "MOMENT_OUT_OF_RANGE", "future"),
        ("{ users(asOf: 2) { totalCount } }", "MOMENT_OUT_OF_RANGE", "which is 1"),
        ("{ users(first: 101) { totalCount } }", "BAD_USER_INPUT", "100"),
        ("{ users(first: 1, last: 1) { totalCount } }", "BAD_USER_INPUT", "both"),
        ("{ user(id: \"me\") { name } }", "BAD_USER_INPUT", "UUID"),
        ("{ users(filter: { country: \"XX\" }) { totalCount } }", "BAD_USER_INPUT", "XX"),
        ("{ users(filter: { nameContains: \"a\\u0000b\" }) { totalCount } }", "BAD_USER_INPUT", "control"),
    ] {
        let response = shop.ask(query, json!({})).await;
        let error = &response["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{query}\n{response:#}");
        assert!(error["message"].as_str().expect("a message").contains(hint), "{query}\n{response:#}");
    }
    let input =
        json!({ "name": "", "email": "nobody", "id": "me", "commandId": "x", "reason": "r".repeat(2001) });
    assert_eq!(shop.refuses("createUser", input).await, ["INVALID_INPUT"; 5], "all at once");
    assert_eq!(shop.app.engine.log.head().await.expect("the head").position.get(), 1, "no trace in the log");
    shop.close().await;
}
