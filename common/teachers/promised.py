"""A teacher's logits that nobody has asked for yet."""

import functools


class Promised:
    """`Logits` of a trained teacher that are made once something is looked up in them.

    To read the finished runs that it taught, their identity is enough.

    Args:
        identity: as theirs will be.
        dataset: name of the data set whose images are asked about.
        make: function that makes them.
    """

    def __init__(self, identity, dataset, make):
        self.identity, self.dataset, self._make = identity, dataset, make

    @functools.cached_property
    def made(self):
        """The Logits; raises what `make` raises."""
        return self._make()

    def targets(self, *asked, **options):
        """As of `Logits`."""
        return self.made.targets(*asked, **options)

    @property
    def nbytes(self):
        """As of `Logits`."""
        return self.made.nbytes
