//! The explorer: the files of `web/dist` as they were when this binary was built, and the plain page without them.
//!
//! Each file is a route of its own, so no path of a request ever reaches a file system.

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use super::page;

/// What the binary holds: `build.rs` writes the table.
pub static EMBEDDED: &[File] = include!(concat!(env!("OUT_DIR"), "/explorer.rs"));

/// The page itself; without it there is no explorer.
const INDEX: &str = "index.html";

/// The names in here hold a hash of what they name, which therefore never changes.
const HASHED: &str = "assets/";

/// One embedded file.
pub struct File {
    /// Its path below the root, such as `assets/index-1a2b.js`.
    pub path: &'static str,
    pub plain: &'static [u8],
    /// The same, compressed, where that is worth it.
    pub gzip: Option<&'static [u8]>,
}

/// The explorer at `/` and `/playground` with all it loads; the plain page where `files` holds none.
pub fn routes(files: &'static [File]) -> Router {
    let Some(index) = files.iter().find(|file| file.path == INDEX) else {
        return Router::new().route("/", get(page::page)).route("/playground", get(page::page));
    };
    let paths = files.iter().filter(|file| file.path != INDEX).map(|file| (format!("/{}", file.path), file));
    let pages = ["/", "/playground"].map(|path| (path.to_owned(), index));
    paths.chain(pages).fold(Router::new(), |router, (path, file)| {
        let tag = tag(file);
        router.route(&path, get(move |headers: HeaderMap| async move { answer(file, tag, &headers) }))
    })
}

/// What a browser may compare; nothing for what never changes.
fn tag(file: &File) -> Option<HeaderValue> {
    if file.path.starts_with(HASHED) {
        return None;
    }
    // Weak: the compressed bytes go under the same tag.
    HeaderValue::from_str(&format!("W/\"{}\"", hex::encode(Sha256::digest(file.plain)))).ok()
}

fn answer(file: &File, tag: Option<HeaderValue>, asked: &HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    let is_known =
        tag.as_ref().is_some_and(|tag| known.split(',').any(|one| tag.as_bytes() == one.trim().as_bytes()));
    let gzip = file.gzip.filter(|_| takes_gzip(asked));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => gzip.unwrap_or(file.plain).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(file.path)));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Host"));
    if let Ok(policy) = HeaderValue::from_str(&policy(asked)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if gzip.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let caching = if tag.is_some() { "no-cache" } else { "public, max-age=31536000, immutable" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Nothing but this server, for the page and for its workers. The editor writes its styles into the page, and GraphiQL
/// has its fonts and icons in its style sheet.
fn policy(asked: &HeaderMap) -> String {
    // Not every browser takes a WebSocket for 'self'. A policy cannot name an IPv6 address, and need not there.
    let sockets = page::host(asked).filter(|host| !host.contains('['));
    let sockets = sockets.map_or(String::new(), |host| format!(" ws://{host} wss://{host}"));
    format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'{sockets}; \
         style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let (name, quality) = one.split_once(';').unwrap_or((one, "q=1"));
        let quality = quality.trim().strip_prefix("q=").and_then(|quality| quality.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_some_and(|quality| quality > 0.0)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("md") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
