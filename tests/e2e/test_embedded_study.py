"""The default study: complete, repeatable, and showing the finding it is there to show.

Where `make study` has run in this checkout, these tests look at its results. Otherwise they run the
study with fewer ablations, which takes half the time.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import EMBEDDED_ENCODER, ROOT, copy_workflow
from reports import check_in_browser, check_page_in_browser, check_report, rules_of_graph
from running import snakemake, stage
from test_parsing import official
from xltransfer.corpora.conllu import read_conllu
from xltransfer.records.paths import model_directory, predictions, scores
from xltransfer.runtime.files import sha256_of_file
from xltransfer.tasks.metrics.attachment import attachment_scores

SOURCES = ["qaa", "qca", "qda"]
SEEDS = [11, 12, 13]
TARGETS = {"parsing": 16, "pos": 6, "ner": 6}
REDUCED = {"parsing": ["qaa_embedded"], "pos": [], "ner": []}
"""The sources that ablations are run for where the study is not there yet."""
FEWER = ["none", "random-init-1-2", "random-init-5-6", "random-init-11-12", "random-init-all"]
"""The ablations there."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study has run."""
    folder = ROOT
    if not (ROOT / "results" / "tables" / "correlation.csv").exists():
        folder = copy_workflow(tmp_path_factory.mktemp("study"))
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        for task, sources in REDUCED.items():
            config[task]["ablated_sources"] = sources
        config["ablations"] = FEWER
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    done = snakemake(folder, "transfer", cores="all")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def study(folder: Path) -> Path:
    return folder / "results"


@pytest.fixture(scope="module")
def pairs(folder: Path) -> list[str]:
    """The pairs of layers that are re-initialised."""
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    names = [ablation.removeprefix("random-init-") for ablation in config["ablations"]]
    return [name for name in names if name not in ("none", "all")]


@pytest.fixture(scope="module")
def ablated(folder: Path) -> dict[str, list[str]]:
    """The source languages that ablations are run for, by task."""
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    found = {task: config[task]["ablated_sources"] for task in TARGETS}
    return {
        task: SOURCES if sources == "all" else [source[:3] for source in sources]
        for task, sources in found.items()
    }


@pytest.fixture(scope="module")
def table(study: Path) -> pd.DataFrame:
    table = pd.read_csv(study / "tables" / "randominit.csv")
    return table[table["task"] == "parsing"].set_index("source_target")


@pytest.fixture(scope="module")
def targets(study: Path) -> pd.DataFrame:
    table = pd.read_csv(study / "tables" / "randominit_by_target.csv")
    return table[table["metric"] == "LAS"].set_index(["source", "target", "ablation"])


@pytest.fixture(scope="module")
def every_task(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "tables" / "randominit.csv")


def test_second_run_has_nothing_to_do(folder: Path) -> None:
    done = snakemake(folder, "transfer", "--dry-run")
    assert "Nothing to be done" in done.stderr + done.stdout


@pytest.mark.parametrize("task", ["parsing", "pos", "ner"])
def test_table_is_complete(
    task: str, every_task: pd.DataFrame, pairs: list[str], ablated: dict[str, list[str]]
) -> None:
    table = every_task[every_task["task"] == task]
    rows = [f"{s.upper()}-{t}" for t in ("own", "X") for s in SOURCES]
    assert list(table["source_target"]) == [r.replace("own", r[:3]) for r in rows]
    companions = ("_sd", "_low", "_high", "_p", "_error_ratio")
    assert [c for c in table.columns if not c.endswith(companions)][3:] == ["REF", *pairs]
    whole = table["source_target"].str[:3].isin([s.upper() for s in ablated[task]])
    assert table[whole].notna().all().all()
    assert table.loc[~whole, ["REF", "REF_sd"]].notna().all().all()
    assert table.loc[~whole, pairs].isna().all().all()


@pytest.mark.parametrize("task", ["parsing", "pos", "ner"])
def test_zeroshot_matrix(task: str, study: Path) -> None:
    """Every source transfers best to itself, and the matrix equals the long table."""
    matrix = pd.read_csv(study / "tables" / "zeroshot.csv").set_index(["task", "source"])
    long = pd.read_csv(study / "tables" / "randominit_by_target.csv")
    long = long[(long["task"] == task) & (long["ablation"] == "none")]
    for source in SOURCES:
        row = matrix.loc[(task, source)]
        scores = row[[c for c in matrix.columns if len(c) == 3]].astype(float).dropna()
        assert len(scores) == TARGETS[task] and scores.idxmax() == source
        own = long[(long["source"] == source) & (long["metric"] == row["metric"])]
        expected = own.set_index("target")["mean"].drop("X")
        assert scores.to_dict() == pytest.approx(expected.to_dict())


