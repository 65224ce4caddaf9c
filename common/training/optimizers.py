"""A recipe's optimizer and learning-rate schedule, from Keras."""

from common.backend import keras


def optimizer(recipe, steps):
    """The Keras optimizer of a recipe whose epochs have `steps` batches each."""
    rate = schedule(recipe, steps)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=recipe.optimizer == "sgd")


def schedule(recipe, steps):
    """The learning rate: a number, or a Keras schedule over `steps` batches an epoch."""
    schedules = keras.optimizers.schedules
    rate, total = recipe.learning_rate, recipe.epochs * steps
    if recipe.schedule == "constant":
        return rate
    if recipe.schedule == "steps":
        rates = [rate * 0.1**drop for drop in range(len(recipe.milestones) + 1)]
        return schedules.PiecewiseConstantDecay(
            [steps * m - 1 for m in recipe.milestones],  # the last step at the former rate
            rates,
        )
    rise = min(round(recipe.warmup * total), total - 1)
    if not rise:
        return schedules.CosineDecay(rate, total, alpha=recipe.final_lr_fraction)
    return schedules.CosineDecay(
        0.0, total - rise, alpha=recipe.final_lr_fraction, warmup_target=rate, warmup_steps=rise
    )
