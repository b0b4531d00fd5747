//! Parse, start, wait for the signal.

fn main() {}
