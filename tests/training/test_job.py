"""Objective of a job's runs, against its definition in float64."""

import numpy as np
import pytest
from scipy import special

from common.distillation import Distillation
from common.training.job import TrainingJob
from tests.losses import definitions


def test_the_objective_of_a_job_by_its_definition(few, tiny_run, logits):
    """hard · CE + soft · DKD(beta) + λ/2 · Σw²; in validation without the weight decay."""
    settings = Distillation(3, method="dkd", hard_weight=0.5, soft_weight=2, options={"beta": 3})
    run = tiny_run({"weight_decay": 0.02}, teacher=logits.identity, distillation=settings)
    job = TrainingJob([run], few, {logits.identity: logits})
    images, targets = job.batches[0]
    predicted = {run.name: np.asarray(job.model.models[run.name](images))}
    student, labels = np.float64(predicted[run.name]), targets["labels"]
    hard = -special.log_softmax(student, axis=1)[np.arange(len(labels)), labels].mean()
    soft = definitions.LOSSES["dkd"](student, targets[logits.identity], labels, 3, beta=3)
    squares = sum(np.sum(np.float64(w) ** 2) for w in job.model.trainable_variables)
    expected = 0.5 * hard + 2 * soft
    for training, decay in ((False, 0), (True, 0.02 / 2 * squares)):
        loss = job.model.compute_loss(images, targets, predicted, training=training)
        assert float(loss) == pytest.approx(expected + decay, rel=1e-5)
