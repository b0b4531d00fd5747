//! SeaORM's migration commands for the log, on the database that `DATABASE_URL` names.

#[tokio::main]
async fn main() {
    sea_orm_migration::cli::run_cli(migration::LogMigrator).await;
}
