//! The engine by itself, on a toy domain, on both stores.

mod deciding;
mod following;
mod moments;
mod outcomes;
mod tampering;
