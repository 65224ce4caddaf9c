"""Imports run one way down one list of packages; README shows the same list."""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# each may import those before it, never those after
ORDER = (
    "utils",
    "backend",
    "distillation",
    "losses",
    "metrics",
    "data",
    "models",
    "side_by_side",
    "teachers",
    "runs",
    "training",
    "results",
    "export",
    "experiments",
    "plots",
    "cli",
    "explorer",
    "benchmark",
)
MAX_PLACES, MAX_LEVELS = 20, 9
FILES = sorted((ROOT / "common").rglob("*.py"))


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@functools.cache
def parsed(path):
    """A file's syntax tree, parsed once for all tests."""
    return ast.parse(path.read_text())


@functools.cache
def imports(path):
    """[(module, name)] of everything of `common` that a file imports, wherever it does."""
    imported = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "common":
            imported += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            imported += [(a.name, None) for a in node.names if a.name.startswith("common.")]
    return imported


def imported_module(module, name):
    """The module that an import loads: `name` may be a module or something in `module`."""
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def place_of(module):
    """The first-level module or package; None for `common` itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


@functools.cache
def places():
    """{place: places that it imports}."""
    found = defaultdict(set)
    for module, path in MODULES.items():
        own = place_of(module)
        targets = {place_of(imported_module(*what)) for what in imports(path)}
        found[own] |= targets - {own, None}
    return {place: targets for place, targets in found.items() if place}


def test_every_place_is_in_the_list():
    assert sorted(places()) == sorted(ORDER)
    assert len(ORDER) <= MAX_PLACES


@pytest.mark.parametrize("place", ORDER)
def test_no_import_goes_up(place):
    above = set(ORDER[ORDER.index(place) + 1 :])
    assert not places()[place] & above


def test_levels():
    levels = {}
    for place in ORDER:
        levels[place] = 1 + max((levels[other] for other in places()[place]), default=0)
    assert max(levels.values()) <= MAX_LEVELS, levels


def test_no_circle_of_modules():
    """Among the imports that run when a module is loaded; a function's own may come late."""
    graph = {module: loaded(path) - {module} for module, path in MODULES.items()}
    done, path = set(), []

    def visit(module):
        assert module not in path, f"circle: {' -> '.join([*path, module])}"
        if module in done:
            return
        path.append(module)
        for other in sorted(graph[module]):
            if other != module.rpartition(".")[0]:  # a package's face may be half loaded
                visit(other)
        path.pop()
        done.add(module)

    for module in graph:
        visit(module)


def loaded(path):
    """Modules that are imported where a file is loaded, at its top level."""
    top = ast.Module([n for n in parsed(path).body if not isinstance(n, ast.FunctionDef)], [])
    nodes = [n for n in ast.walk(top) if isinstance(n, ast.ImportFrom)]
    nodes = [n for n in nodes if (n.module or "").split(".")[0] == "common"]
    return {imported_module(n.module, a.name) for n in nodes for a in n.names} - {"common"}


def test_no_private_name_is_imported_from_another_package():
    wrong = []
    for module, path in MODULES.items():
        for source, name in imports(path):
            private = (name or "").startswith("_") or "._" in source
            if private and place_of(source) != place_of(module):
                wrong.append(f"{module} imports {source}.{name}")
    assert not wrong


def test_private_attributes_of_modules_are_not_used_elsewhere():
    wrong = []
    for module, path in MODULES.items():
        aliases = {
            name: imported_module(source, name)
            for source, name in imports(path)
            if name and f"{source}.{name}" in MODULES
        }
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                other = aliases.get(node.value.id)
                if other and node.attr.startswith("_") and place_of(other) != place_of(module):
                    wrong.append(f"{module} uses {other}.{node.attr}")
    assert not wrong


@pytest.mark.parametrize(
    "package", [p for p in ORDER if (ROOT / "common" / p / "__init__.py").exists()]
)
def test_every_package_says_what_it_is_for_and_what_it_may_import(package):
    text = (ROOT / "common" / package / "__init__.py").read_text()
    doc = ast.get_docstring(ast.parse(text))
    assert doc and re.search(r"[Mm]ay import|Imports nothing of", doc), doc


def public_definitions(body, prefix=""):
    """(dotted name, node) of the public functions and classes of a module, and their methods."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}{node.name}.")


def test_public_functions_and_classes_have_docstrings():
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("common", "mnist", "cifar100", "tiny_imagenet", "your_data")
        for path in sorted((ROOT / package).rglob("*.py"))
        for name, node in public_definitions(parsed(path).body)
        if not ast.get_docstring(node)
    ]
    assert not missing


def test_readme_shows_the_same_list():
    named = re.findall(r"`common/(\w+)`", (ROOT / "README.md").read_text())
    assert [name for name in dict.fromkeys(named) if name in ORDER] == list(ORDER)
