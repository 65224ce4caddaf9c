"""Tiny ImageNet: 200 classes of photographs of 64x64 pixels."""
