# Two commands matter: `make demo` runs a pay day, `make test` proves the product.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ORDERS ?= 2000
SEED   ?= 7
# Processes that run the tests side by side, each with a PostgreSQL of its own; tests of workers have the machine alone.
JOBS   ?= 2
# Orders a pay day of the month that `make soak` replays, thirty pay days through every bank.
MONTH  ?= 300
# Random runs of several days that `make soak` judges by the model, other ones each time.
DAYS   ?= 300

# Seconds that `make fuzz` changes messages of banks at random.
FUZZ   ?= 300

.PHONY: demo test soak check format pages bench fuzz clean

demo: $(VENV)/.run
	$(BIN)/gateway demo --orders $(ORDERS) --seed $(SEED) --out demo-out

test: check
	$(BIN)/pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder --ignore tests/workers
	$(BIN)/pytest tests/workers

soak: $(VENV)/.dev
	GATEWAY_MONTH_ORDERS=$(MONTH) $(BIN)/pytest tests/month
	GATEWAY_MODEL_EXAMPLES=$(DAYS) $(BIN)/pytest tests/model
	GATEWAY_EXHAUSTIVE=1 $(BIN)/pytest tests/crash

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is written from the profiles and their model: tests compare.
pages: $(VENV)/.dev
	$(BIN)/gateway bank schema
	$(BIN)/gateway bank table --markdown > gateway/docs/banks.md
	$(BIN)/gateway bank keys > gateway/docs/profile.md
	$(BIN)/python -m tests.docs.walk

bench: $(VENV)/.dev
	$(BIN)/gateway bench

$(VENV)/.run: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.run

# Messages changed at random, for FUZZ seconds: says its seed, and what it found under .cache/fuzz.
fuzz: $(VENV)/.dev
	nice $(BIN)/python -m tests.fuzz --seconds $(FUZZ)

clean:
	rm -rf $(VENV) .cache demo-out .mypy_cache .pytest_cache .ruff_cache .hypothesis
