"""A user's teacher, whatever it is: logits, a model, a function or a file, as `Logits`."""

from pathlib import Path

from common.teachers.callables import from_callable
from common.teachers.onnx_model import OnnxModel
from common.teachers.user_logits import from_logits
from common.utils.checks import require_choice, require_teacher_file
from common.utils.messages import first_line

OF_FUNCTIONS = ("preprocess", "batch_size", "kind", "classes")  # options of `from_callable`
OF_FILES = ("validation", "test", "kind", "classes")  # of `from_logits`


def from_any(teacher, dataset, *, name=None, views="plain", output_dir=None, **options):
    """`Logits` of a teacher.

    Args:
        teacher: Logits, which are returned; a keras.Model or function, as in `from_callable`; the
            path of a .keras or .onnx file; the path of an .npy or .npz file, `train` of
            `from_logits`.
        dataset: data.Dataset.
        name: of the teacher; default that of the file or function. Logits keep theirs.
        views, output_dir: as in `from_callable`; a file of logits has one view of each image.
        options: preprocess, batch_size, kind, classes of `from_callable`; of a file of logits
            validation, test, kind, classes of `from_logits`; none of Logits.

    Raises:
        ValueError: a file that is missing, damaged or of another kind; an option that this kind of
            teacher does not take; as the two functions.
        ModuleNotFoundError: an .onnx file without ONNX Runtime.
        InsufficientSpaceError: too little free disk.
    """
    if hasattr(teacher, "targets"):
        _require_options("Logits", options, ())
        return teacher
    if isinstance(teacher, (str, Path)):
        path = require_teacher_file(teacher)
        name = name or path.stem
        if path.suffix in (".npy", ".npz"):
            _require_options("a file of logits", options, OF_FILES)
            return from_logits(dataset, name=name, train=path, output_dir=output_dir, **options)
    _require_options("a model or function", options, OF_FUNCTIONS)
    if isinstance(teacher, (str, Path)):
        teacher = _load(path) if path.suffix == ".keras" else OnnxModel(path)
    called = getattr(teacher, "name", None) or getattr(teacher, "__name__", "teacher")
    name = name or ("teacher" if called == "<lambda>" else called)
    options |= {"views": views, "output_dir": output_dir}
    return from_callable(teacher, dataset, name=name, **options)


def _require_options(kind, options, known):
    """Raise ValueError unless all options are `known`, those of this kind of teacher."""
    for name in options:
        require_choice("option", name, dict.fromkeys((*OF_FUNCTIONS, *OF_FILES)))
        if name not in known:
            takes = f"takes {', '.join(known)}" if known else "takes none"
            raise ValueError(f"unknown option {name!r} of a teacher that is {kind}: it {takes}")


def _load(path):
    from common.backend import keras  # where records are read, nobody needs it

    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"the teacher {path} cannot be loaded ({first_line(error)}): load it yourself, with "
            "its custom objects, and pass the model"
        ) from None
