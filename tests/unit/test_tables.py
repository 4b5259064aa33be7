"""Tables: recomputed by hand, complete or refused, the same bytes every time."""

from __future__ import annotations

import copy
import csv
import json
import random
import statistics
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from xltransfer import score, tabulate
from xltransfer.draw import draw
from xltransfer.errors import InputError
from xltransfer.files import sha256_of_file, write_json
from xltransfer.paths import model_directory, scores
from xltransfer.provenance import Provenance
from xltransfer.tables.randominit import by_target, pairs_of_layers, published_shape
from xltransfer.tables.writing import write_table

SOURCES, TARGETS = ["en", "ru"], ["en", "ru", "fr", "de"]
ABLATIONS = ["none", "random-init-1-2", "random-init-3-4", "random-init-all"]
SEEDS = [1, 2, 3]
SENTENCES = 20


def make_rows() -> list[dict[str, object]]:
    draws = random.Random(0)
    rows = [
        {
            "encoder": "tiny",
            "task": "parsing",
            "source": source,
            "target": target,
            "source_corpus": f"{source}_a",
            "target_corpus": f"{target}_b",
            "split": "test",
            "ablation": ablation,
            "seed": seed,
            "metric": metric,
            "sentences": SENTENCES,
            "words": 9 * SENTENCES,
            "numerators": [draws.randint(1, 9) for _ in range(SENTENCES)],
            "denominators": [9] * SENTENCES,
        }
        for source in SOURCES
        for target in TARGETS
        for ablation in ABLATIONS
        for seed in SEEDS
        for metric in ("LAS", "UAS")
    ]
    for row in rows:
        row["value"] = 100 * sum(row["numerators"]) / sum(row["denominators"])
    return rows


