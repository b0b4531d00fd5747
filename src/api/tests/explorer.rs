//! The explorer's routes over files of the tests' own, so that they hold whether or not the real ones were built.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use super::toy::{App, Reply, World};
use crate::api::explorer::{File, routes};

static BUILT: [File; 3] = [
    File { path: "assets/index-1a2b.js", plain: b"plain script", gzip: Some(b"compressed script") },
    File { path: "icon.svg", plain: b"<svg/>", gzip: None },
    File { path: "index.html", plain: b"<!doctype html>the explorer", gzip: None },
];

const PAGES: [&str; 2] = ["/", "/playground"];
const SCRIPT: &str = "/assets/index-1a2b.js";

fn serving(files: &'static [File]) -> App {
    App {
        router: routes(files),
        world: World::default(),
        shutdown: Default::default(),
        settings: Default::default(),
    }
}

async fn get(app: &App, path: &str, headers: &[(header::HeaderName, &str)]) -> Reply {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let request = headers.iter().fold(request, |mut request, (name, value)| {
        request.headers_mut().append(name, value.parse().unwrap());
        request
    });
    app.send(request).await
}

#[tokio::test]
async fn a_binary_without_the_explorer_says_what_to_do_instead() {
    let app = serving(&[]);
    for path in PAGES {
        let reply = get(&app, path, &[(header::HOST, "shop.example:8080")]).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8")
        );
        assert!(
            reply.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-")
        );
        assert_eq!(reply.text.matches("curl ").count(), 3);
        assert!(reply.text.contains("http://shop.example:8080/graphql") && reply.text.contains("make web"));
    }
    assert_eq!(get(&app, SCRIPT, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_binary_with_the_explorer_serves_its_page_and_each_file_by_its_type() {
    let app = serving(&BUILT);
    for path in PAGES {
        let reply = get(&app, path, &[]).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8")
        );
        assert_eq!(reply.text, "<!doctype html>the explorer");
    }
    let script = get(&app, SCRIPT, &[]).await;
    assert_eq!(
        (script.header("content-type"), &*script.text),
        ("text/javascript; charset=utf-8", "plain script")
    );
    let icon = get(&app, "/icon.svg", &[]).await;
    assert_eq!((icon.header("content-type"), &*icon.text), ("image/svg+xml", "<svg/>"));
}

#[tokio::test]
async fn the_policy_allows_this_server_alone() {
    let app = serving(&BUILT);
    for path in ["/", SCRIPT] {
        let reply = get(&app, path, &[(header::HOST, "127.0.0.1:8080")]).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; worker-src 'self'; "), "{policy}");
        assert!(
            policy.contains("; connect-src 'self' ws://127.0.0.1:8080 wss://127.0.0.1:8080; "),
            "{policy}"
        );
        assert!(policy.contains("; frame-ancestors 'none'"), "{policy}");
    }
}

#[tokio::test]
async fn a_host_that_is_no_host_or_an_ipv6_address_does_not_get_into_the_policy() {
    let app = serving(&BUILT);
    for host in ["x; script-src *", "*", "a b", "[::1]:8080"] {
        let reply = get(&app, "/", &[(header::HOST, host)]).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("; connect-src 'self'; "), "{host}: {policy}");
    }
}

#[tokio::test]
async fn what_has_a_hash_in_its_name_is_kept_and_all_else_asked_for_again() {
    let app = serving(&BUILT);
    let script = get(&app, SCRIPT, &[]).await;
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(script.header("etag"), "");
    for path in ["/", "/icon.svg"] {
        let first = get(&app, path, &[]).await;
        assert_eq!(first.header("cache-control"), "no-cache");
        let list = format!("\"other\", {}", first.header("etag"));
        let again = get(&app, path, &[(header::IF_NONE_MATCH, &list)]).await;
        assert_eq!((again.status, &*again.text), (StatusCode::NOT_MODIFIED, ""));
        let changed = get(&app, path, &[(header::IF_NONE_MATCH, "W/\"other\"")]).await;
        assert_eq!((changed.status, &changed.text), (StatusCode::OK, &first.text));
    }
}

#[tokio::test]
async fn only_who_takes_gzip_gets_it() {
    let app = serving(&BUILT);
    for (accepted, encoding, text) in [
        ("gzip", "gzip", "compressed script"),
        ("br, GZip;q=0.5", "gzip", "compressed script"),
        ("gzip; q=0, br", "", "plain script"),
        ("gzip;q=high", "", "plain script"),
        ("identity", "", "plain script"),
    ] {
        let reply = get(&app, SCRIPT, &[(header::ACCEPT_ENCODING, accepted)]).await;
        assert_eq!((reply.header("content-encoding"), &*reply.text), (encoding, text), "{accepted}");
        assert_eq!(reply.header("vary"), "Accept-Encoding, Host");
    }
    let whole = get(&app, "/", &[(header::ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!((whole.header("content-encoding"), &*whole.text), ("", "<!doctype html>the explorer"));
}

#[tokio::test]
async fn there_is_nothing_beyond_the_files() {
    let app = serving(&BUILT);
    for path in [
        "/assets/index-0000.js",
        "/assets/index-1a2b.js.gz",
        "/assets/",
        "/assets",
        "/assets/../icon.svg",
        "/assets/%2e%2e/icon.svg",
        "/assets/..%2ficon.svg",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/index.html",
    ] {
        assert_eq!(get(&app, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
