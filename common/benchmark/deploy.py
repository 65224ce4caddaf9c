"""A data set's students on a device: exported, evaluated in each precision, timed; the record.

Students without weights are trained first, from the committed logits, into --output-dir.
"""

from pathlib import Path

from common.benchmark import single_stream, tables
from common.cli.options import folder_option
from common.results import device
from common.utils import packages
from common.utils.checks import require_at_least, require_choice, require_positive
from common.utils.progress_bar import progress_bar

PARTS = ("quality", "latency")


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    named = "mnist or cifar100; default: mnist"
    parser.add_argument("dataset", nargs="?", default="mnist", help=named)
    parser.add_argument("--parts", nargs="+", default=PARTS, metavar="PART", help=", ".join(PARTS))
    formats = "litert, and others of quality; latency is that of the first; default: litert onnx"
    parser.add_argument("--formats", nargs="+", default=["litert", "onnx"], help=formats)
    parser.add_argument("--threads", type=int, default=1, help="of the runtime; default: 1")
    parser.add_argument("--queries", type=int, default=single_stream.QUERIES, help="at least")
    parser.add_argument("--seconds", type=float, default=single_stream.SECONDS, help="at least")
    folder = "of students' weights and exported files; default: build/DATASET/device"
    parser.add_argument("--output-dir", type=folder_option, metavar="DIR", help=folder)
    parser.add_argument("--write", action="store_true", help=f"save {device.FILE} for the tables")


def run(options):
    """Print the tables; with `--write` save the record.

    Raises:
        ValueError: an unknown part or format; numbers out of range; a missing runtime; a data set
            without a study of devices.
    """
    deployed = _Deployed(_checked(options), options)
    device.read(deployed.folder)  # a damaged record is reported before the measurement
    measured = {part: getattr(deployed, part)() for part in options.parts}
    # read when all is measured: another command may have written other parts meanwhile
    record = (device.read(deployed.folder) or {}) | measured
    for text in device.tables(record):
        print(text)
    if options.write:
        device.write(deployed.folder, record)


def _checked(options):
    """The data set's recipes, after all options were checked."""
    from common import export

    for part in options.parts:
        require_choice("part", part, PARTS)
    for format in options.formats:
        require_choice("format", format, export.FORMATS)
    for name in ("threads", "queries"):
        require_at_least(name, getattr(options, name), 1)
    require_positive("seconds", options.seconds)
    recipes = packages.load_recipes(options.dataset)
    if not hasattr(recipes, "DEVICE"):
        raise ValueError(f"{options.dataset} has no study of devices: try mnist or cifar100")
    for format in options.formats:
        export.require_runtime(format)
    return recipes


class _Deployed:
    """The students of a data set's `Deployment`, trained, and their exported files."""

    def __init__(self, recipes, options):
        from common import data
        from common.experiments import deployment
        from common.experiments.study import STUDENTS, Study

        self.options, self.what, self.folder = options, recipes.DEVICE, Path(recipes.FOLDER)
        build = packages.reproduced_dir(options.dataset).parent / "device"
        self.output_dir = options.output_dir or build
        (self.output_dir / "files").mkdir(parents=True, exist_ok=True)
        dataset = data.load(options.dataset)
        if options.write:
            tables.require_dataset(dataset, options.dataset)
        where = {"output_dir": self.output_dir, "retrain": STUDENTS}
        self.study = Study(recipes.STUDY, dataset, **where)
        deployment.train(self.study, self.what)
        self.teacher = self.study.teacher(self.what.teacher)

    def quality(self):
        """Measures of teacher, baselines and distilled students in each precision."""
        from common import export
        from common.experiments import deployment
        from common.runs.provenance import environment

        runs = deployment.runs(self.study, self.what)
        chosen = [(run, deployment.role(run, self.teacher)) for run in [*runs, self.teacher]]
        count = sum(len(export.FORMATS[format].precisions) for format in self.options.formats)
        calibration = export.calibration_images(self.study.dataset, **deployment.CALIBRATION)
        conditions = environment() | {"runtimes": _versions(self.options.formats)}
        with progress_bar(count * len(chosen), "exported and evaluated", "files") as bar:
            files = (self.output_dir / "files", self.options.formats, bar)
            rows = deployment.evaluate(self.study, chosen, *files, conditions)
        described = export.describe_calibration(calibration) | deployment.CALIBRATION
        return {
            "environment": conditions,
            "images": len(self.study.dataset.test),
            "calibration": described,
            "rows": rows,
        }

    def latency(self):
        """Latency of the teacher and of students of all widths; accuracy by role and width."""
        from common import export
        from common.backend import hardware
        from common.experiments import deployment

        files, rows = self._timed_files(), []
        load = hardware.load_average()
        options = {key: getattr(self.options, key) for key in ("threads", "queries", "seconds")}
        images = self.study.dataset.test.images[:1_000]
        measured = single_stream.measure(
            {name: path for name, (path, _, _) in files.items()}, images, **options
        )
        for name, (path, run, precision) in files.items():
            accuracies = self._accuracies(run)
            row = {"net": deployment.label(run), "precision": precision}
            row |= {"bytes": export.file_size(path), "accuracy": accuracies}
            rows.append(row | measured[name])
        return {
            "device": hardware.processor(),
            "threads": self.options.threads,
            "format": self.options.formats[0],
            "runtimes": _versions(self.options.formats[:1]),
            "load_average": None if load is None else round(max(load, hardware.load_average()), 1),
            "energy": "not measured",
            "rows": rows,
        }

    def _timed_files(self):
        """{name: (path, run, precision)} of teacher, student and the student's other widths."""
        from common import export
        from common.experiments import deployment

        format = self.options.formats[0]
        # weights in float16 are computed with in float32
        precisions = [p for p in export.FORMATS[format].precisions if p != "float16"]
        calibration = export.calibration_images(self.study.dataset, **deployment.CALIBRATION)
        timed = [(self.teacher, precision) for precision in precisions]
        for name in self.what.students:
            chosen = precisions if name == self.what.student else precisions[:1]
            timed += [(self.study.student(name, self.study.seeds[0]), each) for each in chosen]
        files = {}
        with progress_bar(len(timed), "exported", "files", delay=5) as bar:
            for run, precision in timed:
                path = self.output_dir / "files" / export.file_name(run.name, format, precision)
                if not path.exists():
                    arguments = (self.study, run, path, format, precision, calibration)
                    deployment.write(*arguments, min_agreement=0)  # `quality` measures it
                files[f"{run.id} {precision}"] = (path, run, precision)
                bar.update()
        return files

    def _accuracies(self, run):
        """{role: list of test accuracies, one per seed} of the networks of a run's architecture."""
        from common.experiments import deployment
        from common.runs import records

        if run.id == self.teacher.id:
            folder = self.folder
            return {"teacher": [records.read(folder, run)["test"]["accuracy"]]}
        (name,) = (
            name for name in self.what.students if self.study.student(name).id == run.baseline.id
        )
        accuracies = {}
        for each in deployment.runs(self.study, self.what, name):
            accuracy = records.read(self.output_dir, each)["test"]["accuracy"]
            accuracies.setdefault(deployment.role(each, self.teacher), []).append(accuracy)
        return accuracies


def _versions(formats):
    from importlib import metadata

    from common import export

    names = {name for format in formats for name in export.FORMATS[format].modules.values()}
    return {name: metadata.version(name) for name in sorted(names)}
