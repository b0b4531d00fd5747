//! Which page is asked for.

use crate::engine::event::Position;
use crate::graphql::errors::{Failure, Result};

use super::cursor::{Cursor, Listing};

/// The most a page holds.
const MOST: i32 = 100;

/// What a page holds when nothing is said.
const DEFAULT: usize = 20;

/// The arguments of a list, as they came.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Which way a page goes from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// In the order of the list, from its start or after a cursor.
    Forward,
    /// Against the order of the list, from its end or before a cursor; fetched reversed, answered in order.
    Backward,
}

/// A page as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub direction: Direction,
    /// How many rows it holds at most: 0 to 100.
    pub limit: usize,
    /// Where it goes on: after this in its direction.
    pub cursor: Option<Cursor>,
}

impl PageArgs {
    /// The page these arguments ask for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: `first` and `last` together, a number beyond bounds, a cursor without its number's direction,
    /// or a cursor that is none of this list.
    pub fn page(&self, listing: &Listing) -> Result<Page> {
        let decode = |cursor: &Option<String>| cursor.as_deref().map(|text| listing.decode(text)).transpose();
        match (self.first, self.last) {
            (Some(_), Some(_)) => Err(Failure::bad_user_input("expected `first` or `last`; got both")),
            (None, Some(last)) => {
                if self.after.is_some() {
                    return Err(mismatch("`last` with `before`", "`last` with `after`"));
                }
                let limit = bounded("last", last)?;
                Ok(Page { direction: Direction::Backward, limit, cursor: decode(&self.before)? })
            }
            (first, None) => {
                if self.before.is_some() {
                    return Err(mismatch("`before` with `last`", "`before` without it"));
                }
                let limit = first.map_or(Ok(DEFAULT), |first| bounded("first", first))?;
                Ok(Page { direction: Direction::Forward, limit, cursor: decode(&self.after)? })
            }
        }
    }
}

fn bounded(name: &str, number: i32) -> Result<usize> {
    usize::try_from(number)
        .ok()
        .filter(|_| number <= MOST)
        .ok_or_else(|| Failure::bad_user_input(format!("expected `{name}` to be 0 to {MOST}; got {number}")))
}

fn mismatch(expected: &str, came: &str) -> Failure {
    Failure::bad_user_input(format!(
        "expected {expected}; got {came}: pages go one way, `first` after or `last` before"
    ))
}

impl Page {
    /// How many rows to fetch: one more than the page holds, to know whether there are more.
    pub fn fetch(&self) -> u64 {
        self.limit as u64 + 1
    }

    /// The position that the cursor pins.
    pub fn pinned(&self) -> Option<Position> {
        self.cursor.as_ref().map(|cursor| cursor.position)
    }

    /// From the rows as fetched (in the page's direction, up to [`Page::fetch`]) those of the page in the order of the
    /// list, and whether there are more in its direction.
    pub(super) fn cut<R>(&self, mut rows: Vec<R>) -> (Vec<R>, bool) {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.direction == Direction::Backward {
            rows.reverse();
        }
        (rows, more)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::cursor::Place;
    use super::*;

    fn listing() -> Listing {
        Listing::new("users", 1)
    }

    fn cursor() -> Option<String> {
        let place = Place { keys: vec![], id: Uuid::nil() };
        Some(listing().encode(Position::from_stored(9), &place))
    }

    #[test]
    fn without_arguments_a_page_is_the_first_twenty() {
        let page = PageArgs::default().page(&listing()).unwrap();
        assert_eq!(page, Page { direction: Direction::Forward, limit: 20, cursor: None });
    }

    #[test]
    fn a_page_goes_forward_after_a_cursor_or_backward_before_one() {
        let forward = PageArgs { first: Some(100), after: cursor(), ..PageArgs::default() };
        let page = forward.page(&listing()).unwrap();
        assert_eq!((page.direction, page.limit, page.fetch()), (Direction::Forward, 100, 101));
        assert_eq!(page.pinned(), Position::new(9));
        let backward = PageArgs { last: Some(0), before: cursor(), ..PageArgs::default() };
        let page = backward.page(&listing()).unwrap();
        assert_eq!((page.direction, page.limit, page.fetch()), (Direction::Backward, 0, 1));
        let after_alone = PageArgs { after: cursor(), ..PageArgs::default() };
        assert_eq!(after_alone.page(&listing()).unwrap().limit, 20);
    }

    #[test]
    fn arguments_that_contradict_each_other_or_their_bounds_are_refused() {
        let args = |first, after: Option<String>, last, before| PageArgs { first, after, last, before };
        for (args, reason) in [
            (args(Some(1), None, Some(1), None), "got both"),
            (args(Some(101), None, None, None), "`first` to be 0 to 100; got 101"),
            (args(Some(-1), None, None, None), "`first` to be 0 to 100; got -1"),
            (args(None, None, Some(i32::MAX), None), "`last` to be 0 to 100"),
            (args(Some(1), None, None, cursor()), "`before` with `last`"),
            (args(None, None, None, cursor()), "`before` with `last`"),
            (args(None, cursor(), Some(1), None), "`last` with `before`"),
            (args(Some(1), Some("me".to_owned()), None, None), "got \"me\""),
        ] {
            let failure = args.page(&listing()).unwrap_err();
            assert!(failure.message().contains(reason), "{}", failure.message());
        }
    }
}
