"""Settings of the documentation site: `make site` builds it in docs/site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow")]

project = "xltransfer"
extensions = ["myst_parser"]
exclude_patterns = ["site"]
html_theme = "furo"
html_title = "xltransfer"
html_copy_source = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]
PAGES_OF_FILES = {
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/results.md": "benchmarks.md",
    "README.md": "start.md",
}
"""Documents outside this folder, and the pages that include them."""


def setup(app: Sphinx) -> None:
    """Write the pages of the reference before Sphinx looks for pages."""
    from reference import write_reference

    write_reference(HERE.parent, HERE / "reference")
    app.connect("source-read", lambda app, page, source: _link_to_pages(source))
    app.connect("include-read", lambda app, path, page, source: _link_to_pages(source))


def _link_to_pages(source: list[str]) -> None:
    """Lead links to documents outside this folder to their pages; ``source`` has one text."""
    for path, page in PAGES_OF_FILES.items():
        for link in (path, f"../{path}"):
            source[0] = source[0].replace(f"]({link}", f"]({page}")
