"""Deployment of students: trained at several widths, exported in each precision, evaluated.

The files of a teacher, of the baselines and of the distilled students are evaluated on the whole
test split in their own runtime, each beside its own float32 file.
"""

import dataclasses
import json

import numpy as np

from common import metrics, results, teachers
from common.distillation import Distillation
from common.experiments.protocols import student_runs, train_pairs
from common.utils import files, packages
from common.utils.checks import require_choice
from common.utils.target_checks import sample

CHECKED = 1_000  # test images that `export` compares file and model on
CALIBRATION = {"count": 500, "seed": 0}  # training images of int8
MEASURES = ("errors", "accuracy", "negative_log_likelihood", "calibration_error")


@dataclasses.dataclass(frozen=True)
class Deployment:
    """What a data set's study brings to a device.

    Args:
        teacher: name of the teacher in the spec.
        student: the student that is evaluated in every precision.
        students: students of several widths, `student` among them, for accuracy over latency.
    """

    teacher: str
    student: str
    students: tuple


def settings(study, student, teacher):
    """The `Distillation` that validation chose for a student, of committed runs.

    T = 4 and alpha = 0.9 if there are none.

    Args:
        study: Study.
        student, teacher: names in its spec.
    """
    require_choice("student", student, study.spec.students)
    require_choice("teacher", teacher, study.spec.teachers)
    full = results.load_groups(study.committed_dir, dataset=study.dataset.name, limit=None)
    specs = (study.spec.students[student], study.spec.teachers[teacher])
    best = results.Results(full).best_distilled(*specs)
    return best.distillation if best else Distillation(4.0, 0.9)


def train(study, deployment):
    """Groups of baselines and distilled students of all widths, at the settings of `student`."""
    chosen = settings(study, deployment.student, deployment.teacher)
    return train_pairs(study, deployment.students, [deployment.teacher], chosen)


def trained(study, student, teacher=None, distillation=None):
    """Runs of a student, one per seed, trained if they are not finished.

    Args:
        study: Study.
        student: a name in its spec.
        teacher: a name in its spec; None for the student on labels only.
        distillation: Distillation; None without a teacher.
    """
    logits = study.logits_for(student, teacher) if teacher else None
    runs = student_runs(study, student, logits, distillation)
    study.train(runs, logits=[logits] if logits else [])
    return runs


def runs(study, deployment, student=None):
    """Runs of one student, by seed: baselines, then distilled ones.

    Args:
        study, deployment: as in `train`.
        student: one of the students; default the deployment's.
    """
    name = student or deployment.student
    logits = study.logits_for(name, deployment.teacher)
    chosen = settings(study, deployment.student, deployment.teacher)
    return student_runs(study, name) + student_runs(study, name, logits, chosen)


def role(run, teacher_run):
    """ "teacher", "baseline" or "distilled"."""
    if run.id == teacher_run.id:
        return "teacher"
    return "distilled" if run.teacher else "baseline"


def evaluate(study, chosen, folder, formats=("litert",), progress=None, environment=None):
    """Rows of measures of exported files on the test split; the files are written to `folder`.

    Rows are saved there too: an interrupted call continues, if nothing has changed.

    Args:
        study: Study.
        chosen: list of (run, role) of finished runs.
        folder: existing folder.
        formats: names in `export.FORMATS`; each is written in all its precisions.
        progress: with `update(count)`, called after each file, and once for rows that are read.
        environment: dict of JSON values, device and versions; saved rows of another are not read.

    Returns:
        list of dict: run, seed, role, format, precision, bytes, the `MEASURES`, and `agreement`
        with the same network's float32 file, as a fraction of the test images.

    Raises:
        ValueError: as `export.export`.
    """
    from common import export

    calibration = export.calibration_images(study.dataset, **CALIBRATION)
    conditions = {"environment": environment, "code": _code_digest(), **study.dataset.identity}
    conditions |= {"calibration": export.describe_calibration(calibration)}
    rows, step = [], progress.update if progress else lambda count: None
    for run, role_of_run in chosen:
        conditions |= {"weights_sha256": teachers.weights_hash(study.model(run))}
        for format in formats:
            path = folder / f"{run.name}.{format}.json"
            if of_network := _saved_rows(path, conditions):
                step(len(of_network))
            else:
                of_network = _measure(study, run, folder, format, calibration, step)
                files.write_json(path, {"conditions": conditions, "rows": of_network})
            identity = {"run": run.id, "seed": run.seed, "role": role_of_run, "format": format}
            rows += [identity | row for row in of_network]
    return rows


def _code_digest():
    """SHA-256 of the Python files that build, export and measure networks."""
    folders = ("backend", "export", "metrics", "models")
    paths = [path for name in folders for path in (packages.ROOT / "common" / name).glob("*.py")]
    return files.sha256_of(np.frombuffer(p.read_bytes(), "uint8") for p in sorted(paths))


def _saved_rows(path, conditions):
    """Rows that an earlier call wrote under the same conditions; None if there are none."""
    if not path.exists():
        return None
    saved = json.loads(path.read_text(encoding="utf-8"))
    return saved["rows"] if saved["conditions"] == json.loads(json.dumps(conditions)) else None


def _measure(study, run, folder, format, calibration, step):
    """List of {precision, bytes, measures} of a network's files of one format; a step for each."""
    from common import export

    rows, float32 = [], None
    for precision in export.FORMATS[format].precisions:
        path = folder / export.file_name(run.name, format, precision)
        # agreement is measured here, whatever it is
        arguments = (study, run, path, format, precision, calibration)
        written = write(*arguments, min_agreement=0)
        logits = export.predict(path, study.dataset.test.images)
        float32 = logits if float32 is None else float32
        row = {"precision": precision, "bytes": written.bytes}
        rows.append(row | _measures(logits, study.dataset.test.labels, float32))
        step(1)
    return rows


def write(study, run, path, format, precision="float32", calibration=None, *, min_agreement=None):
    """Export a finished run's network, compared with it on test images: `export.Exported`.

    Args:
        study: Study.
        run: finished Run.
        path, format, calibration, min_agreement: as in `export.export`.
        precision: a name in `export.PRECISIONS`.
    """
    from common import export

    options = {"int8": precision == "int8", "float16": precision == "float16"}
    options |= {"calibration": calibration, "images": sample(study.dataset.test.images, CHECKED)}
    options |= {"format": format, "min_agreement": min_agreement}
    return export.export(study.model(run), path, **options)


def _measures(logits, labels, float32):
    values = {key: getattr(metrics, key)(logits, labels) for key in MEASURES}
    values = {key: round(float(np.float64(value)), 6) for key, value in values.items()}
    return values | {"agreement": round(metrics.agreement(logits, float32), 6)}


def label(run):
    """Name of a network in tables: the model and its options, such as `cnn width 0.5`."""
    return results.display_name({"model": run.model, "options": run.options})
