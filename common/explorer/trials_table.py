"""One's own trials beside the recorded runs, as an HTML table."""

from common import comparisons
from common.explorer import html

HEAD = ("student", "taught by", "T", "α", "epochs", "seeds", "validation errors", "test errors")
SPLITS = ("validation", "test")


def trials_table(trials, student, recorded):
    """A row a trial, marked as one's own, then a row a recorded group, mean ± sd over seeds.

    Args:
        trials: list of trial.Trial that have ended.
        student: the recorded groups' student.
        recorded: list of comparisons.Group.
    """
    rows = [_own(trial) for trial in trials] + [_recorded(student, group) for group in recorded]
    return html.table(HEAD, rows, ["kd-own"] * len(trials))


def _own(trial):
    run, done = trial.run, len(trial.curve)
    epochs = f"{done} of {run.recipe.epochs}" if trial.state == "stopped" else f"{done}"
    errors = [f"{trial.errors[split]:,}" for split in SPLITS]
    return [trial.title, *_taught(run.configuration), epochs, f"seed {run.seed}", *errors]


def _recorded(student, group):
    own = group.configuration
    errors = [comparisons.spread(group.values("errors", split)) for split in SPLITS]
    seeds = f"{len(group.seeds)} seed{'s' * (len(group.seeds) > 1)}"
    return [f"{student}, recorded", *_taught(own), str(own["recipe"]["epochs"]), seeds, *errors]


def _taught(configuration):
    """Cells of teacher, T and alpha."""
    if not configuration["teacher"]:
        return ["labels alone", "", ""]
    name = configuration["teacher"].split("-")[1]
    return [name, f"{configuration['temperature']:g}", f"{configuration['alpha']:g}"]
