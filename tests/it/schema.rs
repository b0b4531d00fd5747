//! The public contract is a committed file, and this fails when it lies.

use hindsight::api::schema::sdl;

/// `make schema` writes it.
const COMMITTED: &str = include_str!("../../schema.graphql");
/// Where our own scalars are written down.
const SCALARS: &str = include_str!("../../docs/scalars.md");

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    assert!(sdl() == COMMITTED, "schema.graphql is stale: run `make schema` and look at what has changed");
}

#[test]
fn every_scalar_says_where_it_is_written_down() {
    let scalars: Vec<_> = COMMITTED.lines().filter(|line| line.starts_with("scalar ")).collect();
    assert_eq!(scalars.len(), 8, "{scalars:?}");
    for scalar in scalars {
        let (_, url) = scalar.split_once("@specifiedBy(url: \"").expect(scalar);
        let url = url.trim_end_matches("\")");
        if let Some(section) = url.strip_prefix("docs/scalars.md#") {
            let sections = SCALARS.lines().filter_map(|line| line.strip_prefix("## "));
            assert!(sections.map(str::to_lowercase).any(|title| title == section), "{scalar}");
        } else {
            assert!(url.starts_with("https://"), "{scalar}");
        }
    }
}
