//! `hindsight schema`: prints the GraphQL schema as `schema.graphql` publishes it.

use std::io::Write;

use super::Failure;
use crate::api::schema::sdl;

pub fn run() -> Result<(), Failure> {
    std::io::stdout().write_all(sdl().as_bytes())?;
    Ok(())
}
