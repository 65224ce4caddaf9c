"""Training speed of Tiny ImageNet's teachers: the printed line, and that both sides run."""

import functools

import numpy as np
import pytest

from common import data, runs
from common.backend import hardware
from common.benchmark import __main__ as command
from common.benchmark import bare_step, teacher_epoch
from common.data import sources
from common.data.tiny_imagenet import TinyImageNetArchive
from common.runs import Recipe
from tests.support import tiny_archives
from tests.support.tiny_archives import SMALL
from tiny_imagenet import recipes


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Tiny ImageNet as a small archive, shufflenet as a small net in batches of 18."""
    monkeypatch.setattr(
        sources, "TinyImageNetArchive", functools.partial(TinyImageNetArchive, layout=SMALL)
    )
    tiny_archives.write(tmp_path / "downloads" / "manual", tiny_archives.members())
    net = runs.ModelSpec("mlp", Recipe(batch_size=18, epochs=40), "small", {"width": 4})
    monkeypatch.setitem(recipes.TEACHERS, "shufflenet", net)
    return tmp_path


def test_rates_share_and_hours(small):
    dataset = data.load("tiny_imagenet", data_dir=small)
    run = runs.Run("tiny_imagenet", "mlp", Recipe(batch_size=20, epochs=40))
    line = teacher_epoch.describe(run, dataset, {"ours": [0.4, 0.2, 0.1], "bare": [0.2, 0.1, 0.09]})
    assert "200 images/s, 50% of the bare" in line  # 2 batches of 20 in 0.2 s
    assert "40 epochs of 90,000 images would take 5.00 hours" in line


@pytest.mark.parametrize(("memory", "per_dispatch"), [(0, 1), (10**9, 3)])
def test_both_sides_train_as_many_steps(small, monkeypatch, memory, per_dispatch):
    monkeypatch.setattr(hardware, "gpu_memory", lambda: memory)
    trained, seconds = [], bare_step.seconds
    monkeypatch.setattr(
        bare_step,
        "seconds",
        lambda model, *a, **o: trained.append(model) or seconds(model, *a, **o),
    )
    dataset = data.load("tiny_imagenet", data_dir=small)
    run = runs.Run("tiny_imagenet", "mlp", Recipe(batch_size=18), options={"width": 4})
    both = teacher_epoch.contenders(run, dataset)
    assert all(train() > 0 for train in both.values())
    assert [int(model.optimizer.iterations.numpy()) for model in trained] == [3, 3]
    assert [getattr(model, "steps_per_dispatch", 1) for model in trained] == [
        per_dispatch,
        per_dispatch,
    ]
    assert np.isfinite([model.get_metrics_result()["loss"] for model in trained]).all()


def test_command(small, capsys):
    command.main(["teacher_epoch", "--repeats", "1", "--data-dir", str(small)])
    assert "mlp, batches of 18: " in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["teacher_epoch", "--teacher", "shuflenet"])
    assert "unknown teacher 'shuflenet': did you mean shufflenet" in capsys.readouterr().err
