"""Tables: recomputed by hand, complete or refused, the same bytes every time."""

from __future__ import annotations

import copy
import csv
import json
import random
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xltransfer.analyses.randominit import (
    by_target,
    holm_by_group,
    holm_by_row,
    published_shape,
)
from xltransfer.analyses.scores import read_scores
from xltransfer.encoders.ablations import published_columns
from xltransfer.records.paths import model_directory, scores
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import sha256_of_file, write_json
from xltransfer.stages import score, score_tables
from xltransfer.stages.draw import draw_figure

SOURCES, TARGETS = ["en", "ru"], ["en", "ru", "fr", "de"]
ABLATIONS = ["none", "random-init-1-2", "random-init-3-4", "random-init-all"]
SEEDS = [1, 2, 3]
SENTENCES = 20
IDENTIFIERS = [f"s{number}" for number in range(SENTENCES)]


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
            score.parquet.write_table(score.with_sentence_ids(table, IDENTIFIERS), path)
        for ablation in ABLATIONS:
            for seed in SEEDS:
                folder = model_directory(
                    str(tmp_path), "tiny", "parsing", f"{source}_a", ablation, seed
                )
                write_json(Path(folder) / "training.json", {"seed": seed})
    return tmp_path


def make_frame(rows: list[dict[str, object]] | None = None) -> pd.DataFrame:
    """Rows as ``read_scores`` returns them."""
    frame = pd.DataFrame(rows or make_rows())
    return frame.assign(sentence_ids=[np.array(IDENTIFIERS)] * len(frame))


