"""One's own trials beside the recorded runs, as an HTML table."""

from common import results
from common.explorer import html
from common.runs import teacher_model

HEAD = ("student", "T", "α", "test errors", "validation errors", "taught by", "epochs", "seeds")
SPLITS = ("test", "validation")


def trials_table(trials, student, recorded):
    """A row a trial, marked as one's own, then a row a recorded group, mean ± sd over seeds.

    Args:
        trials: list of trial.Trial that have ended.
        student: the recorded groups' student.
        recorded: list of results.SeedGroup.
    """
    rows = [_own(trial) for trial in trials] + [_recorded(student, group) for group in recorded]
    return html.table(HEAD, rows, ["kd-own"] * len(trials))


def _own(trial):
    run, done = trial.run, len(trial.curve)
    epochs = f"{done} of {run.recipe.epochs}" if trial.state == "stopped" else f"{done}"
    errors = [f"{trial.errors[split]:,}" for split in SPLITS]
    return _row(trial.title, run.configuration, errors, epochs, f"seed {run.seed}")


def _recorded(student, group):
    own = group.configuration
    errors = [results.mean_sd(group.values("errors", split)) for split in SPLITS]
    seeds = f"{len(group.seeds)} seed{'s' * (len(group.seeds) > 1)}"
    return _row(f"{student}, recorded", own, errors, str(own["recipe"]["epochs"]), seeds)


def _row(name, configuration, errors, epochs, seeds):
    """Cells in the order of `HEAD`; no T and alpha without a teacher."""
    if not configuration["teacher"]:
        return [name, "", "", *errors, "labels alone", epochs, seeds]
    settings = [f"{configuration[key]:g}" for key in ("temperature", "alpha")]
    return [name, *settings, *errors, teacher_model(configuration["teacher"]), epochs, seeds]
