//! Search in the API: hits, and the query that leads to them.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Union};

use super::fold::Search;
use super::query;
use super::snippet::snippet;
use super::table::{Kind, Model};
use super::wanted::{STEP, Wanted};
use crate::engine::read_model::ReadModel;
use crate::graphql::paging::{Connection, Edges, Listed, Listing, PageArgs};
use crate::graphql::scalars::Moment;
use crate::graphql::{At, Failure, Result, Scope, bounded_argument};
use crate::read::orders::graphql::Order;
use crate::read::orders::loader as orders;
use crate::read::products::graphql::Product;
use crate::read::products::loader as products;
use crate::read::users::graphql::User;
use crate::read::users::loader as users;

/// What can be found.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum SearchKind {
    /// By name, e-mail address and address.
    User,
    /// By name and SKU.
    Product,
    /// By address, products (names and SKUs as ordered), carrier, tracking number and payment reference.
    Order,
}

/// What was found.
#[derive(Union)]
pub enum SearchSubject {
    User(User),
    Product(Product),
    Order(Order),
}

/// A row that was found, and what it was found by.
pub struct SearchHit {
    row: Model,
    wanted: Arc<Wanted>,
    at: At,
}

impl Listed for SearchHit {
    const NAME: &'static str = "Search";
    const PAGE: &'static str = "A page of what was found.";
    const ENTRY: &'static str = "A hit in a page.";
}

/// Something that was found as of a moment.
#[Object]
impl SearchHit {
    /// What it is.
    async fn kind(&self) -> SearchKind {
        self.row.kind.into()
    }

    /// The user, product or order itself, at the moment of the search.
    async fn subject(&self, context: &Context<'_>) -> Result<SearchSubject> {
        let (id, at) = (self.row.id, self.at);
        let found = match self.row.kind {
            Kind::User => users::load(context, id, at).await?.map(SearchSubject::User),
            Kind::Product => products::load(context, id, at).await?.map(SearchSubject::Product),
            Kind::Order => orders::load(context, id, at).await?.map(SearchSubject::Order),
        };
        found
            .ok_or_else(|| Failure::internal(format!("{:?} {id} was found, but is not there", self.row.kind)))
    }

    /// The matched text as it was given, each match between U+0002 and U+0003; long text is cut around its first match.
    async fn snippet(&self) -> String {
        snippet(&self.row, &self.wanted)
    }

    /// How well it fits, from 0 to 4: above 3 it has every word in what it is called by (name and e-mail address, name
    /// and SKU, payment reference and tracking number), above 2 with the last word as the beginning of one; above 1 every
    /// word somewhere, below 1 with the last as a beginning. The fewer words there are, the higher. It depends on the hit
    /// and the text alone.
    async fn score(&self) -> f64 {
        // A few thousand at most, so exact.
        self.wanted.rank(&self.row) as f64 / STEP as f64
    }
}

/// The query of what has words in it.
#[derive(Default)]
pub struct SearchQueries;

#[Object]
impl SearchQueries {
    /// The users, products and orders that have every word of a text, best `score` first; equally good ones newest first.
    ///
    /// Case and accents make no difference. The last word may be the beginning of one, unless something follows it (a
    /// space will do). Words in quotes, or with no space between them (`TEA-1`, `ada@example.com`), must stand one
    /// after another. Nothing else in a text has a meaning: any text is a valid search, and one without words finds nothing.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to look for, at most 200 characters.")] text: String,
        #[graphql(desc = "Only these kinds; all when absent.")] kinds: Option<Vec<SearchKind>>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Connection<SearchHit>> {
        found(context, &text, kinds, &PageArgs { first, after, ..PageArgs::default() }, as_of).await
    }
}

async fn found(
    context: &Context<'_>,
    text: &str,
    kinds: Option<Vec<SearchKind>>,
    page: &PageArgs,
    as_of: Option<Moment>,
) -> Result<Connection<SearchHit>> {
    let listing = Listing::new("search", Search::REVISION)
        .with("text", &text.to_owned())
        .with("kinds", &kinds)
        .with("asOf", &as_of);
    let page = page.page(&listing)?;
    bounded_argument("text", text)?;
    let kinds: Option<Vec<Kind>> = kinds.map(|kinds| kinds.into_iter().map(Kind::from).collect());
    let wanted = Arc::new(Wanted::parse(text));
    let scope = Scope::of(context)?.clone();
    let at = scope.at(as_of, page.pinned()).await?;
    let rows = scope.rows::<Search, _>(at, query::page(&wanted, kinds.as_deref(), &page)?).await?;
    let edges = Edges::of(
        &page,
        &listing,
        at.position,
        rows,
        |row| query::place(&wanted, row),
        |row| SearchHit { row, wanted: wanted.clone(), at },
    );
    let count = move || {
        let (scope, matching) = (scope.clone(), query::matching(&wanted, kinds.as_deref()));
        async move { scope.count::<Search, _>(at, matching).await }
    };
    Ok(Connection::counted(edges, count))
}
