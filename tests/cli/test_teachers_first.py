"""Teachers of all steps are the first tasks of an executor; then each step's students follow."""

from common import experiments, training
from common.cli.teachers_first import train_teachers
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.runs import ModelSpec, Recipe, records
from tests.training.test_executors import Inline


def test_teachers_of_all_steps_train_at_once(few, tmp_path, monkeypatch):
    def reproduce(study):
        for teacher in ("first", "second"):
            experiments.distill(study, "tiny", teacher, [4], 0.9)

    nets = {name: {"width": width} for name, width in (("first", 4), ("second", 5), ("tiny", 3))}
    recipe = Recipe(epochs=1, batch_size=50)
    specs = {name: ModelSpec("mlp", recipe, name, options) for name, options in nets.items()}
    teachers = {name: specs[name] for name in ("first", "second")}
    spec = StudySpec(tmp_path, teachers, {"tiny": specs["tiny"]}, steps={"all": reproduce})
    calls, run = [], training.run
    monkeypatch.setattr(
        training, "run", lambda runs, *a, **b: calls.append(runs) or run(runs, *a, **b)
    )
    study = Study(spec, few, seeds=[0], executor=Inline(2))
    train_teachers(study, reproduce)
    (trained,) = calls
    assert trained == [study.teacher("first"), study.teacher("second")]
    assert all(records.read(tmp_path, run) for run in trained)
    train_teachers(study, reproduce)
    assert len(calls) == 1  # nothing waits for a teacher now
    train_teachers(Study(spec, few, output_dir=tmp_path / "new"), reproduce)
    assert len(calls) == 1  # no executor
