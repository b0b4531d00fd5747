//! The vocabulary of resolvers: scalars, moments, pages, errors, request scope.
