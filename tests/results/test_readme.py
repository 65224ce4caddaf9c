"""Markdown pages: numbers in the prose, the example, links, and the list of packages."""

import re
import subprocess
import sys

import numpy as np
import pytest

from cifar100 import four_epochs, methods, one_cycle
from cifar100 import recipes as cifar100
from common import distillation, experiments, results
from common.benchmark import tables
from common.benchmark.rows import Row
from common.results import readme
from common.runs import records
from mnist import hinton, recipes, teacher_seeds_table
from mnist.tables import pair_groups
from tests import test_structure
from tiny_imagenet import recipes as tiny_imagenet
from tiny_imagenet.twenty_classes import recipes as twenty_classes

ROOT = readme.README.parent


def page(path):
    """Text of a page without its marked tables, in one line."""
    text = re.sub(r"<!-- results .*?<!-- end -->", "", (ROOT / path).read_text(), flags=re.DOTALL)
    return " ".join(text.split())


def groups_of_folder(folder, dataset):
    groups = results.group_seeds(records.load_all(folder))
    return results.select(groups, dataset=dataset, limit=None)


def mnist_groups():
    return groups_of_folder(recipes.FOLDER, "mnist")


def pair_comparisons():
    """{(student, teacher): Comparison with the baseline}, as in the table students by teachers."""
    groups = pair_groups(mnist_groups())
    compared = {}
    for teacher, spec in recipes.TEACHERS.items():
        for student in recipes.PAIRED_STUDENTS:
            distilled = results.Results(groups).best_distilled(recipes.STUDENTS[student], spec)
            baseline = results.baseline_of(distilled, groups)
            assert set(distilled.seeds) == set(baseline.seeds) == set(recipes.SEEDS)
            compared[student, teacher] = results.compare(distilled, baseline)
    return compared


def significant(compared, level=0.05):
    """Keys that remain significant under Holm's correction (Holm 1979), smallest p first."""
    ordered = sorted(compared, key=lambda key: compared[key].p)
    for rank, key in enumerate(ordered):
        if compared[key].p > level / (len(ordered) - rank):
            return ordered[:rank]
    return ordered


def percent(comparison):
    return round(100 * comparison.error_reduction)


def test_students_by_teachers():
    compared = pair_comparisons()
    gains = {key for key in compared if key[0].endswith(("_few", "_small")) or key[0] == "mlp"}
    losses = {("cnn", "cnn_ensemble"), ("cnn_ensemble", "cnn_ensemble")}
    assert (len(compared), set(significant(compared))) == (28, gains | losses)

    def least_and_most(keys):
        reductions = [percent(compared[key]) for key in keys]
        return min(reductions), max(reductions)

    assert least_and_most(key for key in gains if key[0] != "mlp") == (17, 48)
    assert least_and_most(key for key in gains if key[0] == "mlp") == (20, 33)
    assert least_and_most(losses)[1] < 0
    narrow = [compared["cnn", teacher] for teacher in ("vgg16", "resnet164")]
    assert [percent(one) for one in narrow] == [9, 11]
    assert np.allclose([one.p for one in narrow], [0.009, 0.0084], atol=5e-5)
    others = set(compared) - gains - losses - {("cnn", "vgg16"), ("cnn", "resnet164")}
    assert len(others) == 4 and min(compared[key].p for key in others) > 0.3
    said = "17 to 48 % fewer errors"
    assert said in page("mnist/README.md") and said in page("README.md")
    for said in (
        "20 to 33 % fewer",
        "22 of the 28 comparisons",
        "(9 and 11 %, p = 0.009 and 0.0084)",
        "other four comparisons",
    ):
        assert said in page("mnist/README.md")


