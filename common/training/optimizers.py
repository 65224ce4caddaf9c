"""Optimizer and learning-rate schedule of a recipe, from Keras."""

from common.backend import keras, ops


def optimizer(recipe, steps):
    """Keras optimizer of a recipe.

    Args:
        recipe: Recipe.
        steps: number of batches per epoch.
    """
    rate = schedule(recipe, steps)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=recipe.optimizer == "sgd")


def restart(optimizer):
    """Set a built Keras optimizer's step count and moments to 0; its learning rate stays."""
    for variable in optimizer.variables:
        if not variable.path.endswith("learning_rate"):
            variable.assign(ops.zeros(variable.shape, variable.dtype))


def schedule(recipe, steps):
    """Learning rate of a recipe: a number, or a Keras schedule over `steps` batches per epoch."""
    schedules = keras.optimizers.schedules
    rate, total = recipe.learning_rate, recipe.epochs * steps
    if recipe.schedule == "constant":
        return rate
    if recipe.schedule == "steps":
        rates = [rate * 0.1**drop for drop in range(len(recipe.milestones) + 1)]
        return schedules.PiecewiseConstantDecay(
            [steps * m - 1 for m in recipe.milestones],  # the last step at the previous rate
            rates,
        )
    warmup = min(round(recipe.warmup * total), total - 1)
    if not warmup:
        return schedules.CosineDecay(rate, total, alpha=recipe.final_lr_fraction)
    return schedules.CosineDecay(
        0.0, total - warmup, alpha=recipe.final_lr_fraction, warmup_target=rate, warmup_steps=warmup
    )
