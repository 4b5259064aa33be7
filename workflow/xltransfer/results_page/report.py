"""One page of a study's results: tables, figures, examples of predictions, and stages.

The page is one file, which opens without a network. Numbers come from the tables; nothing is
computed anew but what models confuse.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from ..records.record import RESULTS
from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing
from .charts import layer_charts, score_matrices
from .collected import Figure, Table, collect_figures, collect_tables, marked_up
from .examples import LONGEST, NO_ABLATION, SENTENCES, SHORTEST, Example, collect_corpora
from .stage_graph import stage_graph
from .trainings import collect_trainings, shown_training
from .tree_drawing import draw_tree

TEMPLATE = Path(__file__).with_name("page.html.jinja")


def report(results: Path, /, output: Path, ablation: str = "") -> None:
    """Write one page with the results of a study.

    Args:
        results: folder of results, e.g. ``results/demo``.
        output: HTML file to write.
        ablation: ablation whose predictions are shown beside those of the pretrained encoder, e.g.
            ``random-init-1-2``; the first one of the study by default.

    Raises:
        InputError: there are no tables, or files do not match their records.
    """
    os.environ[RESULTS] = str(results)
    tables = collect_tables(results)
    if not tables:
        raise InputError(f"{results}: no tables; run a study, and name its folder of results")
    page = render_page(results, tables, collect_figures(results), ablation)
    with replacing(output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(f"{output}: {len(tables)} tables, {len(page) / 1e6:.1f} MB")


def render_page(
    results: Path, tables: Sequence[Table], figures: Sequence[Figure], ablation: str = ""
) -> str:
    """The page as HTML.

    Args:
        results: folder of results.
        tables, figures: what the page shows.
        ablation: ablation of the examples; the first one of the study by default.

    Raises:
        InputError: predictions do not match their records or their corpora.
    """
    latest = tables[0].provenance
    configuration = latest["configuration"]
    tasks = {name: configuration[name] for name in configuration.get("tasks", ())}
    ablations = [name for name in configuration.get("ablations", ()) if name != NO_ABLATION]
    shown = [ablation] if ablation else ablations[:1]
    if ablation and ablation not in ablations:
        raise InputError(
            f"--ablation: '{ablation}' is not in the study; it has {', '.join(ablations) or 'none'}"
        )
    seeds = {seed for table in tables for seed in table.provenance.get("seeds", ())}
    corpora = collect_corpora(results, tasks, shown, seeds)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode("ascii")
    environment.filters["marked_up"] = marked_up
    environment.filters["anchor"] = lambda text: text.lower().replace(" ", "-")
    return environment.from_string(read_text(TEMPLATE)).render(
        study=latest["study"],
        facts=_facts(tables),
        categories=_categories(tables, figures),
        corpora=[
            {**vars(corpus), "examples": [_shown_example(example) for example in corpus.examples]}
            for corpus in corpora
        ],
        trainings=[shown_training(training) for training in collect_trainings(results)],
        graph=stage_graph(_inputs(tables)),
        sentences=SENTENCES,
        shortest=SHORTEST,
        longest=LONGEST,
    )


def _categories(
    tables: Sequence[Table], figures: Sequence[Figure]
) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {}
    for item in (*tables, *figures):
        empty = {"tables": [], "figures": [], "layer_charts": [], "matrices": []}
        of_category = found.setdefault(item.category, empty)
        of_category["tables" if isinstance(item, Table) else "figures"].append(item)
        if item.name == "randominit" and isinstance(item, Table):
            of_category["layer_charts"] = layer_charts(item.values)
        if item.name == "zeroshot" and isinstance(item, Table):
            of_category["matrices"] = score_matrices(item.values)
    return found


def _facts(tables: Sequence[Table]) -> list[tuple[str, str]]:
    """What the tables say about their study; all values where they differ."""

    def values(key: str) -> str:
        found = (table.provenance.get(key) for table in tables)
        words = (", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in found)
        return " | ".join(dict.fromkeys(words))

    packages = tables[0].provenance["versions"]
    sources = {path for table in tables for path in table.provenance["sources"]}
    return [
        ("Seeds", values("seeds")),
        ("Commit of the workflow", values("commit")),
        ("Digest of the configuration", values("config")),
        ("Processor", values("processor")),
        ("Versions", ", ".join(f"{name} {version}" for name, version in packages.items())),
        ("Files behind the tables", f"{len(sources)} sources, by checksum in the records"),
    ]


def _inputs(tables: Sequence[Table]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        found.setdefault(table.provenance["stage"], {}).update(table.provenance["inputs"])
    return found


def _shown_example(example: Example) -> Mapping[str, Any]:
    gold = example.gold
    drawings = [] if gold.heads is None else [("gold", draw_tree(gold, gold))]
    rows = []
    for ablation, item in example.predicted.items():
        name = "predicted" if ablation == NO_ABLATION else f"predicted after {ablation}"
        if gold.heads is None:
            pairs = zip(item.labels, gold.labels, strict=True)
            rows.append((name, [(label, label == right) for label, right in pairs]))
        else:
            drawings.append((name, draw_tree(item, gold)))
    return {"text": " ".join(gold.forms), "gold": gold, "drawings": drawings, "rows": rows}
