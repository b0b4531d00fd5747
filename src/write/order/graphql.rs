//! The mutations of orders, and the order in their payload.

use async_graphql::{Context, Object};
use uuid::Uuid;

use super::commands::{CancelOrder, DeliverOrder, PayOrder, PlaceOrder, ReturnOrder, ShipOrder};
use super::input::{OrderCommandInput, PayOrderInput, PlaceOrderInput, ShipOrderInput};
use crate::engine::event::{Events, Position};
use crate::graphql::{At, Result};
use crate::read::orders::graphql::Order;
use crate::read::orders::loader;
use crate::write::payload::{After, Part, Payload, Shown};
use crate::write::submit::submit;

/// What a mutation of an order answers.
pub type OrderPayload = Payload<OrderAfter>;

/// The order in a payload.
pub struct OrderAfter(After);

#[Object(name = "OrderPayloadPart")]
impl OrderAfter {
    /// The state right after the command; null when refused and unknown.
    async fn order(&self, context: &Context<'_>) -> Option<Result<Order>> {
        self.0.show(context).await.transpose()
    }
}

impl From<After> for OrderAfter {
    fn from(after: After) -> Self {
        Self(after)
    }
}

impl Part for OrderAfter {
    const PAYLOAD: &'static str = "OrderPayload";
    const DESCRIPTION: &'static str = "What came of a command for an order.";
}

impl Shown for Order {
    async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Self>> {
        loader::load(context, id, at).await
    }

    async fn preview(context: &Context<'_>, id: Uuid, events: &Events, on: Position) -> Result<Option<Self>> {
        Order::preview(context, id, events, on).await
    }
}

/// The mutations of orders.
#[derive(Default)]
pub struct OrderMutations;

#[Object]
impl OrderMutations {
    /// Orders products for a user. Stock of every line is reserved by the same command, all or nothing.
    async fn place_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who orders what, and how to carry it out.")] input: PlaceOrderInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<PlaceOrder, _>(context, input).await)
    }

    /// Notes that an order was paid.
    async fn pay_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, the payment, and how to carry it out.")] input: PayOrderInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<PayOrder, _>(context, input).await)
    }

    /// Notes that an order was given to a carrier.
    async fn ship_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, the shipment, and how to carry it out.")] input: ShipOrderInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<ShipOrder, _>(context, input).await)
    }

    /// Notes that an order reached its user.
    async fn deliver_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how to carry it out.")] input: OrderCommandInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<DeliverOrder, _>(context, input).await)
    }

    /// Cancels an order that was not shipped yet. Stock of every line is released by the same command; `reason` is the
    /// order's cancellationReason.
    async fn cancel_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how to carry it out.")] input: OrderCommandInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<CancelOrder, _>(context, input).await)
    }

    /// Takes a delivered order back. Stock of every line is put back (StockReleased) by the same command.
    async fn return_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how to carry it out.")] input: OrderCommandInput,
    ) -> Option<Result<OrderPayload>> {
        Some(submit::<ReturnOrder, _>(context, input).await)
    }
}
