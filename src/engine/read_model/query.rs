//! A query of an entity's rows, and what is known about how to find them.

use sea_orm::sea_query::{IntoCondition, Value};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, Iden, QueryFilter, QueryTrait, Select};

use super::definition::Table;
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
    bare: Select<E>,
    filters: Vec<Filter>,
    /// What every row meets that was there.
    bound: Condition,
    order: Vec<String>,
    pub(super) few: bool,
    pub(super) words: Option<Words>,
}

/// A filter of which it is known what column it is about.
#[derive(Clone, Debug)]
struct Filter {
    column: String,
    /// The values that the column may have, each once; `None` where the filter says something else.
    one_of: Option<Vec<Value>>,
    meets: Condition,
}

impl Filter {
    fn has_values(&self) -> bool {
        self.one_of.as_ref().is_some_and(|values| !values.is_empty())
    }
}

impl<E: EntityTrait> Query<E> {
    /// Of whole rows. Best given without order and limit, for [`try_map`](Self::try_map) to add: then what the filters
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
        self.filtered(Filter { column: column.unquoted().to_owned(), one_of: Some(one_of), meets })
    }

    /// The same, of rows that meet a condition on one column. In a list of another [order](Self::in_order) the rows that
    /// do not are passed over.
    #[must_use]
    pub fn meeting(self, column: E::Column, condition: impl IntoCondition) -> Self {
        let meets = condition.into_condition();
        self.filtered(Filter { column: column.unquoted().to_owned(), one_of: None, meets })
    }

    fn filtered(mut self, filter: Filter) -> Self {
        self.select = self.select.filter(filter.meets.clone());
        self.filters.push(filter);
        self
    }

    /// The same, with more done to its select: an order, where in it to begin, and a limit. What is said there of other
    /// columns than those of the [order](Self::in_order) and of the primary key makes the list slower.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_map<F>(self, change: impl Fn(Select<E>) -> Result<Select<E>, F>) -> Result<Self, F> {
        let over_both = self.over_both.map(&change).transpose()?;
        Ok(Self { select: change(self.select)?, bare: change(self.bare)?, over_both, ..self })
    }

    /// The same, where every row that was there meets this condition: so those that came later are passed over at once.
    #[must_use]
    pub fn bounded(self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        Self { select: self.select.filter(condition.clone()), bound: self.bound.add(condition), ..self }
    }

    /// The select with all its filters.
    pub fn into_select(self) -> Select<E> {
        self.select
    }

    /// Tells by which columns its select is ordered, but for the primary key behind them.
    #[must_use]
    pub fn in_order(self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        let order = columns.into_iter().map(|column| column.unquoted().to_owned()).collect();
        Self { order, ..self }
    }

    /// How its rows are walked over in their order within an index, if one of the table's has it.
    pub(super) fn walk(&self, table: &Table) -> Option<Walk> {
        let over_both = self.over_both.as_ref()?;
        if self.few || self.order.is_empty() || !self.is_about_order(table, over_both) {
            return None;
        }
        let leads = |first: Option<&String>| {
            let wanted = first.into_iter().chain(&self.order);
            table.indexes.iter().any(|index| !index.leaves_few && index.columns.iter().eq(wanted.clone()))
        };
        let is_apart = |one: &&Filter| one.has_values() && leads(Some(&one.column));
        let apart = self.filters.iter().find(is_apart);
        if apart.is_none() && !leads(None) {
            return None;
        }
        let (mut bare, mut passing) = (self.bare.clone(), Condition::all());
        for filter in &self.filters {
            if apart.is_some_and(|apart| std::ptr::eq(apart, filter)) {
                continue;
            }
            // One of no values: nothing is looked at when that is said first.
            if self.order.contains(&filter.column) || (filter.one_of.is_some() && !filter.has_values()) {
                bare = bare.filter(filter.meets.clone());
            } else {
                passing = passing.add(filter.meets.clone());
            }
        }
        let apart = apart.and_then(|filter| Some((filter.column.clone(), filter.one_of.clone()?)));
        let (order, bound) = (self.order.clone(), self.bound.clone());
        Some(Walk { select: bare.into_query(), order, bound, apart, passing })
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
            bound: Condition::all(),
            order: Vec::new(),
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
    use crate::engine::read_model::thing::{
        self,
        Column::{Age, Id, Kind, Size},
    };

    fn things() -> Table {
        Table::of::<thing::Entity>()
            .index("size", &[Size])
            .index("kind_size", &[Kind, Size])
            .index("age_size", &[Age, Size])
            .lookup("kind", &[Kind])
    }

    fn all() -> Query<thing::Entity> {
        Query::of(thing::Entity::find())
    }

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
}
