# Aidline: `make demo` and `make test` do all their set-up; `make help` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fmt audit bench gas soak build lock clean

# The Python that .venv is made with, where it is to be another than the first one found.
PYTHON ?=
# How many tests run at the same time.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); [ $$n -gt 4 ] && n=4; echo $$n)
# What to pass on, for example: make test ARGS="tests/sdk -k signing"
ARGS ?=
ONLY ?=

# The path of the checkout may hold spaces: programs of .venv are called by their relative name.
PY := .venv/bin/python
BIN := node_modules/.bin

SETUP := sh tools/setup.sh "$(PYTHON)"

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

setup: ## set-up only: .venv, node_modules, compiler, artifacts
	@$(SETUP)

# What needs no artifact runs also where a contract does not compile.
.PHONY: tools
tools:
	@$(SETUP) --no-build

demo: setup ## the main job: the scenario wuhan-2020 on a chain of its own
	@.venv/bin/aidline simulate wuhan-2020 $(ARGS)

test: setup ## every test
	@$(PY) -m pytest -p no:pytest-brownie -n $(JOBS) --dist loadfile --no-loadscope-reorder \
		$(ARGS)

lint: tools ## ruff, mypy, forge fmt, solhint
	@rc=0; \
	$(PY) -m ruff check . || rc=1; \
	$(PY) -m ruff format --check . || rc=1; \
	$(PY) -m mypy || rc=1; \
	$(BIN)/forge fmt --check contracts interfaces || rc=1; \
	$(BIN)/solhint --noPoster --disc --max-warnings 0 \
		'contracts/**/*.sol' 'interfaces/**/*.sol' || rc=1; \
	exit $$rc

fmt: tools ## format Python and Solidity
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .
	@$(BIN)/forge fmt contracts interfaces

audit: setup ## Slither, in an environment of its own
	@$(PY) -m tools.audit

bench: setup ## benchmarks, or a part of them: make bench ONLY=sim
	@$(PY) -m tools.bench $(if $(ONLY),ONLY=$(ONLY))

gas: setup ## compare the gas of the demo's calls and all sizes with tests/gas.json
	@$(PY) -m tools.gas $(ARGS)

soak: setup ## the property tests, a hundred times longer
	@$(PY) -m pytest -p no:pytest-brownie -n $(JOBS) -m hypothesis --hypothesis-profile=soak $(ARGS)

build: tools ## compile the contracts that changed, print their sizes
	@$(PY) -m tools.build

lock: ## make the lock files anew from requirements*.in and package.json
	@$(or $(PYTHON),python3) -m tools.lock

clean: ## remove what was generated, keep what set-up installed
	@rm -rf build cache out reports aidline/artifacts aidline.egg-info .pytest_cache .mypy_cache \
		.ruff_cache .hypothesis
	@find aidline tests tools scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null; :
	@rm -f .setup/project
