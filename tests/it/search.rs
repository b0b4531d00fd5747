//! Search from mutation to hit: what finds whom, in which order, now and as of any moment, whatever the text.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    each_is_found_by_every_field_it_is_known_by,
    case_and_accents_make_no_difference_and_every_word_is_required,
    the_last_word_may_be_a_beginning_and_phrases_stand_together,
    hits_come_best_first_and_show_what_matched,
    as_of_before_a_rename_the_old_name_finds_and_the_new_does_not,
    paging_while_commands_go_on_shows_each_hit_once,
    kinds_narrow_what_is_found,
    a_cursor_of_another_search_is_refused,
    a_page_of_hits_costs_a_statement_and_one_for_each_kind,
    any_text_is_a_valid_search,
    what_is_found_is_what_a_scan_of_all_rows_finds,
    a_rebuilt_index_finds_the_same,
);

const FIND: &str =
    "query($text: String!, $kinds: [SearchKind!], $first: Int, $after: String, $asOf: Moment) {
    search(text: $text, kinds: $kinds, first: $first, after: $after, asOf: $asOf) { totalCount
        nodes { kind snippet score subject { __typename ... on Node { id asOf } } }
        pageInfo { hasNextPage endCursor } } }";

/// A shop with a user, a product and a shipped order.
struct Stocked {
    shop: Shop,
    ada: String,
    tea: String,
    order: String,
}

impl Stocked {
    async fn open(home: &Home) -> Self {
        let shop = Shop::open(home).await;
        let address = json!({ "line1": "Hafenstraße 7", "line2": "c/o Lovelace", "city": "Köln",
            "region": "NRW", "postalCode": "50667", "country": "DE" });
        let user = json!({ "name": "Ada King", "email": "countess@example.org", "address": address });
        let ada = created(&shop.does("createUser", user).await);
        let tea = product(&shop, "Grüner Tee", "TEA-01").await;
        let elsewhere = json!({ "line1": "Rue Émile Zola 12", "city": "Lyon", "country": "FR" });
        let lines = json!([{ "productId": tea, "quantity": 1 }]);
        let place = json!({ "userId": ada, "lines": lines, "shippingAddress": elsewhere });
        let order = created(&shop.does("placeOrder", place).await);
        let pay = json!({ "orderId": order, "paymentReference": "PAY-0815" });
        shop.does("payOrder", pay).await;
        let ship = json!({ "orderId": order, "carrier": "Swift Post", "trackingNumber": "1Z999" });
        shop.does("shipOrder", ship).await;
        Self { shop, ada, tea, order }
    }

    /// The ids that a text finds, in their order.
    async fn finds(&self, text: &str) -> Vec<String> {
        self.finds_with(json!({ "text": text })).await
    }

    async fn finds_with(&self, arguments: Value) -> Vec<String> {
        let found = ids(&self.search(arguments.clone()).await);
        let most = arguments["first"].as_u64().unwrap_or(20);
        assert!(found.len() as u64 <= most);
        found
    }

    /// The connection that a search answers.
    async fn search(&self, arguments: Value) -> Value {
        let mut found = self.shop.see(FIND, arguments.clone()).await["search"].take();
        if found["pageInfo"]["hasNextPage"] == false && arguments["after"].is_null() {
            assert_eq!(found["totalCount"], ids(&found).len(), "{arguments}");
        }
        found.take()
    }

    async fn head(&self) -> String {
        self.shop.app.engine.log.head().await.expect("the head").position.to_string()
    }
}

fn created(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().expect("nodes").iter();
    nodes.map(|node| node["subject"]["id"].as_str().expect("an id").to_owned()).collect()
}

fn each<'a>(connection: &'a Value, field: &str) -> Vec<&'a Value> {
    connection["nodes"].as_array().expect("nodes").iter().map(|node| &node[field]).collect()
}

async fn product(shop: &Shop, name: &str, sku: &str) -> String {
    let price = json!({ "amount": "9.00", "currency": "EUR" });
    let input = json!({ "sku": sku, "name": name, "price": price, "initialStock": 1_000 });
    created(&shop.does("createProduct", input).await)
}

