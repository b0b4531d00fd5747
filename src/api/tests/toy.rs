//! A schema with one field for each thing that can happen, its host, and a test app whose methods are verbs.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::{
    Context, ErrorExtensions, InputValueError, InputValueResult, Object, Request, Result, Scalar, ScalarType,
    Schema, SimpleObject, Subscription, Value,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request as HttpRequest, StatusCode, header},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::api::{
    caller::Caller,
    caught::{ByKind, Catching},
    host::{Host, Prepared},
    router,
    settings::{Limits, Settings},
};

pub struct Moment(pub String);

#[Scalar]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.ends_with('Z') => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// What the tests see of what resolvers did, and hold them up with.
#[derive(Clone, Default)]
pub struct World {
    pub bumps: Arc<AtomicUsize>,
    /// How many items `flood` has made.
    pub flooded: Arc<AtomicUsize>,
    /// Told when `bumpLater` began, which then waits for `gate`.
    pub begun: Arc<Notify>,
    pub gate: Arc<Notify>,
    pub ready: bool,
}

#[derive(SimpleObject)]
struct Item {
    id: async_graphql::ID,
}

#[derive(SimpleObject)]
struct ItemConnection {
    nodes: Vec<Item>,
}

pub struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn echo(&self, text: String) -> String {
        text
    }

    async fn when(&self, at: Moment) -> String {
        at.0
    }

    async fn items(&self, first: Option<i32>) -> ItemConnection {
        let count = first.unwrap_or(20);
        ItemConnection { nodes: (0..count).map(|id| Item { id: id.into() }).collect() }
    }

    async fn caller(&self, ctx: &Context<'_>) -> String {
        format!("{:?}", ctx.data_unchecked::<Caller>())
    }

    async fn boom(&self, _at: Option<i32>) -> i32 {
        [0; 1].get(1).copied().expect("the toy exploded")
    }

    async fn leak(&self) -> Option<Result<i32>> {
        Some(Err("password is 1234".into()))
    }

    async fn refuse(&self) -> Option<Result<i32>> {
        Some(Err(async_graphql::Error::new("too late").extend_with(|_, e| e.set("code", "NOT_YET_VISIBLE"))))
    }

    async fn never(&self) -> i32 {
        std::future::pending().await
    }
}

/// Where something can go wrong further down.
struct Bad;

#[Object]
impl Bad {
    async fn id(&self) -> &str {
        "bad"
    }

    async fn required(&self) -> i32 {
        [0; 1].get(1).copied().expect("the toy exploded below")
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn bump(&self, ctx: &Context<'_>, by: Option<i32>) -> Item {
        let _ = by;
        let world = ctx.data_unchecked::<World>();
        Item { id: world.bumps.fetch_add(1, Ordering::SeqCst).into() }
    }

    async fn bump_badly(&self) -> Option<Bad> {
        Some(Bad)
    }

    async fn boom(&self, _at: Option<i32>) -> Option<i32> {
        Some([0; 1].get(1).copied().expect("the toy exploded"))
    }

    async fn bump_later(&self, ctx: &Context<'_>) -> bool {
        let world = ctx.data_unchecked::<World>();
        world.begun.notify_one();
        world.gate.notified().await;
        world.bumps.fetch_add(1, Ordering::SeqCst);
        world.gate.notify_one();
        true
    }
}

/// Where the stream of a request stands, for its SSE ids.
#[derive(Clone, Default)]
struct Cursor(Arc<Mutex<Option<String>>>);

pub struct Subscription;

#[Subscription]
impl Subscription {
    async fn count(&self, ctx: &Context<'_>, to: i32) -> impl Stream<Item = i32> {
        let caller = ctx.data_unchecked::<Caller>();
        let from = caller.last_event_id.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0);
        let cursor = ctx.data_unchecked::<Cursor>().clone();
        stream::iter(from..to).map(move |n| {
            *cursor.0.lock().unwrap() = Some((n + 1).to_string());
            n
        })
    }

    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    async fn flood(&self, ctx: &Context<'_>) -> impl Stream<Item = String> {
        let flooded = ctx.data_unchecked::<World>().flooded.clone();
        stream::repeat_with(move || {
            flooded.fetch_add(1, Ordering::SeqCst);
            "x".repeat(16 * 1024)
        })
    }

