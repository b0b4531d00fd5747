//! What the benchmarks stand on: the binary in a process of its own, a database of their own, a made-up log.

// A benchmark that cannot go on panics; none uses all of this.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

pub mod made;
pub mod served;
