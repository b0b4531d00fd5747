//! The schema: every slice's queries, mutations and subscriptions in one.

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema, SchemaBuilder};

use crate::read::events::graphql::EventQueries;
use crate::read::events::subscription::EventSubscription;
use crate::read::machinery::graphql::MachineryQueries;
use crate::read::node::NodeQueries;
use crate::read::orders::graphql::OrderQueries;
use crate::read::orders::subscription::OrderSubscription;
use crate::read::products::graphql::ProductQueries;
use crate::read::sales::graphql::SalesQueries;
use crate::read::search::graphql::SearchQueries;
use crate::read::subscription::EntitySubscription;
use crate::read::users::graphql::UserQueries;
use crate::write::{CommandPayload, MutationRoot};

/// What can be asked; every question but those of the machinery takes `asOf`.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct QueryRoot(
    NodeQueries,
    UserQueries,
    ProductQueries,
    OrderQueries,
    SalesQueries,
    SearchQueries,
    EventQueries,
    MachineryQueries,
);

/// What can be followed.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct SubscriptionRoot(EventSubscription, EntitySubscription, OrderSubscription);

/// The schema of the shop.
pub type ShopSchema = Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// The schema, to be given what it works with.
pub fn builder() -> SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot> {
    Schema::build(QueryRoot::default(), MutationRoot::default(), SubscriptionRoot::default())
        .register_output_type::<CommandPayload>()
}

/// The schema as text, the way it is published in `schema.graphql`.
pub fn sdl() -> String {
    export(&builder().finish())
}

/// A schema as text.
pub fn export(schema: &ShopSchema) -> String {
    schema.sdl_with_options(SDLExportOptions::new().include_specified_by())
}
