//! What subscriptions ask of a scope: to follow the log from where they left off, and rows that may take their time.

use std::collections::HashMap;

use sea_orm::EntityTrait;

use super::errors::{ErrorCode, Failure, Result};
use super::scope::Scope;
use crate::engine::event::{Hash, Position};
use crate::engine::feed::{FollowError, Follower};
use crate::engine::log::filter::EventFilter;
use crate::engine::read_model::{Key, ReadModel, Row};

impl Scope {
    /// Follows the log after a position, or from its end when there is none. A subscription that was cut off goes on
    /// where it was, whatever its arguments say.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a hash that is none, `LOG_DIVERGED` when the log holds something else there.
    pub async fn follow(
        &self,
        after: Option<Position>,
        after_hash: Option<&str>,
        filter: EventFilter,
    ) -> Result<Follower> {
        let hash = after_hash.map(parse_hash).transpose()?;
        let (after, hash) = self.resumed().map_or((after, hash), |(after, hash)| (Some(after), Some(hash)));
        Ok(self.engine().feed.follow(after, hash, filter).await?)
    }

    /// Rows as by [`Scope::each`], however long the read model takes to get there: who follows the log waits for it
    /// until it has come, has stopped, or nobody listens any more.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn each_in_time<M, E>(
        &self,
        asked: &[(Key, Position)],
    ) -> Result<HashMap<(Key, Position), E::Model>>
    where
        M: ReadModel,
        E: EntityTrait,
        E::Model: Row,
    {
        loop {
            match self.each::<M, E>(asked).await {
                Err(failure) if failure.code() == ErrorCode::NotYetVisible => {}
                answer => return answer,
            }
        }
    }
}

fn parse_hash(text: &str) -> Result<Hash> {
    text.parse().map_err(|_| {
        let message = format!(
            "expected afterHash to be 64 hexadecimal digits; got {} characters",
            text.chars().count()
        );
        Failure::bad_user_input(message)
    })
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Diverged { .. } => Self::new(ErrorCode::LogDiverged, error.to_string()),
            FollowError::Log(error) => error.into(),
        }
    }
}
