//! Which rows of a query an index has together, though not in the order of its list.

use sea_orm::sea_query::{ExprTrait, Value};
use sea_orm::{Condition, EntityTrait};

use super::definition::{Index, Table};
use super::filter::{Filter, Says};
use super::query::Query;
use super::source::own;

/// Of so many values it is known at the most where there are none.
const MOST_KINDS: usize = 16;

/// Values of a column that rows have together in an index, in a list of another order.
#[derive(Clone, Debug)]
pub(super) struct Range {
    /// What rows within it meet; each says one thing.
    pub bounds: Vec<Condition>,
    /// The filters that say so, by their places.
    pub filters: Vec<usize>,
}

impl Range {
    /// What rows within it meet.
    pub fn meets(&self) -> Condition {
        self.bounds.iter().cloned().fold(Condition::all(), Condition::add)
    }
}

/// Since when a row can have been there.
#[derive(Clone, Debug)]
pub(super) struct Born {
    pub column: String,
    /// In the column's unit.
    pub until: i64,
    pub meets: Condition,
}

impl<E: EntityTrait> Query<E> {
    /// The rows that each filter leaves, if an index has them together, but not in the order of the list.
    pub(super) fn filtered_ranges(&self, table: &Table) -> Vec<Range> {
        let is_range = |one: &Filter| {
            let says = match &one.says {
                Says::Within => true,
                Says::OneOf(values) => !values.is_empty() && !self.is_in_order_behind(&one.column, table),
                Says::Named(_) | Says::Otherwise => false,
            };
            says && self.leading(&one.column, table).next().is_some()
        };
        let is_first =
            |place: usize, one: &Filter| !self.filters.iter().take(place).any(|other| one.is_like(other));
        let firsts =
            self.filters.iter().enumerate().filter(|(place, one)| is_range(one) && is_first(*place, one));
        let range = |(_, first): (usize, &Filter)| {
            let of = self.filters.iter().enumerate().filter(|(_, one)| one.is_like(first));
            let (filters, bounds) = of.map(|(place, one)| (place, one.meets.clone())).unzip();
            Range { bounds, filters }
        };
        firsts.map(range).collect()
    }

    /// The rows that had come to be by the moment, if such an index also holds what the list is sorted by: there may be more
    /// of them than are looked up in good time.
    pub(super) fn born_range(&self, table: &Table) -> Option<Range> {
        let born = self.born.as_ref()?;
        self.leading(&born.column, table)
            .any(|index| self.has_order(index))
            .then(|| Range { bounds: vec![born.meets.clone()], filters: Vec::new() })
    }

    /// Of the rows that are walked over apart those that had come to be by the moment, if such an index has them together
    /// and holds what the list is sorted by; and what they are: a column and its values.
    pub(super) fn born_apart(&self, table: &Table) -> Option<(Range, (&str, &[Value]))> {
        let (place, apart) = self.apart(table)?;
        let born = self.born.as_ref()?;
        let goes_on = |index: &Index| index.columns.get(1) == Some(&born.column);
        let has_them = led_by(&apart.column, table).any(|index| goes_on(index) && self.has_order(index));
        let is_beside = !self.order.contains(&born.column);
        let values = apart.values().filter(|_| has_them && is_beside)?;
        let bounds = vec![apart.meets.clone(), born.meets.clone()];
        Some((Range { bounds, filters: vec![place] }, (&apart.column, values)))
    }

    /// What rows meet that are found, of each value that is walked over apart, or of all; none where there are many values.
    pub(super) fn kinds(&self, table: &Table) -> Vec<Condition> {
        let all = |but: &[usize]| self.others(but).fold(Condition::all(), Condition::add);
        match self.apart(table).and_then(|(place, apart)| Some((place, &apart.column, apart.values()?))) {
            Some((_, _, values)) if values.len() > MOST_KINDS => Vec::new(),
            Some((place, column, values)) => {
                let is = |value: &Value| all(&[place]).add(own(table, column).eq(value.clone()));
                values.iter().map(is).collect()
            }
            None => vec![all(&[])],
        }
    }

    /// What rows meet that had come to be by the moment, where an index passes over the others when rows are counted: not
    /// where a filter's own index does not go on with that, for a plan that is kept might prefer the other.
    pub(super) fn born_where_counted(&self, table: &Table) -> Option<Condition> {
        let born = self.born.as_ref()?;
        let goes_on = |index: &Index| index.columns.get(1) == Some(&born.column);
        let has_its_own = |one: &Filter| {
            let mut led = led_by(&one.column, table).peekable();
            one.values().is_some() && led.peek().is_some() && !led.any(goes_on)
        };
        let counts_all = self.few || self.finds_all();
        (!counts_all && !self.filters.iter().any(has_its_own)).then(|| born.meets.clone())
    }

    /// The indexes that a column leads, unless it has to do with the order.
    fn leading<'a>(&self, column: &'a str, table: &'a Table) -> impl Iterator<Item = &'a Index> {
        let is_beside = !self.order.iter().any(|other| other == column);
        led_by(column, table).filter(move |_| is_beside)
    }

