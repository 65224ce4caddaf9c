"""Average of several teachers' logits files: one teacher that is their ensemble."""

import numpy as np
from scipy import special

from common.data.dataset import SPLITS
from common.teachers import writer
from common.teachers.identity import VERSION
from common.teachers.places import require_name
from common.utils import files
from common.utils.checks import require_choice, require_not_negative

_ROWS = 1_000  # images that are float64 at a time


def average(teachers, of="probabilities", weights=None, *, name=None):
    """`Logits` of an ensemble, written beside those of the first teacher.

    The two averages are different targets: that of the probabilities is large wherever one teacher
    is confident, that of the logits where all are (it is the geometric mean). Of multi-label data
    each class has a separate probability, the sigmoid of its logit.

    Args:
        teachers: list of two or more Logits of the same images in the same views.
        of: "probabilities", averaged at temperature 1, whose logarithms (of multi-label data: log
            odds) are the ensemble's logits; or "logits".
        weights: one number of at least 0 for each, scaled to the sum 1; default all the same.
        name: of the ensemble, as tables show it; default from the teachers'.

    Raises:
        ValueError: one teacher; teachers of other images, views, classes or kinds of labels; unfit
            weights.
    """
    teachers = [each.load() for each in teachers]
    require_choice("average of", of, ("probabilities", "logits"))
    weights = _weights(weights, len(teachers))
    first = teachers[0]
    name = name or " + ".join(each.header["teacher"] for each in teachers)
    require_name(name)
    _require_same(teachers)
    of_first = ("weights_sha256", "sha256", "computed_in")
    header = {key: value for key, value in first.header.items() if key not in of_first}
    header |= {"version": VERSION, "teacher": name} | _precisions(teachers)
    mean = _MEANS["sigmoids" if of == "probabilities" and header.get("multi_label") else of]
    of_what = {"of": of, "weights": weights.tolist(), "teachers": [t.identity for t in teachers]}
    digest = files.sha256_of([np.array(str(of_what))])[:8]
    folder = first.folder.parent / f"average-{files.name_part(name)}-{digest}"

    def write(partial):
        for split in SPLITS:
            parts = [each.stored(split) for each in teachers]
            writer.save(partial / f"{split}.npy", _averaged(parts, mean, weights))
            writer.save(partial / f"{split}_keys.npy", first.stored(split, "_keys"))
        if first.view_set.views_per_image:
            writer.save(partial / "train_views.npy", first.stored("train", "_views"))

    return writer.write_folder(folder, header, header | of_what, write)


def _precisions(teachers):
    """The header's "computed_in", of all teachers; empty if all computed in float32."""
    names = {name for each in teachers for name in each.header.get("computed_in", ["float32"])}
    return {} if names == {"float32"} else {"computed_in": sorted(names)}


def _mean_of_logits(logits, weights):
    return np.tensordot(weights, logits, 1)


def _mean_of_softmax(logits, weights):
    logs = special.log_softmax(logits, axis=-1)
    return special.logsumexp(logs, axis=0, b=weights.reshape(-1, 1, 1, 1))


def _mean_of_sigmoids(logits, weights):
    factors = weights.reshape(-1, 1, 1, 1)
    yes, no = (special.logsumexp(special.log_expit(s * logits), 0, factors) for s in (1, -1))
    return yes - no


_MEANS = {
    "logits": _mean_of_logits,
    "probabilities": _mean_of_softmax,
    "sigmoids": _mean_of_sigmoids,
}


def _averaged(parts, mean, weights):
    """(n, views, classes) float16 `mean` of arrays of that shape."""
    result = np.empty(parts[0].shape, "<f2")
    for start in range(0, len(result), _ROWS):
        rows = slice(start, start + _ROWS)
        logits = np.stack([part[rows] for part in parts]).astype("float64")
        result[rows] = mean(logits, weights)
    return result


def _weights(weights, count):
    """Float64 weights that sum to 1."""
    if count < 2:
        raise ValueError(
            f"an average needs two or more teachers, got {count}: use a single one as it is"
        )
    weights = [1] * count if weights is None else list(weights)
    for weight in weights:
        require_not_negative("a weight", weight)
    if len(weights) != count or not sum(weights):
        raise ValueError(f"weights are {count} numbers, one per teacher, not all 0, got {weights}")
    return np.asarray(weights, "float64") / sum(weights)


def _require_same(teachers):
    """Raise ValueError unless all are of the same images, in one order, views and classes."""
    first = teachers[0]
    for other in teachers[1:]:
        kinds = [each.header.get("multi_label", False) for each in (first, other)]
        same = kinds[0] == kinds[1] and first.view_set == other.view_set
        same = same and all(
            np.array_equal(first.stored(split, "_keys"), other.stored(split, "_keys"))
            and first.stored(split).shape == other.stored(split).shape
            for split in SPLITS
        )
        sampled = same and first.view_set.views_per_image
        if sampled:
            same = np.array_equal(first.stored("train", "_views"), other.stored("train", "_views"))
        if not same:
            raise ValueError(
                f"{first.identity} and {other.identity} have logits of other images, views, "
                "classes or kinds of labels: make them for the same data"
            )