def test_five_trainings_of_one_teacher():
    groups = mnist_groups()
    teacher = results.Results(groups).baseline(recipes.TEACHERS["cnn_ensemble"])
    worst = teacher.values("errors").argsort()[-2:]
    expected = {"cnn_small": (39, 44, 42), "cnn_ensemble": (-26, -13, -15)}
    for name, (least, most, paired) in expected.items():
        spec = recipes.STUDENTS[name]
        baseline = results.Results(groups).baseline(spec)
        distilled = teacher_seeds_table.by_teacher_seed(spec, results.Results(groups))
        assert set(distilled) == set(recipes.SEEDS)
        reductions = {
            seed: 100 * results.compare(group, baseline).error_reduction
            for seed, group in distilled.items()
        }
        rounded = [round(reduction) for reduction in reductions.values()]
        assert (min(rounded), max(rounded)) == (least, most)
        both = results.compare(teacher_seeds_table.paired(distilled), baseline)
        assert percent(both) == paired
        assert both.p < 1e-4 if name == "cnn_small" else abs(both.p - 0.034) < 5e-4
    assert {seed for seed in reductions if reductions[seed] < -20.5} == set(worst)  # the ensemble
    for said in (
        "39 to 44 % fewer errors, and 42 % when seeds are paired (p < 0.0001)",
        "13 to 26 % more errors, most with the two least accurate teachers, and 15 % when seeds "
        "are paired (p = 0.034)",
    ):
        assert said in page("mnist/README.md")


def test_accuracies_of_the_controls():
    ours, student = results.Results(mnist_groups()), recipes.STUDENTS["cnn_small"]
    accuracies = [
        100 * group.values("accuracy").mean()
        for teacher in recipes.TEACHERS.values()
        for group in results.select(ours.distilled(student, teacher), shuffled=True)
    ]
    assert len(accuracies) == len(recipes.TEACHERS)
    said = f"test accuracy {round(min(accuracies))} to {round(max(accuracies))} %"
    assert said in page("mnist/README.md")


def test_the_figure_of_readme():
    groups = mnist_groups()
    student, teacher = recipes.STUDENTS["mlp"], recipes.TEACHERS["cnn"]
    comparison = results.Results(groups).comparison(student, teacher)
    baseline, distilled = comparison.baseline, comparison.distilled
    means = [group.values("errors").mean() for group in (baseline, distilled)]
    assert [round(mean) for mean in means] == [168, 114]
    assert results.compare(distilled, baseline).p < 1e-4
    sweep = results.temperature_sweep(results.Results(groups).distilled(student, teacher), 0.9)
    errors = {g.configuration["temperature"]: g.values("errors").mean() for g in sweep}
    assert max(errors[t] for t in (4, 8, 20)) - min(errors[t] for t in (4, 8, 20)) < 1
    assert errors[1] > means[1] + 30
    said = "from 168 to 114 (p < 0.0001, five seeds). Temperatures from 4 to 20 work about"
    assert said in page("README.md")


