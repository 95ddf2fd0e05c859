# Each target sets up what it needs (a virtual environment from requirements.lock), then works, then says where the
# result is. CORES=4 make quick uses four cores; the default is all of them.
PYTHON ?= python3
VENV ?= .venv
CORES ?= $(shell nproc)

READY := $(VENV)/ready
RUN := $(VENV)/bin/snakemake --cores $(CORES) --quiet reason host

.PHONY: paper quick verify test bench lint linear_jtex cubic_jtex gaussian mobius lock

paper: $(READY)
	$(RUN)
	@echo "The paper's study is done. Table 1: results/table1.csv and paper/table1.tex; all configurations: results/grid.csv"

quick: $(READY)
	$(RUN) --configfile config/quick.yaml
	@echo "The quick study is done. Table 1: results/quick/table1.csv and paper/quick/table1.tex"

# Whether a verdict of the finished paper study is worse than the published one; it names each, and fails.
verify: $(READY)
	@PYTHONPATH=src $(VENV)/bin/python -m libi.judging results/claims.csv paper/reference/claims.csv

linear_jtex cubic_jtex gaussian mobius: $(READY)
	$(RUN) $@
	@echo "The paper's study of $@ is done. Its columns of Table 1: results/table1_$@.csv and paper/table1_$@.tex"

test: $(READY)
	$(VENV)/bin/python -m pytest -n 2 --dist worksteal
	@echo "The tests have passed; what they state is in tests/"

bench: $(READY)
	$(VENV)/bin/python benchmarks/bench_steps.py
	@echo "The bench is done. Its table: benchmarks/results/steps.csv"

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow
	$(VENV)/bin/snakemake --lint
	@echo "Nothing to mend: ruff, snakefmt and snakemake --lint are content"

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: apt-get install python3-venv"; exit 1; }
	@command -v c++ >/dev/null || echo "No C++ compiler: training will run uncompiled and slowly (apt-get install g++)"
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

# Resolves pyproject.toml anew, and writes what came out to requirements.lock and environment.yml.
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet --disable-pip-version-check '.[test]'
	{ echo "# Every package of the environment, pinned by 'make lock'. Install: pip install -r requirements.lock"; \
	  $(VENV)-lock/bin/pip freeze --all --exclude libi --exclude pip --exclude wheel | \
	  sed -E 's/[+].*$$//; /^(nvidia|cuda|triton)/d'; } > requirements.lock
	{ printf '%s\n' "# Written by 'make lock': the packages of requirements.lock for conda and mamba." \
	    "name: libi" "channels: [conda-forge, nodefaults]" "dependencies:" "  - python=3.11" "  - pip" \
	    "  - cxx-compiler" "  - pip:"; grep -v '^#' requirements.lock | sed 's/^/      - /'; } > environment.yml
	rm -rf $(VENV)-lock
	@echo "Written: requirements.lock and environment.yml"
