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


def settings_of(temperature, alpha, method, class_weights):
    """List of Distillation, one per temperature."""
    temperatures = temperature if isinstance(temperature, (list, tuple)) else [temperature]
    _require_some("temperature", temperatures)
    require_positive("alpha, which is 0 for the baseline,", alpha)
    return [Distillation(each, alpha, method, class_weights=class_weights) for each in temperatures]


def checked_settings(settings, *, alone):
    """List of the argument `settings`; ValueError unless each learns from soft targets.

    Args:
        settings: Distillation, or a list of them.
        alone: whether no argument was passed that is a part of them.
    """
    if not alone:
        raise ValueError(
            "settings have temperature, alpha, method and class_weights: pass them there"
        )
    listed = [*settings] if isinstance(settings, (list, tuple)) else [settings]
    _require_some("settings", listed)
    for each in listed:
        if not isinstance(each, Distillation):
            raise ValueError(
                f"settings are a Distillation, such as Distillation(4, 0.9), got {each!r}"
            )
        if not each.weights[1]:
            raise ValueError(f"{each.label} has no soft targets, as the baseline: give them weight")
    return listed


def seeds_of(seeds):
    """Tuple of seeds: the first few, or those of a list."""
    if isinstance(seeds, (list, tuple, range)):
        _require_some("seeds", seeds)
        for seed in seeds:
            require_seed(seed)
        return tuple(seeds)
    require_positive("seeds", seeds, integer=True)
    return tuple(range(int(seeds)))
