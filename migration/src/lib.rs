//! The tables of the log and the catalogue of read models, for SQLite and PostgreSQL.
