//! What the integration tests stand on: a database of its own for each test, and one suite run on both stores.

pub mod binary;
pub mod home;
pub mod introspection;
pub mod jars;
pub mod node;
pub mod past;
pub mod proxy;
pub mod shelves;
pub mod shop;
pub mod socket;

/// Runs each function named once on SQLite and once on PostgreSQL, with a home of its own.
macro_rules! on_both_stores {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&crate::support::home::Home::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(home) = crate::support::home::Home::postgres().await else { return };
                super::$test(&home).await;
                home.leave().await;
            })+
        }
    };
}
pub(crate) use on_both_stores;
