"""`python -m mnist`: help without imports, one sentence for bad input, all commands end to end."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from common import cli, data
from common.data import catalogue, download
from tests.support.helpers import no_fit


def run_module(*arguments, options=()):
    """(exit code, output, error output, seconds of CPU) of `python -m mnist` as a process."""
    command = [sys.executable, *options, "-m", "mnist", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close(), process.stderr.close()
    return process.returncode, out, err, used.ru_utime + used.ru_stime


def test_help_is_quick():
    code, out, _, seconds = run_module("--help")
    assert code == 0 and seconds < 1
    assert all(command in out for command in ("teacher", "distill", "reproduce", "table"))


@pytest.mark.parametrize("command", ["teacher", "distill", "reproduce", "table"])
def test_help_of_each_command(command, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main("mnist", [command, "--help"])
    assert end.value.code == 0
    assert "--output-dir" in capsys.readouterr().out


def test_help_imports_neither_keras_nor_numpy():
    code, _, imported, _ = run_module("distill", "--help", options=["-X", "importtime"])
    assert code == 0 and "argparse" in imported
    assert not {"keras", "tensorflow", "numpy"} & {
        line.split("|")[-1].strip() for line in imported.splitlines()
    }


def test_bad_input_is_one_sentence_and_no_traceback():
    code, out, err, _ = run_module("distill", "--teacher", "cnm", "--student", "mlp")
    assert (code, out) == (1, "")
    assert err.startswith("error: unknown teacher 'cnm': did you mean cnn")
    assert err.endswith("?\n") and err.count("\n") == 1


def test_too_little_disk_is_refused_before_a_teacher_is_trained(mnist_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", None)
    usage = shutil.disk_usage(tmp_path)._replace(free=8_000_000)  # less than weights may take
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path), "--retrain"]
    for command in (["teacher", "cnn", "--views", "crop_flip"], ["reproduce", "students"]):
        with pytest.raises(SystemExit, match=r"the logits of mnist .* take .* GB, .* free: choose"):
            cli.main("mnist", [*command, *options])


DISTILL = ["distill", "--teacher", "cnn", "--student", "mlp"]
BAD = {
    "no command": ([], "COMMAND"),
    "teacher": (["teacher", "vgg61"], "unknown teacher 'vgg61': did you mean vgg16"),
    "student": ([*DISTILL[:3], "--student", "mpl"], "unknown student 'mpl': did you mean mlp"),
    "temperature of 0": ([*DISTILL, "--temperature", "0"], "temperature must be a finite"),
    "second temperature": ([*DISTILL, "--temperature", "4", "-1"], "temperature must be a finite"),
    "infinite temperature": ([*DISTILL, "--temperature", "inf"], "temperature must be a finite"),
    "no number": ([*DISTILL, "--temperature", "hot"], "invalid float value: 'hot'"),
    "alpha above 1": ([*DISTILL, "--alpha", "1.1"], "alpha must lie between 0 and 1, got 1.1"),
    "alpha below 0": ([*DISTILL, "--alpha", "-0.1"], "alpha must lie between 0 and 1, got -0.1"),
    "alpha of 0": ([*DISTILL, "--alpha", "0"], "alpha must be a finite number above 0"),
    "alpha": ([*DISTILL, "--alpha", "nan"], "alpha must lie between 0 and 1, got nan"),
    "epochs": ([*DISTILL, "--epochs", "-3"], "epochs must be a whole number above 0, got -3"),
    "limit": (["teacher", "cnn", "--limit", "0"], "limit must be a whole number above 0, got 0"),
    "seed": (["teacher", "cnn", "--seeds", "0", "-1"], "seed must be a whole number of at least 0"),
    "folder": (["teacher", "cnn", "--output-dir", "/dev/null/x"], "cannot write to /dev/null/x"),
    "retrain": (["reproduce", "--retrain"], "name another output folder"),
    "table": (["table", "--output-dir", "/dev/null/x"], "/dev/null/x holds no records"),
}


@pytest.mark.parametrize(("arguments", "sentence"), BAD.values(), ids=BAD)
def test_bad_input(arguments, sentence, monkeypatch, capfd):
    monkeypatch.setattr(keras.Model, "fit", no_fit)
    monkeypatch.setattr(catalogue, "load", no_fit)
    with pytest.raises(SystemExit) as end:
        cli.main("mnist", arguments)
    message = str(end.value.code) + capfd.readouterr().err
    assert end.value.code not in (0, None)
    assert sentence in message and "Traceback" not in message


def test_data_that_cannot_be_downloaded(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    no_fallback = dataclasses.replace(catalogue.CATALOGUE["mnist"], fallback=None)
    monkeypatch.setitem(catalogue.CATALOGUE, "mnist", no_fallback)
    with pytest.raises(SystemExit, match="error: mnist is not prepared in"):
        cli.main("mnist", ["teacher", "cnn", "--data-dir", str(tmp_path)])


def test_home_folder_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "out" / "results").mkdir(parents=True)
    with pytest.raises(SystemExit, match=rf"error: {tmp_path}/out holds no records"):
        cli.main("mnist", ["table", "--output-dir=~/out"])


def test_missing_package_is_one_sentence(monkeypatch):
    def load(*arguments, **options):
        raise ModuleNotFoundError("No module named 'jax'")

    monkeypatch.setattr(data, "load", load)
    with pytest.raises(SystemExit, match="error: No module named 'jax': first `source"):
        cli.main("mnist", ["teacher", "cnn"])


@pytest.mark.slow
def test_committed_runs_are_in_the_tables_of_another_folder(mnist_dir, tmp_path, capfd):
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path)]
    cli.main("mnist", ["reproduce", "hinton", *options])  # all are committed
    printed = capfd.readouterr().out
    assert ", 0 runs to be trained" in printed
    assert "| H3 distilled at T = 20, errors | 74 | 117.4" in printed


def records_in(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("results/*.json"))]


@pytest.mark.slow
def test_teacher_students_and_table(mnist_dir, tmp_path, capfd, monkeypatch):
    options = ["--limit", "60", "--epochs", "1", "--data-dir", str(mnist_dir)]
    options += ["--output-dir", str(tmp_path), "--seeds", "0"]
    cli.main("mnist", ["teacher", "cnn", *options])
    (teacher,) = records_in(tmp_path)
    assert f"seed 0: {teacher['test']['errors']} errors of 60" in capfd.readouterr().out
    cli.main("mnist", [*DISTILL, "--temperature", "4", "--alpha", "0.9", *options])
    distilled, last_line = capfd.readouterr().out.rstrip("\n").rsplit("\n", 1)
    assert last_line == f"records in {tmp_path / 'results'}"
    records = [r for r in records_in(tmp_path) if r["configuration"]["model"] == "mlp"]
    settings = [(r["configuration"]["temperature"], r["configuration"]["alpha"]) for r in records]
    assert sorted(settings) == [(1, 0), (4, 0.9), (4, 0.9)]
    assert {r["configuration"]["limit"] for r in [*records, teacher]} == {60}
    assert {r["configuration"]["recipe"]["epochs"] for r in [*records, teacher]} == {1}
    for record in records:
        assert f"| {record['test']['errors']}.0 |" in distilled

    monkeypatch.setattr(keras.Model, "fit", None)  # all are finished
    cli.main("mnist", [*DISTILL, "--temperature", "4.0", "4", "--alpha", "0.9", *options])
    again = capfd.readouterr().out.rstrip("\n").rsplit("\n", 1)[0]
    assert again.splitlines()[-3:] == distilled.splitlines()[-3:]
    cli.main("mnist", ["table", "--output-dir", str(tmp_path)])
    table = capfd.readouterr().out
    assert "60 test images" in table and distilled.splitlines()[-1] in table
    every = table.partition("Every run:")[2]
    assert every.count("| mlp |") == 3 and every.count("| cnn | baseline |") == 1
    assert np.isfinite([record["test"]["negative_log_likelihood"] for record in records]).all()


def test_committed_logits_of_a_seed_and_views(mnist_dir, capfd):
    committed = ["teacher", "cnn", "--committed", "--data-dir", str(mnist_dir)]
    for options, name in ((["--seeds", "1"], "seed1"), (["--views", "mnist_jitter"], "jitter")):
        with pytest.raises(SystemExit, match=f"no teacher's logits in .*{name}"):
            cli.main("mnist", [*committed, *options])
