//! What a model's rows would be: events folded over the rows of a position, and nothing written.

use std::collections::HashSet;
use std::sync::Arc;

use sea_orm::sea_query::{Alias, Query, SelectStatement};

use super::batch::{Batch, Step};
use super::definition::Table;
use super::reader::{Finding, ReadError, Reader};
use super::rows::{AnyRow, Key, Place, Rows};
use super::source::Source;
use super::statement::{self, ASKED};
use crate::engine::event::{Position, Recorded};

impl Reader {
    /// The rows that events name, as one command of these events would leave them on top of a position.
    ///
    /// # Errors
    /// [`ReadError::NotYetVisible`] when the position is not reached in time; [`ReadError::Preview`] when the model
    /// cannot fold the events; or when the database fails.
    pub async fn preview(&self, on: Position, events: &[Arc<Recorded>]) -> Result<Rows, ReadError> {
        let command: Vec<Recorded> = events.iter().map(|event| Recorded::clone(event)).collect();
        let commands: &[&[Recorded]] = if command.is_empty() { &[] } else { &[&command] };
        let mut batch = Batch::new(self.model.folding.as_ref(), &self.model.tables, commands);
        loop {
            match batch.step() {
                Step::Load(places) => {
                    for (place, row) in self.standing(on, &places).await? {
                        // Since when it stands matters to those alone who write.
                        batch.learn(place, Some((row, on)));
                    }
                    for place in places {
                        if !batch.knows(&place) {
                            batch.learn(place, None);
                        }
                    }
                }
                Step::Pause => tokio::task::yield_now().await,
                Step::Done => return Ok(batch.into_rows()),
                Step::Stopped { why, .. } => return Err(ReadError::Preview { model: self.name(), why }),
            }
        }
    }

    /// The rows at these places as of a position, one statement a table; those that were not there are left out.
    async fn standing(
        &self,
        on: Position,
        places: &HashSet<Place>,
    ) -> Result<Vec<(Place, Arc<dyn AnyRow>)>, ReadError> {
        let mut standing = Vec::with_capacity(places.len());
        for table in &self.model.tables {
            let of_table = places.iter().filter(|(kind, _)| *kind == table.row);
            let asked: Vec<(&Key, Position)> = of_table.map(|(_, key)| (key, on)).collect();
            let query = own_columns(table);
            for some in asked.chunks(statement::most_asked(self.model.store.backend(), table)) {
                let build = |source: Source<'_>, view| statement::each(source, table, view, &query, some);
                for found in self.ask(on, Finding::Few, build).await? {
                    if found.try_get::<Option<i64>>("", ASKED)?.is_some() {
                        let row: Arc<dyn AnyRow> = Arc::from((table.decode)(&found)?);
                        standing.push(((table.row, row.key()), row));
                    }
                }
            }
        }
        Ok(standing)
    }
}

fn own_columns(table: &Table) -> SelectStatement {
    let mut query = Query::select();
    for column in &table.columns {
        query.column((Alias::new(table.name), Alias::new(&column.name)));
    }
    query
}
