"""Tables and findings of the record of a device, from made-up numbers worked out by hand."""

import pytest
from scipy import stats

from common import results
from common.results import device
from common.results.device_tables import DeviceTables
from common.runs import ModelSpec, Recipe
from mnist import tables
from tests.results.test_tables import group

ERRORS = {  # role: {precision: errors by seed}
    "teacher": {"float32": [40], "int8": [43]},
    "baseline": {"float32": [250, 260, 240], "int8": [252, 261, 243]},
    "distilled": {"float32": [180, 190, 185], "int8": [185, 197, 188]},
}


def test_a_damaged_record_is_refused(tmp_path):
    assert device.read(tmp_path) is None
    (tmp_path / device.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"the record .*device.json is damaged .*: delete it"):
        device.read(tmp_path)


@pytest.fixture
def quality():
    rows = [
        {
            "run": f"mnist-{role}-00",
            "seed": seed,
            "role": role,
            "format": "litert",
            "precision": precision,
            "bytes": 4096 if precision == "float32" else 1024,
            "errors": errors,
            "accuracy": 1 - errors / 1000,
            "negative_log_likelihood": 0.5,
            "calibration_error": 0.01,
            "agreement": 1.0 if precision == "float32" else 0.995,
        }
        for role, by_precision in ERRORS.items()
        for precision, of_seeds in by_precision.items()
        for seed, errors in enumerate(of_seeds)
    ]
    return {"images": 1000, "calibration": {"images": 500}, "rows": rows[::-1]}


@pytest.fixture
def latency():
    def row(net, precision, milliseconds, size, accuracy):
        values = {"net": net, "precision": precision, "bytes": size, "accuracy": accuracy}
        median = milliseconds / 2
        values |= {"milliseconds_p50": median, "milliseconds_p90": median + 10}
        values |= {"queries": 1056, "seconds": 60.4}
        return values | {"images_per_second": 2000, "peak_megabytes": None}

    rows = [
        row("resnet164", "float32", 20, 8000, {"teacher": [0.996]}),
        row("cnn", "float32", 1, 400, {"baseline": [0.97, 0.96], "distilled": [0.98, 0.99]}),
        row("cnn", "int8", 0.5, 100, {"baseline": [0.97, 0.96], "distilled": [0.98, 0.99]}),
        row("cnn width 0.5", "float32", 0.25, 100, {"distilled": [0.97, 0.98]}),
    ]
    settings = {"format": "litert", "device": "a processor", "threads": 1, "load_average": 0.5}
    return settings | {"rows": rows}


def cells(table, start):
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("| ").split("|")]


def test_quality_table(quality):
    table = device.quality_table(quality)
    assert cells(table, "teacher | litert int8")[2:] == [
        *("43.0", "95.70", "0.5000", "1.00", "99.50", "1"),
    ]  # no test of one seed
    p = stats.ttest_rel([252, 261, 243], [250, 260, 240]).pvalue
    row = cells(table, "student on labels | litert int8")
    assert row[2:4] == ["252.0 ± 9.0", "74.80 ± 0.90"] and row[-1] == f"{p:.2g}"
    assert cells(table, "distilled student | litert float32")[-2:] == ["100.00", "4"]


def test_int8_costs_are_compared_in_pairs(quality):
    costs = device.int8_costs(quality)
    assert [list(costs[role]) for role in ("baseline", "distilled")] == [[2, 1, 3], [5, 7, 3]]
    p = stats.ttest_rel([5, 7, 3], [2, 1, 3]).pvalue
    sentence = device.int8_finding(quality)
    assert "adds 5.0 ± 2.0 test errors to the distilled student and 2.0 ± 1.0" in sentence
    assert "+3.0" in sentence and f"p = {p:.2f}" in sentence


def test_latency_table(latency):
    table = device.latency_table(latency)
    assert cells(table, "resnet164 float32")[1:] == ["10", "20", "2,000", "8", "not measured"]
    assert "load average 0.5," in table
    assert "load average unknown," in device.latency_table(latency | {"load_average": None})


def test_ratios_are_against_the_teacher_in_float32(latency):
    assert device.ratios(latency, "cnn") == {"float32": (20, 20), "int8": (80, 40)}


def test_points_ascend(latency):
    points = device.points(latency)
    assert [net for net, *_ in points["distilled"]] == ["cnn width 0.5", "cnn"]
    assert list(points["distilled"][1][2]) == [98, 99] and len(points["teacher"]) == 1


def test_record_is_read_as_written(tmp_path, quality):
    assert device.read(tmp_path) is None
    device.write(tmp_path, {"quality": quality})
    assert device.read(tmp_path) == {"quality": quality}
    assert device.tables({"quality": quality}) == [device.quality_table(quality)]


def test_committed_measurements_stand_beside_full_size_runs_only():
    full = results.load_groups(tables.FOLDER, dataset="mnist", limit=None)
    for name in ("device", "latency", "device_summary"):
        table = tables.TABLES[name]
        assert table(full) and table([]) == "" == table(results.select(full, dataset="mnist5k"))


def test_finding_of_a_record(tmp_path, quality, latency):
    folder = tmp_path / "digits"
    folder.mkdir()
    student = ModelSpec("cnn", Recipe(epochs=1))
    of_folder = DeviceTables(folder, "mnist", student)
    groups = [group(student, [1])]
    assert of_folder.record == {} and of_folder.summary(groups) == ""
    device.write(folder, {"latency": latency})
    assert of_folder.latency(groups) and of_folder.summary(groups) == ""
    device.write(folder, {"quality": quality, "latency": latency})
    # 8000 : 400 and 100 bytes, 10 : 0.5 and 0.25 ms;
    # 99.6 % less the mean of 1 - (180, 190, 185) / 1000 and of 1 - (185, 197, 188) / 1000
    assert of_folder.summary(groups) == (
        "Exported (litert) and run on a processor, threads: 1, the distilled student is 20 "
        "times smaller and 20 times as fast in float32, 80 times smaller and 40 times as fast in "
        "int8, compared with the teacher in float32 (median latency), at 18.1 points "
        "(float32) and 18.6 points (int8) lower accuracy "
        "([table](digits/README.md#on-a-device)).\n"
    )
    assert of_folder.finding("float32") == (  # 8000 : 400 bytes, 10 : 0.5 ms
        "the distilled student is 20 times smaller and 20 times as fast in float32, compared with "
        "the teacher in float32 (median latency), at 18.1 points lower accuracy"
    )
