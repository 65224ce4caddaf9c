"""`python -m mnist`: help without imports, one sentence for bad input, all commands end to end."""

import argparse
import csv
import dataclasses
import functools
import inspect
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy import stats

from common import cli, data, experiments
from common.cli import objective, one_run, output
from common.cli.dry_run import DryRun
from common.cli.options import checked, parser
from common.data import catalogue, download
from common.distillation import LADDER, MULTI_LABEL
from common.experiments.spec import StudySpec
from common.experiments.study import Study
from common.losses import LOSSES
from common.runs import ModelSpec, Recipe
from mnist import recipes
from tests.support.helpers import no_fit


def run_module(*arguments, options=()):
    """(exit code, output, error output, seconds of CPU) of `python -m mnist` as a process."""
    command = [sys.executable, *options, "-m", "mnist", *arguments]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:  # no full pipe
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        return process.returncode, out.read(), err.read(), used.ru_utime + used.ru_stime


def test_help_is_quick():
    code, out, _, seconds = run_module("--help")
    assert code == 0 and seconds < 1
    assert all(command in out for command in ("teacher", "distill", "reproduce", "table"))


@pytest.mark.parametrize("command", ["teacher", "distill", "reproduce", "train-one", "table"])
def test_help_of_each_command(command, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main("mnist", [command, "--help"])
    assert end.value.code == 0
    assert "--output-dir" in capsys.readouterr().out


REFUSED = ["distill", "--teacher", "cnn", "--student", "cnn", "--workers", "2", "--ray"]


@pytest.mark.parametrize(("arguments", "exit_code"), [(["distill", "--help"], 0), (REFUSED, 1)])
def test_help_and_refusals_import_neither_keras_nor_numpy(arguments, exit_code):
    code, _, imported, _ = run_module(*arguments, options=["-X", "importtime"])
    assert code == exit_code and "argparse" in imported
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
    "method": ([*DISTILL, "--method", "dk"], "unknown method 'dk': did you mean"),
    "option": (
        [*DISTILL, "--method", "dkd", "--option", "betta=2"],
        "unknown option of the method dkd 'betta': did you mean beta",
    ),
    "option of kd": ([*DISTILL, "--option", "beta=2"], "the method kd takes no options, got"),
    "option without number": ([*DISTILL, "--option", "beta"], "'beta' is not NAME=NUMBER"),
    "control": ([*DISTILL, "--control", "permute"], "unknown control 'permute': did you mean"),
    "weight": ([*DISTILL, "--soft-weight", "-2"], "soft_weight must be a finite number above 0"),
    "both weights": (
        [*DISTILL, "--hard-weight", "-1"],
        "hard_weight must be a finite number of at least 0, got -1",
    ),
    "epochs": ([*DISTILL, "--epochs", "-3"], "epochs must be a whole number above 0, got -3"),
    "limit": (["teacher", "cnn", "--limit", "0"], "limit must be a whole number above 0, got 0"),
    "seed": (["teacher", "cnn", "--seeds", "0", "-1"], "seed must be a whole number of at least 0"),
    "folder": (["teacher", "cnn", "--output-dir", "/dev/null/x"], "cannot write to /dev/null/x"),
    "retrain": (["reproduce", "--retrain"], "choose another output folder"),
    "workers": (["reproduce", "--workers", "0"], "workers must be a whole number of at least 1, g"),
    "workers and Ray": (["reproduce", "--workers", "2", "--ray"], "--workers and --ray exclude"),
    "shared without Ray": ([*DISTILL, "--shared", "x"], "--shared is a folder of all nodes of Ray"),
    "devices and Ray": (
        ["teacher", "cnn", "--data-parallel", "--ray"],
        "--data-parallel distributes a training over the devices of one process: leave out",
    ),
    "table to reproduce": (
        ["reproduce", "hinton", "--students-only"],
        "unknown published table 'hinton': choose from published",
    ),
    "table": (["table", "--output-dir", "/dev/null/x"], "/dev/null/x has no records"),
    "no records as CSV": (
        ["table", "--output-dir", "/dev/null/x", "--format", "csv"],
        "/dev/null/x has no records",
    ),
    "format": (["table", "--format", "xls"], "invalid choice: 'xls'"),
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


@pytest.mark.parametrize("flag", ["--committed", "--dry-run"])
def test_what_only_reads_needs_no_writable_folder(flag):
    options = ["teacher", "cnn", flag, "--output-dir", "/dev/null/x"]
    commands = list(inspect.signature(parser).parameters)[1:]
    arguments = parser("mnist", **dict.fromkeys(commands)).parse_args(options)
    assert checked("mnist", arguments).folder == recipes.FOLDER


def test_a_backend_that_cannot_train(tmp_path, mnist_dir):
    command = [sys.executable, "-m", "mnist", "teacher", "cnn", "--limit", "100", "--data-dir"]
    done = subprocess.run(
        [*command, str(mnist_dir), "--output-dir", str(tmp_path)],
        env=os.environ | {"KERAS_BACKEND": "numpy"},
        capture_output=True,
        text=True,
    )
    message = "error: KERAS_BACKEND=numpy cannot train networks: choose tensorflow or jax\n"
    assert done.returncode == 1 and done.stderr == message


def test_data_that_cannot_be_downloaded(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "answers", lambda url, seconds=5: False)
    no_fallback = dataclasses.replace(catalogue.CATALOGUE["mnist"], fallback=None)
    monkeypatch.setitem(catalogue.CATALOGUE, "mnist", no_fallback)
    with pytest.raises(SystemExit, match="error: mnist is not prepared in"):
        cli.main("mnist", ["teacher", "cnn", "--data-dir", str(tmp_path)])


def test_home_folder_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "out" / "results").mkdir(parents=True)
    with pytest.raises(SystemExit, match=rf"error: {tmp_path}/out has no records"):
        cli.main("mnist", ["table", "--output-dir=~/out"])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError("No module named 'jax'", name="jax"), "'jax': run `source"),
        (ModuleNotFoundError("PyTorch is missing: install it"), "error: PyTorch .*: install it$"),
    ],
)
def test_missing_package_is_one_sentence(monkeypatch, error, sentence):
    def load(*arguments, **options):
        raise error

    monkeypatch.setattr(data, "load", load)
    with pytest.raises(SystemExit, match=sentence):
        cli.main("mnist", ["teacher", "cnn"])


