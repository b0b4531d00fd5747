//! The edge over a toy schema: each file drives the router the way its clients do.

mod everywhere;
mod explorer;
mod http;
mod limits;
mod serve;
mod sse;
mod toy;
mod websocket;
