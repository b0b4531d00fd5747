//! Unknown outcomes: connections that are cut while a commit is under way.
