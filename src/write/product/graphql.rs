//! The mutations of products, and the product in their payload.

use async_graphql::{Context, Object};
use uuid::Uuid;

use super::commands::{
    AdjustStock, ChangePrice, CreateProduct, DiscontinueProduct, ReceiveStock, RenameProduct,
};
use super::input::{
    AdjustStockInput, ChangePriceInput, CreateProductInput, ProductCommandInput, ReceiveStockInput,
    RenameProductInput,
};
use crate::engine::event::{Events, Position};
use crate::graphql::{At, Result};
use crate::read::products::graphql::Product;
use crate::read::products::loader;
use crate::write::payload::{After, Part, Payload, Shown};
use crate::write::submit::submit;

/// What a mutation of a product answers.
pub type ProductPayload = Payload<ProductAfter>;

/// The product in a payload.
pub struct ProductAfter(After);

#[Object(name = "ProductPayloadPart")]
impl ProductAfter {
    /// The state right after the command; null when refused and unknown.
    async fn product(&self, context: &Context<'_>) -> Option<Result<Product>> {
        self.0.show(context).await.transpose()
    }
}

impl From<After> for ProductAfter {
    fn from(after: After) -> Self {
        Self(after)
    }
}

impl Part for ProductAfter {
    const PAYLOAD: &'static str = "ProductPayload";
    const DESCRIPTION: &'static str = "What came of a command for a product.";
}

impl Shown for Product {
    async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Self>> {
        loader::load(context, id, at).await
    }

    async fn preview(context: &Context<'_>, id: Uuid, events: &Events, on: Position) -> Result<Option<Self>> {
        Product::preview(context, id, events, on).await
    }
}

/// The mutations of products.
#[derive(Default)]
pub struct ProductMutations;

#[Object]
impl ProductMutations {
    /// Makes a new product, to be sold from now on.
    async fn create_product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What, and how to carry it out.")] input: CreateProductInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<CreateProduct, _>(context, input).await)
    }

    /// Gives a product a new name. Orders keep the name they were placed with.
    async fn rename_product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, the name, and how to carry it out.")] input: RenameProductInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<RenameProduct, _>(context, input).await)
    }

    /// Gives a product a new price, in the currency it has. Orders keep the price they were placed at.
    async fn change_price(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, the price, and how to carry it out.")] input: ChangePriceInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<ChangePrice, _>(context, input).await)
    }

    /// Adds units that came in.
    async fn receive_stock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, how many, and how to carry it out.")] input: ReceiveStockInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<ReceiveStock, _>(context, input).await)
    }

    /// Corrects a miscount; stock never falls below zero.
    async fn adjust_stock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, by how many, and how to carry it out.")] input: AdjustStockInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<AdjustStock, _>(context, input).await)
    }

    /// Ends the sale of a product. Its orders go on, so do stock moves and returns; the SKU stays taken.
    async fn discontinue_product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how to carry it out.")] input: ProductCommandInput,
    ) -> Option<Result<ProductPayload>> {
        Some(submit::<DiscontinueProduct, _>(context, input).await)
    }
}
