//! What makes two sendings of a mutation the same, and what is said of an input that is not sound.

use serde_json::{Value, json};

use super::{Mutation, content, parse};
use crate::write::import::read;
use crate::write::order::commands::{CancelOrder, PlaceOrder};
use crate::write::product::commands::CreateProduct;
use crate::write::rejection::RejectionCode;
use crate::write::user::commands::{ChangeAddress, CreateUser, RenameUser};

/// The content of a sound input.
fn said<M: Mutation>(input: Value) -> Value {
    let (terms, command) = parse::<M>(read(input.clone()).unwrap());
    let command = command.unwrap_or_else(|found| panic!("{input} is not sound: {found:?}"));
    content(&command, &terms).unwrap()
}

/// What is wrong with an input: the paths.
fn wrong<M: Mutation>(input: Value) -> Vec<String> {
    let Err(found) = parse::<M>(read(input).unwrap()).1 else { panic!("the input is sound") };
    assert!(found.iter().all(|rejection| rejection.code() == RejectionCode::InvalidInput));
    found.iter().map(|rejection| rejection.path().join(".")).collect()
}

const ADA: &str = "0192f3c1-7a6b-7c3e-9d42-3f6a1c9e5b1a";

#[test]
fn a_user_is_said_in_values_alone() {
    let said = said::<CreateUser>(json!({ "name": "Ada", "email": "ada@example.com" }));
    assert_eq!(said, json!({ "email": "ada@example.com", "name": "Ada" }));
}

#[test]
fn inputs_that_mean_the_same_say_the_same() {
    let plain = said::<CreateUser>(json!({ "name": "Ada", "email": "ada@example.com" }));
    for same in [
        json!({ "email": "ada@example.com", "name": "Ada" }),
        json!({ "name": "  Ada ", "email": "ada@example.com" }),
        json!({ "id": null, "name": "Ada", "email": "ada@example.com", "address": null, "reason": null }),
        json!({ "name": "Ada", "email": "ada@example.com", "dryRun": false, "commandId": ADA }),
        json!({ "name": "Ada", "email": "ada@example.com", "dryRun": true, "commandId": null }),
    ] {
        assert_eq!(said::<CreateUser>(same.clone()), plain, "{same}");
    }
    let lower = said::<RenameUser>(json!({ "userId": ADA, "name": "Ada" }));
    let upper =
        said::<RenameUser>(json!({ "userId": ADA.to_uppercase(), "name": "Ada", "expectedVersion": null }));
    assert_eq!(lower, upper);
}

#[test]
fn amounts_are_said_by_their_value_and_no_stock_not_at_all() {
    let tea = |amount: Value, stock: Value| {
        let price = json!({ "amount": amount, "currency": "EUR" });
        said::<CreateProduct>(json!({ "sku": "T", "name": "Tea", "price": price, "initialStock": stock }))
    };
    let plain = tea(json!("18"), json!(0));
    assert_eq!(
        plain,
        json!({ "name": "Tea", "price": { "amount": "18.00", "currency": "EUR" }, "sku": "T" })
    );
    for (amount, stock) in [(json!("18.00"), json!(null)), (json!(18), json!(0)), (json!(18.0), json!(0))] {
        assert_eq!(tea(amount, stock), plain);
    }
    assert_ne!(tea(json!("18"), json!(1)), plain);
}

#[test]
fn the_same_product_on_two_lines_is_said_once() {
    let order = |lines: Value| said::<PlaceOrder>(json!({ "userId": ADA, "lines": lines }));
    let line = |quantity: i32| json!({ "productId": ADA, "quantity": quantity });
    assert_eq!(order(json!([line(1), line(2)])), order(json!([line(3)])));
}

#[test]
fn inputs_that_differ_in_anything_but_how_they_are_sent_say_something_else() {
    let rename = json!({ "userId": ADA, "name": "Ada" });
    let with = |field: &str, value: Value| {
        let mut other = rename.clone();
        other[field] = value;
        said::<RenameUser>(other)
    };
    let plain = said::<RenameUser>(rename.clone());
    assert_ne!(with("name", json!("ada")), plain);
    assert_ne!(with("expectedVersion", json!(1)), plain);
    assert_ne!(with("expectedVersion", json!(1)), with("expectedVersion", json!(2)));
    assert_ne!(with("reason", json!("married")), plain);
    assert_ne!(with("userId", json!(uuid::Uuid::nil())), plain);
    let given = json!({ "id": ADA, "name": "Ada", "email": "ada@example.com" });
    assert_eq!(said::<CreateUser>(given)["id"], json!(ADA), "an id that was given is part of what was asked");
}

#[test]
fn everything_that_is_wrong_with_an_input_is_told_at_once_with_its_path() {
    let user = json!({
        "id": "me", "name": " ", "email": "nobody", "commandId": "x", "reason": "r".repeat(2001),
        "address": { "line1": "", "city": "a\u{7}b", "country": "DE" },
    });
    assert_eq!(
        wrong::<CreateUser>(user),
        ["id", "name", "email", "address.line1", "address.city", "commandId", "reason"]
    );
    let product = json!({
        "sku": "", "name": "x".repeat(201), "price": { "amount": "1.001", "currency": "EUR" }, "initialStock": -1,
    });
    assert_eq!(wrong::<CreateProduct>(product), ["sku", "name", "price.amount", "initialStock"]);
    let order = json!({
        "userId": "", "lines": [{ "productId": ADA, "quantity": 1 }, { "productId": "tea", "quantity": 0 }],
    });
    assert_eq!(wrong::<PlaceOrder>(order), ["userId", "lines.1.productId", "lines.1.quantity"]);
    assert_eq!(wrong::<PlaceOrder>(json!({ "userId": ADA, "lines": [] })), ["lines"]);
    assert_eq!(wrong::<CancelOrder>(json!({ "orderId": ADA, "reason": "" })), ["reason"], "told once");
}

#[test]
fn a_command_id_that_parses_is_known_whatever_else_is_wrong() {
    let input = json!({ "userId": "me", "name": "", "commandId": ADA.to_uppercase() });
    let (terms, command) = parse::<RenameUser>(read(input).unwrap());
    assert!(command.is_err());
    assert_eq!(terms.command_id.map(|id| id.to_string()), Some(ADA.to_owned()));
}

#[test]
fn json_that_is_not_of_the_input_type_is_refused_with_the_reason() {
    for (input, reason) in [
        (json!([]), "CreateUserInput"),
        (json!({ "name": "Ada" }), "found null"),
        (json!({ "name": 1, "email": "ada@example.com" }), "String"),
        (json!({ "name": "Ada", "email": "a@example.com", "dryrun": true }), "dryrun"),
        (
            json!({ "name": "Ada", "email": "a@example.com", "address": { "line1": "1", "city": "x", "country": "XX" } }),
            "ISO 3166",
        ),
    ] {
        let refused = read::<<CreateUser as Mutation>::Input>(input.clone()).unwrap_err();
        assert!(refused.contains(reason), "{input}: {refused}");
    }
    let address = json!({ "line1": "1", "city": "x", "country": "DE", "zip": "1" });
    let refused = read::<<ChangeAddress as Mutation>::Input>(json!({ "userId": ADA, "address": address }));
    assert!(refused.unwrap_err().contains("address.zip"));
    let line = json!({ "productId": ADA, "quantity": 1, "price": 0 });
    for lines in [json!([line]), line] {
        let refused = read::<<PlaceOrder as Mutation>::Input>(json!({ "userId": ADA, "lines": lines }));
        assert!(refused.unwrap_err().contains("price"));
    }
}
