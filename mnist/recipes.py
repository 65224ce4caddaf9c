"""MNIST's recipes: how each net is trained here."""

from common.runs import Recipe

# The deep teachers' are short one-cycle recipes (Smith & Topin 2018, arXiv:1708.07120) that two
# CPU cores finish in an hour or two; the published ones take 200 epochs.
TEACHERS = {
    "vgg16": Recipe(
        epochs=10,
        batch_size=64,
        optimizer="sgd",
        learning_rate=0.05,
        warmup=0.15,
        final=0.01,
        weight_decay=5e-4,
        views="mnist_jitter",
        precision="mixed_bfloat16",
    ),
    "resnet164": Recipe(
        epochs=5,
        batch_size=64,
        optimizer="sgd",
        learning_rate=0.1,
        warmup=0.15,
        final=0.01,
        weight_decay=1e-4,
        views="mnist_jitter",
    ),
}
