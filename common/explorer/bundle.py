"""Self-contained HTML file: the JavaScript modules of static/, their style, and data as JSON."""

import html
import json
import re
from pathlib import Path

STATIC = Path(__file__).with_name("static")
PAGE, WIDGET, WORKER = "page.js", "widget.js", "worker.js"  # the entry of each script
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)  # of whole lines
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)


def modules(entry):
    """Names of the files that `entry` needs, each after those that it imports.

    Raises:
        FileNotFoundError: a module imports one that is not in static/.
    """
    order = {}  # a dict: a set that keeps its order

    def visit(name):
        for imported in _IMPORT.findall(_read(name)):
            if imported not in order:
                visit(imported)
        order[name] = None

    visit(entry)
    return list(order)


def javascript(entry):
    """Text of one script: each of `modules` in a block of its own, its exports constants.

    Blocks keep the modules' private names apart; what a module exports is visible to later ones.
    """
    return "\n".join(_as_block(name) for name in modules(entry))


def widget():
    """Text of the ES module that anywidget loads, and which exports its `render`."""
    return f"{javascript(WIDGET)}export default widget;\n"


def style():
    """Text of the style sheet, for a document or a shadow root."""
    return _read("page.css")


def page(title, data):
    """Text of the HTML file.

    Args:
        title: of the browser's window.
        data: dict for JSON, which the script reads from the element `data`.
    """
    embedded = json.dumps(data, allow_nan=False).replace("<", "\\u003c")  # no name ends the script
    parts = {
        "TITLE": html.escape(title),
        "STYLE": style(),
        "DATA": embedded,
        "WORKER": javascript(WORKER),
        "MODULE": javascript(PAGE),
    }
    return re.sub(
        r"/\*(TITLE|STYLE|DATA|WORKER|MODULE)\*/", lambda m: parts[m[1]], _read("page.html")
    )


def _as_block(name):
    """A module as `const {exports} = (() => { … return {exports}; })();`, without comments."""
    text = _COMMENT.sub("", _IMPORT.sub("", _read(name)))
    names = re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.MULTILINE)
    exports = f"{{{', '.join(names)}}}"
    body = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return f"// {name}\nconst {exports} = (() => {{\n{body}return {exports};\n}})();\n"


def _read(name):
    return (STATIC / name).read_text(encoding="utf-8")
