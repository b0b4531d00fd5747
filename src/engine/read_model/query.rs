//! A query of an entity's rows, and what is known about how to find them.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoCondition, Value};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, Iden, Iterable, Order, PrimaryKeyToColumn, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::definition::Table;
use super::filter::{Filter, NAMED, Named, Says};
use super::range::{Born, Range};
use super::source::{branch_of, has_limit};
use super::walk::Walk;
use super::words::Words;

/// The usual query of an entity. Converts from a [`Select`], of which nothing is known.
#[derive(Clone, Debug)]
pub struct Query<E: EntityTrait> {
    /// With all filters.
    pub(super) select: Select<E>,
    /// The same without the filters that every row found in either twin is known to meet.
    pub(super) over_both: Option<Select<E>>,
    /// The same without those filters that are known one by one.
    pub(super) bare: Select<E>,
    pub(super) filters: Vec<Filter>,
    pub(super) order: Vec<String>,
    first: Option<First>,
    /// What every row has that was there, in a column that never changes.
    pub(super) born: Option<Born>,
    pub(super) few: bool,
    pub(super) words: Option<Words>,
}

/// The first rows in an order, all of it in one direction.
#[derive(Clone, Debug)]
pub struct First {
    /// How many at most.
    pub rows: u64,
    pub direction: Order,
    /// Where a query's rows begin at the earliest, in the first column of the order, if that is known: those before are passed
    /// over at once. It leaves out nothing. A page behind a cursor begins there instead.
    pub begin: Option<i64>,
    /// How far they go at most: they are looked for no further. It leaves out nothing either.
    pub end: Option<i64>,
}

impl First {
    /// What every row meets that has a value in a column from another on.
    fn from(&self, column: Expr, begin: i64) -> Expr {
        let is_from = if self.direction == Order::Asc { ExprTrait::gte } else { ExprTrait::lte };
        is_from(column, begin)
    }

    /// What every row meets that has a value in a column up to another.
    pub(super) fn up_to(&self, column: Expr, end: impl Into<Expr>) -> Expr {
        let is_up_to = if self.direction == Order::Asc { ExprTrait::lte } else { ExprTrait::gte };
        is_up_to(column, end)
    }
}

impl<E: EntityTrait> Query<E> {
    /// Of whole rows. Best given without order and limit, for [`first`](Self::first) to add: then what the filters
    /// cost is not paid once more for the rows found.
    pub fn of(select: Select<E>) -> Self {
        let over_both = is_unordered(&select).then(E::find);
        Self { over_both, ..select.into() }
    }

    /// The same of a select whose filters let few rows through, at any moment, and an index or a primary key finds them:
    /// a [`lookup`](super::Table::lookup), or a sub-select that names keys. They are then found first, sorted afterwards.
    pub fn few(select: Select<E>) -> Self {
        Self { few: true, ..Self::of(select) }
    }

    /// Its rows must also have these words, by which they are found; see [`Table::words`](super::Table::words).
    pub fn with_words(select: Select<E>, words: Words) -> Self {
        Self { few: true, words: Some(words), ..select.into() }
    }

    /// The same, of rows that have one of these values in a column. In a list whose [order](Self::in_order) an index has
    /// behind that column, the rows of each value are walked over side by side.
    #[must_use]
    pub fn one_of<V: Into<Value>>(self, column: E::Column, values: impl IntoIterator<Item = V>) -> Self {
        let mut one_of: Vec<Value> = Vec::new();
        for value in values.into_iter().map(Into::into) {
            if !one_of.contains(&value) {
                one_of.push(value);
            }
        }
        let meets = column.is_in(one_of.iter().cloned()).into_condition();
        self.filtered(column, Says::OneOf(one_of), meets)
    }

