//! The explorer's routes over files of the tests' own, so that they hold whether or not the real ones were built.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

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
        let style = reply.text.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
        let digest = BASE64_STANDARD.encode(Sha256::digest(style.unwrap().0));
        assert!(
            reply.header("content-security-policy").contains(&format!("style-src 'sha256-{digest}';")),
            "a browser would leave the style out"
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

#[tokio::test]
async fn every_response_whatever_it_is_carries_the_headers_that_keep_browsers_in_their_place() {
    let app = App::new();
    let elsewhere = Some("https://elsewhere.example");
    for (method, path, origin, status) in [
        (Method::GET, "/", None, StatusCode::OK),
        (Method::GET, "/playground", None, StatusCode::OK),
        (Method::HEAD, "/", None, StatusCode::OK),
        (Method::GET, "/healthz", None, StatusCode::OK),
        (Method::GET, "/readyz", None, StatusCode::SERVICE_UNAVAILABLE),
        (Method::GET, "/graphql?query=%7Bhello%7D", None, StatusCode::OK),
        (Method::GET, "/graphql?query=%7Bhello%7D", elsewhere, StatusCode::OK),
        (Method::GET, "/graphql", None, StatusCode::BAD_REQUEST),
        (Method::PUT, "/graphql", None, StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/graphql", None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::OPTIONS, "/graphql", elsewhere, StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/", None, StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/nowhere", None, StatusCode::NOT_FOUND),
        (Method::GET, "/assets/index-0000.js", None, StatusCode::NOT_FOUND),
    ] {
        let mut request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        }
        let reply = app.send(request).await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(
            ["x-content-type-options", "x-frame-options", "referrer-policy"].map(|name| reply.header(name)),
            ["nosniff", "DENY", "no-referrer"],
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn every_file_of_the_explorer_carries_the_policy_also_when_it_is_known_already() {
    let app = serving(&BUILT);
    for path in ["/", "/playground", SCRIPT, "/icon.svg"] {
        let first = get(&app, path, &[]).await;
        let again = get(&app, path, &[(header::IF_NONE_MATCH, first.header("etag"))]).await;
        for reply in [&first, &again] {
            let policy = reply.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
            assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{path}: {policy}");
        }
    }
}
