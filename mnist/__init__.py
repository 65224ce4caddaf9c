"""MNIST: notebooks, recipes, the runs behind the tables."""
