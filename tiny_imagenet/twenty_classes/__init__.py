"""A quick study of Tiny ImageNet's first 20 classes, small enough for two CPU cores."""
