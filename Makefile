# Every target sets up what it needs. Start with `make demo`; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
# caldav's HTTP library replaces urllib3 when installed as a wheel (docs/decisions/urllib3.md): its source build honours this.
export URLLIB3_NO_OVERRIDE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: conformance help setup demo test test-fast test-programs test-servers test-clients test-databases check format lock clean bench-sync bench-formats bench-engine bench-microsoft bench-google bench-requests bench-intake bench-gateway bench-gateway-load simulate torture mutants fuzz

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

setup: $(READY) ## virtual environment with the locked dependencies

$(READY): requirements/dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## the main job on real servers; ARGS=--once ends, ARGS='--once --json'
	@$(BIN)/python -m demo $(ARGS)

check: $(READY) ## lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY) ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-fast: $(READY) ## unit, contract and property tests on SQLite, without the long ones (under a minute)
	AGENDAHUB_TEST_STORES=sqlite $(BIN)/pytest tests/unit tests/property tests/contract -m "not slow" -n 2 $(ARGS)

TEST_PACKAGES := dovecot-imapd dovecot-lmtpd litmus nginx-light caddy

test-programs: ## Dovecot, litmus, nginx, Caddy for tests (installs them as root on Debian, without starting them; else those tests skip)
	@if test "$$(id -u)" = 0 && test -f /etc/debian_version && ! dpkg -s $(TEST_PACKAGES) >/dev/null 2>&1; then \
	  { apt-get -qq update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
	  --no-install-recommends $(TEST_PACKAGES); } >/dev/null 2>&1 || \
	  echo "$(TEST_PACKAGES) could not be installed: the tests that need them are skipped."; fi

test: check test-programs ## everything
	$(BIN)/pytest tests -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

SEEDS ?= 20000

simulate: $(READY) ## the engine among faults: SEEDS=20000 runs, or SEED=x to replay one
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

mutants: $(READY) ## bugs put into the engine, each of which the simulation or a test must find (ARGS=name)
	@$(BIN)/python -m tests.simulation.mutants $(ARGS)

SECONDS ?= 60

fuzz: $(READY) ## mutants of real files to everything that reads what others send: SECONDS=n [SEED=x] (ARGS=--json)
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench-engine: $(READY) ## statements, rows, CPU and memory of the engine by size (ARGS="--sizes 1000 10000", ARGS=--json)
	@$(BIN)/python -m benchmarks.engine $(ARGS)

bench-formats: $(READY) ## parse and render beside vobject and icalendar (ARGS=--json)
	@$(BIN)/python -m benchmarks.formats $(ARGS)

bench-requests: $(READY) ## board, lists, counts and search at 100,000 customer requests (ARGS="--size 5000", ARGS=--json)
	@$(BIN)/python -m benchmarks.request_lists $(ARGS)

bench-sync: $(READY) ## first sync, no change, 10 changes beside vdirsyncer (ARGS="--events 1000", ARGS=--json)
	@$(BIN)/python -m benchmarks.sync $(ARGS)

bench-microsoft: $(READY) ## Microsoft 365 to Exchange: requests and CPU beside O365 and exchangelib (ARGS="--sizes 1000", ARGS=--json)
	@$(BIN)/python -m benchmarks.microsoft $(ARGS)

bench-google: $(READY) ## Google to Google: requests and CPU beside google-api-python-client (ARGS="--sizes 1000", ARGS=--json)
	@$(BIN)/python -m benchmarks.google_workspace $(ARGS)

bench-gateway: $(READY) ## seven operations beside Radicale, Xandikos, Cyrus, SOGo, DAViCal (ARGS="--sizes 1000 --peers radicale", ARGS=--json)
	@AGENDAHUB_TEST_SERVERS=$(abspath $(SERVER_SCRIPTS)) $(BIN)/python -m benchmarks.gateway $(ARGS)