async fn each_is_found_by_every_field_it_is_known_by(home: &Home) {
    let it = Stocked::open(home).await;
    for text in
        ["Ada", "King", "countess@example.org", "Hafenstraße 7", "Lovelace", "NRW", "50667", "Köln DE"]
    {
        assert_eq!(it.finds(text).await, [it.ada.as_str()], "{text}");
    }
    for text in ["Grüner Tee", "TEA-01"] {
        assert_eq!(it.finds(text).await, [it.tea.as_str(), &it.order], "{text}: as itself, and as ordered");
    }
    for text in ["Rue Émile Zola", "Lyon", "FR", "Swift Post", "1Z999", "PAY-0815", "lyon pay tee swift"] {
        assert_eq!(it.finds(text).await, [it.order.as_str()], "{text}");
    }
    let more = json!({ "userId": it.ada, "email": "ada@example.net" });
    it.shop.does("changeEmail", more).await;
    let address = json!({ "line1": "Kai 1", "city": "Bremen", "country": "DE" });
    it.shop.does("changeAddress", json!({ "userId": it.ada, "address": address })).await;
    it.shop.does("renameProduct", json!({ "productId": it.tea, "name": "Sencha" })).await;
    assert_eq!(it.finds("ada@example.net bremen").await, [it.ada.as_str()]);
    assert_eq!(it.finds("countess").await, [""; 0]);
    assert_eq!(it.finds("Sencha").await, [it.tea.as_str()]);
    assert_eq!(it.finds("Grüner").await, [it.order.as_str()], "an order keeps the names it was placed with");
    it.shop.close().await;
}

async fn case_and_accents_make_no_difference_and_every_word_is_required(home: &Home) {
    let it = Stocked::open(home).await;
    for text in ["ADA", "ada", "KOLN", "koln", "Ko\u{308}ln", "HAFENSTRASSE", "hafenstraße", "Ａｄａ"] {
        assert_eq!(it.finds(text).await, [it.ada.as_str()], "{text}");
    }
    assert_eq!(it.finds("king köln 50667").await, [it.ada.as_str()]);
    assert_eq!(it.finds("king köln 50668").await, [""; 0]);
    assert_eq!(it.finds("ada tea").await, [""; 0], "no entity has both");
    it.shop.close().await;
}

async fn the_last_word_may_be_a_beginning_and_phrases_stand_together(home: &Home) {
    let it = Stocked::open(home).await;
    for (text, is_found) in [
        ("lovel", true),
        ("lovel ", false),
        ("lovel king", false),
        ("king lovel", true),
        ("ove", false),
        ("\"hafenstrasse 7\"", true),
        ("\"hafenstrasse 7", true),
        ("\"hafenstr\"", false),
        ("\"hafenstr", true),
        ("\"7 hafenstrasse\"", false),
        ("\"king countess\"", false),
        ("7 hafenstrasse", true),
        ("countess@example", true),
        ("example@countess", false),
    ] {
        let expected: &[&str] = if is_found { &[&it.ada] } else { &[] };
        assert_eq!(it.finds(text).await, expected, "{text}");
    }
    assert_eq!(it.finds("tea-0").await, [it.tea.as_str(), &it.order]);
    assert_eq!(it.finds("\"tee tea\"").await, [""; 0], "no phrase spans two fields");
    it.shop.close().await;
}

async fn hits_come_best_first_and_show_what_matched(home: &Home) {
    let it = Stocked::open(home).await;
    let exact = product(&it.shop, "Zola", "Z-1").await;
    let longer = product(&it.shop, "Zola, gesammelte Werke", "Z-2").await;
    let newer = product(&it.shop, "Zola, gesammelte Briefe", "Z-3").await;
    let begun = product(&it.shop, "Zolaiste", "Z-4").await;
    let found = it.search(json!({ "text": "zola" })).await;
    assert_eq!(ids(&found), [&exact, &newer, &longer, &begun, &it.order].map(String::as_str));
    let snippets = [
        "\u{2}Zola\u{3}",
        "\u{2}Zola\u{3}, gesammelte Briefe",
        "\u{2}Zola\u{3}, gesammelte Werke",
        "\u{2}Zolaiste\u{3}",
        "Rue Émile \u{2}Zola\u{3} 12, Lyon, FR",
    ];
    assert_eq!(each(&found, "snippet"), snippets);
    assert_eq!(each(&found, "score"), [3.997, 3.995, 3.995, 2.997, 1.985]);
    assert_eq!(each(&found, "kind"), ["PRODUCT", "PRODUCT", "PRODUCT", "PRODUCT", "ORDER"]);
    assert_eq!(found["nodes"][4]["subject"], json!({ "__typename": "Order", "id": it.order, "asOf": null }));
    let both = it.search(json!({ "text": "king köln" })).await;
    assert_eq!(
        each(&both, "snippet"),
        ["Ada \u{2}King\u{3} · Hafenstraße 7, c/o Lovelace, 50667, \u{2}Köln\u{3}, NRW, DE"]
    );
    it.shop.close().await;
}

