# Every command of the project. `make help` lists them.
# The recipes are plain sh and need nothing but make, git and Python: .venv holds the rest.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev servers demo stack test check lint fmt format types messages diagram client test-load

PY := .venv/bin/python
MANAGE := $(PY) manage.py
RUN_REQUIREMENTS := requirements-web.txt requirements.txt
DEV_REQUIREMENTS := $(RUN_REQUIREMENTS) requirements-dev.txt
S3_PY := .venv-s3/bin/python
S3_REQUIREMENTS := tests/support/requirements-s3.txt
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-input

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# $(call make_venv,FOLDER): the first Python that is new enough makes it. `-c` proves that a found name really runs.
define make_venv
for python in python3.11 python3.12 python3.13 python3 python; do \
	if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
		"$$python" -m venv $(1) && exit 0; \
		rm -rf $(1); \
		echo "$$python could not make $(1): see above. On Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; \
	fi; \
done; \
echo "DemeterAI needs Python 3.11, 3.12 or 3.13, and none was found as python3.11 … python3." >&2; \
exit 1
endef

# $(call install,PYTHON,FILE,FILES,STAMP,WORDS): installs FILE unless the stamp says that the contents of FILES are
# already installed by this Python. A checksum and not a date: a fresh clone or a branch switch changes every date.
define install
sum="$$(cat $(3) | cksum) $$($(1) -V)"; \
if [ "$$(cat $(4) 2>/dev/null)" != "$$sum" ]; then \
	echo "Installing $(5) …"; \
	rm -f $(4); \
	$(1) $(PIP_INSTALL) -r $(2) && printf '%s\n' "$$sum" > $(4); \
fi
endef

.venv/bin/python:
	@$(call make_venv,.venv)

.venv-s3/bin/python:
	@$(call make_venv,.venv-s3)

setup: $(PY)  ## Make .venv and install what the product needs
	@$(call install,$(PY),requirements.txt,$(RUN_REQUIREMENTS),.venv/installed,the packages (about 6 GB; a few minutes the first time))

setup-dev: setup
	@$(call install,$(PY),requirements-dev.txt,$(DEV_REQUIREMENTS),.venv/installed-dev,the tools of the tests)

servers: $(S3_PY)  ## Install the S3 server that the topology test starts (it also needs PostgreSQL and Redis)
	@$(call install,$(S3_PY),$(S3_REQUIREMENTS),$(S3_REQUIREMENTS),.venv-s3/installed,the S3 server of the tests)

demo: setup  ## Count demo photos and keep serving (PORT=8000, EXIT=1, PHOTOS=DIR, JSON=FILE)
	@$(MANAGE) demo $(if $(PORT),--port "$(PORT)") $(if $(filter-out 0,$(EXIT)),--exit) \
		$(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(JSON),--json "$(JSON)")

stack: setup  ## Run every process on this machine (PORT=8000)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) stack $(if $(PORT),--port "$(PORT)")

test: setup-dev  ## Run the tests on all cores (ARGS="-k name -x", ARGS="-n 0 --pdb")
	@$(PY) -m pytest -n logical --dist loadfile $(ARGS)

test-load: setup-dev  ## Load the stack and write docs/STRESS_TEST_REPORT.md (SECONDS=10 a scenario, ARGS="--only 50/2")
	@$(PY) -m tests.load.scenarios $(if $(SECONDS),--seconds "$(SECONDS)") $(ARGS)

check: lint types  ## Lint, format, types, system checks, missing migrations, translations
	@$(MANAGE) check --fail-level WARNING
	@$(MANAGE) makemigrations --check --dry-run
	@$(MANAGE) messages --check

lint: setup-dev  ## Lint and check the format
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: fmt

fmt: setup-dev  ## Format, and mend what the linter can mend
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

types: setup-dev  ## Check the types (strict for vision and services)
	@$(PY) -m mypy

diagram: setup-dev  ## Draw docs/FLOW_DIAGRAM.png from its source (needs npm and Chromium)
	@$(MANAGE) draw_diagram

client: setup-dev  ## Write the API's types for TypeScript to clients/typescript (needs npm)
	@$(MANAGE) write_client

messages: setup-dev  ## Collect new texts into the translations and compile them
	@$(MANAGE) messages