def test_hardware_and_versions_of_the_published_table():
    groups = mnist_groups()
    student = recipes.STUDENTS["cnn_small"]
    rows = {"student": results.Results(groups).baseline(student)}
    for name, teacher in recipes.TEACHERS.items():
        rows[name] = results.Results(groups).baseline(teacher)
        rows[f"from {name}"] = results.Results(groups).best_distilled(student, teacher)
    seeds = {name: sorted(group.seeds) for name, group in rows.items()}
    assert seeds.pop("vgg16") == seeds.pop("resnet164") == [0]
    assert all(each == list(recipes.SEEDS) for each in seeds.values())
    used = [record for group in rows.values() for record in group.seeds.values()]
    versions = {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"}
    assert all(record["versions"] == versions for record in used)
    on_xeon = [r for r in used if r["device"] == "Intel(R) Xeon(R) Processor, 2 cores"]
    others = {r["device"] for r in used} - {on_xeon[0]["device"]}
    assert others == {"AMD EPYC, 2 cores"}
    assert len(on_xeon) == 4 and all(
        record in rows["cnn_ensemble"].seeds.values() for record in on_xeon
    )
    said = "Python 3.11.7, Keras 3.15.1, TensorFlow 2.21.0, NumPy 2.4.6"
    assert said in page("README.md")


def test_the_control_fails_with_every_teacher():
    groups = mnist_groups()
    for teacher in recipes.TEACHERS.values():
        comparison = results.Results(groups).comparison(recipes.STUDENTS["cnn_small"], teacher)
        assert comparison.control.values("accuracy").max() < 0.5
        assert set(comparison.control.seeds) == set(recipes.SEEDS)


def test_longer_training_on_cifar100():
    groups = results.group_seeds(records.load_all(cifar100.FOLDER))
    teacher_spec = four_epochs.TEACHERS["vgg8_12"]
    teacher = results.Results(groups).baseline(teacher_spec)
    assert round(100 * teacher.values("accuracy").mean(), 1) == 63.6
    expected = {"cnn_4": (4.0, 24), "cnn_20": (2.4, 29)}
    for name, (points, share) in expected.items():
        spec = cifar100.STUDENTS[name]
        baseline = results.Results(groups).baseline(spec)
        settings = {"temperature": 4.0, "alpha": 0.9, "shuffled": False}
        distilled = results.Results(groups).distilled(spec, teacher_spec)
        (distilled,) = results.select(distilled, **settings)
        gain = 100 * (distilled.values("accuracy") - baseline.values("accuracy")).mean()
        gap = 100 * (teacher.values("accuracy") - baseline.values("accuracy")).mean()
        assert round(gain, 1) == points and round(100 * gain / gap) == share
    assert abs(results.compare(distilled, baseline).p - 0.0004) < 5e-5
    learned = [100 * group.curves("accuracy")[:, -1].mean() for group in (baseline, distilled)]
    assert [round(share) for share in learned] == [66, 61]
    for said in (
        "gains 2.4 points (p = 0.0004) instead of 4.0, which closes 29 % of the gap",
        "(63.6 %) instead of 24 %",
        "66 % of its training images correctly, the distilled student 61 %",
    ):
        assert said in page("cifar100/README.md")


def test_the_convnet_distilled_from_three_deep_teachers():
    groups = groups_of_folder(cifar100.FOLDER, "cifar100")
    student = cifar100.STUDENTS[one_cycle.TUNED_STUDENT]
    chosen, reductions = {}, []
    for name in one_cycle.TEACHERS:
        teacher = cifar100.TEACHERS[name]
        chosen[name] = results.Results(groups).best_distilled(
            student, teacher
        )  # by validation errors
        settings = {"temperature": one_cycle.TEMPERATURE, "alpha": one_cycle.ALPHA}
        assert chosen[name].matches(settings)
        assert len(chosen[name].seeds) == 5
        baseline = results.baseline_of(chosen[name], groups)
        reductions.append(percent(results.compare(chosen[name], baseline)))
        control = results.Results(groups).comparison(student, teacher).control
        assert control.values("errors").mean() > 2 * baseline.values("errors").mean()
    assert sorted(reductions) == [6, 7, 9]
    assert "three teachers save a ConvNet 6 to 9 % of its errors" in page("README.md")
    accuracies = [baseline, *chosen.values()]
    accuracies = [round(100 * group.values("accuracy").mean(), 2) for group in accuracies]
    assert accuracies == [55.7, 58.76, 58.38, 59.55]
    vgg16, shufflenet = chosen["vgg16_20"], chosen["shufflenet_20"]
    assert results.compare(vgg16, baseline).p < 1e-4
    compared = results.compare(shufflenet, vgg16)
    assert abs(compared.p - 0.00063) < 5e-6
    assert vgg16.values("errors").mean() - shufflenet.values("errors").mean() == 79
    for said in (
        "from 55.7 to 58.8 % (p < 0.0001), ResNet164 to 58.4 % and ShuffleNet to 59.55 %",
        "make 79 fewer errors than VGG16's (p = 0.00063)",
    ):
        assert said in page("cifar100/README.md")


def test_the_two_layer_network_distilled_from_deep_teachers():
    groups = groups_of_folder(cifar100.FOLDER, "cifar100")
    student, gains = cifar100.STUDENTS["mlp_30"], []
    for name in ("resnet164_14", "shufflenet_20"):
        comparison = results.Results(groups).comparison(student, cifar100.TEACHERS[name])
        accuracies = [group.values("accuracy").mean() for _, _, group in comparison.rows()]
        gains.append(round(100 * (accuracies[1] - accuracies[0]), 1))
        assert accuracies[2] < accuracies[0]
    assert gains == [3.5, 3.4]
    said = "gains 3.5 and 3.4 points from ResNet164 and ShuffleNet"
    assert said in page("cifar100/README.md")


def test_accuracies_of_the_deep_teachers_on_cifar100():
    groups = groups_of_folder(cifar100.FOLDER, "cifar100")
    for name, accuracy in (("vgg16_20", 69.2), ("resnet164_14", 65.9), ("shufflenet_20", 67.0)):
        group = results.Results(groups).baseline(cifar100.TEACHERS[name])
        assert abs(100 * group.values("accuracy").mean() - accuracy) < 0.0501
        assert f"{accuracy} %" in page("cifar100/README.md")


def test_no_method_beats_kd_tuned_alike_on_mnist():
    groups, student = mnist_groups(), recipes.STUDENTS[recipes.METHODS_STUDENT]
    for name in recipes.METHODS_TEACHERS:
        tuned = experiments.tuned_methods(groups, student, recipes.TEACHERS[name])
        errors = {key: each.chosen.values("errors").mean() for key, each in tuned.items()}
        assert len(errors) == 9 and min(errors, key=errors.get) == "kd"
        assert results.methods_finding(tuned).startswith("none of 8 methods beats tuned KD")
    assert "none of six newer losses beats tuned KD" in page("README.md")


def test_h3_on_jittered_images():
    ours = results.Results(groups_of_folder(recipes.FOLDER, "mnist_all"))
    nets = hinton.TEACHERS | hinton.STUDENTS
    student, teacher = nets[hinton.JITTERED_STUDENT], nets[hinton.JITTERED_TEACHER]
    (distilled,) = ours.distilled(student, teacher)
    baseline, trained = ours.baseline(student), ours.baseline(teacher)
    sentences = {
        "the student makes {:.1f} errors": distilled,
        "its teacher ({:.1f} over five seeds, 77 for": trained,
        "but the baseline makes only {:.1f}": baseline,
    }
    text = page("mnist/README.md")
    for sentence, group in sentences.items():
        assert sentence.format(group.values("errors").mean()) in text
    assert trained.seeds[0]["test"]["errors"] == 77
    reduction = results.compare(distilled, baseline)
    said = f"save {100 * reduction.error_reduction:.0f} % of its errors (p = {reduction.p:.4f})"
    assert said in text


def test_only_dist_beats_kd_tuned_alike_on_cifar100():
    groups = groups_of_folder(cifar100.FOLDER, "cifar100")
    student, teacher = methods.STUDENTS[methods.STUDENT], cifar100.TEACHERS[methods.TEACHER]
    tuned = experiments.tuned_methods(groups, student, teacher, methods.SELECTION_SEEDS)
    assert len(tuned) == 9
    finding = "DIST beats tuned KD; 6 of 8 make significantly more errors"
    assert results.methods_finding(tuned) == finding
    assert "DIST beats tuned KD" in page("README.md")
    mean, *_, p = results.differences(tuned)["dist"]
    assert (round(mean), round(p, 4)) == (157, 0.0024)
    said = "DIST makes 157 fewer errors than KD (p = 0.0024 with Holm's correction)"
    assert said in page("cifar100/README.md")
    lowest = min(each.temperature for each in experiments.GRIDS["kd"].settings)
    assert tuned["kd"].chosen.distillation.temperature == lowest
    labels_only = results.Results(groups).baseline(student).values("errors").mean()
    for worse in (tuned["ttm"], tuned["wttm"]):
        assert worse.at_corner and worse.chosen.values("errors").mean() > labels_only


def test_no_control_keeps_the_gain_on_cifar100():
    groups = groups_of_folder(cifar100.FOLDER, "cifar100")
    student, teacher = methods.STUDENTS[methods.STUDENT], cifar100.TEACHERS[methods.TEACHER]
    (ladder,) = experiments.ladders(groups, [student], teacher).values()
    assert all(ladder.share(control).high < 0 for control in distillation.LADDER)
    assert "every control makes more errors than labels only" in page("cifar100/README.md")
    students = [recipes.STUDENTS[name] for name in ("cnn_small", "mlp")]
    on_mnist = experiments.ladders(mnist_groups(), students, recipes.TEACHERS["cnn"]).values()
    shares = [round(100 * ladder.share("smoothing").mean) for ladder in on_mnist]
    assert shares == [9, 55]
    said = "keeps 9 % of its gain with the teacher's mean confidence, the two-layer network 55 %"
    assert said in page("cifar100/README.md")


def benchmark_ratio(*said):
    """The ratio's number of the newest benchmark row whose name has all of these parts."""
    rows = [Row(**row) for result in tables.read() for row in result["rows"]]
    *_, newest = [row for row in rows if all(part in row.what for part in said)]
    return newest.cells()[3].split()[0]


def test_speed_in_prose():
    ours = "epoch of cnn distilled from resnet164"
    speed = page("README.md")
    ratio = benchmark_ratio(ours, "Distiller")
    assert f"{ratio} times as fast as with Keras's `Distiller`" in speed
    ratios = [benchmark_ratio(f"batch {size}, against a PyTorch loop") for size in (64, 512)]
    assert f"{ratios[1]} times as fast as an eager PyTorch loop on an H200" in speed
    shares = [benchmark_ratio(f"batch {size}, against its bare step") for size in (64, 512)]
    parts = [
        [benchmark_ratio(batch, part) for batch in ("batch 64, ", "batch 128, ")]
        for part in ("data in GPU memory", "several steps per dispatch")
    ]
    stacks = [benchmark_ratio(f"five {what} as one stack") for what in ("temperatures", "seeds")]
    for said in (
        f"at {shares[0]} and {shares[1]} % of the rate of its bare step (aim 85 %) and "
        f"{ratios[0]} and {ratios[1]} times as fast as the PyTorch loop",
        f"gains {parts[0][0]} and {parts[0][1]} times",
        f"several steps per dispatch {parts[1][0]} and {parts[1][1]} times",
        f"where it is {stacks[0]} and {stacks[1]} times as fast",
    ):
        assert said in page("common/benchmark/README.md")


def test_all_classes_of_tiny_imagenet():
    groups = groups_of_folder(tiny_imagenet.FOLDER, "tiny_imagenet")
    teacher = tiny_imagenet.TEACHERS["shufflenet_12"]
    accuracy = results.Results(groups).baseline(teacher).values("accuracy").mean()
    assert f"{100 * accuracy:.1f}" == "50.3"
    assert "It reaches 50.3 %" in page("tiny_imagenet/README.md")
    for student, best, accuracies, p in (
        ("cnn_15", 1.0, ["36.9", "39.8"], 0.0077),
        ("mlp_15", 4.0, ["7.9", "9.9"], 0.0068),
    ):
        spec = tiny_imagenet.STUDENTS[student]
        ours = results.Results(groups)
        baseline, distilled = ours.baseline(spec), ours.distilled(spec, teacher)
        fixed = results.select(distilled, temperature=4.0, control=None)[0]
        pair = [f"{100 * group.values('accuracy').mean():.1f}" for group in (baseline, fixed)]
        assert pair == accuracies
        compared = results.compare(fixed, baseline)
        assert abs(compared.p - p) < 5e-5
        (control,) = results.select(distilled, shuffled=True)
        assert control.values("errors").mean() > baseline.values("errors").mean()
        chosen = results.Results(groups).best_distilled(spec, teacher)
        assert chosen.configuration["temperature"] == best
        assert f"from {pair[0]} to {pair[1]} % (p = {p})" in page("tiny_imagenet/README.md")
    said = "ShuffleNet lifts a ConvNet from 36.9 to 39.8 %"
    assert said in page("README.md")


def test_twenty_classes_of_tiny_imagenet():
    groups = groups_of_folder(twenty_classes.FOLDER, "tiny_imagenet20")
    student = twenty_classes.STUDENTS["cnn_half"]
    baseline = results.Results(groups).baseline(student)
    distilled = {
        name: results.Results(groups).best_distilled(student, teacher)
        for name, teacher in twenty_classes.TEACHERS.items()
    }
    compared = {name: results.compare(group, baseline) for name, group in distilled.items()}
    assert [percent(compared[name]) for name in ("cnn", "shufflenet")] == [7, 6]
    assert np.allclose([one.p for one in compared.values()], [0.0019, 0.0085], atol=5e-5)
    assert np.allclose([one.mcnemar for one in compared.values()], [0.19, 0.22], atol=5e-3)
    assert abs(results.compare(*distilled.values()).p - 0.29) < 5e-3
    for said in ("7 % fewer errors", "(p = 0.0019) and 6 % fewer", "0.19 and 0.22", "p = 0.29"):
        assert said in page("tiny_imagenet/README.md")


def test_paired_teacher_seeds():
    configuration = {"model": "mlp"}
    distilled = {
        k: results.SeedGroup(configuration, {seed: (seed, k) for seed in range(4)}) for k in (0, 2)
    }
    assert teacher_seeds_table.paired(distilled).seeds == {0: (0, 0), 2: (2, 2)}


def test_pages_with_tables(tmp_path, monkeypatch):
    marked = "<!-- results mnist students -->\n<!-- end -->\n"
    texts = {
        "README.md": marked,
        "code/README.md": marked,
        "code/part/README.md": marked,
        "docs/page.md": marked,
        "code/plain/README.md": "no table",
        "build/README.md": marked,  # not a package
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        if name.startswith("code/"):
            (tmp_path / name).with_name("__init__.py").touch()
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    found = [str(page.relative_to(tmp_path)) for page in readme.pages()]
    assert found == ["README.md", "code/README.md", "code/part/README.md", "docs/page.md"]


def test_no_page_shows_a_table_without_runs():
    names = {str(page.relative_to(ROOT)) for page in readme.pages()}
    assert names >= {"README.md", "mnist/README.md", "common/benchmark/README.md"}
    for each in readme.pages():
        assert results.PENDING not in each.read_text(), each


def markdown_files():
    patterns = ("*.md", "docs/*.md", "*/README.md", "common/*/README.md")
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern)})


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", prose):
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}
            assert anchor in slugs, link


def test_readme_has_every_package_in_the_order_of_imports():
    row = re.compile(r"^\| `common/(\w+)` \|", re.MULTILINE)
    assert tuple(row.findall(readme.README.read_text())) == test_structure.ORDER


def test_readme_is_short():
    text = readme.README.read_text()
    assert len(text.splitlines()) <= 170
    assert len(text.split()) <= 1600


@pytest.mark.slow
def test_the_example_runs(mnist_dir, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", readme.README.read_text(), re.DOTALL)
    monkeypatch.setenv("TFDS_DATA_DIR", str(mnist_dir))
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shares = dict(re.findall(r"(\w+): ([\d.]+)% of test images", done.stdout))
    assert set(shares) == {"baseline", "distilled"}
    assert shares["baseline"] != shares["distilled"]