def test_retrieval_finds_translations_of_close_languages(study: Path) -> None:
    table = pd.read_csv(study / "tables" / "retrieval.csv")
    pretrained = table[table["state"] == "pretrained"].set_index(["source", "target", "layer"])
    assert set(table["layer"]) == set(range(13))
    close = pretrained.loc[("qaa", "qab"), "accuracy"]
    distant = pretrained.loc[("qaa", "qfb"), "accuracy"]
    chance = 100 / pretrained["sentences"].iloc[0]
    assert (close > distant).all() and close.max() > 10 * chance


@pytest.fixture(scope="module")
def cka_by_layer(study: Path) -> pd.DataFrame:
    """Unbiased CKA with the RBF kernel, mean over targets; a row per kind, task, source, seed."""
    table = pd.read_csv(study / "tables" / "cka.csv")
    chosen = table[(table["kernel"] == "rbf") & (table["estimator"] == "unbiased")]
    chosen = chosen[chosen["ablation"].isna() | (chosen["ablation"] == "none")]
    keys = ["kind", "task", "source", "seed", "layer"]
    return chosen.groupby(keys, dropna=False)["cka"].mean().unstack("layer")


def test_alignment_beyond_chance_sits_in_the_lowest_layers(cka_by_layer: pd.DataFrame) -> None:
    """Pretraining raises CKA above the never-pretrained control in layers 0 and 1 alone.

    Sentences that share length, punctuation and names look alike to any network: from the middle
    up, the control is no lower than the pretrained encoder.
    """
    for source in SOURCES:
        before = cka_by_layer.loc[("pretrained", slice(None), source)].iloc[0]
        chance = cka_by_layer.loc[("never-pretrained", slice(None), source)]
        assert len(chance) == 3
        assert (before[[0, 1]] > chance[[0, 1]].max() + 0.05).all(), source
        assert (before[[6, 8, 10]] < chance[[6, 8, 10]].max()).all(), source


def test_fine_tuning_a_parser_aligns_the_upper_layers(cka_by_layer: pd.DataFrame) -> None:
    """From layer 3 on every seed is more similar than before, and their mean than any control."""
    for source in SOURCES:
        before = cka_by_layer.loc[("pretrained", slice(None), source)].iloc[0]
        chance = cka_by_layer.loc[("never-pretrained", slice(None), source)].max()
        after = cka_by_layer.loc[("fine-tuned", "parsing", source)]
        assert len(after) == 3
        upper = list(range(3, 13))
        assert (after[upper] > before[upper]).all().all(), source
        assert (after[upper].mean() > chance[upper]).all(), source


def test_similarity_after_fine_tuning_orders_the_targets(study: Path) -> None:
    """The headline of parsers: higher after fine-tuning, above zero for two of three sources."""
    table = pd.read_csv(study / "tables" / "correlation.csv")
    chosen = table[(table["task"] == "parsing") & (table["headline"] == "yes")]
    rho = chosen.set_index(["state", "source"])
    assert set(chosen["layer"]) == {"mean"} and len(chosen) == 2 * len(SOURCES)
    for source in SOURCES:
        after, before = rho.loc[("fine-tuned", source)], rho.loc[("pretrained", source)]
        assert after["targets"] == 15 and after["seeds"] == 3
        assert after["spearman"] > max(0.4, before["spearman"]), source
    assert (rho.loc["fine-tuned"].loc[["qaa", "qda"], "spearman_low"] > 0).all()


def test_overlap_and_word_order_cover_every_pair(study: Path) -> None:
    for name, column in (("overlap", "overlap"), ("word_order", "shared")):
        table = pd.read_csv(study / "tables" / f"{name}.csv")
        assert len(table) == len(SOURCES) * sum(count - 1 for count in TARGETS.values())
        assert table[column].notna().all()
        correlation = pd.read_csv(study / "tables" / f"{name}_correlation.csv")
        assert correlation["spearman"].notna().all()
        assert list(correlation["source"]) == [*SOURCES, "mean"] * len(TARGETS)
        of_sources = correlation[correlation["source"] != "mean"]
        counts = of_sources.groupby("task")["targets"].unique().map(list).to_dict()
        assert counts == {task: [count - 1] for task, count in TARGETS.items()}
        intervals = correlation.groupby("task")["spearman_low"].count().to_dict()
        assert intervals == {"parsing": len(SOURCES) + 1, "pos": 0, "ner": 0}


