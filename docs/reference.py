"""The pages of the reference, written from the code: run by Sphinx, or `python docs/reference.py`.

Configuration keys come from config.yaml and its schema, commands from the signatures of their
functions, columns from the catalogues and the captions of tables, modules from their docstrings.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def write_reference(root: Path, folder: Path) -> None:
    """Write all pages of the reference.

    Args:
        root: checkout.
        folder: folder of the pages; created if needed.
    """
    folder.mkdir(exist_ok=True)
    pages = {
        "configuration": configuration_page(root),
        "commands": commands_page(),
        "catalogues": catalogues_page(root),
        "results": results_page(root),
        "modules": modules_page(root),
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        # Sphinx reads pages again whose time has changed.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def configuration_page(root: Path) -> str:
    """Every key of config.yaml: its comment, default and values."""
    text = (root / "config.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(
        (root / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    )
    lines = [
        "# Configuration keys",
        "",
        "Keys of `config.yaml`, with their defaults. A study file overrides them.",
        "`workflow/schemas/config.schema.yaml` has the rules by which they are checked.",
    ]
    for key in commented_keys(text):
        properties = schema["properties"].get(key.path[0], {}) if len(key.path) == 1 else {}
        description = key.comment or str(properties.get("description", "")).strip()
        lines += ["", f"{'#' * min(len(key.path) + 1, 4)} `{'.'.join(key.path)}`", ""]
        if description:
            lines += [description, ""]
        if key.value:
            lines += [f"Default: `{key.value}`"]
    return "\n".join(lines) + "\n"


class Key:
    """A key of a YAML file: ``path``, the ``comment`` above it, and its ``value`` on one line."""

    def __init__(self, path: tuple[str, ...], comment: str, value: str) -> None:
        self.path, self.comment, self.value = path, comment, value


def commented_keys(text: str) -> Iterator[Key]:
    """The keys of mappings in a YAML text with the comments above them, in file order.

    Keys within lists are left out.
    """
    comment: list[str] = []
    parents: list[tuple[int, str]] = []
    list_indent: int | None = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if list_indent is not None and line.strip() and indent < list_indent:
            list_indent = None
        if line.lstrip().startswith("- "):
            list_indent = indent if list_indent is None else min(indent, list_indent)
        if list_indent is not None:
            comment = []
            continue
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip()[1:].strip())
            continue
        found = re.fullmatch(r"( *)([A-Za-z_][\w-]*):(?: (.*))?", line)
        if not found:
            comment = []
            continue
        name, value = found[2], (found[3] or "").partition(" #")[0].strip()
        while parents and parents[-1][0] >= indent:
            parents.pop()
        parents.append((indent, name))
        path = tuple(name for _, name in parents)
        yield Key(path, _paragraph(comment), value)
        comment = []


def _paragraph(comment: list[str]) -> str:
    """A comment as Markdown, with its lists on lines of their own."""
    lines: list[str] = []
    for line in comment:
        if lines and line and not line.startswith("- "):
            lines[-1] += f" {line}"
        else:
            lines += ([""] if lines and not lines[-1].startswith("- ") else []) + [line]
    return "\n".join(lines)


def commands_page() -> str:
    """Every command with its options."""
    from xltransfer.runtime import entry as command
    from xltransfer.runtime.signatures import parser_of

    lines = [
        "# Commands",
        "",
        "`python -m xltransfer COMMAND …`. Most commands are stages of the workflow, which",
        "Snakemake runs.",
    ]
    for name, module in command.commands().items():
        function = getattr(import_module(f"xltransfer.{module}"), name)
        usage = parser_of(function).format_help().replace("\t", "    ")
        lines += [
            "",
            f"## {name}",
            "",
            command.summary(module),
            "",
            "```text",
            usage.rstrip(),
            "```",
        ]
    return "\n".join(lines) + "\n"


def catalogues_page(root: Path) -> str:
    """The tables in resources: columns, number of rows, first row."""
    lines = [
        "# Catalogues",
        "",
        "Tables in `resources`, one row for each corpus, file, encoder or language.",
        "[Corpora](../corpora.md) explains them.",
    ]
    for path in sorted((root / "resources").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        lines += [
            "",
            f"## `{path.name}`",
            "",
            f"{len(rows)} rows.",
            "",
            "| column | example |",
            "|---|---|",
        ]
        example = rows[0] if rows else {}
        lines += [f"| `{name}` | {_cell(value)} |" for name, value in example.items() if name]
    return "\n".join(lines) + "\n"


def _cell(value: str | None) -> str:
    text = (value or "").replace("|", "\\|")
    return f"`{text}`" if text else ""


def results_page(root: Path) -> str:
    """The tables and figures of a study, with their captions."""
    folder = root / "workflow" / "report"
    titles = yaml.safe_load((folder / "titles.yaml").read_text(encoding="utf-8"))
    lines = [
        "# Tables and figures",
        "",
        "What a study writes to `results/tables` and `results/figures`, with the captions of the",
        "report. Columns that end in `_sd` are standard deviations over seeds, `_low` and `_high`",
        "bounds of 95 % confidence intervals, `_p` p-values without correction. In the renderings",
        "(`.md`, `.html`, `.tex`) they are merged into one column.",
    ]
    for kind in ("table", "figure"):
        for category, names in titles[kind].items():
            lines += ["", f"## {kind.capitalize()}s: {category}"]
            for name, title in names.items():
                caption = (folder / f"{kind}s" / f"{name}.rst").read_text(encoding="utf-8")
                text = " ".join(caption.split()).replace("``", "`")
                lines += ["", f"### `{kind}s/{name}`: {title}", "", text]
    return "\n".join(lines) + "\n"


def modules_page(root: Path) -> str:
    """Every module of the package with the first line of its docstring."""
    package = root / "workflow" / "xltransfer"
    lines = [
        "# Modules",
        "",
        "The package `xltransfer`, folder by folder. Imports run downwards only, in the order of",
        "the layers in the README; docstrings have shapes, units, errors and papers.",
    ]
    by_folder: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        if path.stem.startswith("__"):
            continue
        document = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        name = ".".join(path.relative_to(package).with_suffix("").parts)
        folder = name.rpartition(".")[0]
        by_folder.setdefault(folder, []).append(f"| `{name}` | {_sentence(document)} |")
    for folder, rows in by_folder.items():
        lines += ["", f"## {folder}", "", "| module | content |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _sentence(document: str) -> str:
    first = document.partition("\n\n")[0]
    return " ".join(first.split()).replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    write_reference(ROOT, ROOT / "docs" / "reference")
