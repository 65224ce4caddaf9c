"""Modules that `--help` and `table` of the command line import, and what they must not import."""

import subprocess
import sys
import textwrap

import pytest

HEAVY = ("numpy", "keras", "tensorflow", "jax", "PIL")


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("common.utils.packages", ()),
        ("common.utils.checks", ()),
        ("common.data", ("numpy", "PIL")),
        ("common.data.augmentations", ("numpy", "PIL")),
        ("common.data.views", ("numpy", "PIL")),
        ("common.models", ("numpy",)),
        ("common.export", ("numpy", "PIL")),
        ("mnist.tables", ("numpy", "PIL")),  # with the packages results, runs and experiments
    ],
)
def test_heavy_imports(module, allowed):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) <= set(allowed)


@pytest.mark.parametrize(
    "arguments",
    [
        ["reproduce", "no_step"],
        ["reproduce", "no_table", "--students-only"],
        ["export", "no_student"],
        ["export", "cnn_small", "--formats", "no_format"],
        ["distill", "--student", "mlp", "--teacher", "no_teacher"],
        ["teacher", "cnn", "--views", "no_views"],
    ],
)
def test_refusals_import_no_keras(arguments):
    code = f"""
        import sys
        from common import cli
        try:
            cli.main("mnist", {arguments})
        except SystemExit as refusal:
            print("keras" in sys.modules, refusal)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("False error: unknown "), result.stdout
