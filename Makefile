# Everything a clone needs: Rust 1.94 or later with clippy and rustfmt, make, a C compiler; Python 3 and Node for the tests.
# Recipes use the shell's own words, cargo, python3 and node alone, so that they work with the barest PATH.

.NOTPARALLEL:
.DEFAULT_GOAL := help
CARGO ?= cargo
EXPLORER := $(if $(wildcard web/package.json),web/dist/index.html)
# The binary that the tests make: `cargo build` would compile half of what it depends on once more.
BINARY := $(CARGO) test --locked --no-run --test it

help: ## this list
	@while IFS=: read -r target rest; do \
		case "$$target:$$rest" in [a-z]*'## '*) printf '  make %-13s %s\n' "$$target" "$${rest##*## }";; esac; \
	done < Makefile

run: $(EXPLORER) ## build and serve a made-up shop on embedded SQLite, with the explorer where a fitting Node is there
	$(CARGO) run --locked --release -- serve --demo

test: ## everything: formatting, clippy, unit and integration tests on SQLite and PostgreSQL, clients of others
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	scripts/with-postgres scripts/run-tests
	scripts/test-clients
	FUZZ_SEED=$${FUZZ_SEED:-20261124} scripts/fuzz $${FUZZ_SECONDS:-30}

test-clients: ## clients of others against the served binary: Apollo, urql, Relay, graphql-ws, gql …; needs Node 20.11
	$(BINARY)
	scripts/test-clients

test-explorer: $(EXPLORER) ## the explorer in a real browser; needs Node and Debian's chromium, or CHROMIUM=/path/to/it
	@test -f web/dist/index.html
	$(BINARY)
	cd web && node test/explorer.mjs

fuzz: ## ten minutes (or FUZZ_SECONDS) of questions made up from the schema, none of which may be a fault of ours
	$(BINARY)
	scripts/fuzz

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## clippy, with warnings as errors
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

schema: ## write schema.graphql as the binary serves it
	@schema=$$($(CARGO) run --locked --quiet -- schema) && test -n "$$schema" && printf '%s\n' "$$schema" > schema.graphql

web: ## build the explorer (Node 20.19, or 22.12 or later), for the next build of the binary to hold
	@scripts/build-explorer

# Where the explorer cannot be built, the binary serves a small page of its own instead.
web/dist/index.html: $(wildcard web/*.* web/src/* web/src/*/* web/public/*)
	@scripts/build-explorer || echo "The explorer is left out; a plain page stands in for it."

.PHONY: help run test test-clients test-explorer fuzz fmt lint schema web
