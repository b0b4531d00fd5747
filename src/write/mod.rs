//! The command side: one folder an aggregate; this list names them all.
