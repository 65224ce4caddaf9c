"""Benchmark: speed measured against other libraries, `python -m common.benchmark SUBJECT`.

One module a subject, each with `add_arguments(parser)` and `run(options)`.

May import every other package.
"""
