"""Checks of an export's arguments, before any work; each error is one sentence with the mend."""

from common.export.formats import FORMATS, require_runtime
from common.models.pixel_range import check_pixel_range
from common.models.validation import require_model
from common.utils.checks import local_folder, require_choice


def precision_of(int8, float16):
    """The precision that two flags select; ValueError if both are set."""
    if int8 and float16:
        raise ValueError("int8 and float16 are two precisions: choose one")
    return "int8" if int8 else "float16" if float16 else "float32"


def checked_path(path, format):
    """The absolute path of the exported file, with `~` expanded.

    Raises:
        ValueError: an unknown format; another suffix than the format's; a missing folder; a folder
            in a file's place; for a SavedModel, which replaces its like, anything else there.
    """
    require_choice("format", format, FORMATS)
    path, spec = local_folder("the path of the export", path), FORMATS[format]
    if spec.suffix and path.suffix != spec.suffix:
        raise ValueError(f"{spec.title} files end in {spec.suffix}: call it {path}{spec.suffix}")
    others = {each.suffix for each in FORMATS.values() if each.suffix}
    if not spec.suffix and path.suffix in others:
        raise ValueError(f"a SavedModel is a folder: call it {path.with_suffix('')}, not {path}")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}: make it, or choose another for {path}")
    replaceable = path.is_file() if spec.suffix else (path / "saved_model.pb").exists()
    if path.exists() and not replaceable:
        kind = "folder" if path.is_dir() else "file"
        raise ValueError(f"the {kind} {path} exists: choose another name, or delete it")
    return path.absolute()


def require_exportable(model, format, precision):
    """Raise ValueError unless a network can be exported to a format in a precision.

    Args:
        model: anything.
        format: a name in `FORMATS`.
        precision: one of `PRECISIONS`.
    """
    spec = FORMATS[format]
    if precision not in spec.precisions:
        able = [each.title for each in FORMATS.values() if precision in each.precisions]
        raise ValueError(f"{spec.title} is not written in {precision}: choose {' or '.join(able)}")
    require_model("the exported model", model)
    _require_fixed_size(model)
    size = 4 * model.count_params()
    if spec.max_bytes is not None and size >= spec.max_bytes:
        raise ValueError(
            f"the model's weights take {size / 1e9:.1f} GB, {spec.title} files hold less than "
            f"{spec.max_bytes / 1e9:.1f} GB: choose saved_model"
        )
    require_runtime(format)


def check_pixels(model, images, calibration):
    """Raise ValueError, or warn, as in `check_pixel_range`, for images of another scale.

    File and model agree on such images too, so that their comparison does not tell.

    Args:
        model: keras.Model.
        images, calibration: (n, h, w, c); the same array is checked once.
    """
    for each in (images,) if calibration is images else (images, calibration):
        check_pixel_range(f"the model {model.name!r}", model, each)


def _require_fixed_size(model):
    shape = getattr(model, "input_shape", None) if model.built else None
    if shape is None:
        raise ValueError(f"the model {model.name!r} is not built: call it on images first")
    if None in shape[1:]:
        raise ValueError(
            f"the model {model.name!r} takes images of any size, {shape[1:]}: build it for one "
            "size, such as keras.Input((32, 32, 3))"
        )
