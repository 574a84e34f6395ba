# Everything starts from python3 with pip and venv, and make. `make` alone lists what there is.

VENV := .venv
PYTHON := $(VENV)/bin/python
TESTS ?= tests
# One more than the cores of a small machine: many tests wait for mail, a worker or a browser.
JOBS ?= 3
N ?= 200

# Bytecode is kept: a process that must compile everything it imports starts three times slower.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-postgres test-sqlite test-nightly check format bench bench-full chaos lock messages screenshots

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.dev  ## the environment for working on the product, in .venv/

# uv is installed by pip, by hash; it then installs the rest in seconds, trusting the certificates this machine
# trusts. Where it cannot, pip alone does the same, slower.
define install
	@echo "Installing $(2) into $(VENV)/ (once)…"
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(PYTHON) -m uv pip sync --quiet --system-certs --python $(PYTHON) --require-hashes $(1) 2>/dev/null \
		|| $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef

$(VENV)/.base: requirements/base.txt requirements/uv.txt
	$(call install,requirements/base.txt,what running needs)
	@rm -f $(VENV)/.dev
	@touch $@

$(VENV)/.dev: requirements/base.txt requirements/dev.txt requirements/uv.txt
	$(call install,requirements/dev.txt,what development needs)
	@touch $(VENV)/.base $@

# Running needs only the runtime requirements; a newer development environment serves as well.
run: $(VENV)/.base  ## a running clinic with sample data (PORT=8000); Ctrl-C stops it
	@DEBUG=1 exec $(PYTHON) -m config.run

test: test-postgres test-sqlite  ## the whole suite: PostgreSQL, Redis, a browser; then SQLite

test-postgres: $(VENV)/.dev
	@sh tests/chromium.sh
	$(PYTHON) -m pytest -n $(JOBS) -m "not nightly" $(TESTS)

test-sqlite: $(VENV)/.dev
	TEST_ENGINE=sqlite $(PYTHON) -m pytest -n $(JOBS) -m "not nightly" $(TESTS)

test-nightly: $(VENV)/.dev  ## the large figures, which take longer
	@sh tests/chromium.sh
	$(PYTHON) -m pytest -n $(JOBS) --timeout 1800 -m nightly $(TESTS)

check: $(VENV)/.dev  ## linters, types, import contracts, migrations, deploy check
	$(PYTHON) -m tests.check

format: $(VENV)/.dev  ## write code and templates the way `make check` wants them
	$(PYTHON) -m tests.check --fix

bench: $(VENV)/.dev  ## benchmarks up to 100,000 appointments, a JSON line a case
	@$(PYTHON) -m tests.bench

bench-full: $(VENV)/.dev  ## the same to 1,000,000
	@$(PYTHON) -m tests.bench --full

chaos: $(VENV)/.dev  ## N requests while parts are killed at random (N=200)
	@$(PYTHON) -m tests.chaos $(N)

screenshots: $(VENV)/.dev  ## take the pictures of the README anew, into docs/screenshots/
	@sh tests/chromium.sh
	$(PYTHON) -m tests.pictures

messages: $(VENV)/.dev  ## collect the texts to translate, compile the translations
	$(PYTHON) manage.py makemessages --all --no-obsolete --no-location
	$(PYTHON) manage.py compilemessages

lock: $(VENV)/.dev  ## choose versions anew from requirements/*.in
	for name in uv base dev; do \
		$(PYTHON) -m uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
			--no-annotate --no-emit-index-url --no-emit-find-links \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done
