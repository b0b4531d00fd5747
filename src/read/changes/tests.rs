//! What each kind of event changes, told from the golden events of all three aggregates.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{EmptyMutation, EmptySubscription, Schema, Value};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::graphql::Changing;
use super::replay::{Changed, replay};
use crate::engine::event::Recorded;
use crate::engine::read_model::Rows;
use crate::read::node::NodeQueries;
use crate::read::orders::graphql::Order;
use crate::read::products::graphql::Product;
use crate::read::samples::{Sample, folded, recorded};
use crate::read::users::graphql::User;
use crate::write::order::event::OrderEvent;
use crate::write::product::event::ProductEvent;
use crate::write::user::event::UserEvent;

const ID: Uuid = Uuid::from_u128(0x1d);

/// One event of each kind that an aggregate has, in the order it names them: those of the golden files.
fn golden<E: Sample>() -> Vec<E> {
    let folder = E::STREAM_TYPE.to_lowercase();
    let read = |name: &&str| {
        let path = format!("{}/src/write/{folder}/golden/{name}.1.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{path}: {cause}"));
        E::decode(name, 1, &text).unwrap()
    };
    E::NAMES.iter().map(read).collect()
}

fn stream<E: Sample>(events: &[E]) -> Vec<Recorded> {
    (1..).zip(events).map(|(position, event)| recorded(ID, position, event)).collect()
}

/// What golden events, one after another, change.
fn changed<C: Changing, E: Sample>() -> Vec<(E, Changed)> {
    let events = golden::<E>();
    let told = replay(&C::MODEL, (ID, None), &stream(&events), C::shown).unwrap();
    events.into_iter().zip(told).collect()
}

fn names(changed: &Changed) -> Vec<&'static str> {
    changed.iter().map(|(field, ..)| *field).collect()
}

// Each match below is exhaustive: a new kind of event is not forgotten.

#[test]
fn each_event_of_a_user_changes_the_fields_it_is_about() {
    for (event, changed) in changed::<User, UserEvent>() {
        let expected: &[&str] = match event {
            UserEvent::UserCreated(_) => {
                &["name", "email", "emailVerified", "address", "status", "createdAt"]
            }
            UserEvent::UserRenamed(_) => &["name"],
            UserEvent::AddressChanged(_) => &["address"],
            UserEvent::EmailChanged(_) => &["email"],
            UserEvent::EmailVerified(_) => &["emailVerified"],
            UserEvent::UserDeactivated(_) | UserEvent::UserReactivated(_) => &["status"],
        };
        assert_eq!(names(&changed), expected, "{event:?}");
    }
}

#[test]
fn each_event_of_a_product_changes_the_fields_it_is_about() {
    for (event, changed) in changed::<Product, ProductEvent>() {
        let expected: &[&str] = match event {
            ProductEvent::ProductCreated(_) => &["sku", "name", "price", "stock", "status", "createdAt"],
            ProductEvent::ProductRenamed(_) => &["name"],
            ProductEvent::PriceChanged(_) => &["price"],
            ProductEvent::StockReceived(_)
            | ProductEvent::StockAdjusted(_)
            | ProductEvent::StockReserved(_)
            | ProductEvent::StockReleased(_) => &["stock"],
            ProductEvent::ProductDiscontinued(_) => &["status"],
        };
        assert_eq!(names(&changed), expected, "{event:?}");
    }
}

#[test]
fn each_event_of_an_order_changes_the_fields_it_is_about() {
    for (event, changed) in changed::<Order, OrderEvent>() {
        let expected: &[&str] = match event {
            OrderEvent::OrderPlaced(_) => {
                &["status", "userId", "lines", "quantity", "totalAmount", "shippingAddress", "placedAt"]
            }
            OrderEvent::OrderPaid(_) => &["status", "paymentReference", "paidAt"],
            OrderEvent::OrderShipped(_) => &["status", "carrier", "trackingNumber", "shippedAt"],
            OrderEvent::OrderDelivered(_) => &["status", "deliveredAt"],
            OrderEvent::OrderReturned(_) => &["status", "returnedAt"],
            OrderEvent::OrderCancelled(_) => &["status", "cancellationReason", "cancelledAt"],
        };
        assert_eq!(names(&changed), expected, "{event:?}");
    }
}

#[test]
fn before_the_creation_nothing_had_a_value_and_what_follows_starts_where_the_event_before_ended() {
    for (_, fields) in changed::<User, UserEvent>().iter().take(1) {
        assert!(fields.iter().all(|(_, before, after)| *before == Value::Null && *after != Value::Null));
    }
    let told = changed::<Product, ProductEvent>();
    let prices = told.iter().flat_map(|(_, changed)| changed.iter().filter(|(field, ..)| *field == "price"));
    let prices: Vec<_> = prices.collect();
    assert_eq!(prices.len(), 2, "the first price and the new one");
    assert_eq!(prices[0].2, prices[1].1);
}

#[test]
fn replayed_from_the_row_before_any_event_the_rest_changes_the_same() {
    let events = stream(&golden::<OrderEvent>());
    let whole = replay(&Order::MODEL, (ID, None), &events, Order::shown).unwrap();
    for place in 1..events.len() {
        let before: Rows = folded(&Order::MODEL, &events[..place]);
        let row = before.get::<<<Order as Changing>::Table as EntityTrait>::Model>(ID).cloned();
        let rest = replay(&Order::MODEL, (ID, row), &events[place..], Order::shown).unwrap();
        assert_eq!(rest, whole[place..], "from event {place} on");
    }
}

/// The fields of a type in the schema that are told of: no arguments, nothing nested that has an identity of its own.
fn plain_fields(name: &str) -> Vec<String> {
    let sdl = Schema::new(NodeQueries, EmptyMutation, EmptySubscription).sdl();
    let definitions = parse_schema(sdl).unwrap().definitions;
    let fields = definitions.into_iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(found) if found.node.name.node == name => match found.node.kind {
            TypeKind::Object(object) => Some(object.fields),
            _ => None,
        },
        _ => None,
    });
    let left_out = ["id", "asOf", "version", "updatedAt", "user"];
    let plain = fields.unwrap().into_iter().filter(|field| field.node.arguments.is_empty());
    plain.map(|field| field.node.name.node.to_string()).filter(|n| !left_out.contains(&n.as_str())).collect()
}

/// The fields that a row is shown with.
fn shown_fields<C: Changing, E: Sample>() -> Vec<String> {
    let rows = folded(&C::MODEL, &stream(&golden::<E>())[..1]);
    let row = rows.get::<<C::Table as EntityTrait>::Model>(ID).unwrap();
    C::shown(row).unwrap().fields().map(str::to_owned).collect()
}

#[test]
fn every_plain_field_of_an_entity_is_told_of() {
    assert_eq!(shown_fields::<User, UserEvent>(), plain_fields("User"));
    assert_eq!(shown_fields::<Product, ProductEvent>(), plain_fields("Product"));
    assert_eq!(shown_fields::<Order, OrderEvent>(), plain_fields("Order"));
}
