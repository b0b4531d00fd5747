//! How much is under way: a place in flight for each query and mutation, one per open socket or event stream.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::{errors::Refusal, settings::Limits};

/// How many places each client with any has.
type Clients = Arc<Mutex<HashMap<String, usize>>>;

/// Counts places; cheap to clone.
#[derive(Clone)]
pub struct Flight {
    all: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    clients: Clients,
    max_in_flight: usize,
    max_per_client: usize,
    max_connections: usize,
}

/// A place in flight, given back when dropped.
pub struct Place {
    _all: OwnedSemaphorePermit,
    client: Option<(String, Clients)>,
}

impl Flight {
    /// With the bounds of `limits`.
    pub fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.max_in_flight)),
            connections: Arc::new(Semaphore::new(limits.max_connections)),
            clients: Arc::default(),
            max_in_flight: limits.max_in_flight,
            max_per_client: limits.max_in_flight_per_client,
            max_connections: limits.max_connections,
        }
    }

    /// A place for one query or mutation, at once or not at all: a queue here would only hide the load.
    pub fn enter(&self, client: Option<&str>) -> Result<Place, Refusal> {
        let all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| {
            let bound = self.max_in_flight;
            Refusal::overloaded(format!(
                "{bound} requests are under way, the most allowed (max-in-flight). Try again."
            ))
        })?;
        let Some(client) = client else {
            return Ok(Place { _all: all, client: None });
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let count = clients.entry(client.to_owned()).or_insert(0);
        if *count >= self.max_per_client {
            let bound = self.max_per_client;
            return Err(Refusal::overloaded(format!(
                "{bound} requests of yours are under way, the most allowed (max-in-flight-per-client). Try again."
            )));
        }
        *count += 1;
        drop(clients);
        Ok(Place { _all: all, client: Some((client.to_owned(), Arc::clone(&self.clients))) })
    }

    /// A place for an open WebSocket or event stream.
    pub fn connect(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.connections).try_acquire_owned().map_err(|_| {
            let bound = self.max_connections;
            Refusal::overloaded(format!(
                "{bound} connections are open, the most allowed (max-connections). Try again."
            ))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((client, clients)) = self.client.take() else { return };
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_at_its_bound_waits_for_its_own_places_only() {
        let flight =
            Flight::new(&Limits { max_in_flight: 3, max_in_flight_per_client: 1, ..Limits::default() });
        let first = flight.enter(Some("a")).unwrap();
        assert!(flight.enter(Some("a")).is_err());
        assert!(flight.enter(Some("b")).is_ok());
        drop(first);
        assert!(flight.enter(Some("a")).is_ok());
        assert!(flight.clients.lock().unwrap().is_empty(), "clients without requests are forgotten");
    }

    #[test]
    fn all_clients_together_have_a_bound() {
        let flight = Flight::new(&Limits { max_in_flight: 1, ..Limits::default() });
        let _one = flight.enter(None).unwrap();
        let refused = flight.enter(Some("a")).err().unwrap();
        assert_eq!(crate::api::errors::code_of(&refused.errors[0]), Some("OVERLOADED"));
    }
}
