# Everything a reader, a student, an instructor or a maintainer does here. `make help` lists it.
# It needs Python 3.11 or newer and a package index; another Python: make PYTHON=python3.12 …

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# JupyterLite has an environment of its own: see live/requirements.txt.
LIVE := .venv-live
# make book SOLUTIONS=no leaves the pages of the solutions out, and puts the site into a folder of its own.
SOLUTIONS ?= yes
# make book REPOSITORY=https://github.com/owner/name: pages link to it, to report an error, to edit, to run elsewhere.
REPOSITORY ?=
WITHHELD := $(if $(filter no,$(SOLUTIONS)),_build/without-solutions)
BUILD := $(if $(WITHHELD),$(WITHHELD)/_build,_build)
SITE := $(BUILD)/html
PORT ?= 8000
NB ?=
SUBMISSIONS ?=
JOBS ?= 2
OPTIONS ?=
MODULES ?=
# make live DISK=yes: the pages run their cells when they are opened from disk, too. It adds 87 MB.
DISK ?=
# make test CHAPTER=07: that chapter, its exercises, their pages, and what of them runs in the browser.
CHAPTER ?=
# make test FRAMEWORKS=yes installs PyTorch and Keras first, for the chapters that need them.
FRAMEWORKS ?= no
# What make check leaves out: what needs the site, a browser, or whole classes of students.
LONG := tests/site tests/live tests/fronts tests/grading
INSTALL := -m pip install --quiet --disable-pip-version-check --constraint requirements.lock
PIP := $(BIN)/python $(INSTALL)

# Small matrices: one thread is faster than two, and sums come out in one order.
export OPENBLAS_NUM_THREADS := 1
export SOLUTIONS REPOSITORY

.DEFAULT_GOAL := help
.PHONY: help book live check test serve lab execute exercises formulas reading release grade bench coverage mutants mutants-latex frameworks pdf slides clean distclean

help:           ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

book: $(VENV)/.book          ## build the site; a warning is an error
	@# After a failure all is read anew: Sphinx does not repeat the warnings of pages it has read.
	@mkdir -p $(BUILD)
	$(if $(WITHHELD),$(BIN)/python -m tools.withhold > $(WITHHELD)/_toc.yml)
	$(BIN)/jupyter-book build . $(if $(WITHHELD),--path-output $(WITHHELD) --toc $(WITHHELD)/_toc.yml) -W --keep-going -n --quiet \
	    || { rm -rf $(BUILD)/.doctrees; exit 1; }
	@! grep -rlE --include='*.html' 'class="output traceback|Traceback \(most recent' $(SITE) \
	    || { echo 'The pages above show a traceback.'; exit 1; }
	@echo
	@echo 'The book is in $(SITE)/index.html. Open that file in a browser:'
	@echo '    file://$(CURDIR)/$(SITE)/index.html'
	@echo 'or run  make serve$(if $(WITHHELD), SOLUTIONS=no)  and open the address it prints.'

live: $(LIVE)/.made book      ## add the folder in which readers run the chapters in their browser
	$(LIVE)/bin/python -m tools.live $(if $(filter yes,$(DISK)),--disk) $(SITE)

pdf: $(VENV)/.pdf book        ## print the whole book into one file, book.pdf of the site; it needs a Chromium
	$(BIN)/python -m tools.pdf $(SITE)

slides: $(VENV)/.pdf book     ## make slides of every chapter, in the folder slides of the site
	$(BIN)/python -m tools.slides $(SITE)

check: $(VENV)/.test         ## the tests of three minutes: library, exercises, formulas, form of the notebooks
	$(BIN)/python -m pytest $(filter-out $(LONG) %conftest.py %__pycache__,$(wildcard tests/*)) -m 'not slow' -n 2 --dist loadfile

test: $(VENV)/.test $(if $(filter yes,$(FRAMEWORKS)),$(VENV)/.frameworks) live  ## all tests, notebooks and browser, too; or CHAPTER=NN
	$(BIN)/python -m pytest tests book solutions --nbval -n 2 --dist loadfile --no-loadscope-reorder \
	    $(if $(CHAPTER),--chapter $(CHAPTER))

serve: live                  ## show the site, with chapters that run, at http://127.0.0.1:8000 (PORT=…)
	@echo 'Open http://127.0.0.1:$(PORT)/ and stop with Ctrl-C.'
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lab: $(VENV)/.book           ## open chapters and exercises in JupyterLab
	$(BIN)/jupyter lab

execute: $(VENV)/.book       ## run notebooks and store their outputs: all, or NB=book/….ipynb
	$(BIN)/python -m tools.execute $(NB)

exercises: $(VENV)/.test     ## make exercises/ from solutions/
	$(BIN)/python -m tools.exercises

release: $(VENV)/.teach      ## exercises for students: a zip for each set in _build/release; or OPTIONS='--set …'
	$(BIN)/python -m tools.release $(OPTIONS)

grade: $(VENV)/.teach        ## grade a folder or a zip: SUBMISSIONS=… [JOBS=2] [OPTIONS='--class people.csv …']
	@test -n '$(SUBMISSIONS)' || { echo 'Which folder or zip? make grade SUBMISSIONS=…'; exit 1; }
	$(BIN)/python -m tools.grade '$(SUBMISSIONS)' --jobs $(JOBS) $(OPTIONS)

bench: $(VENV)/.test         ## time the library side by side with its peers
	$(BIN)/python benchmarks/run.py --write book/benchmarks.md

formulas: $(VENV)/.book      ## the table of all formulas and their checks; each is executed as typeset
	$(BIN)/python -m tools.formulas
	$(BIN)/python -m tools.typeset_check $(CHAPTER)
	$(BIN)/python -m tools.prose_numbers $(CHAPTER)

mutants-latex: $(VENV)/.book ## does anything notice a changed token in a formula? all, or CHAPTER=NN
	$(BIN)/python -m tools.mutate_latex $(CHAPTER)

reading: $(VENV)/.book       ## how long the chapters take to read
	$(BIN)/python -m tools.reading_time

coverage: $(VENV)/.dev       ## lines and branches of the library that its tests run
	$(BIN)/python -m tools.cover $(OPTIONS)

mutants: $(VENV)/.dev        ## does a test notice each small change? all, or MODULES='losses …'
	$(BIN)/python -m tools.mutate --jobs $(JOBS) $(OPTIONS) $(MODULES)

frameworks: $(VENV)/.frameworks  ## install PyTorch and Keras, compare the library with them, run their chapters
	$(BIN)/python -m pytest tests/library tests/exercises book solutions --nbval -k 'frameworks or pytorch or keras or growing' -n 2 --dist loadfile

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

$(VENV)/.pdf: $(VENV)/.book
	$(PIP) --editable '.[pdf]'
	@touch $@

$(VENV)/.test: $(VENV)/.book
	$(PIP) --editable '.[test]'
	@touch $@
