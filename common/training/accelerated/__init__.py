"""GPU paths of training: data in GPU memory, several steps per dispatch, stacked students.

Nothing else needs this folder: without it, `common.training` gives the same results more slowly.
May import what `common.training` may import.
"""
