//! Two toy read models, and the history they are folded from: toys that are put on shelves, renamed, moved and taken away.

use hindsight::engine::event::{DecodeError, Hash, Position, Recorded};
use hindsight::engine::log::entity::{events, log_head};
use hindsight::engine::log::{Log, chain};
use hindsight::engine::read_model::{Key, Keys, ReadModel, Rows, Table};
use hindsight::engine::store::{Purpose, Store};
use hindsight::engine::time::Instant;
use migration::{CatalogueMigrator, LogMigrator, MigratorTrait};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, TransactionTrait};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

use super::home::Home;

/// What happens to a toy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Fact {
    /// It stands on this shelf under this name, wherever it was before.
    Put {
        name: String,
        shelf: i32,
        note: Option<String>,
    },
    Gone,
    /// What [`Toys`] cannot read.
    Smudged,
    /// What [`Toys`] panics at.
    Cursed,
    /// What leads [`Toys`] to touch a row that it did not name.
    Strayed,
}

/// A fact about the toy with this number.
pub type Told = (u128, Fact);

pub fn put(toy: u128, name: &str, shelf: i32) -> Told {
    let note = (!name.is_empty() && shelf % 2 == 0).then(|| format!("even {name}"));
    (toy, Fact::Put { name: name.to_owned(), shelf, note })
}

pub fn gone(toy: u128) -> Told {
    (toy, Fact::Gone)
}

/// A log that the test writes row by row, and the stores of a home.
pub struct Chronicle {
    pub log: Log,
    pub read: Store,
    pub head: watch::Sender<Position>,
}

impl Chronicle {
    pub async fn begin(home: &Home) -> Self {
        let store = Store::open(&home.log(), Purpose::Log, 4).await.unwrap();
        LogMigrator::up(store.writer(), None).await.unwrap();
        let read = Self::another_store(home).await;
        CatalogueMigrator::up(read.writer(), None).await.unwrap();
        Self { log: Log::open(store).await.unwrap(), read, head: watch::Sender::new(Position::ZERO) }
    }

    /// A second set of connections to the read models, as another node has them.
    pub async fn another_store(home: &Home) -> Store {
        Store::open(&home.read_models(), Purpose::ReadModels, 4).await.unwrap()
    }

    /// Records one command and tells how far the log goes now.
    pub async fn append(&self, command: &[Told]) -> Position {
        let end = self.append_silently(command).await;
        self.head.send_replace(end);
        end
    }

    /// Records one command and tells nobody.
    pub async fn append_silently(&self, command: &[Told]) -> Position {
        let before = self.log.head().await.unwrap();
        let end = before.position.plus(i64::try_from(command.len()).unwrap());
        let command_id = Uuid::now_v7();
        let mut hash = before.hash;
        let mut rows = Vec::new();
        for (place, (toy, fact)) in command.iter().enumerate() {
            let event = recorded(before.position.plus(place as i64 + 1), end, command_id, *toy, fact);
            hash = chain::hash(hash, &event);
            rows.push(row(&event, hash).into_active_model());
        }
        let transaction = self.log.store().writer().begin().await.unwrap();
        events::Entity::insert_many(rows).exec_without_returning(&transaction).await.unwrap();
        log_head::Entity::update_many()
            .col_expr(log_head::Column::Position, Expr::value(end.get()))
            .col_expr(log_head::Column::Hash, Expr::value(hash.0.to_vec()))
            .exec(&transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        end
    }
}

fn recorded(position: Position, end: Position, command_id: Uuid, toy: u128, fact: &Fact) -> Recorded {
    Recorded {
        position,
        event_id: Uuid::now_v7(),
        stream_id: Uuid::from_u128(toy),
        stream_type: "Toy".into(),
        // Nothing here looks at it, but it must differ within a stream.
        stream_version: position.get(),
        event_type: "Told".into(),
        schema_version: 1,
        data: serde_json::to_string(fact).unwrap(),
        metadata: "{}".into(),
        command_id,
        correlation_id: command_id,
        actor: None,
        command_end: end,
        recorded_at: Instant::from_micros(end.get()),
        hash: Hash::NONE,
    }
}

fn row(event: &Recorded, hash: Hash) -> events::Model {
    events::Model {
        position: event.position.get(),
        event_id: event.event_id,
        stream_id: event.stream_id,
        stream_type: event.stream_type.clone(),
        stream_version: event.stream_version,
        event_type: event.event_type.clone(),
        schema_version: event.schema_version,
        data: event.data.clone(),
        metadata: event.metadata.clone(),
        command_id: event.command_id,
        correlation_id: event.correlation_id,
        actor: event.actor.clone(),
        command_end: event.command_end.get(),
        recorded_at: event.recorded_at.micros(),
        hash: hash.0.to_vec(),
    }
}

fn fact(event: &Recorded) -> Result<Fact, DecodeError> {
    serde_json::from_str(&event.data)
        .map_err(|cause| DecodeError::Malformed { what: "a fact".to_owned(), cause })
}

/// One row a toy.
pub mod toys {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "toys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub shelf: i32,
        /// The position at which it was put up first, since it was last gone.
        pub made_at: i64,
        pub note: Option<String>,
        pub even: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which toys stand on a shelf: a table that is nothing but its key.
pub mod places {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "places")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shelf: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub toy: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How many events a toy has seen.
pub mod tallies {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tallies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub toy: Uuid,
        pub count: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Toys and where they stand; moving one needs the row of its old place, which only its own row tells.
pub struct Toys;

impl ReadModel for Toys {
    const NAME: &'static str = "toys";
    const REVISION: i32 = 3;

