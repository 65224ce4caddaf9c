"""CheckedInputs: a Keras model that checks images and targets before it trains or evaluates."""

import inspect

from common.backend import keras

_FIT = inspect.signature(keras.Model.fit)


class CheckedInputs(keras.Model):
    """Base of `SideBySide`, whose `_checks` is a function () -> InputChecks."""

    def fit(self, x=None, y=None, *settings, **options):
        """Keras's `fit`, once images and targets are checked.

        Raises:
            ValueError: labels that are no classes, missing or misshapen logits of a teacher,
                probabilities in their place, images of another scale than the students'; a
                control that would be none.
        """
        bound = _FIT.bind(self, x, y, *settings, **options)
        bound.apply_defaults()
        options, checks = bound.arguments, self._checks()
        del options["self"]
        if options["validation_data"] is not None:
            options["validation_split"] = 0.0  # Keras ignores it
        names = ("batch_size", "shuffle", "validation_split")
        inputs = checks.training(x, options["y"], **{name: options[name] for name in names})
        if options["validation_data"] is not None:
            options["validation_data"] = checks.validation(options["validation_data"])
        self.built = True  # the checks built what was not
        return super().fit(**options | {"x": inputs.x, "y": inputs.y})

    def evaluate(self, x=None, y=None, *settings, **options):
        """Keras's `evaluate`; ValueError as `fit`."""
        if not options.get("_use_cached_eval_dataset"):  # `fit`'s own, which it has checked
            inputs = self._checks().checked(x, y)
            x, y, self.built = inputs.x, inputs.y, True
        return super().evaluate(x, y, *settings, **options)

    def predict(self, x, *settings, **options):
        """Keras's `predict`; a warning for images of another scale than the students'."""
        if hasattr(x, "shape"):
            self._checks().check_pixels(x, error=False)
        return super().predict(x, *settings, **options)
