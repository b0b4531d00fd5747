//! The catalogue of read models: which generation of which revision has got how far.

use sea_orm_migration::prelude::*;

use crate::Types;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let types = Types::of(manager);
        manager
            .create_table(
                Table::create()
                    .table(Alias::new("read_models"))
                    .col(Types::text("name"))
                    .col(Types::small("revision"))
                    .col(Types::small("generation"))
                    // `building`, `serving` or `retired`: at most one generation of a revision serves.
                    .col(Types::text("state"))
                    .col(types.uuid("log_id"))
                    .col(types.number("position"))
                    .col(Types::bytes("hash"))
                    .col(Types::text_or_null("failure"))
                    // When it was retired, µs; its tables go after a grace time. 0 until then.
                    .col(types.number("retired_at"))
                    .primary_key(
                        Index::create()
                            .col(Alias::new("name"))
                            .col(Alias::new("revision"))
                            .col(Alias::new("generation")),
                    )
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("read_models")).to_owned()).await
    }
}
