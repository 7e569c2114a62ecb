# make run PORT=8000 HOST=127.0.0.1   the product, with demo data the first time; what it stores stays in var/
# make test ARGS="-k seq"             every test; ARGS goes to pytest
# make lint, make lock, make bench, make weight, make soak, make clean

PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON := .venv/bin/python
COMPILE := $(PYTHON) -m uv pip compile pyproject.toml --quiet --generate-hashes --no-annotate --python-version 3.11 \
	--custom-compile-command "make lock"

.PHONY: run environment test lint lock bench weight soak clean

# 0.0.0.0 listens everywhere, but is no address to visit.
run: export PUBLIC_URL ?= http://$(HOST:0.0.0.0=127.0.0.1):$(PORT)
run: .venv/runtime
	@$(PYTHON) manage.py migrate --verbosity 0
	@$(PYTHON) manage.py collectstatic --noinput --verbosity 0
	@$(PYTHON) manage.py demo
	@exec $(PYTHON) manage.py serve --host $(HOST) --port $(PORT)

environment: .venv/runtime

test: .venv/dev
	@$(PYTHON) -m tests.everything $(ARGS)

lint: .venv/dev
	@$(PYTHON) -m tests.lint

bench: .venv/runtime
	@$(PYTHON) -m benchmarks.run $(ARGS)
	@$(PYTHON) -m benchmarks.reconnect

weight: .venv/dev
	@$(PYTHON) -m benchmarks.widget_weight $(ARGS)

# An hour, or: make soak ARGS="--sqlite --minutes 5"
soak: .venv/dev
	@$(PYTHON) -m benchmarks.soak $(ARGS)

# Newer versions within the ranges of pyproject.toml: make lock ARGS=--upgrade
lock:
	@sh tests/environment.sh
	@$(COMPILE) $(ARGS) -o requirements.lock
	@$(COMPILE) $(ARGS) --group dev --constraint requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv node_modules benchmarks/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is filled again only after its lock has changed. Neither takes away what the other installed.
.venv/runtime: requirements.lock
	@sh tests/environment.sh requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock
	@sh tests/environment.sh requirements-dev.lock
	@touch $@
