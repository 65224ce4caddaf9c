"""What the notebooks share: data, models, the distillation loss, training, results, figures."""

import os

# TensorFlow reads these once, when first imported: no start-up chatter about absent GPUs
# (errors still come as Python exceptions), and no kernel that takes a whole GPU for itself.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def distill(teacher, student, data, **options):
    """One call: a teacher of any kind, a student, its baseline and its control; the table.

    Arguments as of `common.experiments.one_call.distill`, which is imported when it is needed.
    """
    from common.experiments import one_call

    return one_call.distill(teacher, student, data, **options)