    fn tables() -> Vec<Table> {
        vec![
            Table::of::<toys::Entity>()
                .index_holding("by_name", &[toys::Column::Name], &[toys::Column::Shelf])
                .index_holding("by_made_at", &[toys::Column::MadeAt], &[toys::Column::Shelf])
                .index("by_shelf", &[toys::Column::Shelf, toys::Column::MadeAt])
                .words(toys::Column::Note),
            Table::of::<places::Entity>(),
        ]
    }

    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError> {
        let toy = event.stream_id;
        let mut keys = Keys::one::<toys::Model>(toy);
        if let Fact::Put { shelf, .. } = fact(event)? {
            keys.add::<places::Model>(Key::of(shelf).and(toy));
        }
        if let Some(row) = rows.get::<toys::Model>(toy) {
            keys.add::<places::Model>(Key::of(row.shelf).and(toy));
        }
        Ok(keys)
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        let id = event.stream_id;
        let before = rows.get::<toys::Model>(id).cloned();
        if let Some(before) = &before {
            rows.remove::<places::Model>(Key::of(before.shelf).and(id));
        }
        match fact(event)? {
            Fact::Put { name, shelf, note } => {
                let made_at = before.map_or(event.position.get(), |row| row.made_at);
                rows.put(toys::Model { id, name, shelf, made_at, note, even: shelf % 2 == 0 });
                rows.put(places::Model { shelf, toy: id });
            }
            Fact::Gone => rows.remove::<toys::Model>(id),
            Fact::Smudged => {
                return Err(DecodeError::Unknown { name: "Smudged".to_owned(), version: 1 });
            }
            Fact::Cursed => panic!("this toy is cursed"),
            Fact::Strayed => rows.remove::<toys::Model>(Uuid::nil()),
        }
        Ok(())
    }
}

/// Counts events, whatever they are.
pub struct Tallies;

impl ReadModel for Tallies {
    const NAME: &'static str = "tallies";
    const REVISION: i32 = 1;

    fn tables() -> Vec<Table> {
        vec![Table::of::<tallies::Entity>()]
    }

    fn keys(&self, event: &Recorded, _: &Rows) -> Result<Keys, DecodeError> {
        Ok(Keys::one::<tallies::Model>(event.stream_id))
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        let toy = event.stream_id;
        let count = rows.get::<tallies::Model>(toy).map_or(0, |row| row.count);
        rows.put(tallies::Model { toy, count: count + 1 });
        Ok(())
    }
}
