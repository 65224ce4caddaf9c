"""Benchmark: speed measured against other libraries, `python -m common.benchmark SUBJECT`.

Each subject has one module, with `add_arguments(parser)` and `run(options)`.

May import every other package.
"""
