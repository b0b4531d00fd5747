//! What did each event change of an entity? Its read model's own fold, event by event, and what is shown before and after.

pub mod graphql;
mod replay;
#[cfg(test)]
mod tests;
