"""What the notebooks share: data, models, the distillation loss, training, results, figures."""

import os
import platform

# TensorFlow reads these once, when first imported: no start-up chatter about absent GPUs
# (errors still come as Python exceptions), and no kernel that takes a whole GPU for itself.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
if platform.machine() in ("x86_64", "AMD64"):
    # TensorFlow's default only with AVX512_VNNI; two cores with AVX2 train 1.2 to 3.4 times as fast
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def distill(teacher, student, data, **options):
    """One call: a teacher of any kind, a student, its baseline and its control; the table.

    Arguments as in `common.experiments.one_call.distill`, which is imported when it is needed.
    """
    from common.experiments import one_call

    return one_call.distill(teacher, student, data, **options)
