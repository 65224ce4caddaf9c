"""Your own images and your own teacher: a random forest teaches a ConvNet, as an example."""
