"""Faster training on a GPU: data on the device, several steps a dispatch, students stacked."""
