//! The select that finds what a text asks for, best first.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Value};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::table::{Column, Entity, Kind, Model};
use super::wanted::{STEP, Wanted};
use crate::engine::read_model::{Query, Words};
use crate::graphql::Result;
use crate::graphql::paging::{Cursor, Page, Place, containing};

/// Everything of these kinds that has what is wanted, in no order yet.
pub fn matching(wanted: &Wanted, kinds: Option<&[Kind]>) -> Query<Entity> {
    Query::with_words(select(wanted, kinds), index_words(wanted))
}

/// A page of it, best first; equally good ones newest first.
///
/// # Errors
/// A cursor whose keys are of another kind.
pub fn page(wanted: &Wanted, kinds: Option<&[Kind]>, page: &Page) -> Result<Query<Entity>> {
    let mut select = select(wanted, kinds);
    let rank = rank(wanted);
    if let Some(cursor) = &page.cursor {
        let columns = [Column::CreatedAt, Column::Id].map(IntoSimpleExpr::into_simple_expr);
        let Cursor { place, .. } = cursor;
        let there = [place.integer(0)?.into(), place.integer(1)?.into(), Value::from(place.id)];
        let here = Expr::tuple([rank.clone()].into_iter().chain(columns));
        select = select.filter(here.lt(Expr::tuple(there.map(Expr::value))));
    }
    select = select.order_by(rank, Order::Desc).order_by(Column::CreatedAt, Order::Desc);
    let select = select.order_by(Column::Id, Order::Desc).limit(page.fetch());
    Ok(Query::with_words(select, index_words(wanted)))
}

/// Where a row stands among the hits.
pub fn place(wanted: &Wanted, row: &Model) -> Place {
    Place { keys: vec![wanted.rank(row).into(), row.created_at.into()], id: row.id }
}

fn select(wanted: &Wanted, kinds: Option<&[Kind]>) -> Select<Entity> {
    // Single words are exact in the index; it does not know what stands beside them.
    let phrases = wanted.pieces.iter().filter(|piece| piece.words.len() > 1);
    let mut condition =
        Condition::all().add_option(kinds.map(|kinds| Column::Kind.is_in(kinds.iter().copied())));
    for phrase in phrases {
        condition = condition.add(Column::Words.like(containing(&phrase.needle(false))));
    }
    Entity::find().filter(condition)
}

fn index_words(wanted: &Wanted) -> Words {
    let mut words = Words::default();
    for piece in &wanted.pieces {
        let Some((last, before)) = piece.words.split_last() else { continue };
        words = before.iter().fold(words, |words, word| words.whole(word));
        words = if piece.is_open { words.begun(last) } else { words.whole(last) };
    }
    words
}

/// [`Wanted::rank`] in SQL: the two mean the same, which a test holds them to.
pub fn rank(wanted: &Wanted) -> Expr {
    let has = |column: Column, whole| {
        let needles = wanted.pieces.iter().map(|piece| containing(&piece.needle(whole)));
        needles.fold(Condition::all(), |all, needle| all.add(column.like(needle)))
    };
    let ranked = |steps: i64, size: Column| Expr::value(steps * STEP).sub(size.into_simple_expr());
    let case = CaseStatement::new().case(has(Column::Title, true), ranked(4, Column::TitleSize));
    // What is not open is whole wherever it is.
    if !wanted.pieces.iter().any(|piece| piece.is_open) {
        return case.finally(ranked(2, Column::Size)).into();
    }
    case.case(has(Column::Title, false), ranked(3, Column::TitleSize))
        .case(has(Column::Words, true), ranked(2, Column::Size))
        .finally(ranked(1, Column::Size))
        .into()
}
