//! Hindsight keeps every change of a business as immutable events and answers every query as of any moment.
//!
//! The modules in the order of their dependencies; each may name only those above it.

/// Event sourcing: log, decisions, feed, read models, moments. Knows no product and no GraphQL.
pub mod engine;

/// Text folded for matching, sorting and claims, the same on every database.
pub mod fold;

/// The vocabulary of resolvers: scalars, moments, pages, errors, request scope.
pub mod graphql;

/// The query side: one folder a question. Sees of the command side only what it publishes: events.
pub mod read;

/// The command side: one folder an aggregate. Its payloads show what the query side answers.
pub mod write;

/// The edge: schema assembly, HTTP, WebSocket, SSE, limits.
pub mod api;

/// Every setting: documented, defaulted, checked once.
pub mod config;

/// The composition root: plain constructor calls.
pub mod app;

/// Bringing in a shop's past.
pub mod import;

/// A made-up shop with a past, to look at.
pub mod demo;

/// The command line: one file a subcommand.
pub mod cli;
