"""HTML table of the user's trials and the recorded runs."""

from common import results
from common.explorer import html
from common.runs import teacher_model

HEAD = ("student", "T", "α", "test errors", "validation errors", "teacher", "epochs", "seeds")
SPLITS = ("test", "validation")


def trials_table(trials, student, recorded):
    """HTML: a highlighted row for each trial, then one for each recorded group, mean ± sd.

    Args:
        trials: list of live_run.LiveRun that have ended.
        student: title of the recorded groups' student.
        recorded: list of results.SeedGroup.
    """
    rows = [_trial_row(trial) for trial in trials]
    rows += [_group_row(student, group) for group in recorded]
    return html.table(HEAD, rows, ["kd-own"] * len(trials))


def _trial_row(trial):
    run, done = trial.run, len(trial.curve)
    epochs = f"{done} of {run.recipe.epochs}" if trial.state == "stopped" else f"{done}"
    errors = [f"{trial.errors[split]:,}" for split in SPLITS]
    return _row(trial.title, run.configuration, errors, epochs, f"seed {run.seed}")


def _group_row(student, group):
    config = group.configuration
    errors = [results.mean_sd(group.values("errors", split)) for split in SPLITS]
    seeds = f"{len(group.seeds)} seed{'s' * (len(group.seeds) > 1)}"
    return _row(f"{student}, recorded", config, errors, str(config["recipe"]["epochs"]), seeds)


def _row(name, configuration, errors, epochs, seeds):
    """List of cells in the order of `HEAD`; a baseline has no T and alpha."""
    if not configuration["teacher"]:
        return [name, "", "", *errors, "none: baseline", epochs, seeds]
    settings = [f"{configuration[key]:g}" for key in ("temperature", "alpha")]
    return [name, *settings, *errors, teacher_model(configuration["teacher"]), epochs, seeds]
