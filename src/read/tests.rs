//! The types of users, products, orders and what is asked about them in the exported schema are those of the contract.

use async_graphql::{EmptyMutation, MergedObject, MergedSubscription, SDLExportOptions, Schema};

use super::events::graphql::EventQueries;
use super::events::subscription::EventSubscription;
use super::node::NodeQueries;
use super::orders::graphql::OrderQueries;
use super::orders::subscription::OrderSubscription;
use super::products::graphql::ProductQueries;
use super::sales::graphql::SalesQueries;
use super::search::graphql::SearchQueries;
use super::subscription::EntitySubscription;
use super::users::graphql::UserQueries;

#[derive(MergedObject, Default)]
struct Query(
    NodeQueries,
    UserQueries,
    ProductQueries,
    OrderQueries,
    SalesQueries,
    SearchQueries,
    EventQueries,
);

#[derive(MergedSubscription, Default)]
struct Subscription(EventSubscription, EntitySubscription, OrderSubscription);

/// The exported schema without descriptions, every run of white space a single space.
fn sdl() -> String {
    let schema = Schema::new(Query::default(), EmptyMutation, Subscription::default());
    let sdl = schema.sdl_with_options(SDLExportOptions::new());
    let outside = sdl.split("\"\"\"").step_by(2).collect::<String>();
    outside.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")")
}

#[test]
fn names_and_nullability_are_those_of_the_contract() {
    let sdl = sdl();
    let history = "history(first: Int, after: String, last: Int, before: String): EventConnection!";
    let changes = "changes(first: Int, after: String): ChangeConnection!";
    let page = "first: Int, after: String, last: Int, before: String";
    for shape in [
        "interface Node { id: ID! asOf: Position }".to_owned(),
        format!("orders(filter: OrderFilter, sortBy: OrderSort, {page}): OrderConnection! {history} {changes} }}"),
        "enum ProductStatus { AVAILABLE DISCONTINUED }".to_owned(),
        format!(
            "type Product implements Node {{ id: ID! asOf: Position version: Int! sku: String! name: String! price: Money! \
             stock: Int! status: ProductStatus! createdAt: DateTime! updatedAt: DateTime! {history} {changes} }}"
        ),
        "input ProductFilter { status: ProductStatus skuPrefix: String nameContains: String inStock: Boolean }".to_owned(),
        "enum ProductSortField { CREATED_AT UPDATED_AT NAME SKU STOCK PRICE }".to_owned(),
        "input ProductSort { field: ProductSortField! direction: SortDirection! }".to_owned(),
        "type ProductConnection { edges: [ProductEdge!]! nodes: [Product!]! pageInfo: PageInfo! totalCount: Int! }".to_owned(),
        "enum OrderStatus { PLACED PAID SHIPPED DELIVERED RETURNED CANCELLED }".to_owned(),
        "type OrderLine { product: Product! productId: ID! sku: String! productName: String! quantity: Int! \
         unitPrice: Money! lineTotal: Money! }".to_owned(),
        format!(
            "type Order implements Node {{ id: ID! asOf: Position version: Int! status: OrderStatus! user: User! userId: ID! \
             lines: [OrderLine!]! quantity: Int! totalAmount: Money! shippingAddress: Address! paymentReference: String \
             carrier: String trackingNumber: String cancellationReason: String placedAt: DateTime! paidAt: DateTime \
             shippedAt: DateTime deliveredAt: DateTime cancelledAt: DateTime returnedAt: DateTime updatedAt: DateTime! \
             {history} {changes} }}"
        ),
        "input OrderFilter { status: [OrderStatus!] userId: ID productId: ID placedFrom: DateTime placedUntil: DateTime \
         minTotal: Decimal maxTotal: Decimal currency: CurrencyCode }".to_owned(),
        "enum OrderSortField { PLACED_AT UPDATED_AT TOTAL_AMOUNT }".to_owned(),
        "type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! totalCount: Int! }".to_owned(),
        "type OrderChange { position: Position! order: Order! matches: Boolean! events: [Event!]! }".to_owned(),
        "enum SalesGrouping { DAY PRODUCT DAY_AND_PRODUCT }".to_owned(),
        "type SalesRow { day: Date productId: ID product: Product orders: Int! units: Int! revenue: Money! }".to_owned(),
        "type SalesRowEdge { cursor: String! node: SalesRow! }".to_owned(),
        "type SalesRowConnection { edges: [SalesRowEdge!]! nodes: [SalesRow!]! pageInfo: PageInfo! totalCount: Int! }".to_owned(),
        "type SalesReport { rows(first: Int, after: String): SalesRowConnection! totals: [SalesRow!]! }".to_owned(),
        "salesReport(from: Date, until: Date, groupBy: SalesGrouping = DAY, currency: CurrencyCode, asOf: Moment): SalesReport!".to_owned(),
        "type Change { event: Event! fields: [FieldChange!]! }".to_owned(),
        "type FieldChange { field: String! before: JSON after: JSON }".to_owned(),
        "type ChangeEdge { cursor: String! node: Change! }".to_owned(),
        "type ChangeConnection { edges: [ChangeEdge!]! nodes: [Change!]! pageInfo: PageInfo! }".to_owned(),
        "enum SearchKind { USER PRODUCT ORDER }".to_owned(),
        "union SearchSubject = User | Product | Order ".to_owned(),
        "type SearchHit { kind: SearchKind! subject: SearchSubject! snippet: String! score: Float! }".to_owned(),
        "type SearchEdge { cursor: String! node: SearchHit! }".to_owned(),
        "type SearchConnection { edges: [SearchEdge!]! nodes: [SearchHit!]! pageInfo: PageInfo! totalCount: Int! }".to_owned(),
        "search(text: String!, kinds: [SearchKind!], first: Int, after: String, asOf: Moment): SearchConnection!".to_owned(),
        "product(id: ID!, asOf: Moment): Product ".to_owned(),
        "productBySku(sku: String!, asOf: Moment): Product ".to_owned(),
        format!("products(filter: ProductFilter, sortBy: ProductSort, {page}, asOf: Moment): ProductConnection!"),
        "order(id: ID!, asOf: Moment): Order ".to_owned(),
        format!("orders(filter: OrderFilter, sortBy: OrderSort, {page}, asOf: Moment): OrderConnection!"),
        "user(id: ID!): User! ".to_owned(),
        "product(id: ID!): Product! ".to_owned(),
        "order(id: ID!): Order! ".to_owned(),
        "orderChanged(filter: OrderFilter, after: Position, afterHash: String): OrderChange!".to_owned(),
    ] {
        assert!(sdl.contains(&shape), "{shape}\nis missing in\n{sdl}");
    }
}
