# Two commands matter: `make run` starts a demonstration, `make test` runs every test (CI runs just that).
# Both install what they need first, and say what. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

CARGO ?= cargo
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
TOOLS := target/tools
VENV := $(TOOLS)/venv
# Arguments of the demonstration: make run ARGS="--listen 127.0.0.1:9000"
ARGS ?=

WEB_SOURCES := $(shell find web locales -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test/*' -not -path web/shared/messages.ts 2>/dev/null)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

# ---- the product -------------------------------------------------------------------------------

.PHONY: run
run: build ## install what is missing, build, start the demonstration and print its three links
	$(TARGET)/release/stentor serve --demo $(ARGS)

.PHONY: build
build: build-tools web ## the program, optimised: target/release/stentor, its symbols beside it in stentor.debug
	$(CARGO) build --release --locked -p stentor
	@scripts/split.sh $(TARGET)/release/stentor

# What a machine that serves needs and nothing that builds: to be unpacked, or made into a package.
DIST = $(TARGET)/dist/stentor-$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)-$(shell uname -m)

.PHONY: dist
dist: build ## the program with manual, completions, systemd unit and licences, as one archive in target/dist
	rm -rf $(DIST)
	mkdir -p $(DIST)/completions
	cp $(TARGET)/release/stentor README.md CHANGELOG.md SECURITY.md LICENSE-APACHE LICENSE-MIT crates/api/fonts/OFL.txt packaging/stentor.toml packaging/systemd/stentor.service packaging/systemd/stentor.sysusers.conf $(DIST)/
	cp $(TARGET)/release/stentor.debug $(DIST).debug
	$(DIST)/stentor manual > $(DIST)/stentor.1
	$(DIST)/stentor completions bash > $(DIST)/completions/stentor.bash
	$(DIST)/stentor completions zsh > $(DIST)/completions/_stentor
	$(DIST)/stentor completions fish > $(DIST)/completions/stentor.fish
	tar --create --gzip --owner=0 --group=0 --directory=$(dir $(DIST)) --file=$(DIST).tar.gz $(notdir $(DIST))
	@ls -l $(DIST).tar.gz $(DIST).debug

.PHONY: debug
debug: build-tools web
	$(CARGO) build --locked -p stentor --bins --tests

.PHONY: web
web: web/dist/listen.js ## the pages, which the program carries inside

web/dist/listen.js: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | build-tools
	scripts/npm.sh web
	@touch $@

# ---- what must be on the machine ---------------------------------------------------------------

.PHONY: build-tools
build-tools:
	@scripts/ensure.sh rust node cc cmake

.PHONY: test-tools
test-tools: build-tools e2e/node_modules/.installed $(VENV)/.installed ## install what the tests need, nothing else
	@scripts/ensure.sh wasm iproute chromium firefox pulseaudio ffmpeg fonts openssl promtool

e2e/node_modules/.installed: e2e/package.json e2e/package-lock.json | build-tools
	scripts/npm.sh e2e
	@touch $@

$(VENV)/.installed: e2e/python/requirements.txt
	@scripts/ensure.sh python
	scripts/python.sh $(VENV) $<
	@touch $@

# ---- the tests ---------------------------------------------------------------------------------

# Each suite runs whatever became of the others, and one summary stands at the end. With STENTOR_MUST_RUN=1, as in CI, a
# test that cannot run on this machine fails instead of saying so.

.PHONY: test
test: test-tools web ## every test; what CI runs
	@node scripts/test.mjs $(TOOLS) $(MAKE)

.PHONY: lint
lint: ## formatting, clippy (of the fuzz targets too, without building libFuzzer), rustdoc (unused dependencies are a house rule)
	@$(MAKE) --no-print-directory --keep-going lint-format lint-clippy lint-doc lint-fuzz

.PHONY: lint-format lint-clippy lint-doc lint-fuzz
lint-format:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check

lint-clippy: web
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# With the examples, so that what both need from others is checked once for clippy and rustdoc.
lint-doc: web
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --lib --bins --examples --quiet

lint-fuzz: web
	CUSTOM_LIBFUZZER_PATH=/dev/null $(CARGO) clippy --locked --manifest-path fuzz/Cargo.toml --features studio,herd,edge --target-dir $(TARGET) -- -D warnings

.PHONY: test-rust
test-rust: build-tools web ## the crates' tests
	@mkdir -p $(TOOLS)
	$(CARGO) test --locked --workspace --no-fail-fast 2>&1 | tee $(TOOLS)/test-rust.log

.PHONY: test-web
test-web: web ## the pages' own tests
	@mkdir -p $(TOOLS)
	cd web && npm test --silent 2>&1 | tee ../$(TOOLS)/test-web.log

.PHONY: test-e2e
test-e2e: test-tools debug ## the whole product: browsers, outside tools, bad input (E2E="files" to choose)
	E2E_SERVER=$${E2E_SERVER:-$(abspath $(TARGET))/debug/stentor} E2E_PYTHON=$(abspath $(VENV))/bin/python \
		node scripts/e2e.mjs $(E2E) 2>&1 | tee $(TOOLS)/test-e2e.log

.PHONY: pictures
pictures: ## screenshots of every page and state into e2e/pictures/
	$(MAKE) test-e2e E2E=e2e/test/pictures.test.mjs

# ---- the figures -------------------------------------------------------------------------------

.PHONY: bench
bench: test-tools build $(TOOLS)/lighthouse/.installed ## every figure of bench/README.md, as a table and as bench/results/*.json
	@scripts/ensure.sh janus icecast nginx valgrind
	$(CARGO) build --release --locked -p stentor-rehearsal
	E2E_SERVER=$${E2E_SERVER:-$(abspath $(TARGET))/release/stentor} E2E_PYTHON=$(abspath $(VENV))/bin/python \
		node bench/run.mjs $(BENCH)

$(TOOLS)/lighthouse/.installed: | build-tools
	npm install --prefix $(dir $@) --silent --no-audit --no-fund --no-progress lighthouse@12
	@touch $@

# ---- housekeeping ------------------------------------------------------------------------------

.PHONY: fmt
fmt: ## format the Rust sources
	$(CARGO) fmt --all

.PHONY: deny
deny: ## licences and advisories, where cargo-deny is installed
	$(CARGO) deny --all-features check

.PHONY: clean
clean: ## throw away everything that was built or installed here
	rm -rf target web/dist web/node_modules e2e/node_modules e2e/pictures/*.png e2e/data
