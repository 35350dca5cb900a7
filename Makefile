.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
DEMO_HOME := .demo
BIND ?= 127.0.0.1:8000
DEMO = HAILONG_HOME=$(DEMO_HOME) HAILONG_BASE_URL=http://$(BIND) $(BIN)/hailong

.PHONY: licences wheelhouse help faults setup setup-test setup-all setup-rivals demo demo-load test check coverage nightly bench lock clean

help: ## What each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/installed-test ## Build .venv with what demo and test need

setup-all: ## The same with Apache Spark, and R with its survey package where apt-get is there
	@$(MAKE) --no-print-directory install LOCK=all
	@.ci/provide java r

setup-rivals: ## Build .venv-svy, and R with its survey package where apt-get is there, for make bench to compare with
	@test -x .venv-svy/bin/python || $(PYTHON) -m venv .venv-svy
	@.venv-svy/bin/pip --quiet --disable-pip-version-check install --require-hashes -r locks/svy.txt
	@.ci/provide r

$(VENV)/installed-run: locks/run.txt pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=run

$(VENV)/installed-test: locks/test.txt pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=test

.PHONY: install
install:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing from locks/$(LOCK).txt ..."
	@$(PIP) install --require-hashes -r locks/$(LOCK).txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/installed-run; test $(LOCK) = run || touch $(VENV)/installed-test

demo: demo-load ## Set up, load the demonstration and serve it on http://127.0.0.1:8000
	@$(DEMO) serve --bind $(BIND)

demo-load: $(VENV)/installed-run
	@$(DEMO) init --demo

# Two processes test on two cores: threads of the linear algebra inside them would spin and wait for one another.
test faults coverage nightly: export OPENBLAS_NUM_THREADS = 1

# What a newcomer runs is kept near ten minutes; where all is required, all is run.
test: SHORTLY = $(if $(HAILONG_REQUIRE_ALL),,-m "not thorough")
test: $(VENV)/installed-test ## Set up and run the tests
	@.ci/provide chromium postgresql pgbouncer cc poppler
	@$(BIN)/python -m pytest --numprocesses 2 $(SHORTLY) $(TESTS)
	@test -z '$(SHORTLY)' || echo "Left out: the long tests, marked thorough. With HAILONG_REQUIRE_ALL=1, as in .ci/run, they run too."

check: $(VENV)/installed-test ## Lint, types, contracts, and what a scanner for weaknesses finds
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --recursive --severity-level high survey analysis

faults: $(VENV)/installed-test ## 500 kills and 500 power cuts on each database: hours; ROUNDS=50 for fewer
	@.ci/provide postgresql cc
	@HAILONG_FAULT_ROUNDS=$${ROUNDS:-500} $(BIN)/python -m pytest tests/faults --capture=no

coverage: $(VENV)/installed-test ## Every branch of analysis/ is taken by its tests
	@$(BIN)/coverage run --branch --source=analysis -m pytest tests/analysis --quiet -m "not spark"
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=100

nightly: $(VENV)/installed-test ## Full counts of the fault and coverage suites
	@HAILONG_FULL_COUNTS=1 $(BIN)/python -m pytest tests/faults tests/test_proof_bundle.py tests/test_other_tree.py \
	tests/actions/test_tampers.py tests/actions/test_honest_histories.py tests/attacks \
	tests/actions/test_estimating_file.py tests/web/test_statistician_speed.py tests/web/test_api_fuzzed.py tests/browser/test_kiosk.py \
	tests/browser/test_citizen_accessibility.py
	@$(BIN)/hailong simulate --coverage full --seed 20260101
	@$(BIN)/python benchmarks/fraud.py --full
	@.ci/scan

bench: $(VENV)/installed-test ## Benchmarks, as ratios to a floor or a rival, into docs/performance.md; ONLY=submissions,pages for some
	@.ci/provide postgresql
	@$(BIN)/python benchmarks $(if $(ONLY),--only $(ONLY))

licences: $(VENV)/installed-run ## Write docs/third-party.md from the lock
	@$(BIN)/python .ci/licences > docs/third-party.md

wheelhouse: $(VENV)/installed-run ## Every package for an installation without a network, checked by hash, in dist/wheelhouse
	@rm -rf dist/wheelhouse
	@$(PIP) download --require-hashes --only-binary :all: -r locks/run.txt --dest dist/wheelhouse
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist/wheelhouse .

lock: ## Make the locks anew (needs uv)
	@for each in "run build" "test test" "all all"; do set -- $$each; \
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --extra $$2 pyproject.toml --output-file locks/$$1.txt; done
	@printf 'svy==0.35.0\npyarrow\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --constraint locks/all.txt - --output-file locks/svy.txt

clean: ## Remove the virtual environment and the demonstration's data
	@rm -rf $(VENV) .venv-svy $(DEMO_HOME)