CONFIG = {
    "study": "test",
    "encoders": ["tiny"],
    "tasks": {
        "parsing": {
            "metric": "LAS",
            "sources": [
                {"corpus": f"{s}_a", "language": s, "ablations": ABLATIONS} for s in SOURCES
            ],
            "targets": [{"corpus": f"{t}_b", "language": t} for t in TARGETS],
        }
    },
    "languages": {"en": "English", "ru": "Russian", "fr": "French", "de": "German"},
    "ablations": ABLATIONS,
    "seeds": SEEDS,
    "config": {"study": "test"},
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of results with scores and training reports as the stages write them."""
    rows = make_rows()
    for source in SOURCES:
        for target in TARGETS:
            own = [r for r in rows if (r["source"], r["target"]) == (source, target)]
            path = Path(scores(str(tmp_path), "tiny", "parsing", f"{source}_a", f"{target}_b-test"))
            path.parent.mkdir(parents=True, exist_ok=True)
            table = score.pa.Table.from_pylist(own, score.COLUMNS)
            score.parquet.write_table(table, path)
        for ablation in ABLATIONS:
            for seed in SEEDS:
                folder = model_directory(
                    str(tmp_path), "tiny", "parsing", f"{source}_a", ablation, seed
                )
                write_json(Path(folder) / "training.json", {"seed": seed})
    return tmp_path


def read_csv(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_equals_plain_arithmetic(results: Path, tmp_path: Path) -> None:
    tabulate.score_tables(CONFIG, str(results), tmp_path / "tables")
    cells: dict = {}
    for row in make_rows():
        if row["metric"] == "LAS":
            key = row["source"], row["target"], row["ablation"], row["seed"]
            cells[key] = row["value"]
    table = read_csv(tmp_path / "tables" / "randominit.csv")
    assert [row["source_target"] for row in table] == ["EN-EN", "RU-RU", "EN-X", "RU-X"]
    assert list(table[0]) == [
        "encoder", "task", "source_target", "REF", "REF_sd",
        "1-2", "1-2_sd", "1-2_low", "1-2_high", "3-4", "3-4_sd", "3-4_low", "3-4_high",
    ]  # fmt: skip
    for row in table:
        source, target = row["source_target"].lower().split("-")
        over = [source] if target != "x" else [t for t in TARGETS if t != source]

        def value(ablation: str, seed: int, source=source, over=over) -> float:
            return statistics.fmean(cells[source, t, ablation, seed] for t in over)

        reference = [value("none", seed) for seed in SEEDS]
        assert row["REF"] == f"{statistics.fmean(reference):.2f}"
        assert row["REF_sd"] == f"{statistics.stdev(reference):.2f}"
        for pair in ("1-2", "3-4"):
            change = [value(f"random-init-{pair}", seed) - value("none", seed) for seed in SEEDS]
            assert float(row[pair]) == pytest.approx(statistics.fmean(change), abs=0.005001)
            assert float(row[f"{pair}_sd"]) == pytest.approx(statistics.stdev(change), abs=0.005001)


def test_scores_of_an_ablation_that_was_removed_are_left_out(results: Path, tmp_path: Path) -> None:
    config = copy.deepcopy(CONFIG)
    config["ablations"] = ABLATIONS[:-1]
    for source in config["tasks"]["parsing"]["sources"]:
        source["ablations"] = ABLATIONS[:-1]
    tabulate.score_tables(config, str(results), tmp_path / "tables")
    table = read_csv(tmp_path / "tables" / "randominit_by_target.csv")
    assert {row["ablation"] for row in table} == set(ABLATIONS[:-1])
    tabulate.score_tables(CONFIG, str(results), tmp_path / "whole")
    whole = read_csv(tmp_path / "whole" / "randominit_by_target.csv")
    assert table == [row for row in whole if row["ablation"] in ABLATIONS[:-1]]


def test_long_table_has_every_cell(results: Path, tmp_path: Path) -> None:
    tabulate.score_tables(CONFIG, str(results), tmp_path / "tables")
    table = read_csv(tmp_path / "tables" / "randominit_by_target.csv")
    assert len(table) == 2 * len(SOURCES) * (len(TARGETS) + 1) * len(ABLATIONS)
    assert {row["seeds"] for row in table} == {"3"}
    references = [row for row in table if row["ablation"] == "none"]
    assert all(row["delta"] == row["delta_sd"] == "" for row in references)
    assert all(row["delta"] for row in table if row["ablation"] != "none")


def test_tables_are_the_same_bytes_every_time(results: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        tabulate.score_tables(CONFIG, str(results), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 4 * 6
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_provenance_says_where_numbers_come_from(results: Path, tmp_path: Path) -> None:
    tabulate.score_tables(CONFIG, str(results), tmp_path / "tables")
    content = json.loads((tmp_path / "tables" / "randominit.provenance.json").read_text())
    assert content["configuration"] == CONFIG["config"]
    assert content["seeds"] == SEEDS
    assert {"torch", "transformers", "snakemake", "python"} <= set(content["versions"])
    models = len(SOURCES) * len(ABLATIONS) * len(SEEDS)
    assert len(content["inputs"]) == len(SOURCES) * len(TARGETS) + models
    for path, digest in content["inputs"].items():
        assert sha256_of_file(path) == digest
    assert content["output"] == sha256_of_file(tmp_path / "tables" / "randominit.csv")


@pytest.mark.parametrize("damage", ["missing cell", "missing file", "twice", "not parquet"])
def test_incomplete_scores_are_refused(damage: str, results: Path, tmp_path: Path) -> None:
    path = Path(scores(str(results), "tiny", "parsing", "ru_a", "fr_b-test"))
    table = score.parquet.read_table(path)
    if damage == "missing cell":
        score.parquet.write_table(table.slice(2), path)
    elif damage == "twice":
        score.parquet.write_table(score.pa.concat_tables([table, table.slice(0, 1)]), path)
    elif damage == "missing file":
        path.unlink()
    else:
        path.write_text("<html>")
    reasons = {
        "missing cell": "scores: tiny, parsing, ru, fr, none, 1, LAS is missing",
        "twice": "scores: tiny, parsing, ru, fr, none, 1, LAS stands there 2 times",
        "missing file": "not a file of scores",
        "not parquet": "not a file of scores",
    }
    with pytest.raises(InputError) as caught:
        tabulate.score_tables(CONFIG, str(results), tmp_path / "tables")
    assert reasons[damage] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tables").exists()


def test_zeroshot_tables(results: Path, tmp_path: Path) -> None:
    tabulate.score_tables(CONFIG, str(results), tmp_path / "tables")
    cells: dict = {}
    for row in make_rows():
        if row["metric"] == "LAS" and row["ablation"] == "none":
            cells.setdefault((row["source"], row["target"]), []).append(row["value"])
    table = read_csv(tmp_path / "tables" / "zeroshot.csv")
    assert [row["source"] for row in table] == SOURCES
    for row in table:
        for target in TARGETS:
            values = cells[row["source"], target]
            assert row[target] == f"{statistics.fmean(values):.2f}"
            assert row[f"{target}_sd"] == f"{statistics.stdev(values):.2f}"
    table = read_csv(tmp_path / "tables" / "zeroshot_by_target.csv")
    names = [row["source_target"] for row in table]
    assert names[:5] == ["EN-ENGLISH", "EN-RUSSIAN", "EN-FRENCH", "EN-GERMAN", "EN-X"]
    gap = statistics.fmean(cells["en", "fr"]) - statistics.fmean(cells["en", "en"])
    assert float(table[2]["gap"]) == pytest.approx(gap, abs=0.005001)


def test_differences_are_marked_where_their_interval_holds_zero(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"source_target": ["EN-EN", "EN-X"], "1-2": [-0.9, -9.0], "1-2_sd": [0.5, 0.5],
         "1-2_low": [-1.9, -9.9], "1-2_high": [0.1, -8.0]}
    )  # fmt: skip
    write_table(tmp_path / "t.csv", table, Provenance({}, {}))
    assert "1-2_low" in (tmp_path / "t.csv").read_text()
    markdown = (tmp_path / "t.md").read_text()
    assert "−0.90 ± 0.50 ns" in markdown and "−9.00 ± 0.50 |" in markdown
    assert "low" not in markdown


def test_single_seed_has_no_deviation() -> None:
    frame = pd.DataFrame([row for row in make_rows() if row["seed"] == 1])
    table = published_shape(by_target(frame), {"parsing": "LAS"}, SOURCES, ABLATIONS)
    assert table["REF_sd"].isna().all() and table["1-2_sd"].isna().all()
    assert table["REF"].notna().all() and table["1-2"].notna().all()


def test_sources_without_ablations_have_empty_cells() -> None:
    rows = [r for r in make_rows() if r["source"] == "en" or r["ablation"] == "none"]
    table = published_shape(by_target(pd.DataFrame(rows)), {"parsing": "LAS"}, SOURCES, ABLATIONS)
    table = table.set_index("source_target")
    assert table.loc["RU-X", ["1-2", "3-4"]].isna().all()
    assert table.loc["EN-X", ["1-2", "3-4"]].notna().all()


def test_pairs_of_layers() -> None:
    assert pairs_of_layers(ABLATIONS) == {"random-init-1-2": "1-2", "random-init-3-4": "3-4"}


def test_renderings(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"source_target": ["EN-EN", "EN-X"], "REF": [88.981, 53.2], "REF_sd": [0.5, float("nan")],
         "1-2": [-0.964, -0.001], "1-2_sd": [0.04, 0.2]}
    )  # fmt: skip
    write_table(tmp_path / "t.csv", table, Provenance({"a": 1}, {"b": 2}))
    assert (tmp_path / "t.csv").read_text() == (
        "source_target,REF,REF_sd,1-2,1-2_sd\nEN-EN,88.98,0.50,-0.96,0.04\nEN-X,53.20,,0.00,0.20\n"
    )
    markdown = (tmp_path / "t.md").read_text()
    assert "88.98 ± 0.50" in markdown and "−0.96 ± 0.04" in markdown and "REF_sd" not in markdown
    latex = (tmp_path / "t.tex").read_text()
    assert r"88.98 $\pm$ 0.50" in latex and r"$-$0.96 $\pm$ 0.04" in latex
    assert "source target" in latex and r"\toprule" in latex
    content = {"a": 1, "output": sha256_of_file(tmp_path / "t.csv")}
    assert json.loads((tmp_path / "t.provenance.json").read_text()) == content
    assert json.loads((tmp_path / "t.timing.json").read_text()) == {"b": 2}


def test_page_has_the_cells_of_the_markdown(tmp_path: Path) -> None:
    """Every cell, in order, and nothing of it read as markup."""
    table = pd.DataFrame(
        {"name": ["a<b&c", "x"], "REF": [88.981, -53.2], "REF_sd": [0.5, float("nan")]}
    )
    write_table(tmp_path / "t.csv", table, Provenance({}, {}))
    cells: list[str] = []

    class Cells(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list) -> None:
            if tag in ("td", "th"):
                cells.append("")

        def handle_data(self, data: str) -> None:
            if cells:
                cells[-1] += data.strip()

    Cells().feed((tmp_path / "t.html").read_text(encoding="utf-8"))
    lines = (tmp_path / "t.md").read_text(encoding="utf-8").splitlines()
    del lines[1]
    assert cells == [cell.strip() for line in lines for cell in line.strip("|").split("|")]
    assert cells == ["name", "REF", "a<b&c", "88.98 ± 0.50", "x", "−53.20"]


@pytest.mark.parametrize(
    ("what", "table"),
    [("randominit", "randominit_by_target.csv"), ("zeroshot", "zeroshot.csv")],
)
def test_figure_is_the_same_bytes_every_time(
    what: str, table: str, results: Path, tmp_path: Path
) -> None:
    tabulate.score_tables(CONFIG, str(results), tmp_path)
    for name in ("one", "two"):
        figures = [tmp_path / f"{name}.{kind}" for kind in ("pdf", "png", "svg")]
        draw(what, [tmp_path / table], CONFIG, figures)
    for kind in ("pdf", "png", "svg"):
        one = (tmp_path / f"one.{kind}").read_bytes()
        assert len(one) > 3000
        assert one == (tmp_path / f"two.{kind}").read_bytes()
