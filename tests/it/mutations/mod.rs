//! Mutations from input to payload: what is recorded, what is only rehearsed, and why something is refused.

mod answers;
mod importing;
mod late;
mod refusals;
mod shopping;