    async fn bang(&self) -> impl Stream<Item = i32> {
        stream::iter(0..2).map(|n| if n == 1 { panic!("the stream exploded") } else { n })
    }
}

pub type Toy = Schema<Query, Mutation, Subscription>;

#[derive(Clone)]
pub struct ToyHost {
    schema: Toy,
    world: World,
}

impl Host for ToyHost {
    fn sdl(&self) -> String {
        self.schema.sdl()
    }

    fn prepare(&self, request: Request, caller: &Caller) -> Prepared {
        let fixed = (request.operation_name.as_deref() == Some("Fixed")).then(|| "revision 1".to_owned());
        let cursor = Cursor::default();
        let id = cursor.clone();
        Prepared {
            request: request.data(caller.clone()).data(self.world.clone()).data(cursor),
            finish: Some(Arc::new(|response| {
                response.extensions.insert("log".into(), async_graphql::value!({ "position": "7" }));
            })),
            fixed,
            event_id: Some(Arc::new(move || id.0.lock().unwrap().clone())),
        }
    }

    fn scalar(&self, name: &str, value: &Value) -> Result<(), String> {
        match (name, value) {
            ("Moment", Value::String(text)) if text.ends_with('Z') => Ok(()),
            ("Moment", _) => Err("add a time and zone".into()),
            _ => Ok(()),
        }
    }

    fn welcome(&self, caller: &Caller) -> Result<(), String> {
        match caller.actor.as_deref() {
            Some("mallory") => Err("mallory may not".into()),
            _ => Ok(()),
        }
    }

    fn head(&self) -> serde_json::Value {
        json!({ "position": "7" })
    }

    async fn ready(&self) -> std::result::Result<serde_json::Value, serde_json::Value> {
        let details = json!({ "ready": self.world.ready });
        if self.world.ready { Ok(details) } else { Err(details) }
    }
}

/// The router over the toy, with what its resolvers did.
pub struct App {
    pub router: Router,
    pub world: World,
    pub shutdown: CancellationToken,
    pub settings: Settings,
}

impl App {
    pub fn with(settings: Settings) -> Self {
        let world = World::default();
        let schema = || Schema::build(Query, Mutation, Subscription);
        let executor = ByKind { plain: schema().finish(), catching: schema().extension(Catching).finish() };
        let host = ToyHost { schema: executor.plain.clone(), world: world.clone() };
        let shutdown = CancellationToken::new();
        let router = router(executor, host, settings.clone(), shutdown.clone()).unwrap();
        Self { router, world, shutdown, settings }
    }

    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn limited(limits: Limits) -> Self {
        Self::with(Settings { limits, ..Settings::default() })
    }

    pub fn bumps(&self) -> usize {
        self.world.bumps.load(Ordering::SeqCst)
    }

    pub fn flooded(&self) -> usize {
        self.world.flooded.load(Ordering::SeqCst)
    }

    /// Sends any request.
    pub async fn send(&self, request: HttpRequest<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Reply { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Posts a JSON body and takes what `accept` says.
    pub async fn post(&self, accept: &str, body: serde_json::Value) -> Reply {
        self.send(post(accept, body)).await
    }

    /// Asks with the media type whose status tells of the operation.
    pub async fn ask(&self, query: &str) -> Reply {
        self.post("application/graphql-response+json", json!({ "query": query })).await
    }

    /// Listens on a port of its own.
    pub async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(self.serving(listener));
        address
    }

    /// Serves on a listener until shut down.
    pub fn serving(&self, listener: tokio::net::TcpListener) -> impl Future<Output = ()> + use<> {
        let (router, shutdown, settings) =
            (self.router.clone(), self.shutdown.clone(), self.settings.clone());
        async move { crate::api::serve::serve(listener, router, shutdown, &settings).await }
    }
}

pub fn post(accept: &str, body: serde_json::Value) -> HttpRequest<Body> {
    HttpRequest::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, accept)
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Code and message of the first error.
    pub fn error(&self) -> (String, String) {
        let json = self.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (text(&json["errors"][0]["extensions"]["code"]), text(&json["errors"][0]["message"]))
    }
}
