"""Argument checks, atomic files, free disk and memory, progress bars; imports nothing of ours."""
