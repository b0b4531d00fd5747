//! Media types: which one a client wants, and which one a body has.

use axum::http::{HeaderMap, header};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: the status tells of the exchange only.
    Json,
    /// `application/graphql-response+json`: the status tells of the operation too.
    GraphQl,
    /// `text/event-stream`: one event a result.
    EventStream,
}

impl Media {
    /// As a `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }

    /// What the client likes best of what we have: by quality, then by order. Nothing if all is excluded.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        let mut any_given = false;
        for header in headers.get_all(header::ACCEPT) {
            for range in header.to_str().ok()?.split(',').filter(|range| !range.trim().is_empty()) {
                any_given = true;
                let mut parts = range.split(';').map(str::trim);
                let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "application/json" | "application/*" | "*/*" => Self::Json,
                    "application/graphql-response+json" => Self::GraphQl,
                    "text/event-stream" => Self::EventStream,
                    _ => continue,
                };
                let quality = parts
                    .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                    .map_or(1.0, |q| q.parse().unwrap_or(0.0));
                if quality > 0.0 && best.is_none_or(|(_, better)| quality > better) {
                    best = Some((media, quality));
                }
            }
        }
        if any_given { best.map(|(media, _)| media) } else { Some(Self::Json) }
    }
}

/// Whether a body is JSON in UTF-8, as far as its `Content-Type` tells.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Media::accepted(&headers)
    }

    #[test]
    fn a_client_that_says_nothing_or_anything_gets_json() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("text/html, */*;q=0.8"), Some(Media::Json));
    }

    #[test]
    fn quality_decides_then_order() {
        assert_eq!(
            accepted("application/json;q=0.9, application/graphql-response+json"),
            Some(Media::GraphQl)
        );
        assert_eq!(accepted("application/graphql-response+json, application/json"), Some(Media::GraphQl));
        assert_eq!(accepted("text/event-stream"), Some(Media::EventStream));
    }

    #[test]
    fn a_client_that_takes_nothing_of_ours_gets_nothing() {
        assert_eq!(accepted("image/png"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }
}
