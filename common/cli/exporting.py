"""The command `export`: students' files for devices, of a data set's recipes or of a user's images.

A student of the recipes is trained first if needed.
"""

import dataclasses

from common.utils.checks import (
    require_at_least,
    require_choice,
    require_fraction,
    require_temperature,
)


def add_export(commands, shared):
    """Parser of the command, with the options of a training."""
    summary = "write a student as files for devices, each read back and compared"
    parser = commands.add_parser("export", parents=[shared], help=summary)
    parser.add_argument("student", help="name of a student in the recipes, such as cnn_small")
    teacher = "teacher that it is distilled from; default: none, a student on labels only"
    parser.add_argument("--teacher", metavar="NAME", help=teacher)
    add_formats(parser)
    settings = "of the distillation; default: those of the committed runs, else 4 and 0.9"
    parser.add_argument("--temperature", type=float, metavar="T", help=settings)
    parser.add_argument("--alpha", type=float, metavar="A", help=settings)
    return parser


def add_formats(parser):
    """Options of the written files: formats, precisions, calibration."""
    formats = "litert, onnx, openvino or saved_model; default: litert"
    parser.add_argument("--formats", nargs="+", default=["litert"], metavar="F", help=formats)
    parser.add_argument("--int8", action="store_true", help="also in int8: litert and onnx")
    parser.add_argument("--float16", action="store_true", help="also in float16: litert")
    count = "training images that int8 takes its ranges from; default: 500"
    parser.add_argument("--calibration-images", type=int, default=500, metavar="N", help=count)
    least = "least fraction of first choices that a file must share with the network; a file with "
    least += "fewer is not written, and ends the command; "
    least += "default: 0.998, of float16 0.99, of int8 0.9"
    parser.add_argument("--min-agreement", type=float, metavar="X", help=least)


def check_export(options):
    """Raise ValueError, before any work, for options that cannot be followed."""
    check_formats(options)
    if options.temperature is not None:
        require_temperature(options.temperature)
    if options.alpha is not None:
        require_fraction("alpha", options.alpha)
    if options.teacher is None and (options.temperature, options.alpha) != (None, None):
        raise ValueError("--temperature and --alpha are of a distillation: name its --teacher")


def check_formats(options):
    """Raise ValueError for the options of `add_formats` that cannot be followed."""
    from common import export

    for format in options.formats:
        require_choice("format", format, export.FORMATS)
        export.require_runtime(format)
    for precision in ("int8", "float16"):
        able = [name for name, spec in export.FORMATS.items() if precision in spec.precisions]
        if getattr(options, precision) and not {*able} & {*options.formats}:
            raise ValueError(
                f"none of the formats {', '.join(options.formats)} is written in {precision}: add "
                f"{' or '.join(able)}, or leave out --{precision}"
            )
    least = export.MIN_CALIBRATION_IMAGES
    require_at_least("calibration images", options.calibration_images, least)
    if options.min_agreement is not None:
        require_fraction("min_agreement", options.min_agreement)


def export_student(study, options):
    """Export a student of each seed; print a line for each file.

    Args:
        study: Study that trains students again, so that their weights are in its output folder.
        options: argparse.Namespace of the command.
    """
    from common.experiments import deployment

    distillation = _settings(study, options)
    runs = deployment.trained(study, options.student, options.teacher, distillation)
    export_runs(study, runs, options)


def export_runs(study, runs, options):
    """Export finished runs into exports/ of the study's output folder; print a line for each file.

    Args:
        study: Study whose output folder has the runs' weights.
        runs: list of Run.
        options: argparse.Namespace with the options of `add_formats`.
    """
    from common import export
    from common.experiments import deployment

    folder = study.output_dir / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    count = options.calibration_images
    calibration = export.calibration_images(study.dataset, count) if options.int8 else None
    for run in runs:
        for format in options.formats:
            for precision in _precisions(options, export.FORMATS[format].precisions):
                path = folder / export.file_name(run.name, format, precision)
                arguments = (study, run, path, format, precision, calibration)
                least = options.min_agreement
                print(deployment.write(*arguments, min_agreement=least), flush=True)


def _settings(study, options):
    """`Distillation`: of the options, of the committed runs, or T = 4 and alpha = 0.9."""
    from common.experiments import deployment

    if options.teacher is None:
        return None
    chosen = deployment.settings(study, options.student, options.teacher)
    named = {"temperature": options.temperature, "alpha": options.alpha}
    named = {key: value for key, value in named.items() if value is not None}
    return dataclasses.replace(chosen, **named)


def _precisions(options, known):
    """The precisions that the options name and a format has, float32 first."""
    named = {"float32": True, "float16": options.float16, "int8": options.int8}
    return [precision for precision in known if named[precision]]
