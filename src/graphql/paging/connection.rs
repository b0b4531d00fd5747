//! Connections: a page of a list as the API answers it, one pair of types a kind of node (`UserConnection`, `UserEdge`).

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Description, Object, ObjectType, OutputType, SimpleObject, TypeName};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::cursor::{Listing, Place};
use super::page::{Direction, Page};
use crate::engine::event::Position;
use crate::graphql::errors::Result;

/// What is listed, and how its connection is named and described.
pub trait Listed: OutputType {
    /// `User` makes `UserConnection` and `UserEdge`.
    const NAME: &'static str;
    /// The description of the connection, such as "A page of users."
    const PAGE: &'static str;
    /// The description of the edge, such as "A user in a page."
    const ENTRY: &'static str;
}

/// About a page.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct PageInfo {
    /// Whether the list goes on after this page.
    pub has_next_page: bool,
    /// Whether the list has something before this page.
    pub has_previous_page: bool,
    /// The cursor of the first edge, for `before`; null when the page is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge, for `after`; null when the page is empty.
    pub end_cursor: Option<String>,
}

/// A node in a page.
pub struct Edge<N> {
    pub cursor: String,
    pub node: N,
}

/// The edges of a page and what to know about it: what a query has in hand once its rows are read.
pub struct Edges<N> {
    pub edges: Vec<Edge<N>>,
    pub page_info: PageInfo,
}

impl<N> Edges<N> {
    /// From rows as fetched for a page: in its direction, one more than it holds if there are more.
    /// `position` is the one they were read at; every cursor pins it.
    pub fn of<R>(
        page: &Page,
        listing: &Listing,
        position: Position,
        rows: Vec<R>,
        place: impl Fn(&R) -> Place,
        node: impl Fn(R) -> N,
    ) -> Self {
        let (rows, more) = page.cut(rows);
        let edges: Vec<Edge<N>> = rows
            .into_iter()
            .map(|row| Edge { cursor: listing.encode(position, &place(&row)), node: node(row) })
            .collect();
        // The cursor was a row of this list at this same position, so there is something on its side.
        let behind = page.cursor.is_some();
        let (has_next_page, has_previous_page) = match page.direction {
            Direction::Forward => (more, behind),
            Direction::Backward => (behind, more),
        };
        let page_info = PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { edges, page_info }
    }
}

impl<N> Edges<Result<N>> {
    /// The page, if every node of it could be made.
    ///
    /// # Errors
    /// The first node that could not.
    pub fn all(self) -> Result<Edges<N>> {
        let edge = |Edge { cursor, node }: Edge<Result<N>>| node.map(|node| Edge { cursor, node });
        let edges = self.edges.into_iter().map(edge).collect::<Result<_>>()?;
        Ok(Edges { edges, page_info: self.page_info })
    }
}

/// A page as it is answered: with the total of the list, or [`Uncounted`].
pub struct Connection<N, T = Total> {
    page: Edges<N>,
    total: T,
}

impl<N> Connection<N, Total> {
    /// With a total, counted only when it is selected, and once however often it is.
    pub fn counted<F>(page: Edges<N>, count: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<u64>> + Send + 'static,
    {
        let total = Total { count: Arc::new(move || count().boxed()), counted: OnceCell::new() };
        Self { page, total }
    }
}

impl<N> Connection<N, Uncounted> {
    /// Without a total.
    pub fn uncounted(page: Edges<N>) -> Self {
        Self { page, total: Uncounted }
    }
}

/// What a connection adds to its edges when its list is counted.
pub struct Total {
    count: Arc<dyn Fn() -> BoxFuture<'static, Result<u64>> + Send + Sync>,
    counted: OnceCell<u64>,
}

// The name is nowhere seen: its field is flattened into every counted connection.
#[Object(name = "ConnectionTotal")]
impl Total {
    /// How many there are over all pages, at the same moment.
    async fn total_count(&self) -> Result<i32> {
        let count = *self.counted.get_or_try_init(|| (self.count)()).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// What a connection adds to its edges when its list is not counted: nothing.
#[derive(SimpleObject)]
#[graphql(name = "ConnectionUncounted", fake)]
pub struct Uncounted;

impl<N: Listed, T: ObjectType> TypeName for Connection<N, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

impl<N: Listed, T: ObjectType> Description for Connection<N, T> {
    fn description() -> &'static str {
        N::PAGE
    }
}

#[Object(name_type, use_type_description)]
impl<N: Listed, T: ObjectType> Connection<N, T> {
    /// The nodes of this page, each with its cursor.
    async fn edges(&self) -> &[Edge<N>] {
        &self.page.edges
    }

    /// The nodes of this page, for those who need no cursor of each.
    async fn nodes(&self) -> Vec<&N> {
        self.page.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Whether and how to go on from this page.
    async fn page_info(&self) -> &PageInfo {
        &self.page.page_info
    }

    #[graphql(flatten)]
    async fn total(&self) -> &T {
        &self.total
    }
}

impl<N: Listed> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

impl<N: Listed> Description for Edge<N> {
    fn description() -> &'static str {
        N::ENTRY
    }
}

#[Object(name_type, use_type_description)]
impl<N: Listed> Edge<N> {
    /// Where this node stands in its list, for `after` and `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The node itself.
    async fn node(&self) -> &N {
        &self.node
    }
}
