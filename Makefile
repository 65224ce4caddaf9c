PYTHON ?= python3
READY := .venv/.ready
TESTED := .venv/.tests-ready
RUN := .venv/bin/python
CHROMIUM ?= /usr/bin/chromium

WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(5, os.cpu_count()))")

.PHONY: mnist quick test test-browser page lab reproduce results lint
.DEFAULT_GOAL := mnist

# Train the students of README's first table again from the committed logits, compare them with
# the committed ones, then execute the notebooks into build/mnist. Fails if a row disagrees.
mnist: $(READY)
	@status=0; \
	$(RUN) -m mnist reproduce published --students-only --workers $(WORKERS) || status=1; \
	$(RUN) -m common.cli.notebooks mnist || status=1; \
	exit $$status

# Train everything behind the notebooks on few images: a smoke test.
quick: $(READY)
	$(RUN) -m common.cli.notebooks mnist --quick

test: lint $(TESTED)
	$(RUN) -m pytest -n auto --maxprocesses=4 --dist worksteal

lint: $(READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# The third notebook and the interactive page in a real browser: installs Playwright and, as root on Debian, chromium.
test-browser: $(READY)
	$(RUN) -m pip install --quiet --disable-pip-version-check --requirement requirements-browser.txt
	@command -v $(CHROMIUM) >/dev/null || \
	  { apt-get update && apt-get install --yes --no-install-recommends chromium; } || \
	  { echo "install Debian's chromium, or name a browser: make test-browser CHROMIUM=PATH"; exit 1; }
	CHROMIUM=$(CHROMIUM) $(RUN) -m pytest -s tests_browser

# Interactive pages that need no kernel, one HTML file for each data set with a committed teacher.
page: $(READY)
	$(RUN) -m common.explorer.page mnist cifar100 tiny_imagenet20

# Open JupyterLab at the notebooks.
# Without $$JUPYTER_PATH, in which another Python's kernel may have the name of this one's.
lab: $(READY)
	env -u JUPYTER_PATH -u MPLBACKEND $(RUN) -m jupyter lab \
	  --ServerApp.kernel_websocket_connection_class=common.cli.lab.PromptConnection \
	  --LabApp.default_url=/lab/tree/mnist/00_distillation_in_five_minutes.ipynb \
	  $(if $(filter 0,$(shell id -u)),--allow-root)

# Every run behind the tables; finished ones are read. Workers are faster than the loop, see common/benchmark/README.md.
reproduce: $(READY)
	$(RUN) -m mnist reproduce --workers $(WORKERS)

# Renew README's tables from the committed records.
results: $(READY)
	$(RUN) -m common.results --write

$(READY): requirements.txt pyproject.toml
	@echo "Setting up .venv: downloads about 700 MB, once"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and \
	  f"Python 3.11 to 3.13 is needed, $(PYTHON) is {sys.version.split()[0]}: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --disable-pip-version-check --requirement requirements.txt
	@touch $@

# JAX, which GPU hosts may have instead of TensorFlow: nets and trainings are tested under both.
# The runtimes of exported files.
$(TESTED): $(READY)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[jax,export]'
	@touch $@
