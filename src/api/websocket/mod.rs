//! stub
use super::{Edge, host::Host};
use async_graphql::Executor;
use axum::{extract::Request, response::Response};
pub async fn upgrade<E: Executor, H: Host>(_edge: Edge<E, H>, _request: Request) -> Response {
    Response::default()
}