    /// The same, of the few rows whose keys a select of another of the model's tables names in a column; their own is the
    /// one `column` of their primary key. They are found by that, unless they are few anyway.
    #[must_use]
    pub fn named<F: EntityTrait>(self, column: E::Column, others: Select<F>, naming: F::Column) -> Self {
        let keys = others.select_only().column_as(naming.into_expr(), NAMED);
        let meets = column.in_subquery(keys.as_query().clone()).into_condition();
        let says = if self.few { Says::Otherwise } else { Says::Named(Box::new(keys.into_query())) };
        Self { few: true, ..self.filtered(column, says, meets) }
    }

    /// The same, of rows that meet a condition on one column. In a list of another [order](Self::in_order) the rows that
    /// do not are passed over.
    #[must_use]
    pub fn meeting(self, column: E::Column, condition: impl IntoCondition) -> Self {
        self.filtered(column, Says::Otherwise, condition.into_condition())
    }

    /// The same, of rows whose values of a column begin or end somewhere, as one comparison says; both ends of a range are
    /// two. In a list of another [order](Self::in_order) they are found by that where they are few and an index has them
    /// together.
    #[must_use]
    pub fn within(self, column: E::Column, comparison: impl IntoCondition) -> Self {
        self.filtered(column, Says::Within, comparison.into_condition())
    }

    /// The same, as of a moment by which every row that was there had at most this value in a column: when it came to be,
    /// which never changes. It leaves out nothing; but rows are found by it where few had come to be by then.
    #[must_use]
    pub fn born_by(self, column: E::Column, until: i64) -> Self {
        let meets = column.lte(until).into_condition();
        Self { born: Some(Born { column: column.unquoted().to_owned(), until, meets }), ..self }
    }

    fn filtered(mut self, column: E::Column, says: Says, meets: Condition) -> Self {
        self.select = self.select.filter(meets.clone());
        self.filters.push(Filter { column: column.unquoted().to_owned(), says, meets });
        self
    }

