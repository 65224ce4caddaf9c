"""The command `export`: a student trained if needed, its files, refusals."""

import importlib.util

import pytest

from common import export
from common.cli import main
from common.experiments import deployment
from common.export import readback
from mnist import recipes

pytestmark = pytest.mark.skipif(
    any(
        importlib.util.find_spec(module) is None
        for module in ("ai_edge_litert", "onnxruntime", "tf2onnx")
    ),
    reason="the runtimes are not installed: pip install -e '.[export]'",
)


@pytest.mark.usefixtures("eager")
def test_export_trains_a_student_once_and_writes_its_files(
    mnist_dir, mnist, tmp_path, capsys, monkeypatch
):
    arguments = ["export", "cnn_eighth", "--int8", "--calibration-images", "100", "--epochs", "1"]
    arguments += ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path)]
    main("mnist", arguments)
    lines = capsys.readouterr().out.strip().splitlines()
    files = sorted(path.name for path in (tmp_path / "exports").iterdir())
    assert len(files) == 2 and files[0].endswith("-seed0-int8.tflite")
    assert files[1].endswith("-seed0.tflite")
    assert [line for line in lines if "first choices agree" in line][1:]
    record = next((tmp_path / "results").glob("*.json"))
    logits = export.predict(tmp_path / "exports" / files[1], mnist.test.images)
    wrong = int((logits.argmax(1) != mnist.test.labels).sum())
    assert f'"errors": {wrong},' in record.read_text().partition('"test"')[2]
    written = record.stat().st_mtime_ns
    main("mnist", [*arguments, "--formats", "onnx"])
    assert record.stat().st_mtime_ns == written
    assert len([*(tmp_path / "exports").iterdir()]) == 4
    bounds = []
    monkeypatch.setattr(deployment, "write", lambda *_, min_agreement: bounds.append(min_agreement))
    main("mnist", [*arguments, "--min-agreement", "0.5"])
    assert bounds == [0.5, 0.5]  # float32, int8


def test_help_has_the_bounds(capsys):
    with pytest.raises(SystemExit):
        main("mnist", ["export", "--help"])
    least = {name: bound for name, (_, bound) in readback.BOUNDS.items()}
    text = "default: {float32}, of float16 {float16}, of int8 {int8}".format(**least)
    assert text in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["cnn_eight"], "unknown student 'cnn_eight': did you mean cnn_eighth"),
        (["cnn_small", "--teacher", "resnet"], "unknown teacher 'resnet': did you mean resnet164"),
        (["cnn_small", "--formats", "tflite"], "unknown format 'tflite': did you mean litert"),
        (["cnn_small", "--calibration-images", "99"], "calibration images must be a whole number"),
        (["cnn_small", "--min-agreement", "2"], "min_agreement must lie between 0 and 1"),
        (["cnn_small", "--temperature", "4"], "are of a distillation: name its --teacher"),
        (["cnn_small", "--teacher", "cnn", "--temperature", "0"], "temperature must be a finite"),
        (["cnn_small", "--teacher", "cnn", "--alpha", "2"], "alpha must lie between 0 and 1"),
        (
            ["cnn_small", "--formats", "saved_model", "--int8"],
            "none of the formats saved_model is written in int8: add litert or onnx, or leave out",
        ),
        (["cnn_small", "--output-dir", str(recipes.FOLDER)], "has the committed runs"),
    ],
)
def test_refusals(arguments, sentence):
    with pytest.raises(SystemExit, match=sentence):
        main("mnist", ["export", *arguments])
