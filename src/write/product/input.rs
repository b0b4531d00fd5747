//! What the mutations of products take, and the commands that sound inputs ask for.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use super::commands::{
    AdjustStock, ChangePrice, CreateProduct, DiscontinueProduct, ReceiveStock, RenameProduct,
};
use super::event::{InitialStock, Money, Name, Quantity, Sku, StockChange};
use crate::graphql::MoneyInput;
use crate::write::input::{ChangeTerms, CreateTerms, Given, Input, id, new_id};
use crate::write::mutation::Mutation;
use crate::write::problems::Problems;

/// A product to be.
#[derive(InputObject, Clone, Debug)]
pub struct CreateProductInput {
    /// The new product's id, a UUID; the server makes one when absent.
    pub id: Option<ID>,
    /// The stock keeping unit, in 1 to 200 characters, which no other product may have.
    pub sku: String,
    /// The name, in 1 to 200 characters.
    pub name: String,
    /// The price of one unit, 0 or more; its currency is the product's for ever.
    pub price: MoneyInput,
    /// Units on hand from the start, 0 to 1,000,000.
    #[graphql(default_with = "Some(0)")]
    pub initial_stock: Option<i32>,
    #[graphql(flatten)]
    pub terms: CreateTerms,
}

/// A new name for a product.
#[derive(InputObject, Clone, Debug)]
pub struct RenameProductInput {
    /// The product to rename.
    pub product_id: ID,
    /// The new name, in 1 to 200 characters.
    pub name: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// A new price for a product.
#[derive(InputObject, Clone, Debug)]
pub struct ChangePriceInput {
    /// The product whose price it is.
    pub product_id: ID,
    /// The new price of one unit, in the product's currency.
    pub price: MoneyInput,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Units of a product that came in.
#[derive(InputObject, Clone, Debug)]
pub struct ReceiveStockInput {
    /// The product that came in.
    pub product_id: ID,
    /// So many units, 1 to 1,000,000.
    pub quantity: i32,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Corrects a miscount: `change` may be negative, but stock never falls below zero.
#[derive(InputObject, Clone, Debug)]
pub struct AdjustStockInput {
    /// The product that was miscounted.
    pub product_id: ID,
    /// Units more, or fewer when negative: -1,000,000 to 1,000,000.
    pub change: i32,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Something to be done with a product that needs no more than its id.
#[derive(InputObject, Clone, Debug)]
pub struct ProductCommandInput {
    /// The product it is done with.
    pub product_id: ID,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

impl Input for CreateProductInput {
    fn given(&self) -> Given {
        self.terms.given(self.id.as_ref())
    }
}

impl Input for RenameProductInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ChangePriceInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ReceiveStockInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for AdjustStockInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ProductCommandInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Mutation for CreateProduct {
    const NAME: &'static str = "createProduct";
    type Input = CreateProductInput;

    fn parse(input: CreateProductInput, problems: &mut Problems) -> Option<Self> {
        let id = new_id(problems, input.id.as_ref());
        let sku = problems.take("sku", Sku::parse(input.sku));
        let name = problems.take("name", Name::parse(input.name));
        let price = price(problems, input.price);
        let stock = InitialStock::parse(input.initial_stock.unwrap_or_default());
        let initial_stock = problems.take("initialStock", stock);
        Some(Self { id: id?, sku: sku?, name: name?, price: price?, initial_stock: initial_stock? })
    }

    fn entity(&self) -> Uuid {
        self.id
    }
}

impl Mutation for RenameProduct {
    const NAME: &'static str = "renameProduct";
    type Input = RenameProductInput;

    fn parse(input: RenameProductInput, problems: &mut Problems) -> Option<Self> {
        let product_id = id(problems, "productId", &input.product_id);
        let name = problems.take("name", Name::parse(input.name));
        let expected_version = input.terms.expected_version;
        Some(Self { product_id: product_id?, expected_version, name: name? })
    }

    fn entity(&self) -> Uuid {
        self.product_id
    }
}

impl Mutation for ChangePrice {
    const NAME: &'static str = "changePrice";
    type Input = ChangePriceInput;

    fn parse(input: ChangePriceInput, problems: &mut Problems) -> Option<Self> {
        let product_id = id(problems, "productId", &input.product_id);
        let price = price(problems, input.price);
        let expected_version = input.terms.expected_version;
        Some(Self { product_id: product_id?, expected_version, price: price? })
    }

    fn entity(&self) -> Uuid {
        self.product_id
    }
}

impl Mutation for ReceiveStock {
    const NAME: &'static str = "receiveStock";
    type Input = ReceiveStockInput;

    fn parse(input: ReceiveStockInput, problems: &mut Problems) -> Option<Self> {
        let product_id = id(problems, "productId", &input.product_id);
        let quantity = problems.take("quantity", Quantity::parse(input.quantity));
        let expected_version = input.terms.expected_version;
        Some(Self { product_id: product_id?, expected_version, quantity: quantity? })
    }

    fn entity(&self) -> Uuid {
        self.product_id
    }
}

impl Mutation for AdjustStock {
    const NAME: &'static str = "adjustStock";
    type Input = AdjustStockInput;

    fn parse(input: AdjustStockInput, problems: &mut Problems) -> Option<Self> {
        let product_id = id(problems, "productId", &input.product_id);
        let change = problems.take("change", StockChange::parse(input.change));
        let expected_version = input.terms.expected_version;
        Some(Self { product_id: product_id?, expected_version, change: change? })
    }

    fn entity(&self) -> Uuid {
        self.product_id
    }
}

impl Mutation for DiscontinueProduct {
    const NAME: &'static str = "discontinueProduct";
    type Input = ProductCommandInput;

    fn parse(input: ProductCommandInput, problems: &mut Problems) -> Option<Self> {
        let product_id = id(problems, "productId", &input.product_id)?;
        Some(Self { product_id, expected_version: input.terms.expected_version })
    }

    fn entity(&self) -> Uuid {
        self.product_id
    }
}

fn price(problems: &mut Problems, given: MoneyInput) -> Option<Money> {
    Money::parse_price(problems, "price", given.amount.0, given.currency.0.code())
}