def test_pretraining_is_what_transfers(
    targets: pd.DataFrame, ablated: dict[str, list[str]]
) -> None:
    """Zero-shot, the pretrained encoder is at least 20 points above one never pretrained."""
    for source in ablated["parsing"]:
        pretrained = targets.loc[(source, "X", "none"), "mean"]
        never = targets.loc[(source, "X", "random-init-all"), "mean"]
        assert pretrained >= never + 20, source


def test_the_lowest_layers_carry_the_transfer(
    table: pd.DataFrame, pairs: list[str], ablated: dict[str, list[str]]
) -> None:
    """Re-initialising layers 1-2 costs at least 5 points of X, twice what any other pair costs."""
    for source in ablated["parsing"]:
        drops = -table.loc[f"{source.upper()}-X", pairs]
        assert drops.idxmax() == "1-2", source
        assert drops["1-2"] >= 5, source
        assert drops.drop("1-2").max() <= drops["1-2"] / 2, source


def test_the_source_language_hardly_notices(
    table: pd.DataFrame, pairs: list[str], ablated: dict[str, list[str]]
) -> None:
    """On the source language itself, no pair costs more than 3 points."""
    for source in ablated["parsing"]:
        assert (-table.loc[f"{source.upper()}-{source.upper()}", pairs]).max() <= 3, source


def test_scores_equal_the_official_evaluator(study: Path) -> None:
    """On the files of one seed, for the reference and for the worst ablation."""
    pairs = {
        "none": (("qaa", "qaa"), ("qaa", "qba"), ("qda", "qfb"), ("qca", "qda")),
        "random-init-all": (("qaa", "qaa"), ("qaa", "qba"), ("qaa", "qfb")),
    }
    for ablation, compared in pairs.items():
        for source, target in compared:
            name = f"{target}_embedded-test"
            path = predictions(
                str(study), "embedded", "parsing", f"{source}_embedded", ablation, SEEDS[0],
                f"{name}.conllu",
            )  # fmt: skip
            gold = study / "treebanks" / f"{target}_embedded" / "test.conllu"
            expected = official(gold, Path(path))
            counts = attachment_scores(read_conllu(gold), read_conllu(path), {})
            found = {metric: count.percent for metric, count in counts.items()}
            assert found == pytest.approx(expected, abs=0.005)
            rows = pd.read_parquet(
                scores(str(study), "embedded", "parsing", f"{source}_embedded", name)
            )
            rows = rows[(rows["ablation"] == ablation) & (rows["seed"] == SEEDS[0])]
            assert dict(zip(rows["metric"], rows["value"], strict=True)) == found


def test_predictions_keep_everything_but_heads_and_relations(study: Path) -> None:
    gold = read_conllu(study / "treebanks" / "qba_embedded" / "test.conllu")
    path = predictions(
        str(study),
        "embedded",
        "parsing",
        "qaa_embedded",
        "none",
        SEEDS[1],
        "qba_embedded-test.conllu",
    )
    found = read_conllu(path)
    assert any("-" in row[0] for sentence in gold for row in sentence.rows)
    for expected, sentence in zip(gold, found, strict=True):
        assert sentence.comments == expected.comments
        for row, other in zip(sentence.rows, expected.rows, strict=True):
            assert row[:6] + row[8:] == other[:6] + other[8:]


def test_a_seed_trained_alone_is_the_same_model(study: Path, tmp_path: Path) -> None:
    """Same seed, same machine, same bytes, whichever seeds share the process."""
    directory = Path(
        model_directory(
            str(study), "embedded", "parsing", "qaa_embedded", "random-init-1-2", SEEDS[2]
        )
    )
    report = json.loads((directory / "training.json").read_text())
    done = stage(
        "finetune", "--encoders", ROOT / "resources" / "models" / "embedded",
        "--training", study / "treebanks" / "qaa_embedded" / "train.conllu",
        "--development", study / "treebanks" / "qaa_embedded" / "dev.conllu",
        "--config", json.dumps(report["config"]), "--ablation",
        "random-init-1-2", "--seeds", SEEDS[2],
        "--models", tmp_path / "model",
        "--checkpoints", tmp_path / "checkpoints", "--threads", report["threads"],
        OMP_NUM_THREADS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "task.json", "config.json", "training.json"):
        assert (tmp_path / "model" / name).read_bytes() == (directory / name).read_bytes(), name
    assert not list((tmp_path / "checkpoints").rglob("*.safetensors"))


def test_figures_are_there(study: Path) -> None:
    for name in (
        "randominit",
        "zeroshot",
        "overlap",
        "word_order",
        "retrieval",
        "cka",
        "cka_heatmap",
        "correlation",
    ):
        for suffix in (".pdf", ".png"):
            assert (study / "figures" / f"{name}{suffix}").stat().st_size > 10_000


