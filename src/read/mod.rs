//! The query side: one folder a question; this list names them all.
