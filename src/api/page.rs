//! The page at `/` of a binary without the explorer: where to ask, how, and how to get the explorer. No script.

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

const STYLE: &str = ":root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;\
color:light-dark(#1c2733,#d8dfea);background:light-dark(#fbfaf7,#1a2230)}\
h1{font-size:1.8rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem}p{margin:.5rem 0}\
pre{background:light-dark(#1c2733,#10161f);color:#f2efe6;padding:1rem;margin:0;overflow-x:auto;border-radius:6px}\
code{font-family:ui-monospace,monospace;font-size:.9rem}p code{overflow-wrap:anywhere}";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The page, with commands that work as they stand.
pub async fn page(headers: HeaderMap) -> Response {
    let host = host(&headers).unwrap_or("localhost");
    let body = format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hindsight</title>
<style>{STYLE}</style>
<h1>Hindsight</h1>
<p>Every answer as of any moment. The GraphQL endpoint is <code>http://{host}/graphql</code> for POST, GET,
WebSocket (<code>graphql-transport-ws</code>) and event streams.</p>
<h2>Ask</h2>
<pre><code>curl -s http://{host}/graphql -H 'Content-Type: application/json' \
  -d '{{"query":"{{ products {{ nodes {{ id name stock }} }} }}"}}'</code></pre>
<h2>Ask about an hour ago</h2>
<pre><code>curl -s http://{host}/graphql -H 'Content-Type: application/json' \
  -d '{{"query":"{{ products(asOf: \"-PT1H\") {{ nodes {{ id name stock }} }} }}"}}'</code></pre>
<h2>Watch</h2>
<pre><code>curl -sN http://{host}/graphql -H 'Content-Type: application/json' \
  -H 'Accept: text/event-stream' \
  -d '{{"query":"subscription {{ events(after: 0) {{ position type streamId }} }}"}}'</code></pre>
<h2>The explorer</h2>
<p>This binary was built without it. With Node 20.19, or 22.12 or later, at hand: <code>make web</code>, then build
again.</p>
</html>
"#
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Host"),
    ];
    (headers, body).into_response()
}

/// The name this server was called by, if it holds nothing that could be taken for more than a name.
pub fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    host.chars().all(|c| c.is_ascii_alphanumeric() || ".:-[]".contains(c)).then_some(host)
}