@pytest.mark.slow
def test_committed_runs_are_in_the_tables_of_another_folder(mnist_dir, tmp_path, capfd):
    options = ["--data-dir", str(mnist_dir), "--output-dir", str(tmp_path)]
    cli.main("mnist", ["reproduce", "hinton", *options])  # all are committed
    printed = capfd.readouterr().out
    assert ", 0 runs to be trained" in printed
    assert "| H3 distilled at T = 20, errors | 74 | 117.4" in printed


def test_epochs_of_distill_do_not_retrain_the_teacher(tmp_path, monkeypatch):
    plans = []
    identity = {"dataset": "mnist", "limit": None, "digest": None}
    monkeypatch.setattr(
        data, "load", lambda name, **options: SimpleNamespace(name=name, identity=identity)
    )
    monkeypatch.setattr(experiments, "distill", lambda study, *names, **kw: plans.append(study))
    monkeypatch.setattr(output, "print_plan", lambda study, train: train(study) or sys.exit(0))
    with pytest.raises(SystemExit):
        cli.main("mnist", [*DISTILL, "--epochs", "1", "--output-dir", str(tmp_path)])
    (study,) = plans
    assert study.student("mlp").recipe.epochs == 1
    assert study.store.is_finished(study.teacher("cnn"))  # the committed one


@pytest.fixture
def user_folder(tmp_path):
    """A folder with two seeds of a committed student at T = 4, and no baseline."""
    (tmp_path / "results").mkdir()
    for path in (recipes.FOLDER / "results").glob("mnist-mlp-from-cnn-T4-a0.9-6ae*-seed[12].json"):
        shutil.copy(path, tmp_path / "results")
    assert len(records_in(tmp_path)) == 2
    return tmp_path


def test_table_of_own_runs_compares_them_with_committed_baselines(user_folder, capfd):
    cli.main("mnist", ["table", "--output-dir", str(user_folder)])
    _, first, *_ = capfd.readouterr().out.split("\n\n")
    _, _, own, baseline = first.splitlines()
    assert own.startswith("| mlp | cnn | 4 | 0.9 |") and "| baseline (committed) |" in baseline
    errors = [r["test"]["errors"] for r in records_in(user_folder)]
    alone = [r["test"]["errors"] for r in records_in(recipes.FOLDER) if is_baseline(r)]
    *_, reduction, p, _ = own.strip("| ").split(" | ")
    assert reduction == f"{100 - 100 * sum(errors) / sum(alone[1:3]):.1f} %"
    assert float(p) == pytest.approx(stats.ttest_rel(errors, alone[1:3]).pvalue, rel=0.05)


