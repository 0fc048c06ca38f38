# The two commands to know: `make demo` shows the whole system at work, `make test` proves it.
# Python 3.11 or newer and make are enough; no Docker, no root.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
READY := .venv/.evenhand-ready
# Any other interpreter: make PYTHON=/path/to/python3.12 demo
PYTHON ?=

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	--no-emit-index-url pyproject.toml

EXTRAS := --extra embedded --extra dkim --extra train --extra deep --extra bench --extra dev
TUNING := --extra train --extra deep --extra tune -c locks/dev.txt

.PHONY: help demo test up bench chaos train tune lint format lock check-lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## Start everything, send sample cases, show what became of them (KEEP=1 keeps it running)
	@$(BIN)/evenhand demo $(if $(filter-out 0,$(KEEP)),--keep)

test: $(READY) ## Run the tests, but kills and storms at full size (make chaos)
	@$(BIN)/pytest -q -m "not kafka and not chaos" --ignore=tests/chaos --ignore=tests/browser \
		--numprocesses=logical --maxprocesses=6 --dist=loadfile

up: $(READY) ## Run the whole system until Ctrl-C; its data stays in .evenhand/
	@$(BIN)/evenhand up

bench: $(READY) ## Measure the system, the floor below it and a peer beside it
	@$(BIN)/python -m bench

chaos: $(READY) ## Kill services, broker and database under load; count what was lost or doubled
	@$(BIN)/pytest -q tests/chaos
	@$(BIN)/pytest -q -m chaos tests/integration

train: $(READY) ## Train the classifier's model anew from the labelled cases (DATA=../shared/data)
	@OMP_NUM_THREADS=1 $(BIN)/python -m services.classifier.training --data $(or $(DATA),../shared/data)

tune: $(READY) ## Tune the deep tier's language model on those cases (takes over an hour)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r locks/tune.txt
	@OMP_NUM_THREADS=1 $(BIN)/python -m services.classifier.training --deep --data $(or $(DATA),../shared/data)

lint: $(READY) check-lock ## Check format, style, types, layers and locks
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## Format the code and repair what can be repaired
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

lock: $(READY) ## Resolve the dependencies anew into locks/
	@$(COMPILE) --upgrade $(EXTRAS) -o locks/dev.txt
	@$(COMPILE) --upgrade $(TUNING) -o locks/tune.txt
	@$(COMPILE) --upgrade -c locks/dev.txt -o locks/runtime.txt
	@$(COMPILE) --upgrade --extra deep -c locks/dev.txt -o locks/deep.txt

# The present lock is what the resolver prefers, so a difference means pyproject.toml has moved on.
check-lock: $(READY)
	@checked=$$(mktemp -d) && trap 'rm -rf "$$checked"' EXIT && \
	cp locks/dev.txt locks/runtime.txt locks/deep.txt locks/tune.txt "$$checked" && \
	$(COMPILE) $(EXTRAS) -o "$$checked/dev.txt" >/dev/null && \
	$(COMPILE) $(TUNING) -o "$$checked/tune.txt" >/dev/null && \
	$(COMPILE) -c locks/dev.txt -o "$$checked/runtime.txt" >/dev/null && \
	$(COMPILE) --extra deep -c locks/dev.txt -o "$$checked/deep.txt" >/dev/null && \
	for name in dev runtime deep tune; do \
		cmp -s "locks/$$name.txt" "$$checked/$$name.txt" || \
			{ echo "locks/$$name.txt does not fit pyproject.toml: run \`make lock\`" >&2; exit 1; }; \
	done

# Made anew only when the project's needs change. uv itself comes with a checked hash, too.
$(READY): pyproject.toml locks/dev.txt
	@test -x $(BIN)/python && $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' \
		2>/dev/null || $(MAKE) .venv-anew
	@echo "Installing what the project needs into .venv ..."
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' locks/dev.txt > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes locks/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: .venv-anew
.venv-anew:
	@found=; old=; bare=; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14 python); do \
		command -v "$$python" >/dev/null 2>&1 || continue; \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
			{ old="$$python"; continue; }; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { bare="$$python"; continue; }; \
		found="$$python"; break; \
	done; \
	if [ -n "$$found" ]; then \
		"$$found" -m venv --clear .venv; \
	elif [ -n "$$bare" ]; then \
		echo "$$bare has no ensurepip: install its venv part" \
			"(Debian and Ubuntu: apt install $$(basename $$bare)-venv)." >&2; exit 1; \
	elif [ -n "$$old" ]; then \
		echo "Python 3.11 or newer is needed; $$old is $$($$old --version 2>&1)." \
			"Name another one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; \
	else \
		echo "Python 3.11 or newer is needed and no python3 was found." \
			"Name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; \
	fi