def read_csv(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_equals_plain_arithmetic(results: Path, tmp_path: Path) -> None:
    score_tables.score_tables(CONFIG, str(results), tmp_path / "tables")
    cells: dict = {}
    for row in make_rows():
        if row["metric"] == "LAS":
            key = row["source"], row["target"], row["ablation"], row["seed"]
            cells[key] = row["value"]
    table = read_csv(tmp_path / "tables" / "randominit.csv")
    assert [row["source_target"] for row in table] == ["EN-EN", "RU-RU", "EN-X", "RU-X"]
    endings = ("", "_sd", "_low", "_high", "_p", "_error_ratio")
    assert list(table[0]) == [
        *("encoder", "task", "source_target", "REF", "REF_sd"),
        *(pair + ending for pair in ("1-2", "3-4") for ending in endings),
    ]
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
            after = [value(f"random-init-{pair}", seed) for seed in SEEDS]
            ratio = (100 - statistics.fmean(after)) / (100 - statistics.fmean(reference))
            assert float(row[f"{pair}_error_ratio"]) == pytest.approx(ratio, abs=0.005001)
            middle = (float(row[f"{pair}_low"]) + float(row[f"{pair}_high"])) / 2
            assert middle == pytest.approx(float(row[pair]), abs=0.011)
            zero_outside = float(row[f"{pair}_low"]) > 0 or float(row[f"{pair}_high"]) < 0
            assert (float(row[f"{pair}_p"]) < 0.05) == zero_outside


def test_scores_of_an_ablation_that_was_removed_are_left_out(results: Path, tmp_path: Path) -> None:
    config = copy.deepcopy(CONFIG)
    config["ablations"] = ABLATIONS[:-1]
    for source in config["tasks"]["parsing"]["sources"]:
        source["ablations"] = ABLATIONS[:-1]
    score_tables.score_tables(config, str(results), tmp_path / "tables")
    table = read_csv(tmp_path / "tables" / "randominit_by_target.csv")
    assert {row["ablation"] for row in table} == set(ABLATIONS[:-1])
    score_tables.score_tables(CONFIG, str(results), tmp_path / "whole")
    whole = read_csv(tmp_path / "whole" / "randominit_by_target.csv")
    assert table == [row for row in whole if row["ablation"] in ABLATIONS[:-1]]


def test_long_table_has_every_cell(results: Path, tmp_path: Path) -> None:
    score_tables.score_tables(CONFIG, str(results), tmp_path / "tables")
    table = read_csv(tmp_path / "tables" / "randominit_by_target.csv")
    assert len(table) == 2 * len(SOURCES) * (len(TARGETS) + 1) * len(ABLATIONS)
    assert {row["seeds"] for row in table} == {"3"}
    references = [row for row in table if row["ablation"] == "none"]
    assert all(row["delta"] == row["delta_sd"] == "" for row in references)
    assert all(row["delta"] for row in table if row["ablation"] != "none")


def test_tables_are_the_same_bytes_every_time(results: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        score_tables.score_tables(CONFIG, str(results), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 4 * 6
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_provenance_says_where_numbers_come_from(results: Path, tmp_path: Path) -> None:
    score_tables.score_tables(CONFIG, str(results), tmp_path / "tables")
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
        "twice": "scores: tiny, parsing, ru, fr, none, 1, LAS occurs 2 times",
        "missing file": "fr_b-test.parquet: cannot be read (No such file or directory)",
        "not parquet": "not a file of scores",
    }
    with pytest.raises(InputError) as caught:
        score_tables.score_tables(CONFIG, str(results), tmp_path / "tables")
    assert reasons[damage] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tables").exists()


def test_zeroshot_tables(results: Path, tmp_path: Path) -> None:
    score_tables.score_tables(CONFIG, str(results), tmp_path / "tables")
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


def test_single_seed_has_no_deviation(results: Path, tmp_path: Path) -> None:
    frame = make_frame([row for row in make_rows() if row["seed"] == 1])
    table = published_shape(by_target(frame), {"parsing": "LAS"}, SOURCES, ABLATIONS)
    assert table["REF_sd"].isna().all() and table["1-2_sd"].isna().all()
    assert table[["REF", "1-2", "1-2_low", "1-2_p"]].notna().all().all()
    score_tables.score_tables({**CONFIG, "seeds": [1]}, str(results), tmp_path / "tables")
    for name in ("randominit.md", "randominit_by_target.html", "randominit.tex"):
        text = (tmp_path / "tables" / name).read_text()
        assert " ns" not in text and "one seed; intervals cover sentences only" in text


def test_no_error_has_no_ratio() -> None:
    rows = make_rows()
    for row in rows:
        if row["ablation"] == "none" and row["source"] == row["target"] == "en":
            row |= {"numerators": row["denominators"], "value": 100.0}
    table = by_target(make_frame(rows)).set_index(["source", "target", "metric", "ablation"])
    assert np.isnan(table.loc[("en", "en", "LAS", "random-init-1-2"), "delta_error_ratio"])
    assert table.loc[("en", "fr", "LAS", "random-init-1-2"), "delta_error_ratio"] > 0


def test_marks_of_a_row_are_corrected_for_its_pairs() -> None:
    """Two pairs of layers: the smaller p-value doubles; the control is no pair of layers."""
    table = by_target(make_frame())
    published = published_shape(table, {"parsing": "LAS"}, SOURCES, ABLATIONS)
    p_values = published[["1-2_p", "3-4_p"]].to_numpy()
    adjusted = holm_by_row(published, ["1-2", "3-4"])
    for row in range(len(published)):
        found = [adjusted["1-2"][row], adjusted["3-4"][row]]
        assert min(found) == pytest.approx(min(1, 2 * p_values[row].min()))
        assert max(found) == pytest.approx(max(min(found), p_values[row].max()))
    grouped = table.assign(holm=holm_by_group(table)["delta"])
    grouped = grouped[(grouped["metric"] == "LAS") & (grouped["target"] == "X")]
    grouped = grouped.set_index(["source", "ablation"])
    assert grouped.loc[("en", "random-init-1-2"), "holm"] == pytest.approx(adjusted["1-2"][2])
    control = grouped.loc[("ru", "random-init-all")]
    assert control["holm"] == control["delta_p"]


def cross_lingual(same_ids: bool, trials: int = 200) -> float:
    """How often X is said to change where nothing does, in percent.

    The noise of a sentence is the same in all targets, which list their sentences in orders of
    their own.
    """
    draws, alarms = np.random.default_rng(1), 0
    for _ in range(trials):
        common = draws.normal(0, 1, SENTENCES)
        rows = []
        for target in ("en", "fr", "de", "it", "es"):
            order = draws.permutation(SENTENCES)
            own = [f"{'' if same_ids else target}{number}" for number in order]
            for ablation in ABLATIONS[:2]:
                for seed in SEEDS:
                    effect = common[order] if ablation != "none" else 0
                    right = 500 + 50 * effect + draws.normal(0, 5, SENTENCES)
                    rows.append(
                        {"encoder": "e", "task": "t", "metric": "m", "source": "en",
                         "target": target, "ablation": ablation, "seed": seed,
                         "value": right.mean() / 10, "numerators": right,
                         "denominators": np.full(SENTENCES, 1000),
                         "sentence_ids": np.array(own)}
                    )  # fmt: skip
        table = by_target(pd.DataFrame(rows)).set_index(["target", "ablation"])
        alarms += table.loc[("X", ABLATIONS[1]), "delta_p"] < 0.05
    return 100 * alarms / trials


def test_parallel_sentences_of_all_targets_are_one_cluster() -> None:
    """Coverage of the mean over targets; sentences taken one by one would be counted four times."""
    assert cross_lingual(same_ids=True) < 5 + 3 * np.sqrt(5 * 95 / 200)
    assert cross_lingual(same_ids=False) > 20


def test_identifiers_of_sentences_come_with_the_scores(results: Path) -> None:
    path = Path(scores(str(results), "tiny", "parsing", "ru_a", "fr_b-test"))
    assert read_scores([path])["sentence_ids"].iloc[-1].tolist() == IDENTIFIERS
    table = score.parquet.read_table(path)
    some = ["a", None, "b", *IDENTIFIERS[3:]]
    score.parquet.write_table(score.with_sentence_ids(table, some), path)
    assert read_scores([path])["sentence_ids"].iloc[0].tolist()[:3] == ["a", "fr_b#2", "b"]
    score.parquet.write_table(table.replace_schema_metadata(None), path)
    with pytest.raises(InputError, match=r"fr_b-test.parquet: has no identifiers .* score again"):
        read_scores([path])


def test_sources_without_ablations_have_empty_cells() -> None:
    rows = [r for r in make_rows() if r["source"] == "en" or r["ablation"] == "none"]
    table = published_shape(by_target(make_frame(rows)), {"parsing": "LAS"}, SOURCES, ABLATIONS)
    table = table.set_index("source_target")
    assert table.loc["RU-X", ["1-2", "3-4"]].isna().all()
    assert table.loc["EN-X", ["1-2", "3-4"]].notna().all()
    assert holm_by_row(table, ["1-2", "3-4"])["1-2"].notna().tolist() == [True, False] * 2


def test_published() -> None:
    assert published_columns(ABLATIONS) == {"random-init-1-2": "1-2", "random-init-3-4": "3-4"}


@pytest.mark.parametrize(
    ("what", "table"),
    [("randominit", "randominit_by_target.csv"), ("zeroshot", "zeroshot.csv")],
)
def test_figure_is_the_same_bytes_every_time(
    what: str, table: str, results: Path, tmp_path: Path
) -> None:
    score_tables.score_tables(CONFIG, str(results), tmp_path)
    for name in ("one", "two"):
        figures = [tmp_path / f"{name}.{kind}" for kind in ("pdf", "png", "svg")]
        draw_figure(what, [tmp_path / table], CONFIG, figures)
    for kind in ("pdf", "png", "svg"):
        one = (tmp_path / f"one.{kind}").read_bytes()
        assert len(one) > 3000
        assert one == (tmp_path / f"two.{kind}").read_bytes()
