//! Which web pages may talk to this server: its own, and those the settings name; and under which names it is asked.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header, uri::Authority};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::settings::Settings;

/// Whether a WebSocket may be opened: from no browser, from a page of ours, or from a page that is named.
pub fn may_upgrade(headers: &HeaderMap, settings: &Settings) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if settings.allowed_origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

/// Whether a request is meant for this server: asked by an address, as localhost, or under one of its names. A page of
/// `http://evil.example` whose name is made to resolve to 127.0.0.1 is of the server's own origin for its browser, but
/// asks under its own name.
pub fn is_ours(uri: &Uri, headers: &HeaderMap, settings: &Settings) -> bool {
    let Some(names) = &settings.hosts else { return true };
    let authority = match (uri.authority(), headers.get(header::HOST)) {
        (Some(authority), _) => Some(authority.clone()),
        (None, Some(host)) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        // No browser leaves it out.
        (None, None) => return true,
    };
    let Some(authority) = authority else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok()
        || names.iter().any(|name| name.eq_ignore_ascii_case(&host))
}

/// Lets the named pages read answers; nothing without names, since a page of ours needs no permission.
pub fn cors(settings: &Settings) -> Option<CorsLayer> {
    if settings.allowed_origins.is_empty() {
        return None;
    }
    let any = settings.allowed_origins.iter().any(|origin| origin == "*");
    let origins = settings.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    Some(
        CorsLayer::new()
            .allow_origin(if any { AllowOrigin::any() } else { AllowOrigin::list(origins) })
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([header::RETRY_AFTER, header::ALLOW, header::ETAG])
            .max_age(std::time::Duration::from_secs(3600)),
    )
}

/// Whether a GET can be trusted not to ride on a browser's cookies from a foreign page: it carries none, or a header
/// that only a script of an allowed page, or the browser itself for a page of ours, can have set.
pub fn may_get(headers: &HeaderMap) -> bool {
    const DELIBERATE: [&str; 3] =
        ["x-requested-with", "apollo-require-preflight", "graphql-require-preflight"];
    !headers.contains_key(header::COOKIE)
        || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
        || headers
            .keys()
            .any(|name| DELIBERATE.contains(&name.as_str()) || name.as_str().starts_with("hindsight-"))
}
