"""Reading a report of Snakemake's: from its source, and as a browser shows it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

LEAVE = """
<script>
const leave = (seen) => {
  const note = document.createElement("pre");
  note.id = "seen";
  note.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(seen))));
  document.body.append(note);
};
</script>
"""
"""Leaves what was seen on the page, where the test reads it."""
CLICK_THROUGH = """
<script>
window.addEventListener("load", async () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  // The page is drawn a little after it has loaded, and after every click.
  const until = async (find) => {
    for (let i = 0; i < 500 && !find(); i++) await pause();
    return find();
  };
  const link = (text) => [...document.querySelectorAll("a")].find(
    (link) => link.innerText.trim() === text);
  const click = async (text) => {
    (await until(() => link(text))).click();
    await pause();
  };
  const seen = {menu: {}, shown: {}, errors: []};
  window.addEventListener("error", (event) => seen.errors.push(event.message));
  try {
    await look(seen, click, until, pause);
  } catch (error) {
    seen.errors.push(String(error));
  }
  leave(seen);
});
async function look(seen, click, until, pause) {
  await click("Workflow");
  const drawn = await until(() => document.querySelector("svg.marks, canvas.marks"));
  seen.rulegraph = drawn ? drawn.getBoundingClientRect().width : 0;
  for (const category of Object.keys(categories)) {
    app.setView({navbarMode: "menu"});
    // The menu does not name the category if there is but one.
    await click(Object.keys(categories).length > 1 ? category : "Results");
    await until(() => app.state.category === category && document.querySelector("tbody tr"));
    await pause();
    seen.menu[category] = [];
    for (const row of document.querySelectorAll("tbody tr")) {
      seen.menu[category].push(row.innerText.trim());
      const before = app.state.resultPath;
      row.querySelector("a").click();
      await until(() => app.state.resultPath !== before);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const image = document.querySelector("#app img[src^='data:image/png']");
      const frame = document.querySelector("#app iframe");
      if (image) await until(() => image.complete);
      const kind = image ? "image" : frame ? "page" : "nothing";
      seen.shown[app.state.resultPath] = [kind, image ? image.naturalWidth : 0];
    }
  }
}
</script>
</body>"""
"""Does what a reader would: opens the rule graph, every category, and each result in it."""


class Page(HTMLParser):
    """The data that a report carries, and the links it has from the start."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.links: list[str] = []
        self._script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self._script = (values.get("id") or "") if tag == "script" else ""
        self.links += [values[name] or "" for name in ("href", "src") if name in values]

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data

    def variable(self, name: str) -> Any:
        """The value of a script that only sets a variable."""
        value = self.scripts[name].partition("=")[2].strip()
        return json.loads(value.removesuffix(";"))


def linked_file(link: str, folder: Path) -> bytes:
    """What a link leads to, which must be in the report; ``folder`` is where its page lies."""
    if link.startswith("data:"):
        head, _, content = link.partition(",")
        assert head.endswith(";base64"), head
        return base64.b64decode(content, validate=True)
    assert "://" not in link, link
    return (folder / link).read_bytes()