def test_tables_of_own_runs_are_those_with_a_row_of_them(tmp_path, capfd):
    shutil.copytree(recipes.FOLDER / "results", tmp_path / "results", ignore=is_baseline_file)
    cli.main("mnist", ["table", "--output-dir", str(tmp_path)])
    tables = [table.splitlines() for table in capfd.readouterr().out.split("\n\n")[1:]]
    published = next(table for table in tables if "published %" in table[0])
    assert published[2].startswith("| baseline: 3-layer CNN, half width") and len(published) == 7
    assert all("not run yet" not in line or "→" in line for table in tables for line in table)


def is_baseline_file(folder, names):
    return [name for name in names if "-from-" not in name or name.startswith("mnist_all")]


def is_baseline(record):
    values = record["configuration"]
    recipe = {"epochs": 10, "batch_size": 256}
    return (
        (values["dataset"], values["model"], values["teacher"]) == ("mnist", "mlp", None)
        and recipe.items() <= values["recipe"].items()
        and "transfer_set" not in values
    )


def test_own_runs_as_csv_and_json_are_unrounded(user_folder, capfd):
    options = ["table", "--output-dir", str(user_folder), "--format"]
    cli.main("mnist", [*options, "csv"])
    lines = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    cli.main("mnist", [*options, "json"])
    rows = json.loads(capfd.readouterr().out)
    assert [row["source"] for row in rows] == ["own", "committed"]
    nll = [record["test"]["negative_log_likelihood"] for record in records_in(user_folder)]
    assert rows[0]["negative_log_likelihood_mean"] == pytest.approx(np.mean(nll), rel=1e-12)
    assert rows[0]["errors_sd"] == pytest.approx(
        np.std([r["test"]["errors"] for r in records_in(user_folder)], ddof=1)
    )
    assert rows[0]["temperature"] == 4 and rows[1]["temperature"] is None
    for line, row in zip(lines, rows, strict=True):
        assert line == {key: "" if value is None else str(value) for key, value in row.items()}


def records_in(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("results/*.json"))]


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_teacher_students_and_table(mnist_dir, tmp_path, capfd, monkeypatch):
    options = ["--limit", "60", "--data-dir", str(mnist_dir)]
    options += ["--output-dir", str(tmp_path), "--seeds", "0"]
    cli.main("mnist", ["teacher", "cnn", *options])
    options += ["--epochs", "1"]  # of the students
    (teacher,) = records_in(tmp_path)
    assert f"seed 0: {teacher['test']['errors']} errors of 60" in capfd.readouterr().out
    cli.main("mnist", [*DISTILL, "--temperature", "4", "--alpha", "0.9", *options])
    distilled, last_line = capfd.readouterr().out.rstrip("\n").rsplit("\n", 1)
    assert last_line == f"records in {tmp_path / 'results'}"
    records = [r for r in records_in(tmp_path) if r["configuration"]["model"] == "mlp"]
    settings = [(r["configuration"]["temperature"], r["configuration"]["alpha"]) for r in records]
    assert sorted(settings) == [(1, 0), (4, 0.9), (4, 0.9)]
    assert {r["configuration"]["limit"] for r in [*records, teacher]} == {60}
    assert {r["configuration"]["recipe"]["epochs"] for r in records} == {1}
    for record in records:
        assert f"| {record['test']['errors']}.0 |" in distilled

    monkeypatch.setattr(keras.Model, "fit", None)  # all are finished
    cli.main("mnist", [*DISTILL, "--temperature", "4.0", "4", "--alpha", "0.9", *options])
    again = capfd.readouterr().out.rstrip("\n").rsplit("\n", 1)[0]
    assert again.splitlines()[-3:] == distilled.splitlines()[-3:]
    cli.main("mnist", ["table", "--output-dir", str(tmp_path)])
    table = capfd.readouterr().out
    assert "60 test images" in table and distilled.splitlines()[-1] in table
    every = table.split("\n\n")[1]  # the first table: one row a run
    assert every.count("| mlp |") == 3 and every.count("| cnn | baseline |") == 1
    assert "(committed)" not in table and "not run yet" not in table
    assert np.isfinite([record["test"]["negative_log_likelihood"] for record in records]).all()


