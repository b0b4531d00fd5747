//! Buckets of the past in which no row of a kind is, and none ever will be: found out beside the requests, for good.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use sea_orm::sea_query::{Alias, ArrayType, Expr, ExprTrait, Query, SelectStatement, Value};
use sea_orm::{Condition, ConnectionTrait, DbErr, QueryResult};
use tokio::sync::Semaphore;

use super::brought::{BESIDE, Brought, beside, brought};
use super::bucket;
use super::catalogue::Generation;
use super::definition::Table;
use super::instance::{Checkpoint, Instance};
use super::source::{Source, own};
use super::statement::{CHECKPOINT, ready, with_checkpoint};
use super::table::{BUCKET, Twin};
use crate::engine::event::Position;

/// So many kinds are known about.
const KINDS: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// And so many buckets of each.
const BUCKETS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// Buckets of a generation that are empty of rows of each of some kinds.
#[derive(Clone, Debug, Default)]
pub(super) struct Empty {
    pub generation: i32,
    pub of_kinds: Vec<Vec<i64>>,
}

impl Empty {
    /// What is known of a generation; of another it is nothing.
    pub fn of(&self, generation: Generation) -> &[Vec<i64>] {
        if self.generation == generation.number { &self.of_kinds } else { &[] }
    }
}

/// What is known of the buckets of each kind of rows, by the statement that finds these.
#[derive(Debug)]
pub(super) struct EmptyBuckets {
    kinds: Mutex<LruCache<String, LruCache<i64, Known>>>,
    /// Whoever looks into some. Others who would wait until they ask again.
    looking: Arc<Semaphore>,
}

/// What is known of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It was asked about once. Who looks at a moment once more is worth looking into it.
    Asked,
    /// It is being looked into, or was not empty.
    LookedInto,
    Empty,
}

impl Default for EmptyBuckets {
    fn default() -> Self {
        Self { kinds: Mutex::new(LruCache::new(KINDS)), looking: Arc::new(Semaphore::new(1)) }
    }
}

impl EmptyBuckets {
    /// Those of some buckets that are known to be empty of rows that meet each of some conditions. Others are looked into
    /// meanwhile.
    pub fn of(
        model: &Arc<Instance>,
        table: &Table,
        shown: &Checkpoint,
        buckets: &[i64],
        conditions: &[Condition],
    ) -> Empty {
        let source = model.source(shown.generation);
        // What is not over yet may get its first row any time.
        let over = || buckets.iter().copied().filter(|bucket| bucket::is_over(*bucket, shown.position));
        let turn = model.empty_buckets.looking.clone().try_acquire_owned().ok();
        let mut looks = Vec::new();
        let of_kind = |meets: &Condition| {
            let kind = source.over(table, Twin::History, one(meets));
            let kind = source.backend.build(&kind).to_string();
            let (empty, unknown) = model.empty_buckets.known(&kind, over(), turn.is_some());
            if !unknown.is_empty() {
                let (table, shown) = (table.clone(), shown.position);
                looks.push((kind, Look { table, shown, buckets: unknown, meets: meets.clone() }));
            }
            empty
        };
        let of_kinds = conditions.iter().map(of_kind).collect();
        if let Some(turn) = turn.filter(|_| !looks.is_empty()) {
            let (model, generation) = (model.clone(), model.generation(shown.generation));
            tokio::spawn(async move {
                for (kind, look) in looks {
                    let empty = look.taken(&model, generation).await.unwrap_or_else(|error| {
                        tracing::debug!(kind, %error, "which buckets are empty is not known");
                        None
                    });
                    model.empty_buckets.learn(&kind, &look.buckets, empty.as_deref());
                }
                drop(turn);
            });
        }
        Empty { generation: shown.generation, of_kinds }
    }

    /// Those that are known to be empty, and those that are to be looked into, if they may be.
    fn known(&self, kind: &str, buckets: impl Iterator<Item = i64>, may_look: bool) -> (Vec<i64>, Vec<i64>) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kinds.get_or_insert_mut_ref(kind, || LruCache::new(BUCKETS));
        let (mut empty, mut unknown) = (Vec::new(), Vec::new());
        for bucket in buckets {
            match known.get(&bucket) {
                Some(Known::Empty) => empty.push(bucket),
                Some(Known::LookedInto) => {}
                Some(Known::Asked) if may_look => {
                    known.put(bucket, Known::LookedInto);
                    unknown.push(bucket);
                }
                Some(Known::Asked) | None => {
                    known.put(bucket, Known::Asked);
                }
            }
        }
        (empty, unknown)
    }

    /// Keeps which of some buckets are empty; where that could not be told, they may be looked into again.
    fn learn(&self, kind: &str, buckets: &[i64], empty: Option<&[i64]>) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = kinds.get_mut(kind) else { return };
        let (learnt, what) = match empty {
            Some(empty) => (empty, Known::Empty),
            None => (buckets, Known::Asked),
        };
        for bucket in learnt {
            known.put(*bucket, what);
        }
    }
}

/// A look into buckets that are over.
struct Look {
    table: Table,
    /// The checkpoint by which they are.
    shown: Position,
    buckets: Vec<i64>,
    meets: Condition,
}

impl Look {
    /// The buckets that are empty; `None` where a copy of the database lags and does not know what is in them.
    async fn taken(&self, model: &Instance, generation: Generation) -> Result<Option<Vec<i64>>, DbErr> {
        let statement = ready(model.store.backend(), &self.statement(model.source(generation.number)));
        let rows = model.store.steady_reader().query_all_raw(statement).await?;
        self.told(&rows)
    }

