# The model of the decisions: its own tests, its cases against the engine, and the mutants it must catch.
#
#   test-model     MODEL_CASES=N MODEL_SEED=N, ten times as many with FULL=1

.PHONY: test-model test-mutants

PYTHON ?= python3
MODEL_CASES ?= $(if $(FULL),200000,20000)
MODEL_SEED ?= 1

test-model: ## what the engine decides against a model of the RFCs (FULL=1, MODEL_CASES, MODEL_SEED)
	@cd tests/model && $(PYTHON) -B -m unittest -q
	@PYTHON=$(PYTHON) PYTHONDONTWRITEBYTECODE=1 tests/model/run.sh $(MODEL_CASES) $(MODEL_SEED)

test-mutants: ## planted faults of the engine, all of which the model must catch
	@PYTHON=$(PYTHON) PYTHONDONTWRITEBYTECODE=1 tests/model/mutants.sh