    /// The same, with more done to its select, as where in its order to begin. What is said there of other columns than
    /// those of the [order](Self::in_order) and of the primary key makes the list slower.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_map<F>(self, change: impl Fn(Select<E>) -> Result<Select<E>, F>) -> Result<Self, F> {
        let over_both = self.over_both.map(&change).transpose()?;
        Ok(Self { select: change(self.select)?, bare: change(self.bare)?, over_both, ..self })
    }

    /// The select with all its filters.
    pub fn into_select(self) -> Select<E> {
        self.select
    }

    /// Tells by which columns its select is ordered, or will be by [`first`](Self::first), but for the primary key behind them.
    #[must_use]
    pub fn in_order(self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        let order = columns.into_iter().map(|column| column.unquoted().to_owned()).collect();
        Self { order, ..self }
    }

    /// The first of its rows in the [order](Self::in_order) that was told, and where they are alike by the primary key. Said
    /// last, of a select that has neither order nor limit.
    #[must_use]
    pub fn first(self, first: First) -> Self {
        let column = |name: &String| Expr::col((E::default(), Alias::new(name)));
        let key = E::PrimaryKey::iter().map(|key| key.into_column().unquoted().to_owned());
        let behind: Vec<String> = key.filter(|name| !self.order.contains(name)).collect();
        let sorted = |select: Select<E>| {
            let by = self.order.iter().chain(&behind).map(column);
            by.fold(select.limit(first.rows), |select, by| select.order_by(by, first.direction.clone()))
        };
        let (select, bare, over_both) = (sorted(self.select), sorted(self.bare), self.over_both.map(sorted));
        let all = Self { select, bare, over_both, first: Some(first), ..self };
        let select = all.limits().into_iter().flatten().fold(all.select.clone(), Select::filter);
        Self { select, ..all }
    }

    /// What every row meets where its [first](Self::first) are asked for: where these begin, and up to where they may be.
    fn limits(&self) -> [Option<Expr>; 2] {
        let (Some(first), Some(by)) = (&self.first, self.order.first()) else { return [None, None] };
        let by = || Expr::col((E::default(), Alias::new(by)));
        [first.begin.map(|begin| first.from(by(), begin)), first.end.map(|end| first.up_to(by(), end))]
    }

    /// How its rows are walked over in their order within an index, if one of the table's has it.
    pub(super) fn walk(&self, table: &Table) -> Option<Walk> {
        let over_both = self.over_both.as_ref()?;
        if self.few || self.order.is_empty() || !self.is_about_order(table, over_both) {
            return None;
        }
        let apart = self.apart(table);
        if apart.is_none() && !self.is_in_order(table) {
            return None;
        }
        let (mut bare, mut passing, mut passed) = (self.bare.clone(), Condition::all(), Vec::new());
        for (place, filter) in self.filters.iter().enumerate() {
            if apart.is_some_and(|(apart, _)| apart == place) {
                continue;
            }
            // One of no values: nothing is looked at when that is said first.
            if self.order.contains(&filter.column) || filter.values().is_some_and(<[Value]>::is_empty) {
                bare = bare.filter(filter.meets.clone());
            } else {
                passing = passing.add(filter.meets.clone());
                passed.push(filter.column.clone());
            }
        }
        let apart = apart.and_then(|(_, filter)| Some((filter.column.clone(), filter.values()?.to_vec())));
        let [begin, end] = self.limits();
        // Of rows that have a part of a text, hardly any may be among the first of now.
        let tells_nothing = |filter: &Filter| matches!(filter.says, Says::Otherwise);
        let ends_itself = |filter: &Filter| self.order.first() == Some(&filter.column);
        let is_open = !self.filters.iter().any(|filter| tells_nothing(filter) || ends_itself(filter));
        Some(Walk {
            order: self.order.clone(),
            first: self.first.clone().filter(|_| is_open),
            end: Condition::all().add_option(end),
            apart,
            passing,
            passed,
            ..Walk::over(&begin.into_iter().fold(bare, Select::filter).into_query())
        })
    }

    /// The filter whose values are walked over apart, and its place.
    pub(super) fn apart(&self, table: &Table) -> Option<(usize, &Filter)> {
        let is_apart = |(_, one): &(usize, &Filter)| {
            one.values().is_some_and(|values| !values.is_empty())
                && self.is_in_order_behind(&one.column, table)
        };
        self.filters.iter().enumerate().find(is_apart)
    }

    /// Whether an index has all rows in the order.
    fn is_in_order(&self, table: &Table) -> bool {
        table.indexes.iter().any(|index| index.is_sorted_by(self.order.iter().map(String::as_str)))
    }

    /// Whether an index has the rows of each value of a column in the order.
    pub(super) fn is_in_order_behind(&self, column: &str, table: &Table) -> bool {
        let wanted = || std::iter::once(column).chain(self.order.iter().map(String::as_str));
        table.indexes.iter().any(|index| index.is_sorted_by(wanted()))
    }

    /// The rows whose keys another select names, if one does.
    pub(super) fn by_name(&self, table: &Table) -> Option<Named> {
        let is_key = |name: &str| table.key_columns().map(|key| &*key.name).eq([name]);
        let named = self.filters.iter().enumerate().find_map(|(place, one)| match &one.says {
            Says::Named(keys) if is_key(&one.column) => Some((place, one.column.clone(), (**keys).clone())),
            _ => None,
        });
        let (place, column, keys) = named?;
        let rows = self.others(&[place]).fold(self.bare.clone(), Select::filter).into_query();
        Some(Named { column, keys, rows })
    }

    /// Whether its page can be told from places: it is about no other columns than those of its order, and skips nothing.
    pub(super) fn is_of_places(&self, table: &Table) -> bool {
        let is_about_order = |over_both| !self.order.is_empty() && self.is_about_order(table, over_both);
        has_limit(&branch_of(QueryTrait::as_query(&self.select)))
            && self.over_both.as_ref().is_some_and(is_about_order)
    }

    /// What all filters say but those at some places.
    pub(super) fn others(&self, but: &[usize]) -> impl Iterator<Item = Condition> {
        let others = self.filters.iter().enumerate().filter(|(place, _)| !but.contains(place));
        others.map(|(_, one)| one.meets.clone())
    }

    /// The select where few rows lie within a range: with all its filters, so that they are found by that.
    pub(super) fn select_within(&self, range: &Range, backend: DbBackend) -> Select<E> {
        // SQLite has no statistics, so it is told.
        let bounds = range.bounds.iter().map(|bound| match backend {
            DbBackend::Sqlite => {
                Expr::cust_with_exprs("likelihood(?, 0.00001)", [bound.clone().into()]).into_condition()
            }
            _ => bound.clone(),
        });
        self.others(&range.filters).chain(bounds).fold(self.bare.clone(), Select::filter)
    }

    /// Whether it finds all rows.
    pub(super) fn finds_all(&self) -> bool {
        let (all, own) = (E::find(), QueryTrait::as_query(&self.select));
        self.words.is_none() && own == QueryTrait::as_query(&all)
    }

    /// Whether a select tells of no other columns than those of the order and of the primary key: of a row's place no
    /// more is known.
    fn is_about_order(&self, table: &Table, select: &Select<E>) -> bool {
        let mut told = QueryTrait::as_query(select).clone();
        told.clear_selects();
        let sql = DbBackend::Sqlite.build(&told).sql;
        let is_known = |name: &str| {
            self.order.iter().any(|column| column == name) || table.key_columns().any(|key| key.name == name)
        };
        let mut others = table.columns.iter().filter(|column| !is_known(&column.name));
        others.all(|column| !sql.contains(&format!("\"{}\"", column.name)))
    }
}

