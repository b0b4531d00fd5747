//! Loading in batches within one request: everything a pass of the executor asks for is one load, no timer involved.
//!
//! The executor polls all resolvers it can in one pass; what they want loaded is queued and run right after that
//! pass, in the same task. So the number of statements has a bound in the query's shape alone: neither rows nor a busy
//! machine can raise it.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, NoCache};
use async_graphql::runtime::Timer;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, FuturesUnordered};
use futures_util::task::{FutureObj, Spawn, SpawnError};
use futures_util::{FutureExt, Stream, StreamExt};

use crate::engine::decision::panic_text;

/// The most keys one load is asked for.
const KEYS_A_LOAD: usize = 1_000;

/// Where the loaders of one request queue their loads.
#[derive(Clone, Default)]
pub struct Batches {
    queue: Arc<Mutex<Vec<FutureObj<'static, ()>>>>,
}

impl Batches {
    /// A loader whose loads are run by [`Batches::drive`] or [`Batches::drive_stream`].
    pub fn loader<L>(&self, loader: L) -> DataLoader<L, NoCache> {
        DataLoader::new(loader, self.clone(), AtOnce).max_batch_size(KEYS_A_LOAD)
    }

    /// Runs an execution together with the loads it asks for.
    pub async fn drive<T>(self, execution: impl Future<Output = T> + Send) -> T {
        let mut execution = std::pin::pin!(execution);
        let mut running = Running { batches: self, loads: FuturesUnordered::new() };
        poll_fn(|context| running.poll(context, |context| execution.as_mut().poll(context))).await
    }

    /// Runs a subscription together with the loads its items ask for.
    pub fn drive_stream<T: Send + 'static>(self, items: BoxStream<'static, T>) -> BoxStream<'static, T> {
        Driven { items, running: Running { batches: self, loads: FuturesUnordered::new() } }.boxed()
    }
}

impl Spawn for Batches {
    fn spawn_obj(&self, load: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        // A load that panics breaks the fields that wait for it, not what runs beside them.
        let load = AssertUnwindSafe(load).catch_unwind().map(|outcome| {
            if let Err(panic) = outcome {
                tracing::error!("a load panicked: {}", panic_text(&*panic));
            }
        });
        let load = FutureObj::new(Box::new(load));
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(load);
        Ok(())
    }
}

/// No delay: a load runs as soon as the pass that asked for it is over.
struct AtOnce;

impl Timer for AtOnce {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

struct Running {
    batches: Batches,
    loads: FuturesUnordered<FutureObj<'static, ()>>,
}

impl Running {
    /// Polls the work, then every load it asked for, and the work again whenever loads are done.
    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut work: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(done) = work(context) {
                return Poll::Ready(done);
            }
            self.loads.extend(self.batches.queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
            let mut done = false;
            while let Poll::Ready(Some(())) = self.loads.poll_next_unpin(context) {
                done = true;
            }
            if !done {
                return Poll::Pending;
            }
        }
    }
}

struct Driven<T> {
    items: BoxStream<'static, T>,
    running: Running,
}

impl<T> Stream for Driven<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Self { items, running } = &mut *self;
        running.poll(context, |context| items.poll_next_unpin(context))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_graphql::dataloader::Loader;
    use futures_util::future::join_all;

    use super::*;

    #[derive(Clone, Default)]
    struct Doubling(Arc<AtomicUsize>);

    impl Loader<u64> for Doubling {
        type Value = u64;
        type Error = ();

        async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, u64>, ()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(keys.iter().map(|key| (*key, key * 2)).collect())
        }
    }

    #[tokio::test]
    async fn what_one_pass_asks_for_is_one_load() {
        let (batches, doubling) = (Batches::default(), Doubling::default());
        let loader = batches.loader(doubling.clone());
        let doubled = batches.drive(async {
            let first = join_all((0..500).map(|key| loader.load_one(key))).await;
            let second =
                join_all(first.into_iter().flatten().flatten().map(|key| loader.load_one(key))).await;
            second.into_iter().flatten().flatten().sum::<u64>()
        });
        assert_eq!(doubled.await, (0..500).map(|key| key * 4).sum::<u64>());
        assert_eq!(doubling.0.load(Ordering::SeqCst), 2, "one load for each of the two passes");
    }

    #[tokio::test]
    async fn the_items_of_a_stream_load_too() {
        let (batches, doubling) = (Batches::default(), Doubling::default());
        let loader = Arc::new(batches.loader(doubling));
        let items = futures_util::stream::iter(0..3_u64)
            .then(move |key| {
                let loader = loader.clone();
                async move { loader.load_one(key).await }
            })
            .boxed();
        let doubled: Vec<_> = batches.drive_stream(items).collect().await;
        assert_eq!(doubled, [Ok(Some(0)), Ok(Some(2)), Ok(Some(4))]);
    }
}