async fn as_of_before_a_rename_the_old_name_finds_and_the_new_does_not(home: &Home) {
    let it = Stocked::open(home).await;
    let before = it.head().await;
    it.shop.does("renameUser", json!({ "userId": it.ada, "name": "Augusta Byron" })).await;
    let after = it.head().await;
    it.shop.does("renameUser", json!({ "userId": it.ada, "name": "Ada again" })).await;
    for (text, as_of, is_found) in [
        ("ada king", Some(&before), true),
        ("byron", Some(&before), false),
        ("ada king", Some(&after), false),
        ("byron", Some(&after), true),
        ("king", None, false),
        ("byron", None, false),
        ("again", None, true),
        ("again", Some(&after), false),
    ] {
        let found = it.search(json!({ "text": text, "asOf": as_of })).await;
        let expected = json!({ "__typename": "User", "id": it.ada, "asOf": as_of });
        assert_eq!(
            each(&found, "subject"),
            if is_found { vec![&expected] } else { vec![] },
            "{text} {as_of:?}"
        );
    }
    assert_eq!(it.finds_with(json!({ "text": "ada", "asOf": 0 })).await, [""; 0]);
    let named = "query($then: Moment) { search(text: \"byron\", asOf: $then) { nodes { subject { ... on User { name } } } } }";
    let seen = it.shop.see(named, json!({ "then": after })).await;
    assert_eq!(seen["search"]["nodes"][0]["subject"]["name"], "Augusta Byron");
    it.shop.close().await;
}

async fn paging_while_commands_go_on_shows_each_hit_once(home: &Home) {
    let it = Stocked::open(home).await;
    let mut cups = Vec::new();
    for number in 0..23 {
        let name = if number % 3 == 0 { "Cup" } else { "Cup, blue" };
        cups.push(product(&it.shop, name, &format!("C-{number}")).await);
    }
    let whole = it.finds_with(json!({ "text": "cup", "first": 100 })).await;
    assert_eq!(whole.iter().collect::<HashSet<_>>(), cups.iter().collect());
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    for round in 0.. {
        let page = it.search(json!({ "text": "cup", "first": 4, "after": cursor })).await;
        assert_eq!(page["totalCount"], 23, "at the moment of the first page");
        seen.extend(ids(&page));
        cursor = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        product(&it.shop, "Cup", &format!("new-{round}")).await;
        let renamed = json!({ "productId": cups[round * 4], "name": format!("Mug {round}") });
        it.shop.does("renameProduct", renamed).await;
    }
    assert_eq!(seen, whole);
    it.shop.close().await;
}

async fn kinds_narrow_what_is_found(home: &Home) {
    let it = Stocked::open(home).await;
    for (kinds, expected) in [
        (json!(null), vec![&it.tea, &it.order]),
        (json!(["PRODUCT"]), vec![&it.tea]),
        (json!(["ORDER", "USER"]), vec![&it.order]),
        (json!(["USER"]), vec![]),
        (json!([]), vec![]),
    ] {
        let found = it.finds_with(json!({ "text": "tee", "kinds": kinds })).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{kinds}");
    }
    it.shop.close().await;
}

