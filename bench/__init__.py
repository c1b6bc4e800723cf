"""Benchmarks: what a part costs, beside what else does the same. `python -m bench.NAME`."""