    /// Whether an index tells what the list is sorted by.
    fn has_order(&self, index: &Index) -> bool {
        self.order.iter().all(|column| index.tells(column))
    }
}

/// The indexes that a column leads, but for lookups.
fn led_by<'a>(column: &'a str, table: &'a Table) -> impl Iterator<Item = &'a Index> {
    let leads =
        move |index: &&Index| !index.leaves_few && index.columns.first().is_some_and(|first| first == column);
    table.indexes.iter().filter(leads)
}

#[cfg(test)]
mod tests {
    use sea_orm::ColumnTrait;

    use super::*;
    use crate::engine::read_model::thing::list::{all, looked_up as things};
    use crate::engine::read_model::thing::{
        self,
        Column::{Age, Id, Kind, Size},
    };

    #[test]
    fn a_range_is_what_has_an_index_of_its_own_but_not_in_the_order_of_the_list() {
        let bounds = |query: Query<thing::Entity>| {
            query.filtered_ranges(&things()).first().map(|range| range.bounds.len())
        };
        let aged = || all().within(Age, Age.gt(7)).within(Age, Age.lt(9)).in_order([Size]);
        assert_eq!(bounds(aged()), Some(2), "both ends");
        assert_eq!(bounds(all().meeting(Age, Age.gt(7)).in_order([Size])), None, "what may be a pattern");
        assert_eq!(bounds(all().within(Size, Size.gt(7)).in_order([Size])), None, "where the walk begins");
        assert_eq!(bounds(all().one_of(Kind, [1]).in_order([Size])), None, "it is walked over apart");
        assert_eq!(bounds(all().one_of(Kind, [1]).in_order([Id])), Some(1), "there is no such index");
        let none: [i32; 0] = [];
        assert_eq!(bounds(all().one_of(Kind, none).in_order([Id])), None);

        let named = all().named(Id, thing::Entity::find(), Kind);
        assert_eq!(bounds(named.in_order([Size])), None, "they are few anyway");

        let both = aged().one_of(Kind, [1]).in_order([Id]);
        let both: Vec<_> =
            both.filtered_ranges(&things()).iter().map(|range| range.filters.clone()).collect();
        assert_eq!(both, [vec![0, 1], vec![2]], "each for itself");

        let born = |query: Query<thing::Entity>| query.born_by(Age, 7).born_range(&things()).is_some();
        assert!(born(all().in_order([Size])));
        assert!(!born(all().in_order([Kind])), "the index does not hold that");
        assert!(!born(all().in_order([Age])), "the walk ends there");
    }

    #[test]
    fn rows_of_then_are_known_by_value_where_an_index_has_them_together_and_what_they_are_sorted_by() {
        let holding = |holds: &[thing::Column]| {
            let things = Table::of::<thing::Entity>().index("kind_age", &[Kind, Age]);
            things.index_holding("kind_size", &[Kind, Size], holds)
        };
        let of_kinds = |order| all().meeting(Age, Age.gt(1)).one_of(Kind, [1, 2]).in_order([order]);
        let apart = |query: Query<thing::Entity>, things: Table| {
            let query = query.born_by(Size, 7);
            let (range, (column, values)) = query.born_apart(&things)?;
            Some((range.filters, column.to_owned(), values.len()))
        };
        let known = Some((vec![1], "kind".to_owned(), 2));
        assert_eq!(apart(of_kinds(Age), holding(&[Age])), known);
        assert_eq!(apart(of_kinds(Age), holding(&[])), None, "each would be looked up");
        assert_eq!(apart(of_kinds(Size), holding(&[Age])), None, "the walk ends there");
        assert_eq!(apart(all().in_order([Age]), holding(&[Age])), None, "nothing is walked over apart");
    }

    #[test]
    fn kinds_are_the_values_that_are_walked_over_apart_with_all_other_filters() {
        let kinds = |query: Query<thing::Entity>| query.in_order([Size]).kinds(&things());
        let filters = || Condition::all().add(Age.gt(1)).add(Size.gt(2));
        let filtered = || all().within(Age, Age.gt(1)).meeting(Size, Size.gt(2));
        assert_eq!(kinds(filtered()), [filters()]);
        let both = [filters().add(Kind.eq(1)), filters().add(Kind.eq(2))];
        assert_eq!(kinds(filtered().one_of(Kind, [1, 2])), both);
        assert_eq!(kinds(all()), [Condition::all()]);
        assert_eq!(kinds(all().one_of(Kind, 0..=MOST_KINDS as i32)), []);
    }

    #[test]
    fn rows_are_counted_among_those_of_then_unless_a_filter_has_an_index_that_knows_no_time() {
        let counted =
            |query: Query<thing::Entity>| query.born_by(Size, 7).born_where_counted(&things()).is_some();
        assert!(counted(all().meeting(Age, Age.gt(7))));
        assert!(counted(all().one_of(Kind, [1])), "its index goes on with that");
        assert_eq!(all().born_by(Kind, 7).one_of(Age, [1]).born_where_counted(&things()), None);
        assert!(!counted(all()), "all are counted otherwise");
    }
}
