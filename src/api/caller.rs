//! Who asks, why, and from which position on: read from headers, or from the payload of `connection_init`.

use axum::http::HeaderMap;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::errors::Refusal;

const ACTOR: &str = "Hindsight-Actor";
const CORRELATION_ID: &str = "Hindsight-Correlation-Id";
const CAUSATION_ID: &str = "Hindsight-Causation-Id";
const MIN_POSITION: &str = "Hindsight-Min-Position";
/// As many as text in arguments may have, so that whatever was recorded can be asked for.
const MAX_ACTOR_CHARACTERS: usize = 200;

/// What a request says about itself besides the operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Who acts; null unless the header is trusted.
    pub actor: Option<String>,
    /// The business transaction this belongs to.
    pub correlation_id: Option<Uuid>,
    /// The event or command that caused this.
    pub causation_id: Option<Uuid>,
    /// Answers must reflect the log at least up to here; never negative.
    pub min_position: Option<i64>,
    /// Where an event stream that is connected again left off, as its last `id:` told.
    pub last_event_id: Option<String>,
    /// Whose share of the bound on requests under way this uses: the trusted actor, else the address.
    pub client: Option<String>,
}

impl Caller {
    /// From HTTP headers. A value that cannot be read is refused rather than ignored.
    pub fn from_headers(headers: &HeaderMap, trust_actor: bool) -> Result<Self, Refusal> {
        let mut caller = Self::default().read(trust_actor, |key| match headers.get(key) {
            None => Ok(None),
            // A proxy that adds its own beside the client's would let the client speak for itself.
            Some(_) if headers.get_all(key).iter().nth(1).is_some() => {
                Err(Refusal::bad_request(format!("{key} must be given once.")))
            }
            Some(value) => match value.to_str() {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(Refusal::bad_request(format!("{key} must be plain ASCII text."))),
            },
        })?;
        caller.last_event_id = headers.get("last-event-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(caller)
    }

    /// What the payload of `connection_init` adds. An actor in the upgrade's headers stands: a proxy has set it.
    pub fn with_payload(self, payload: &Map<String, Value>, trust_actor: bool) -> Result<Self, Refusal> {
        let from_header = self.actor.clone();
        let mut caller = self.read(trust_actor, |key| {
            match payload.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.clone())),
                Some(Value::Number(number)) => Ok(Some(number.to_string())),
                Some(other) => Err(Refusal::bad_request(format!("{key} must be a string, not {other}."))),
            }
        })?;
        caller.actor = from_header.or(caller.actor);
        Ok(caller)
    }

    /// What the request's own `extensions` add.
    pub fn with_extensions(mut self, extensions: &Map<String, Value>) -> Result<Self, Refusal> {
        match extensions.get("minPosition") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => self.min_position = Some(position("extensions.minPosition", text)?),
            Some(value) => {
                self.min_position = Some(position("extensions.minPosition", &value.to_string())?);
            }
        }
        Ok(self)
    }

    fn read(
        mut self,
        trust_actor: bool,
        get: impl Fn(&'static str) -> Result<Option<String>, Refusal>,
    ) -> Result<Self, Refusal> {
        if trust_actor && let Some(actor) = get(ACTOR)? {
            let length = actor.chars().count();
            if length == 0 || length > MAX_ACTOR_CHARACTERS || actor.chars().any(char::is_control) {
                return Err(Refusal::bad_request(format!(
                    "{ACTOR} must have 1 to {MAX_ACTOR_CHARACTERS} characters, none of them a control character; it has \
                     {length}."
                )));
            }
            self.actor = Some(actor);
        }
        if let Some(text) = get(CORRELATION_ID)? {
            self.correlation_id = Some(uuid(CORRELATION_ID, &text)?);
        }
        if let Some(text) = get(CAUSATION_ID)? {
            self.causation_id = Some(uuid(CAUSATION_ID, &text)?);
        }
        if let Some(text) = get(MIN_POSITION)? {
            self.min_position = Some(position(MIN_POSITION, &text)?);
        }
        Ok(self)
    }
}

fn uuid(key: &str, text: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(text).map_err(|_| {
        Refusal::bad_request(format!(
            "{key} must be a UUID such as 018f4e9a-7c1b-7000-8000-000000000000, not {text:?}."
        ))
    })
}

fn position(key: &str, text: &str) -> Result<i64, Refusal> {
    text.parse().ok().filter(|position| *position >= 0).ok_or_else(|| {
        Refusal::bad_request(format!("{key} must be a position, a whole number from 0 on, not {text:?}."))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn actor(values: &[&'static str]) -> Result<Option<String>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("hindsight-actor", HeaderValue::from_static(value));
        }
        Caller::from_headers(&headers, true).map(|caller| caller.actor)
    }

    #[test]
    fn an_actor_is_named_once_and_plainly() {
        assert_eq!(actor(&["ann"]).unwrap(), Some("ann".to_owned()));
        assert_eq!(actor(&[]).unwrap(), None);
        assert!(actor(&["mallory", "ann"]).is_err(), "a proxy that adds to the client's own header");
        assert!(actor(&[""]).is_err());
    }

    #[test]
    fn an_actor_that_could_not_be_asked_for_again_is_refused() {
        let payload = |actor: &str| Map::from_iter([(ACTOR.to_owned(), Value::from(actor))]);
        let named = |actor: &str| Caller::default().with_payload(&payload(actor), true);
        assert!(named(&"é".repeat(200)).is_ok());
        assert!(named(&"é".repeat(201)).is_err());
        assert!(named("a\0b").is_err());
    }
}
