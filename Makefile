# SPDX-License-Identifier: Apache-2.0
# Two commands for a Debian 12 or 13 machine, as root: `make run` and `make test`.
# Both install what is missing first; when nothing is, that takes no time.

.PHONY: run test vm bench setup clean

run: setup
	@.venv/bin/python -m vmtests example

ENVIRONMENTS = lint,unit,live,guest

test: setup
	.venv/bin/tox -q -e $(ENVIRONMENTS)

# Every kernel series; the first time this fetches them.
vm: setup
	.venv/bin/tox -q -e vm

# Measures this tracer, and others next to it; some ten minutes on a machine that is quiet.
bench: setup
	@tools/setup-bench
	.venv/bin/python -m benchmarks --json docs/design/benchmarks.json --table docs/design/benchmarks.md

setup:
	@tools/setup

# What was made here; the kernels in the user's cache stay.
clean:
	rm -rf .venv .tox .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
