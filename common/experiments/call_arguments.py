"""Arguments of `common.distill`, checked before anything is computed."""

import dataclasses

from common.data import Dataset
from common.distillation import Distillation
from common.runs import Recipe
from common.utils.checks import require_positive, require_seed

# batch_size is an option of the teacher too
_OF_RECIPES = {field.name for field in dataclasses.fields(Recipe)} - {"batch_size"}


def check_options(options):
    """Raise ValueError for options that are the recipe's."""
    for name, value in options.items():
        if name in _OF_RECIPES:
            raise ValueError(f"{name} is the student's: pass recipe=Recipe({name}={value!r})")


def check_types(data, recipe):
    """Raise ValueError for data that are no Dataset, or settings that are no Recipe."""
    if not isinstance(data, Dataset):
        raise ValueError(
            f"data are a data.Dataset, got {type(data).__name__}: make one by "
            "data.from_arrays(name, (images, labels)) or data.from_folder(path)"
        )
    if recipe is not None and not isinstance(recipe, Recipe):
        raise ValueError(f"recipe is a Recipe, such as Recipe(epochs=10), got {recipe!r}")


def _require_some(name, values):
    if not values:
        raise ValueError(f"{name} is an empty list: give one or more")


def settings_of(data, settings, parts):
    """List of Distillation: the argument `settings`, or one per temperature.

    Args:
        data: data.Dataset.
        settings: Distillation, a list of them, or None for one per temperature.
        parts: {name: value} of temperature, alpha, method and class_weights; None for a default.

    Raises:
        ValueError: settings beside a part; settings without soft targets, of a control or, in a
            list, with different baselines; a part is out of range.
    """
    passed = [name for name, value in parts.items() if value is not None]
    if settings is None:
        return _of_parts(data, **parts)
    if passed:
        raise ValueError(f"settings have {', '.join(passed)}: pass them there")
    listed = [*settings] if isinstance(settings, (list, tuple)) else [settings]
    _require_some("settings", listed)
    for each in listed:
        _check_settings(each)
    if any(each.baseline != listed[0].baseline for each in listed):
        raise ValueError(
            "settings of one call have one baseline, so the same class_weights, and the method "
            "bernoulli in all or in none: make several calls"
        )
    return listed


def _of_parts(data, temperature, alpha, method, class_weights):
    """List of Distillation, one per temperature."""
    temperature = 4 if temperature is None else temperature
    alpha = 0.9 if alpha is None else alpha
    method = method or ("bernoulli" if data.multi_label else "kd")
    temperatures = temperature if isinstance(temperature, (list, tuple)) else [temperature]
    _require_some("temperature", temperatures)
    require_positive("alpha, which is 0 for the baseline,", alpha)
    return [Distillation(each, alpha, method, class_weights=class_weights) for each in temperatures]


def _check_settings(settings):
    """Raise ValueError unless `settings` are a Distillation that learns from soft targets."""
    if not isinstance(settings, Distillation):
        raise ValueError(
            f"settings are a Distillation, such as Distillation(4, 0.9), got {settings!r}"
        )
    if not settings.weights[1]:
        raise ValueError(f"{settings.label} has no soft targets, as the baseline: give them weight")
    if settings.control:
        raise ValueError(f"{settings.label} is a control: pass control={settings.control!r}")


def seeds_of(seeds):
    """Tuple of seeds: the first few, or those of a list.

    Args:
        seeds: their number, or a list, tuple or range of them.

    Raises:
        ValueError: an empty list; a seed out of range; a number below 1.
    """
    if isinstance(seeds, (list, tuple, range)):
        _require_some("seeds", seeds)
        for seed in seeds:
            require_seed(seed)
        return tuple(seeds)
    require_positive("seeds", seeds, integer=True)
    return tuple(range(int(seeds)))
