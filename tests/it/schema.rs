//! The public contract is a committed file, and this fails when it lies.

use hindsight::api::schema::sdl;

/// `make schema` writes it.
const COMMITTED: &str = include_str!("../../schema.graphql");

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    assert!(sdl() == COMMITTED, "schema.graphql is stale: run `make schema` and look at what has changed");
}

#[test]
fn every_scalar_says_what_it_is_and_most_where_that_is_written_down() {
    for scalar in ["DateTime", "CurrencyCode", "CountryCode", "JSON"] {
        assert!(COMMITTED.contains(&format!("scalar {scalar} @specifiedBy(url: ")), "{scalar}");
    }
    for scalar in ["Decimal", "Position", "Moment"] {
        assert!(COMMITTED.contains(&format!("scalar {scalar}")), "{scalar}");
    }
}
