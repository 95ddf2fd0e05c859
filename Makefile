# Each target sets up what it needs (a virtual environment from requirements.lock), then works, then says where the
# result is. CORES=4 make quick uses four cores; the default is all of them.
PYTHON ?= python3
VENV ?= .venv
CORES ?= $(shell nproc)

READY := $(VENV)/ready
RUN := $(VENV)/bin/snakemake --cores $(CORES)

# At the end of a study: where its paper is, or what it takes to typeset it.
define TYPESET
if command -v latexmk >/dev/null; then echo "The replication paper: $(1)"; else echo "No latexmk here, so there is no \
replication.pdf. Install it and run the command again: \
apt-get install latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended lmodern"; fi
endef

# An environment whose Python has gone since it was made.
ifneq ($(wildcard $(READY)),)
ifneq ($(shell { $(VENV)/bin/python -c "print(1)"; } 2>/dev/null),1)
$(error The environment in $(VENV) is broken (its Python does not start). Remove it and run the command again: rm -r $(VENV))
endif
endif

.PHONY: paper quick sensitivity power verify one why check audit crate slurm-plan publish test test-runs bench lint rulegraph linear_jtex cubic_jtex gaussian mobius lock

paper: $(READY)
	$(RUN)
	@echo "The paper's study is done. Table 1: results/table1.csv; verdicts: results/claims.csv; figures: figures/"
	@$(call TYPESET,paper/replication.pdf)

quick: $(READY)
	$(RUN) --configfile config/quick.yaml
	@echo "The quick study is done. Table 1: results/quick/table1.csv; verdicts: results/quick/claims.csv; figures: figures/quick/"
	@$(call TYPESET,paper/quick/replication.pdf)

sensitivity: $(READY)
	$(RUN) --configfile config/sensitivity.yaml
	@echo "The sensitivity study is done. Every cell and claim in every variant: results/sensitivity.csv"

power: $(READY)
	$(RUN) --configfile config/power.yaml
	@echo "The study of fresh replicates is done. Its verdicts: results/power/claims.csv"

# Whether a verdict of the finished paper study is worse than the published one; it names each, and fails.
verify: $(READY)
	@PYTHONPATH=src $(VENV)/bin/python -m libi.judging results/claims.csv paper/reference/claims.csv

# One training job of the paper's study: make one DATASET=gaussian METHOD=libi REPLICATE=0
one: $(READY)
	@test -n "$(DATASET)" -a -n "$(METHOD)" -a -n "$(REPLICATE)" || \
	  { echo "Name a job: make one DATASET=gaussian METHOD=libi REPLICATE=0"; exit 1; }
	$(RUN) -- results/training/$(DATASET)/$(METHOD)/$(REPLICATE).safetensors
	@echo "The models are trained: results/training/$(DATASET)/$(METHOD)/$(REPLICATE).safetensors, and .csv with a row for each"

# What is wrong with a study's file, or what it is: make check STUDY=config/mine.yaml
check: $(READY)
	@PYTHONPATH=src $(VENV)/bin/python -m libi.paper
	@PYTHONPATH=src $(VENV)/bin/python -m libi.study check $(or $(STUDY),config/config.yaml)

# Whether every file of a study is as its job wrote it, and up to date: make audit STUDY=config/quick.yaml
audit: $(READY)
	@$(VENV)/bin/python workflow/audit.py $(if $(STUDY),--configfile $(STUDY))

# A finished study as an RO-Crate, a zip file: make crate STUDY=config/quick.yaml
crate: $(READY)
	@$(VENV)/bin/python workflow/crate.py $(if $(STUDY),--configfile $(STUDY))

# Why a claim has its verdict, by its name in claims.csv: make why CLAIM=across_s_knn
why: $(READY)
	@PYTHONPATH=src $(VENV)/bin/python -m libi.judging.why "$(CLAIM)"

# What `snakemake --profile slurm` would submit, as a table; it needs no SLURM.
slurm-plan: $(READY)
	@PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/python workflow/slurm_plan.py

# Copy the small results of the finished paper study to paper/reference/, and update README.md.
publish: $(READY)
	@$(VENV)/bin/python workflow/publish.py

linear_jtex cubic_jtex gaussian mobius: $(READY)
	$(RUN) $@
	@echo "The paper's study of $@ is done. Its columns of Table 1: results/table1_$@.csv and paper/table1_$@.tex"

test: $(READY)
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@echo "The tests have passed; see tests/ for what they check. Those that need a run of the workflow: make test-runs"

# The tests that need a finished run of the workflow, of two small studies.
test-runs: $(READY)
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "run and not long"
	@echo "The tests of the workflow's runs have passed"

bench: $(READY)
	$(VENV)/bin/python benchmarks/bench_steps.py
	$(VENV)/bin/python benchmarks/bench_growth.py
	$(VENV)/bin/python benchmarks/bench_evaluation.py
	$(VENV)/bin/python benchmarks/bench_gpu.py
	$(VENV)/bin/python benchmarks/bench_starts.py
	$(VENV)/bin/python benchmarks/budget.py
	@echo "The bench is done. Its tables: benchmarks/results/steps.csv, growth.csv, evaluation.csv and starts.csv, and gpu.csv where there is a GPU"

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/clang-format --dry-run --Werror src/libi/native/*.?pp
	$(VENV)/bin/snakefmt --check Snakefile workflow
	$(VENV)/bin/snakemake --lint
	@echo "All checks passed: ruff, mypy, clang-format, snakefmt and snakemake --lint"

# Draws the graph of rules into README.md, whether or not the paper can be typeset here.
rulegraph: $(READY)
	@$(VENV)/bin/snakemake --rulegraph mermaid-js all paper/replication.pdf | \
	  $(VENV)/bin/python workflow/rule_graph.py README.md
	@echo "Drawn: the rule graph in README.md"

$(READY): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here; name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	  "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import sys; from importlib.util import find_spec; sys.exit(None if find_spec("venv") and \
	  find_spec("ensurepip") else "$(PYTHON) has no venv module: apt-get install python3-venv")'
	$(PYTHON) -m venv $(VENV)
	@command -v c++ >/dev/null || echo "No C++ compiler: training will run uncompiled and slowly (apt-get install g++)"
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@echo $(CURDIR)/src > "$$($(VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')/libi.pth"
	@PYTHONPATH=src $(VENV)/bin/python -m libi.study > config/schema.json
	@PYTHONPATH=src $(VENV)/bin/python -m libi.study variants > config/variants.schema.json
	@touch $@

# Resolves pyproject.toml again, and writes what came out to requirements.lock and environment.yml.
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