TABLES = {
    *("randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target"),
    *("overlap", "overlap_correlation", "word_order", "word_order_correlation"),
    *("retrieval", "cka", "correlation"),
}
FIGURES = {
    *("randominit", "zeroshot", "overlap", "word_order"),
    *("retrieval", "cka", "cka_heatmap", "correlation"),
}


@pytest.fixture(scope="module")
def report(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = snakemake(folder, "transfer", "--report", str(path))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "ERROR" not in done.stderr and "WARNING" not in done.stderr, done.stderr
    return path


def test_report_has_every_table_and_figure(study: Path, report: Path) -> None:
    page = check_report(report, study, TABLES, FIGURES)
    rules = rules_of_graph(page)
    assert {"embedded_treebank", "finetune", "predict", "score", "score_tables"} <= rules
    assert "embedded world" in page.variable("workflow-desc")


def test_report_opens_in_a_browser(report: Path, tmp_path: Path) -> None:
    check_in_browser(report, TABLES, FIGURES, tmp_path)


def test_page_of_results(folder: Path, study: Path, tmp_path: Path) -> None:
    """It has every table and figure, and sentences of every test corpus that has trees."""
    page = tmp_path / "page.html"
    done = stage("report", study, "--output", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert all(f'id="table-{name}"' in text for name in TABLES)
    assert all(f'id="figure-{name}"' in text for name in FIGURES)
    assert text.count("test: parsing from qaa_embedded") == TARGETS["parsing"]
    check_page_in_browser(page, tmp_path / "profile")


def test_packed_report_has_every_table_and_figure(
    folder: Path, study: Path, tmp_path: Path
) -> None:
    done = snakemake(folder, "transfer", "--report", str(tmp_path / "report.zip"))
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.unpack_archive(tmp_path / "report.zip", tmp_path)
    check_report(tmp_path / "report" / "report.html", study, TABLES, FIGURES)


def test_tables_lead_back_to_all_raw_data(
    folder: Path, study: Path, pairs: list[str], ablated: dict[str, list[str]]
) -> None:
    """To the made-up treebanks and the encoder, with code and times of every stage between."""
    content = json.loads((study / "tables" / "randominit.provenance.json").read_text())
    assert not content["inconsistent"]
    encoder = EMBEDDED_ENCODER.relative_to(ROOT)
    names = ("config.json", "model.safetensors", "tokenizer.json", "pretraining.json")
    expected = {str(encoder / name) for name in names}
    corpora = {"treebanks/{}_embedded/{}.conllu": 16, "entities/{}_embedded/{}.iob2": 6}
    for path, targets in corpora.items():
        found = {name for name in content["sources"] if Path(name).suffix == Path(path).suffix}
        assert len(found) == targets + 2 * len(SOURCES)
        parts = {f"<results>/{path.format(s, part)}" for s in SOURCES for part in ("train", "dev")}
        assert parts <= found
        expected |= found
    assert set(content["sources"]) == expected
    for path, checksum in content["sources"].items():
        assert sha256_of_file(folder / path.replace("<results>", "results")) == checksum
    stages = {"embedded_world", "finetune", "predict", "score"}
    assert set(content["stages"]) == stages
    assert all(len(facts["code"]) == 1 for facts in content["stages"].values())
    times = json.loads((study / "tables" / "randominit.timing.json").read_text())
    # Three seeds; of every source the reference, of some the pairs and the control beside it.
    models = 3 * sum(len(SOURCES) + (len(pairs) + 1) * len(sources) for sources in ablated.values())
    assert times["finetune"]["models"] == models and times["finetune"]["without_times"] == 0
    assert times["finetune"]["wall_seconds"] > 0


def test_another_copy_of_the_results_is_not_needed(
    folder: Path, study: Path, tmp_path: Path
) -> None:
    """Tables can be made again from scores and training reports alone."""
    for name in ("scores", "models"):
        ignore = shutil.ignore_patterns("*.safetensors", "tokenizer.json")
        shutil.copytree(study / name, tmp_path / name, ignore=ignore)
    from xltransfer.stages.score_tables import score_tables
    from xltransfer.study import Study

    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    table = Study(config, folder).table_config()

    score_tables(json.loads(table), str(tmp_path), tmp_path / "tables")
    for name in ("randominit.csv", "randominit_by_target.csv"):
        expected = (study / "tables" / name).read_bytes()
        assert (tmp_path / "tables" / name).read_bytes() == expected