bench-gateway-load: $(READY) ## 500 phones polling, a burst, and a first sync of 30,000 items (ARGS="--phones 50 --seconds 10", ARGS=--json)
	@$(BIN)/python -m benchmarks.gateway_load $(ARGS)

bench-intake: $(READY) ## mail becomes requests: 300/min sustained, 1,000/min for ten minutes (ARGS="--minutes 10", ARGS=--postgresql)
	@$(BIN)/python -m benchmarks.intake $(ARGS)

SERVER_SCRIPTS ?= ../shared/servers
SERVER_PACKAGES := sogo memcached davical php-cli php-pgsql php-curl php-xml libdbd-pg-perl libyaml-perl postgresql \
  cyrus-common cyrus-caldav cyrus-admin sasl2-bin curl davmail-server

test-servers: $(READY) ## the DAV connector with Cyrus, SOGo and DAViCal; our Exchange with DavMail (installs them as root on Debian)
	@if test "$$(id -u)" = 0 && test -f /etc/debian_version && ! dpkg -s $(SERVER_PACKAGES) >/dev/null 2>&1; then \
	  apt-get -q update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	  apt-get -q install -y --no-install-recommends $(SERVER_PACKAGES); fi
	AGENDAHUB_TEST_SERVERS=$(abspath $(SERVER_SCRIPTS)) $(BIN)/pytest tests/contract/test_connector_dav_debian.py \
	  tests/integration/microsoft/test_ews_davmail.py tests/integration/mail/test_mail_davmail.py $(ARGS)

CLIENT_PACKAGES := thunderbird syncevolution evolution-data-server dbus gnome-keyring python3-gi \
  gir1.2-edataserver-1.2 gir1.2-ecal-2.0 gir1.2-ebook-1.2 gir1.2-ebookcontacts-1.2

test-clients: $(READY) ## Thunderbird, evolution-data-server, SyncEvolution, vdirsyncer at the gateway (STORE=postgresql; installs them as root on Debian)
	@if test "$$(id -u)" = 0 && test -f /etc/debian_version && ! dpkg -s $(CLIENT_PACKAGES) >/dev/null 2>&1; then \
	  apt-get -q update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	  apt-get -q install -y --no-install-recommends $(CLIENT_PACKAGES); fi
	AGENDAHUB_TEST_CLIENTS=$(or $(STORE),sqlite) $(BIN)/pytest tests/clients -n 0 $(ARGS)

conformance: $(READY) ## suites by others (python-caldav's, caldav-server-tester, litmus) beside Radicale and Xandikos (ARGS=--json, ARGS=--update)
	@if test "$$(id -u)" = 0 && test -f /etc/debian_version && ! command -v litmus >/dev/null; then \
	  { apt-get -qq update && apt-get -qq install -y --no-install-recommends litmus; } >/dev/null 2>&1 || true; fi
	@$(BIN)/python -m tests.conformance $(ARGS)

TORTURE := KILLS SEED STORE RESTARTS LATES CUTS FULLS SERVERS WIRES ENDS INTAKE

torture: $(READY) ## kills, full disks and more, on real processes: KILLS=1000 (SEED=n STORE=sqlite|postgresql); KILLS=0 RESTARTS=200 or FULLS=50; INTAKE=500
	@$(BIN)/python -m tests.torture $(foreach name,$(TORTURE),$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z)=$($(name)))) $(ARGS)

test-databases: $(READY) ## all that goes through the store on SQLite and PostgreSQL; on SQL Server with AGENDAHUB_TEST_MSSQL_URL
	AGENDAHUB_TEST_STORES=all $(BIN)/pytest tests/contract tests/integration tests/acceptance \
	  $(if $(AGENDAHUB_TEST_MSSQL_URL),,-n 2 --dist loadfile) $(ARGS)

lock: ## renew the locked dependencies (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-binary urllib3-future \
	  --emit-build-options --no-emit-index-url --custom-compile-command "make lock" \
	  pyproject.toml --group dev requirements/build.in -o requirements/dev.lock

clean: ## remove the virtual environment and what tests left
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