    fn told(&self, rows: &[QueryResult]) -> Result<Option<Vec<i64>>, DbErr> {
        let mut empty = Vec::with_capacity(rows.len());
        for row in rows {
            if row.try_get::<i64>("", CHECKPOINT)? < self.shown.get() {
                return Ok(None);
            }
            empty.extend(row.try_get::<Option<i64>>("", BUCKET)?);
        }
        // There is a row at least, unless the generation is gone.
        Ok((!rows.is_empty()).then_some(empty))
    }

    fn statement(&self, source: Source<'_>) -> SelectStatement {
        let mut within = source.over(&self.table, Twin::History, one(&self.meets));
        within.and_where(own(&self.table, BUCKET).eq(beside(BUCKET)));
        let values = self.buckets.iter().copied().map(Value::from).collect();
        let buckets = vec![Brought { name: BUCKET, kind: ArrayType::BigInt, values }];
        let mut empty = Query::select();
        empty.expr_as(beside(BUCKET), Alias::new(BUCKET));
        empty.from_subquery(brought(source.backend, buckets), Alias::new(BESIDE));
        empty.and_where(Expr::exists(within).not());
        with_checkpoint(source.generation, empty)
    }
}

fn one(meets: &Condition) -> SelectStatement {
    Query::select().expr(Expr::val(1)).cond_where(meets.clone()).to_owned()
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::IntoCondition;
    use sea_orm::{ColumnTrait, Database, DbBackend};

    use super::*;
    use crate::engine::read_model::table;
    use crate::engine::read_model::thing::Column::{Age, Kind};
    use crate::engine::read_model::thing::list::{NEWEST, POSITION, source, steps_of, things};

    fn look(tables: &[Table], meets: impl IntoCondition) -> Look {
        let buckets = bucket::around(POSITION, NEWEST);
        Look { table: tables[0].clone(), shown: NEWEST, buckets, meets: meets.into_condition() }
    }

    #[tokio::test]
    async fn it_is_looked_into_buckets_at_an_index_that_has_the_rows_of_the_kind_together() {
        let tables = things();
        for (meets, index) in [
            (Age.gt(3).into_condition(), "history_age (bucket=? AND age>?)"),
            (Kind.eq(3).into_condition(), "history_kind_size (bucket=? AND kind=?)"),
            (Condition::all(), "(bucket=?)"),
        ] {
            let statement = look(&tables, meets).statement(source(DbBackend::Sqlite, &tables));
            let steps = steps_of(&tables, ready(DbBackend::Sqlite, &statement)).await;
            assert_eq!(steps.iter().filter(|step| step.contains(index)).count(), 1, "{index}: {steps:#?}");
        }
    }

    #[tokio::test]
    async fn buckets_are_empty_in_which_no_row_meets_the_condition() {
        let tables = things();
        let database = Database::connect("sqlite::memory:").await.unwrap();
        table::create(&database, &tables, 1, 1).await.unwrap();
        let catalogue = "CREATE TABLE read_models AS \
             SELECT 'things' AS name, 1 AS revision, 1 AS generation, 200000 AS position";
        database.execute_unprepared(catalogue).await.unwrap();
        let around = bucket::around(POSITION, NEWEST);
        for (id, bucket) in (0..).zip(&around[..3]) {
            let row = format!("INSERT INTO things_r1_g1_history VALUES ({id}, 0, 0, {id}, 1, 2, {bucket})");
            database.execute_unprepared(&row).await.unwrap();
        }
        for least in [0, 2, 3] {
            let statement = look(&tables, Age.gte(least)).statement(source(DbBackend::Sqlite, &tables));
            let found = database.query_all(&statement).await.unwrap();
            let mut told = look(&tables, Age.gte(least)).told(&found).unwrap().unwrap();
            told.dedup();
            let is_empty = |place: &usize| !(least..3).contains(&(*place as i32));
            let empty = (0..around.len()).filter(is_empty).map(|place| around[place]);
            assert_eq!(told, empty.collect::<Vec<_>>());
            let ahead = Look { shown: NEWEST.plus(1), ..look(&tables, Age.gte(least)) };
            assert_eq!(ahead.told(&found).unwrap(), None, "a copy that lags tells nothing");
        }
        assert_eq!(look(&tables, Age.gte(0)).told(&[]).unwrap(), None, "a generation that is gone neither");
    }

    #[test]
    fn a_bucket_is_looked_into_when_it_is_asked_about_once_more_and_known_to_be_empty_for_good() {
        let known = EmptyBuckets::default();
        let asked = |buckets: &[i64]| known.known("red ones", buckets.iter().copied(), true);
        assert_eq!(asked(&[1, 2]), (vec![], vec![]));
        assert_eq!(known.known("red ones", [1].into_iter(), false), (vec![], vec![]), "it is not its turn");
        assert_eq!(asked(&[1, 2, 3]), (vec![], vec![1, 2]));
        assert_eq!(asked(&[1, 2, 3]), (vec![], vec![3]), "they are being looked into");
        known.learn("red ones", &[1, 2], Some(&[2]));
        known.learn("red ones", &[3], None);
        assert_eq!(asked(&[1, 2, 3]), (vec![2], vec![3]), "once more, since nothing was told of it");
        assert_eq!(known.known("green ones", [2].into_iter(), true), (vec![], vec![]));
    }
}
