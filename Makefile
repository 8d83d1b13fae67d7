# Everything a reader, a student, an instructor or a maintainer does here. `make help` lists it.
# It needs Python 3.11 or newer and a package index; another Python: make PYTHON=python3.12 …

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# JupyterLite has an environment of its own: see live/requirements.txt.
LIVE := .venv-live
# make book SOLUTIONS=no leaves the pages of the solutions out, and puts the site into a folder of its own.
SOLUTIONS ?= yes
BUILD := $(if $(filter no,$(SOLUTIONS)),_build/withheld/_build,_build)
SITE := $(BUILD)/html
WITHHOLD := --path-output _build/withheld --toc _build/withheld/_toc.yml
PORT ?= 8000
NB ?=
SUBMISSIONS ?=
JOBS ?= 2
OPTIONS ?=
MODULES ?=
CHAPTERS ?=
INSTALL := -m pip install --quiet --disable-pip-version-check --constraint requirements.lock
PIP := $(BIN)/python $(INSTALL)

# Small matrices: one thread is faster than two, and sums come out in one order.
export OPENBLAS_NUM_THREADS := 1
export SOLUTIONS

.DEFAULT_GOAL := help
.PHONY: help book live test serve lab execute exercises formulas release grade bench coverage mutants mutants-latex frameworks clean distclean

help:           ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

book: $(VENV)/.book          ## build the site; a warning is an error
	@# After a failure all is read anew: Sphinx does not repeat the warnings of pages it has read.
	@mkdir -p $(BUILD)
	$(if $(filter no,$(SOLUTIONS)),$(BIN)/python tools/withhold.py > _build/withheld/_toc.yml)
	$(BIN)/jupyter-book build . $(if $(filter no,$(SOLUTIONS)),$(WITHHOLD)) -W --keep-going -n --quiet \
	    || { rm -rf $(BUILD)/.doctrees; exit 1; }
	@! grep -rlE --include='*.html' 'class="output traceback|Traceback \(most recent' $(SITE) \
	    || { echo 'The pages above show a traceback.'; exit 1; }
	@echo
	@echo 'The book is in $(SITE)/index.html. Open that file in a browser:'
	@echo '    file://$(CURDIR)/$(SITE)/index.html'
	@echo 'or run  make serve$(if $(filter no,$(SOLUTIONS)), SOLUTIONS=no)  and open the address it prints.'

live: $(LIVE)/.made book      ## add the folder in which readers run the chapters in their browser
	$(LIVE)/bin/python tools/live.py $(SITE)

test: $(VENV)/.test live     ## run all tests: library, notebooks, exercises, site, browser
	$(BIN)/python -m pytest tests book solutions --nbval -n 2 --dist loadfile --no-loadscope-reorder

serve: live                  ## show the site, with chapters that run, at http://127.0.0.1:8000 (PORT=…)
	@echo 'Open http://127.0.0.1:$(PORT)/ and stop with Ctrl-C.'
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lab: $(VENV)/.book           ## open chapters and exercises in JupyterLab
	$(BIN)/jupyter lab

execute: $(VENV)/.book       ## run notebooks and store their outputs: all, or NB=book/….ipynb
	$(BIN)/python tools/execute.py $(NB)

exercises: $(VENV)/.test     ## make exercises/ from solutions/
	$(BIN)/python tools/exercises.py

release: $(VENV)/.teach      ## exercises for students: a zip for each set in _build/release
	$(BIN)/python tools/release.py

grade: $(VENV)/.teach        ## grade a folder: SUBMISSIONS=folder [JOBS=2] [OPTIONS='--seed …']
	@test -n '$(SUBMISSIONS)' || { echo 'Which folder? make grade SUBMISSIONS=…'; exit 1; }
	$(BIN)/python tools/grade.py '$(SUBMISSIONS)' --jobs $(JOBS) $(OPTIONS)

bench: $(VENV)/.test         ## time the library side by side with its peers
	$(BIN)/python benchmarks/run.py --write book/benchmarks.md

formulas: $(VENV)/.book      ## the table of all formulas and their checks; each is executed as typeset
	$(BIN)/python tools/formulas.py
	$(BIN)/python tools/typeset_check.py $(CHAPTERS)
	$(BIN)/python tools/prose_numbers.py $(CHAPTERS)

mutants-latex: $(VENV)/.book ## does anything notice a changed token in a formula? all, or CHAPTERS='09 …'
	$(BIN)/python tools/mutate_latex.py $(CHAPTERS)

coverage: $(VENV)/.dev       ## lines and branches of the library that its tests run
	$(BIN)/python tools/cover.py $(OPTIONS)

mutants: $(VENV)/.dev        ## does a test notice each small change? all, or MODULES='losses …'
	$(BIN)/python tools/mutate.py --jobs $(JOBS) $(OPTIONS) $(MODULES)

frameworks: $(VENV)/.frameworks  ## install PyTorch and Keras, and compare the library with them
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/library -k 'pytorch or keras'

clean:          ## remove the site
	rm -rf _build

distclean: clean  ## remove the installed packages, too
	rm -rf $(VENV) $(LIVE) *.egg-info build

# ---- the environment: a stamp file for each step that was done -----------------------------

$(VENV)/.made: tools/check_python.sh
	@sh tools/check_python.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.book: $(VENV)/.made requirements.txt requirements.lock pyproject.toml
	$(PIP) --requirement requirements.txt
	@touch $@

$(LIVE)/.made: tools/check_python.sh live/requirements.txt requirements.lock
	@sh tools/check_python.sh $(PYTHON)
	$(PYTHON) -m venv $(LIVE)
	$(LIVE)/bin/python $(INSTALL) --requirement live/requirements.txt
	@touch $@

$(VENV)/.teach: $(VENV)/.book
	$(PIP) --editable '.[teach]'
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	$(PIP) --editable '.[test,dev]'
	@touch $@

$(VENV)/.frameworks: $(VENV)/.test
	$(PIP) --editable '.[test,frameworks]'
	KERAS_BACKEND=torch $(BIN)/python -c 'import torch, keras'
	@touch $@

$(VENV)/.test: $(VENV)/.book
	$(PIP) --editable '.[test]'
	@touch $@
