"""CIFAR-100: notebooks, recipes, the runs behind the tables."""
