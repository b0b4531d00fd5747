//! A panic below one field of a mutation is that field's error: what the others have committed is told all the same.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
};
use async_graphql::futures_util::stream::BoxStream;
use async_graphql::parser::types::OperationType;
use async_graphql::{
    Data, Executor, PathSegment, QueryPathSegment, Request, Response, ServerError, ServerResult, Value,
};
use futures_util::FutureExt;

use super::errors::internal;
use super::gate::document;
use crate::engine::decision::panic_text;

/// Makes a schema catch panics field by field; each field then costs a little more.
pub struct Catching;

impl ExtensionFactory for Catching {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Caught::default())
    }
}

/// The errors of one operation's panics, where their fields could be null.
#[derive(Default)]
struct Caught(Mutex<Vec<ServerError>>);

#[async_trait::async_trait]
impl Extension for Caught {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        response.errors.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (path, nullable) = (path_of(&info), !info.return_type.ends_with('!'));
        let panic = match AssertUnwindSafe(next.run(ctx, info)).catch_unwind().await {
            Ok(outcome) => return outcome,
            Err(panic) => panic,
        };
        let mut error = internal(&format!("a resolver panicked: {}", panic_text(&*panic)));
        error.path = path;
        if nullable {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            return Ok(None);
        }
        Err(error)
    }
}

fn path_of(info: &ResolveInfo<'_>) -> Vec<PathSegment> {
    let mut path: Vec<_> = std::iter::once(info.path_node)
        .chain(info.path_node.parents())
        .map(|node| match node.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        })
        .collect();
    path.reverse();
    path
}

/// Runs mutations on a schema that catches panics, and all else on one that need not: nothing else has committed anything.
#[derive(Clone)]
pub struct ByKind<E> {
    pub plain: E,
    pub catching: E,
}

impl<E: Executor> Executor for ByKind<E> {
    async fn execute(&self, mut request: Request) -> Response {
        let name = request.operation_name.clone();
        let parsed = request.parsed_query();
        let operation = parsed.and_then(|parsed| document::operation(parsed, name.as_deref()));
        match operation.is_ok_and(|operation| operation.node.ty == OperationType::Mutation) {
            true => self.catching.execute(request).await,
            false => self.plain.execute(request).await,
        }
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        self.plain.execute_stream(request, session_data)
    }
}