@pytest.mark.usefixtures("eager")
def test_a_run_is_trained_although_another_cannot_be(few, tmp_path):
    good, bad = Recipe(epochs=1, batch_size=50), Recipe(epochs=1, schedule="constant", warmup=0.1)
    students = {
        name: ModelSpec("mlp", recipe, name, {"width": 4})
        for name, recipe in (("bad", bad), ("good", good))
    }

    def train(name):
        return lambda study: study.train([study.student(name)])

    spec = StudySpec(tmp_path, {}, students, steps={name: train(name) for name in students})
    study = Study(spec, few)
    with pytest.raises(ValueError, match="ignores it"):
        train("bad")(DryRun().study(study))
    name = study.student("good").name
    assert one_run.train_one(study, name)["run"] in name


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_missing_runs_are_listed_and_trained_one_by_one(mnist_dir, tmp_path, capsys, monkeypatch):
    """`--list`, `train-one` of a teacher and of a student, then the listed ones are fewer."""
    options = ["--data-dir", str(mnist_dir), "--limit", "60", "--epochs", "1", "--seeds", "0"]
    options += ["--output-dir", str(tmp_path)]
    spec = recipes.STUDY
    step = functools.partial(recipes.pairs, teachers=["cnn"], students=["mlp"])
    steps = dataclasses.replace(spec, steps={"few": step}, temperatures=(4,), alphas=(0.9,))
    monkeypatch.setattr(recipes, "STUDY", steps)

    def listed():
        capsys.readouterr()
        cli.main("mnist", ["reproduce", "--list", *options])
        return capsys.readouterr()

    first = listed()
    teacher, baseline = sorted(first.out.split())
    assert teacher.startswith("mnist-cnn-") and baseline.startswith("mnist-mlp-")
    assert "2 more runs need a teacher" in first.err
    cli.main("mnist", ["train-one", teacher, *options])
    assert f"{teacher}: " in capsys.readouterr().out
    names = listed().out.split()
    assert len(names) == 3 and baseline in names and teacher not in names
    for name in names:
        cli.main("mnist", ["train-one", name, *options])
    assert listed().out == "" and len(records_in(tmp_path)) == 4
    with pytest.raises(SystemExit, match="no run 'mnist-mlp-0-seed0' with these options"):
        cli.main("mnist", ["train-one", "mnist-mlp-0-seed0", *options])


@pytest.mark.slow
def test_students_of_the_published_table_by_two_workers(mnist_dir, tmp_path, capfd):
    options = ["--data-dir", str(mnist_dir), "--epochs", "1", "--seeds", "0"]
    options += ["--output-dir", str(tmp_path), "--workers", "2", "--students-only"]
    cli.main("mnist", ["reproduce", "published", *options])
    printed = capfd.readouterr()
    rows = [line for line in printed.out.splitlines() if "| recipe changed: epochs 1, com" in line]
    assert len(rows) == 9  # a baseline, four teachers, with controls
    assert "No row can be compared with a committed one." in printed.out
    assert {record["threads"] for record in records_in(tmp_path)} == {max(1, os.cpu_count() // 2)}
    assert "Traceback" not in printed.err and "leaked" not in printed.err


def test_committed_logits_of_a_seed_and_views(mnist_dir, capfd):
    committed = ["teacher", "cnn", "--committed", "--data-dir", str(mnist_dir)]
    for options, name in ((["--seeds", "1"], "seed1"), (["--views", "mnist_jitter"], "jitter")):
        with pytest.raises(SystemExit, match=f"no teacher's logits in .*{name}"):
            cli.main("mnist", [*committed, *options])


def test_help_names_every_method_and_control(capsys):
    with pytest.raises(SystemExit):
        cli.main("mnist", ["distill", "--help"])
    words = set(re.findall(r"\w+", capsys.readouterr().out))
    assert words >= {*LOSSES, *LADDER} - {*MULTI_LABEL}


def test_objective_of_the_options():
    def settings(*arguments):
        options = argparse.ArgumentParser()
        options.add_argument("--temperature", type=float, nargs="+", default=[4.0])
        objective.add_objective(options)
        return objective.distillation_settings(options.parse_args(arguments))

    default = {"alpha": 0.9, "method": "kd", "options": {}, "control": True}
    assert settings() == default | {"hard_weight": None, "soft_weight": None}
    arguments = ["--method", "dkd", "--soft-weight", "2", "--option", "beta=6"]
    arguments += ["--control", "permuted", "smoothing"]
    assert settings(*arguments) == {
        "alpha": None,
        "method": "dkd",
        "options": {"beta": 6.0},
        "hard_weight": None,
        "soft_weight": 2.0,
        "control": ["permuted", "smoothing"],
    }
