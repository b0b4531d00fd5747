//! The log: its events, its head, what streams claim, and snapshots of long streams.

use sea_orm_migration::prelude::*;

use crate::{Types, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let types = Types::of(manager);
        manager.create_table(events(&types)).await?;
        manager
            .create_index(
                index("events_stream", "events", &["stream_id", "stream_version"]).unique().to_owned(),
            )
            .await?;
        // One index for each field that events can be filtered by, ending in the position they are listed by.
        for (name, column) in [
            ("events_by_stream", "stream_id"),
            ("events_by_type", "event_type"),
            ("events_by_stream_type", "stream_type"),
            ("events_by_command", "command_id"),
            ("events_by_correlation", "correlation_id"),
            ("events_by_actor", "actor"),
            ("events_by_time", "recorded_at"),
        ] {
            manager.create_index(index(name, "events", &[column, "position"])).await?;
        }
        manager.create_table(log_head(&types)).await?;
        manager.create_table(claims(&types)).await?;
        manager.create_table(snapshots(&types)).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "the log is never taken away: restore a backup, or drop the database yourself".to_owned(),
        ))
    }
}

fn events(types: &Types) -> TableCreateStatement {
    Table::create()
        .table(Alias::new("events"))
        .col(types.number("position").primary_key())
        .col(types.uuid("event_id"))
        .col(types.uuid("stream_id"))
        .col(Types::text("stream_type"))
        .col(types.number("stream_version"))
        .col(Types::text("event_type"))
        .col(Types::small("schema_version"))
        .col(Types::text("data"))
        .col(Types::text("metadata"))
        .col(types.uuid("command_id"))
        .col(types.uuid("correlation_id"))
        .col(Types::text_or_null("actor"))
        .col(types.number("command_end"))
        .col(types.number("recorded_at"))
        .col(Types::bytes("hash"))
        .check(Expr::col(Alias::new("position")).gt(0))
        .check(Expr::col(Alias::new("stream_version")).gt(0))
        .check(Expr::col(Alias::new("command_end")).gte(Expr::col(Alias::new("position"))))
        .to_owned()
}

fn log_head(types: &Types) -> TableCreateStatement {
    Table::create()
        .table(Alias::new("log_head"))
        .col(Types::small("id").primary_key())
        .col(types.uuid("log_id"))
        .col(types.number("position"))
        .col(types.number("recorded_at"))
        .col(Types::bytes("hash"))
        .col(types.number("floor"))
        .col(types.number("fence"))
        .check(Expr::col(Alias::new("id")).eq(1))
        .to_owned()
}

fn claims(types: &Types) -> TableCreateStatement {
    Table::create()
        .table(Alias::new("claims"))
        .col(Types::text("scope"))
        .col(Types::text("key"))
        .col(types.uuid("stream_id"))
        .primary_key(Index::create().col(Alias::new("scope")).col(Alias::new("key")))
        .to_owned()
}

fn snapshots(types: &Types) -> TableCreateStatement {
    Table::create()
        .table(Alias::new("snapshots"))
        .col(types.uuid("stream_id").primary_key())
        .col(Types::text("stream_type"))
        .col(Types::small("revision"))
        .col(types.number("version"))
        .col(types.number("position"))
        .col(Types::bytes("hash"))
        .col(Types::text("state"))
        .to_owned()
}
