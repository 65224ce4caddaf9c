"""The pilot of the Tiny ImageNet study: its first 20 classes, small enough for two CPU cores."""
