//! An entity for tests of how rows are found.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "things")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub kind: i32,
    pub size: i32,
    pub age: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Its list, the largest first.
pub mod list {
    use sea_orm::{ConnectionTrait, Database, DbBackend, EntityTrait, Order, QueryTrait, Statement};

    use super::Column::{Age, Kind, Size};
    use super::Entity;
    use crate::engine::event::Position;
    use crate::engine::read_model::catalogue::Generation;
    use crate::engine::read_model::definition::Table;
    use crate::engine::read_model::query::{First, Query};
    use crate::engine::read_model::source::{Page, Rows, Source, View, Way};
    use crate::engine::read_model::{statement, table};

    pub const POSITION: Position = Position::from_stored(100_000);
    pub const NEWEST: Position = Position::from_stored(200_000);

    pub const GENERATION: Generation = Generation { name: "things", revision: 1, number: 1 };

    /// Such tables in their first generation.
    pub fn source(backend: DbBackend, tables: &[Table]) -> Source<'_> {
        Source { backend, generation: GENERATION, tables, words: None }
    }

    pub fn in_buckets() -> View {
        View::At { position: POSITION, by: Way::Buckets { newest: NEWEST } }
    }

    pub fn by_their_end() -> View {
        View::At { position: POSITION, by: Way::Ended }
    }

    pub fn things() -> [Table; 1] {
        let things = Table::of::<Entity>().index_holding("size", &[Size], &[Age]);
        [things.index_holding("kind_size", &[Kind, Size], &[Age]).index("age", &[Age])]
    }

    /// The same table with a lookup, and an index that goes on behind what leads it.
    pub fn looked_up() -> Table {
        Table::of::<Entity>()
            .index("size", &[Size])
            .index("kind_size", &[Kind, Size])
            .index("age_size", &[Age, Size])
            .lookup("kind", &[Kind])
    }

    /// The largest things first.
    pub fn largest(backend: DbBackend, view: View, matching: Query<Entity>) -> Statement {
        let first = First { rows: 20, direction: Order::Desc, begin: None, end: None };
        listed(backend, view, matching.in_order([Size]).first(first))
    }

    /// Such a list.
    pub fn listed(backend: DbBackend, view: View, list: Query<Entity>) -> Statement {
        let tables = things();
        let source = source(backend, &tables);
        let walk = list.walk(&tables[0]);
        let over_both = list.over_both.clone().map(QueryTrait::into_query);
        let query = list.into_select().into_query();
        let rows = walk.as_ref().map_or(Rows::Any, Rows::Walked);
        let page = Page { query: &query, over_both: over_both.as_ref(), rows };
        statement::ready(backend, &statement::list(source, &tables[0], view, page))
    }

    /// The steps in which SQLite carries out a statement over such tables.
    pub async fn steps_of(tables: &[Table], mut statement: Statement) -> Vec<String> {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        let catalogue = "CREATE TABLE read_models (name, revision, generation, position)";
        database.execute_unprepared(catalogue).await.unwrap();
        table::create(&database, tables, 1, 1).await.unwrap();
        for statement in table::indexes_of(tables, 1, 1, DbBackend::Sqlite).into_iter().flatten() {
            database.execute_unprepared(&statement).await.unwrap();
        }
        statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let plan = database.query_all_raw(statement).await.unwrap();
        plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect()
    }

    pub fn all() -> Query<Entity> {
        Query::of(Entity::find())
    }
}
