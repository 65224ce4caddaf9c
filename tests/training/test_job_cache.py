"""Jobs used again for another seed: the same weights and records as of a job of their own."""

import pytest

from common import training
from common.training import job as jobs
from tests.support.helpers import assert_same_outcome


@pytest.fixture
def count(monkeypatch):
    """Lists of the members of each TrainingJob that is built."""
    built, create = [], jobs.TrainingJob.__init__

    def note(self, members, *arguments, **options):
        built.append([run.name for run in members])
        create(self, members, *arguments, **options)

    monkeypatch.setattr(jobs.TrainingJob, "__init__", note)
    return built


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_seeds_share_a_job_and_end_as_alone(tiny_run, few, logits, tmp_path, count, optimizer):
    recipe = {"epochs": 1, "optimizer": optimizer, "schedule": "constant", "learning_rate": 0.01}
    options = {"width": 16, "dropout": 0.5}
    distilled = {"teacher": logits.identity, "temperature": 4, "alpha": 0.5, "control": "shuffled"}
    runs = [
        tiny_run(recipe, seed=seed, options=options, **kind)
        for seed in (0, 1)
        for kind in ({}, distilled)
    ]
    training.run(runs, few, output_dir=tmp_path / "together", teachers=[logits])
    assert len(count) == 1
    for seed in (1, 0):
        members = [run for run in runs if run.seed == seed]
        training.run(members, few, output_dir=tmp_path / "alone", teachers=[logits])
    assert_same_outcome(tmp_path / "together", tmp_path / "alone", runs)
    other = tiny_run(recipe, seed=2, options={"width": 8})
    training.run([runs[0], other], few, output_dir=tmp_path / "other", teachers=[logits])
    assert len(count) == 5
