//! What the mutations of orders take, and the commands that sound inputs ask for.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use super::commands::{CancelOrder, DeliverOrder, PayOrder, PlaceOrder, ReturnOrder, ShipOrder};
use super::event::{Address, Reason, Reference};
use super::lines::{LineFields, Lines};
use crate::graphql::AddressInput;
use crate::write::input::{ChangeTerms, CreateTerms, Given, Input, id, new_id};
use crate::write::mutation::Mutation;
use crate::write::problems::Problems;

/// So much of a product.
#[derive(InputObject, Clone, Debug)]
pub struct OrderLineInput {
    /// The product that is wanted.
    pub product_id: ID,
    /// So many units, 1 to 1,000,000.
    pub quantity: i32,
}

/// Prices are the products' prices at that moment. Stock of every line is reserved by the same command, all or nothing. 1
/// to 100 lines; the same product twice is added up. Without `shippingAddress` the user's own is taken.
#[derive(InputObject, Clone, Debug)]
pub struct PlaceOrderInput {
    /// The new order's id, a UUID; the server makes one when absent.
    pub id: Option<ID>,
    /// The user who orders.
    pub user_id: ID,
    /// What is ordered, in 1 to 100 lines.
    pub lines: Vec<OrderLineInput>,
    /// Where it goes; to the user's own address when absent.
    pub shipping_address: Option<AddressInput>,
    #[graphql(flatten)]
    pub terms: CreateTerms,
}

/// The payment of an order.
#[derive(InputObject, Clone, Debug)]
pub struct PayOrderInput {
    /// The order that was paid.
    pub order_id: ID,
    /// What the one who took the payment calls it, in 1 to 200 characters.
    pub payment_reference: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// The shipment of an order.
#[derive(InputObject, Clone, Debug)]
pub struct ShipOrderInput {
    /// The order that was shipped.
    pub order_id: ID,
    /// Who carries it, in 1 to 200 characters.
    pub carrier: String,
    /// What the carrier calls the parcel, in 1 to 200 characters.
    pub tracking_number: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Something to be done with an order that needs no more than its id.
#[derive(InputObject, Clone, Debug)]
pub struct OrderCommandInput {
    /// The order it is done with.
    pub order_id: ID,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

impl Input for PlaceOrderInput {
    fn given(&self) -> Given {
        self.terms.given(self.id.as_ref())
    }
}

impl Input for PayOrderInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ShipOrderInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for OrderCommandInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Mutation for PlaceOrder {
    const NAME: &'static str = "placeOrder";
    type Input = PlaceOrderInput;

    fn parse(input: PlaceOrderInput, problems: &mut Problems) -> Option<Self> {
        let id_of_order = new_id(problems, input.id.as_ref());
        let user_id = id(problems, "userId", &input.user_id);
        let lines = input.lines.into_iter().map(LineFields::from).collect();
        let lines = Lines::parse(problems, "lines", lines);
        let shipping_address = problems.optional(input.shipping_address, |problems, given| {
            Address::parse(problems, "shippingAddress", given.into())
        });
        Some(Self { id: id_of_order?, user_id: user_id?, lines: lines?, shipping_address: shipping_address? })
    }

    fn entity(&self) -> Uuid {
        self.id
    }
}

impl Mutation for PayOrder {
    const NAME: &'static str = "payOrder";
    type Input = PayOrderInput;

    fn parse(input: PayOrderInput, problems: &mut Problems) -> Option<Self> {
        let order_id = id(problems, "orderId", &input.order_id);
        let payment_reference = problems.take("paymentReference", Reference::parse(input.payment_reference));
        let expected_version = input.terms.expected_version;
        Some(Self { order_id: order_id?, expected_version, payment_reference: payment_reference? })
    }

    fn entity(&self) -> Uuid {
        self.order_id
    }
}

impl Mutation for ShipOrder {
    const NAME: &'static str = "shipOrder";
    type Input = ShipOrderInput;

    fn parse(input: ShipOrderInput, problems: &mut Problems) -> Option<Self> {
        let order_id = id(problems, "orderId", &input.order_id);
        let carrier = problems.take("carrier", Reference::parse(input.carrier));
        let tracking_number = problems.take("trackingNumber", Reference::parse(input.tracking_number));
        let expected_version = input.terms.expected_version;
        Some(Self {
            order_id: order_id?,
            expected_version,
            carrier: carrier?,
            tracking_number: tracking_number?,
        })
    }

    fn entity(&self) -> Uuid {
        self.order_id
    }
}

impl Mutation for DeliverOrder {
    const NAME: &'static str = "deliverOrder";
    type Input = OrderCommandInput;

    fn parse(input: OrderCommandInput, problems: &mut Problems) -> Option<Self> {
        let order_id = id(problems, "orderId", &input.order_id)?;
        Some(Self { order_id, expected_version: input.terms.expected_version })
    }

    fn entity(&self) -> Uuid {
        self.order_id
    }
}

impl Mutation for CancelOrder {
    const NAME: &'static str = "cancelOrder";
    type Input = OrderCommandInput;

    fn parse(input: OrderCommandInput, problems: &mut Problems) -> Option<Self> {
        let order_id = id(problems, "orderId", &input.order_id)?;
        // A reason that is not sound is told with the terms, once.
        let reason = input.terms.reason.and_then(|given| Reason::parse(given).ok());
        Some(Self { order_id, expected_version: input.terms.expected_version, reason })
    }

    fn entity(&self) -> Uuid {
        self.order_id
    }
}

impl Mutation for ReturnOrder {
    const NAME: &'static str = "returnOrder";
    type Input = OrderCommandInput;

    fn parse(input: OrderCommandInput, problems: &mut Problems) -> Option<Self> {
        let order_id = id(problems, "orderId", &input.order_id)?;
        Some(Self { order_id, expected_version: input.terms.expected_version })
    }

    fn entity(&self) -> Uuid {
        self.order_id
    }
}

impl From<OrderLineInput> for LineFields {
    fn from(given: OrderLineInput) -> Self {
        Self { product_id: given.product_id.0, quantity: given.quantity }
    }
}
