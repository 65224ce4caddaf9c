"""Measurements of speed: `python -m common.benchmark SUBJECT`, one module a subject."""