impl<E: EntityTrait> From<Select<E>> for Query<E> {
    fn from(select: Select<E>) -> Self {
        Self {
            bare: select.clone(),
            select,
            over_both: None,
            filters: Vec::new(),
            order: Vec::new(),
            first: None,
            born: None,
            few: false,
            words: None,
        }
    }
}

/// Whether there is neither an order nor a limit.
fn is_unordered<E: EntityTrait>(select: &Select<E>) -> bool {
    let mut without = QueryTrait::as_query(select).clone();
    without.clear_order_by().reset_limit().reset_offset();
    without == *QueryTrait::as_query(select)
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::SelectStatement;
    use sea_orm::{QueryOrder, QuerySelect};

    use super::*;
    use crate::engine::read_model::thing::list::{all, looked_up as things};
    use crate::engine::read_model::thing::{
        self,
        Column::{Age, Id, Kind, Size},
    };

    fn walk(query: Query<thing::Entity>) -> Option<Walk> {
        query.try_map(|select| Ok::<_, ()>(select.order_by_asc(Size).limit(3))).unwrap().walk(&things())
    }

    fn sql(select: &SelectStatement) -> String {
        DbBackend::Sqlite.build(select).sql
    }

    #[test]
    fn a_filter_says_where_the_walk_begins_or_is_taken_apart_or_rules_out_on_the_way() {
        let query = all().one_of(Kind, [2, 1, 2]).meeting(Size, Size.gt(1)).meeting(Age, Age.gt(7));
        let walk = walk(query.in_order([Size])).unwrap();
        assert_eq!(walk.apart, Some(("kind".to_owned(), vec![2.into(), 1.into()])), "each value once");
        assert!(sql(&walk.select).contains(r#"WHERE "things"."size" > ? ORDER BY"#), "{}", sql(&walk.select));
        assert_eq!(walk.passing, Condition::all().add(Age.gt(7)));
    }

    #[test]
    fn a_list_of_no_values_says_so_before_any_row_is_looked_at() {
        let none: [i32; 0] = [];
        let walk = walk(all().one_of(Kind, none).meeting(Age, Age.gt(7)).in_order([Size])).unwrap();
        assert_eq!(walk.apart, None);
        assert!(sql(&walk.select).contains("WHERE ? = ? ORDER BY"), "{}", sql(&walk.select));
        assert_eq!(walk.passing, Condition::all().add(Age.gt(7)));
    }

    #[test]
    fn without_an_index_of_just_that_order_nothing_is_walked_over() {
        assert!(walk(all().in_order([Size])).is_some());
        assert!(walk(all()).is_none(), "no order is known");
        assert!(walk(all().in_order([Age])).is_none(), "an index of more columns has another order");
        assert!(walk(all().in_order([Kind])).is_none(), "a lookup is for few rows");
        assert!(walk(Query::few(thing::Entity::find()).in_order([Size])).is_none());
    }

    #[test]
    fn nothing_is_walked_over_where_a_page_is_about_more_than_its_order_says() {
        let walk = |change: fn(Select<thing::Entity>) -> Select<thing::Entity>| {
            let page = all().in_order([Size]).try_map(|select| Ok::<_, ()>(change(select).limit(3)));
            page.unwrap().walk(&things())
        };
        assert!(walk(|select| select.order_by_asc(Size).order_by_asc(Id)).is_some());
        assert!(walk(|select| select.filter(Size.gt(3)).order_by_asc(Size)).is_some());
        assert!(walk(|select| select.order_by_asc(Size).order_by_asc(Age)).is_none());
        assert!(walk(|select| select.filter(Age.gt(3)).order_by_asc(Size)).is_none());
    }

    #[test]
    fn rows_that_another_select_names_are_found_by_that_unless_they_are_few_anyway() {
        let named = |query: Query<thing::Entity>| query.named(Id, thing::Entity::find(), Kind);
        let found = named(all().meeting(Age, Age.gt(7))).by_name(&things()).unwrap();
        assert!(sql(&found.rows).ends_with(r#"WHERE "things"."age" > ?"#), "{}", sql(&found.rows));
        assert!(named(Query::few(thing::Entity::find())).by_name(&things()).is_none());
        assert!(all().named(Age, thing::Entity::find(), Kind).by_name(&things()).is_none(), "no key");
        let of_places = |change: fn(Select<thing::Entity>) -> Select<thing::Entity>| {
            let page = named(all()).in_order([Size]).try_map(|select| Ok::<_, ()>(change(select).limit(3)));
            page.unwrap().is_of_places(&things())
        };
        assert!(of_places(|select| select.order_by_asc(Size)));
        assert!(!of_places(|select| select.order_by_asc(Size).offset(1)), "it would be skipped twice");
        assert!(!of_places(|select| select.order_by_asc(Age)), "no place tells that");
        let select = named(all()).into_select().into_query();
        assert!(sql(&select).contains(r#""things"."id" IN (SELECT "things"."kind""#), "{}", sql(&select));
    }

    #[test]
    fn a_select_within_a_range_has_every_filter_once_and_tells_sqlite_which_leaves_few() {
        let query = all().one_of(Kind, [1]).within(Age, Age.gt(7)).meeting(Size, Size.gt(3)).in_order([Size]);
        let range = query.filtered_ranges(&things()).remove(0);
        let select =
            |range, backend: DbBackend| backend.build(query.select_within(range, backend).as_query()).sql;
        let (sqlite, postgres) = (select(&range, DbBackend::Sqlite), select(&range, DbBackend::Postgres));
        let filters =
            r#""things"."kind" IN (?) AND "things"."size" > ? AND (likelihood("things"."age" > ?, 0.00001))"#;
        assert!(sqlite.ends_with(filters), "{sqlite}");
        let filters = r#""things"."kind" IN ($1) AND "things"."size" > $2 AND "things"."age" > $3"#;
        assert!(postgres.ends_with(filters), "{postgres}");

        let born = query.clone().born_by(Age, 9).born_range(&things()).unwrap();
        let all = select(&born, DbBackend::Postgres);
        let filters = r#""things"."age" > $2 AND "things"."size" > $3 AND "things"."age" <= $4"#;
        assert!(all.ends_with(filters), "{all}");
    }
}