async fn a_cursor_of_another_search_is_refused(home: &Home) {
    let it = Stocked::open(home).await;
    let page = it.search(json!({ "text": "te", "first": 1 })).await;
    let cursor = &page["pageInfo"]["endCursor"];
    let next = it.search(json!({ "text": "te", "first": 1, "after": cursor })).await;
    assert_eq!(ids(&next), [it.order.as_str()]);
    for other in [
        json!({ "text": "tee", "after": cursor }),
        json!({ "text": "te", "kinds": ["ORDER"], "after": cursor }),
        json!({ "text": "te", "asOf": 3, "after": cursor }),
        json!({ "text": "te", "after": "x" }),
    ] {
        let response = it.shop.ask(FIND, other).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{response:#}");
    }
    it.shop.close().await;
}

async fn a_page_of_hits_costs_a_statement_and_one_for_each_kind(home: &Home) {
    let it = Stocked::open(home).await;
    let page = "{ search(text: \"t\") { nodes { snippet subject { ... on Product { name } ... on Order { status } } } } }";
    for number in 0..3 {
        product(&it.shop, "Tee", &format!("T-{number}")).await;
        it.shop.see(page, json!({})).await;
        let (_, read) = it.shop.statements(page, json!({})).await;
        assert_eq!(read, 3, "the hits, the products, the order");
    }
    it.shop.close().await;
}

async fn any_text_is_a_valid_search(home: &Home) {
    let it = Stocked::open(home).await;
    let hostile = [
        "",
        " ",
        "\"",
        "\"\"",
        "\"\"\"",
        "*",
        "ada*",
        "NEAR(ada king)",
        "title : ada",
        "{words}: ada",
        "ada AND NOT king",
        "'",
        "''); DROP TABLE users; --",
        "\0",
        "a\0b",
        "\u{2}ada\u{3}",
        "&|!():*<->",
        "ada & !king | (x",
        "'ada':*A",
        "\\",
        "\\'",
        "%",
        "_",
        "%_\\%",
        "^ada",
        "+ada -king",
        "$1",
        "?",
        "{}",
        "☕️",
        "\u{301}",
        "\u{fdfa}",
        "\u{10ffff}",
    ];
    for text in hostile {
        it.search(json!({ "text": text })).await;
    }
    for text in ["", "\"\"", "*", "\0", "☕️", "&|!():*<->", "%", "_"] {
        assert_eq!(it.finds(text).await, [""; 0], "{text:?} has no words");
    }
    assert_eq!(it.finds("ada AND NOT king").await, [""; 0], "these are words like others");
    assert_eq!(it.finds("\u{2}ada\u{3}\0").await, [it.ada.as_str()]);
    let singles: String = ('a'..='z').chain('0'..='9').chain('α'..='ω').flat_map(|c| [c, ' ']).collect();
    for long in ["\u{fdfa}".repeat(200), "a".repeat(200), "a ".repeat(100), "\"".repeat(200), singles] {
        assert!(long.chars().count() <= 200);
        it.search(json!({ "text": long })).await;
    }
    let refused = it.shop.ask(FIND, json!({ "text": "a".repeat(201) })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused:#}");
    let mut runner = TestRunner::deterministic();
    let texts = prop_oneof![any::<String>(), "[ada king\"*():&|!<>'\\\\%_\u{0}\u{301}-]{0,40}", "\\PC{0,60}"];
    for _ in 0..200 {
        let text: String = texts.new_tree(&mut runner).expect("a text").current().chars().take(200).collect();
        it.search(json!({ "text": text })).await;
    }
    it.shop.close().await;
}

/// A shop of many names made of few words, some of them beginnings of others, on a clock that stands still.
async fn crowded(home: &Home) -> Stocked {
    let it = Stocked::open(home).await;
    let words = ["tee", "teeblatt", "blau", "blaue", "kanne", "Ä", "a", "7"];
    let mut names = TestRunner::deterministic();
    let name = prop::collection::vec(prop::sample::select(words.to_vec()), 1..5);
    for number in 0..60 {
        let name = name.new_tree(&mut names).expect("a name").current().join(" ");
        match number % 3 {
            0 => {
                let address = json!({ "line1": name, "city": "Ulm", "country": "DE" });
                let email = format!("{number}@example.org");
                let user = json!({ "name": format!("Kanne {number}"), "email": email, "address": address });
                it.shop.does("createUser", user).await;
            }
            _ => {
                product(&it.shop, &name, &format!("S-{number}")).await;
            }
        }
    }
    it
}

/// The texts to search a crowded shop for.
const TEXTS: &[&str] = &[
    "t",
    "tee",
    "tee ",
    "teeb",
    "blau kanne",
    "blau",
    "kanne blau",
    "\"blau kanne\"",
    "\"tee blau",
    "a",
    "ä ",
    "7 a",
    "de",
    "kanne 7",
    "s-1",
    "s-1 ",
    "tee tee",
    "blaue kanne tee",
];

async fn what_is_found_is_what_a_scan_of_all_rows_finds(home: &Home) {
    let it = crowded(home).await;
    // Everything there is, with what each is known by.
    let all = "{ users(first: 100) { nodes { id name email address { line1 line2 postalCode city region country } } }
        products(first: 100) { nodes { id name sku } } }";
    let seen = it.shop.see(all, json!({})).await;
    let listed = |list: &str| seen[list]["nodes"].as_array().expect("nodes").clone();
    let mut entities: Vec<(String, Vec<String>)> = Vec::new();
    for node in listed("users").iter().chain(&listed("products")) {
        let text =
            |value: &Value| value.as_str().unwrap_or_default().to_lowercase().replace(['ä', 'ü', 'ö'], "a");
        let mut fields = vec![text(&node["name"]), text(&node["email"]), text(&node["sku"])];
        let address = &node["address"];
        let parts = ["line1", "line2", "postalCode", "city", "region", "country"];
        fields.push(parts.map(|part| text(&address[part])).join(" "));
        entities.push((node["id"].as_str().expect("an id").to_owned(), fields));
    }
    for text in TEXTS.iter().filter(|text| !text.contains('"')) {
        let words: Vec<String> =
            text.to_lowercase().replace('ä', "a").split([' ', '-']).map(str::to_owned).collect();
        let has = |fields: &[String]| {
            let split = |field: &String| {
                field.split([' ', '-', '@', '.', ',']).map(str::to_owned).collect::<Vec<_>>()
            };
            let own: Vec<String> = fields.iter().flat_map(split).collect();
            let (last, before) = words.split_last().expect("a word");
            before.iter().all(|word| own.contains(word))
                && own.iter().any(|word| word.starts_with(last.as_str()))
        };
        // What is known by name and address here; orders and phrases have tests of their own.
        let expected: HashSet<&str> =
            entities.iter().filter(|(_, fields)| has(fields)).map(|(id, _)| id.as_str()).collect();
        let found = it.search(json!({ "text": text, "kinds": ["USER", "PRODUCT"], "first": 100 })).await;
        let found_ids = ids(&found);
        assert_eq!(found_ids.iter().map(String::as_str).collect::<HashSet<_>>(), expected, "{text:?}");
        // The database ranks as the score says.
        let ranked: Vec<(f64, &String)> = found["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .zip(&found_ids)
            .map(|(node, id)| (node["score"].as_f64().expect("a score"), id))
            .collect();
        assert!(ranked.windows(2).all(|pair| pair[0].0 >= pair[1].0), "{text:?}: {ranked:?}");
    }
    it.shop.close().await;
}

async fn a_rebuilt_index_finds_the_same(home: &Home) {
    let it = crowded(home).await;
    let then = it.head().await;
    let all = it.finds_with(json!({ "text": "tee", "kinds": ["PRODUCT"], "first": 100 })).await;
    for (number, id) in all.iter().enumerate() {
        let renamed = json!({ "productId": id, "name": format!("Tasse {number}") });
        it.shop.does("renameProduct", renamed).await;
    }
    let mut before = Vec::new();
    for text in TEXTS.iter().chain(&["tasse"]) {
        for as_of in [Value::Null, json!(then)] {
            before.push(it.search(json!({ "text": text, "asOf": as_of, "first": 100 })).await);
        }
    }
    let token = tokio_util::sync::CancellationToken::new();
    it.shop.app.engine.read_models.rebuild("search", &token).await.expect("a rebuild");
    for text in TEXTS.iter().chain(&["tasse"]) {
        for as_of in [Value::Null, json!(then)] {
            let after = it.search(json!({ "text": text, "asOf": as_of, "first": 100 })).await;
            assert_eq!(after["nodes"], before.remove(0)["nodes"], "{text:?} {as_of}");
        }
    }
    product(&it.shop, "Teekanne", "neu").await;
    assert_eq!(it.finds("teekanne").await.len(), 1, "kept in step from then on");
    it.shop.close().await;
}