def browser() -> str | None:
    """A browser that runs without a screen, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


SORT_AND_ENLARGE = """
<script>
window.addEventListener("load", () => {
  const seen = {errors: []};
  window.addEventListener("error", (event) => seen.errors.push(event.message));
  try {
    const table = document.querySelector("#table-zeroshot_by_target ~ .scroll table");
    const heads = [...table.tHead.rows[0].cells];
    const column = heads.findIndex((head) => head.textContent.trim() === "score");
    const cells = () => [...table.tBodies[0].rows].map((row) => row.cells[column].textContent);
    const button = heads[column].querySelector("button");
    button.focus();
    button.click();
    seen.ascending = cells();
    button.click();
    seen.descending = cells();
    seen.order = heads[column].getAttribute("aria-sort");
    document.querySelector("button.zoom").click();
    seen.enlarged = document.querySelector("dialog[open] img").naturalWidth;
    seen.width = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    seen.points = document.querySelectorAll("svg [tabindex='0'] title").length;
    const unnamed = "img:not([alt]), svg[role=img]:not([aria-label])";
    seen.unnamed = document.querySelectorAll(unnamed).length;
  } catch (error) {
    seen.errors.push(String(error));
  }
  leave(seen);
});
</script>
</body>"""
"""Sorts a table of the page of results and enlarges a figure."""


def browse(program: str, page: Path, profile: Path, script: str = CLICK_THROUGH) -> dict[str, Any]:
    """What a reader who clicks through a report gets to see.

    Args:
        program: the browser.
        page: the report.
        profile: an empty folder for the browser.
        script: what the reader does; it ends the page with what was seen.

    Returns:
        ``rulegraph``, its width in pixels; ``menu``, category → the rows it lists; ``shown``,
        path → what opens and, of images, their width in pixels; ``errors``. Other scripts return
        other values.
    """
    clicking = page.with_name(f"clicking-{page.name}")
    text = page.read_text(encoding="utf-8")
    head, _, tail = text.rpartition("</body>")
    clicking.write_text(head + LEAVE + script + tail, encoding="utf-8")
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--virtual-time-budget=60000",
         "--dump-dom", clicking.as_uri()],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    clicking.unlink()
    _, found, rest = done.stdout.partition('<pre id="seen">')
    assert found, done.stderr[-2000:] + done.stdout[-500:]
    return json.loads(base64.b64decode(rest.partition("<")[0]))


def check_page_in_browser(page: Path, profile: Path) -> None:
    """Use the page of results: sort a table, enlarge a figure."""
    program = browser()
    if program is None:
        pytest.skip(f"no browser to open the page with: none of {', '.join(BROWSERS)}")
    seen = browse(program, page, profile, SORT_AND_ENLARGE)
    assert seen["errors"] == []
    scores = [float(cell.split()[0]) for cell in seen["ascending"]]
    assert scores == sorted(scores) and len(set(scores)) > 3
    falling = [float(cell.split()[0]) for cell in seen["descending"]]
    assert falling == sorted(scores, reverse=True)
    assert seen["order"] == "descending" and seen["enlarged"] > 300
    # Wide tables scroll on their own; the page itself does not.
    assert seen["width"] <= 0 and seen["points"] > 5 and seen["unnamed"] == 0


def check_report(report: Path, results: Path, tables: set[str], figures: set[str]) -> Page:
    """Hold a report to its promise: all results, as they are on disk, with captions, no dead link.

    Args:
        report: ``.html``, or the page in an unpacked ``.zip``.
        results: folder of results.
        tables: names of the tables that must be there, and no others.
        figures: the same of figures.
    """
    page = Page(report.read_text(encoding="utf-8"))
    shown = page.variable("results")
    expected = {f"tables/{name}{suffix}" for name in tables for suffix in (".csv", ".html")}
    expected |= {f"figures/{name}{suffix}" for name in figures for suffix in (".pdf", ".png")}
    found = {"/".join(Path(path).parts[-2:]): entry for path, entry in shown.items()}
    assert set(found) == expected
    for name, entry in found.items():
        assert linked_file(entry["data_uri"], report.parent) == (results / name).read_bytes(), name
        caption = Page(entry["caption"])
        assert len(entry["caption"]) > 40 and "problematic" not in entry["caption"], name
        page.links += caption.links
        kind = Path(name).parts[0].removesuffix("s")
        assert entry["labels"]["result"].startswith(f"{kind}: "), name
    listed = [
        path
        for parts in page.variable("categories").values()
        for paths in parts.values()
        for path in paths
    ]
    assert sorted(listed) == sorted(shown)
    page.links += Page(page.variable("workflow-desc")).links
    for link in page.links:
        if link != "#":
            linked_file(link, report.parent)
    return page


def rules_of_graph(page: Page) -> set[str]:
    """The rules that the rule graph shows."""
    for part in page.variable("rulegraph")["data"]:
        if part["name"] == "node-data":
            return {node["rule"] for node in part["values"]}
    return set()


def check_in_browser(report: Path, tables: set[str], figures: set[str], profile: Path) -> None:
    """Click through a report: every result is listed and opens, and the rule graph is drawn.

    Args:
        report: ``.html``.
        tables, figures: as for ``check_report``.
        profile: an empty folder for the browser.
    """
    program = browser()
    if program is None:
        pytest.skip(f"no browser to open the report with: none of {', '.join(BROWSERS)}")
    seen = browse(program, report, profile)
    assert seen["errors"] == []
    assert seen["rulegraph"] > 100
    opened = {Path(path).name: what for path, what in seen["shown"].items()}
    assert set(opened) == {f"{n}.html" for n in tables} | {f"{n}.png" for n in figures}
    for name, (kind, width) in opened.items():
        assert kind == ("image" if name.endswith(".png") else "page"), name
        assert name.endswith(".html") or width > 300, name
    assert sum(map(len, seen["menu"].values())) == len(opened)
