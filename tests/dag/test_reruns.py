"""The exact jobs that are planned after each kind of change to a finished study."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import (
    AGGREGATES,
    SMALL,
    change,
    counts,
    finish,
    finished_copy,
    planned,
    snakemake,
    with_fake_stages,
)

STUDY = ("--configfile", "small.yaml")
POS = {
    **yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["pos"],
    "sources": ["qaa_embedded"],
    "ablated_sources": "all",
    "targets": ["qaa_embedded", "qba_embedded"],
}


@pytest.fixture(scope="module")
def finished_with_tagging_once(
    finished_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small study with a second task."""
    folder = tmp_path_factory.mktemp("tagging") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, tasks=["parsing", "pos"], pos=POS)
    return finish(folder, *STUDY)


@pytest.fixture
def two_tasks(finished_with_tagging_once: Path, tmp_path: Path) -> Path:
    return finished_copy(finished_with_tagging_once, tmp_path / "study", *STUDY)


def files(jobs: dict[str, set[str]], rule: str) -> set[str]:
    """All output files of the jobs of a rule, whatever number its name ends with."""
    rules = [name for name in jobs if name.rstrip("0123456789").rstrip("_") == rule]
    paths = {path for name in rules for output in jobs[name] for path in output.split(", ")}
    return {path.removesuffix(" (update)") for path in paths}


def models(sources: Iterable[str], ablations: Iterable[str], seeds: Iterable[int], task="parsing"):
    """Models as in paths."""
    return {f"{task}/{s}_embedded/{a}/seed-{n}" for s in sources for a in ablations for n in seeds}


def trained(names: Iterable[str]) -> set[str]:
    folder = "results/models/embedded"
    return {f"{folder}/{m}/{f}" for m in names for f in ("model.safetensors", "training.json")}


def predictions(names: Iterable[str], targets: Iterable[str]) -> set[str]:
    folder = "results/predictions/embedded"
    return {f"{folder}/{m}/{target}_embedded-test.conllu" for m in names for target in targets}


def vectors(states: Iterable[str], targets: Iterable[str]) -> set[str]:
    folder = "results/representations/embedded"
    return {
        f"{folder}/{s}/{target}_embedded-test.safetensors" for s in states for target in targets
    }


def scores(sources: Iterable[str], targets: Iterable[str], task: str = "parsing") -> set[str]:
    folder = f"results/scores/embedded/{task}"
    return {f"{folder}/{s}_embedded/{t}_embedded-test.parquet" for s in sources for t in targets}


def similarities(*targets: str) -> set[str]:
    return {f"results/similarities/embedded/{target}_embedded-test.parquet" for target in targets}


SOURCES = ("qaa", "qca")
TARGETS = ("qaa", "qca", "qba")
BOTH = ("none", "random-init-1-2")
ALL_MODELS = models(SOURCES, BOTH, (1, 2))
# Of re-initialised models, those of the lowest seed are represented.
SHOWN = models(SOURCES, ["none"], (1, 2)) | models(SOURCES, BOTH[1:], [1])
STATES = SHOWN | {"pretrained", "never-pretrained/seed-1", "never-pretrained/seed-2"}


def check(jobs: dict[str, set[str]], aggregates: set[str], **expected: set[str]) -> None:
    """The jobs that are no aggregates make these files and no others."""
    kinds = set(counts(jobs))
    assert kinds - aggregates == set(expected)
    assert kinds & aggregates == aggregates
    assert {rule: files(jobs, rule) for rule in expected} == expected


def check_evaluation_alone(jobs: dict[str, set[str]], language: str, **more: set[str]) -> None:
    """Everything of one target is planned, and no training; ``more`` are other files, by rule."""
    check(
        jobs,
        AGGREGATES | {"typology"},
        embedded_treebank={f"results/treebanks/{language}_embedded/test.conllu"},
        predict=predictions(ALL_MODELS, [language]),
        score=scores(SOURCES, [language]),
        pieces={f"results/pieces/embedded/treebanks/{language}_embedded-test.txt"},
        represent=vectors(STATES, [language]),
        similarity=similarities(language),
        **more,
    )


def test_adding_a_language_runs_its_jobs_alone(finished: Path) -> None:
    targets = [*SMALL["parsing"]["targets"], "qfb_embedded"]
    change(finished, parsing__targets=targets, parallel__treebanks=targets)
    check_evaluation_alone(planned(finished, *STUDY), "qfb")


def test_adding_rows_to_the_catalogues_runs_nothing(finished: Path) -> None:
    for table, row in {
        "languages.tsv": "zz\tNew\tzzz\tLatn\tIsolate\n",
        "treebanks.tsv": "zz_new\tzz\tUD_New-New\tCC0-1.0\n",
    }.items():
        path = finished / "resources" / table
        path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    assert planned(finished, *STUDY) == {}


def test_removing_a_language_makes_tables_anew(finished: Path) -> None:
    remaining = ["qaa_embedded", "qca_embedded"]
    change(finished, parsing__targets=remaining, parallel__treebanks=remaining)
    check(planned(finished, *STUDY), AGGREGATES | {"typology"})


def test_adding_a_source_trains_it_alone(finished: Path) -> None:
    change(finished, parsing__sources=["qaa_embedded", "qca_embedded", "qba_embedded"])
    new = models(["qba"], BOTH, (1, 2))
    check(
        planned(finished, *STUDY),
        AGGREGATES,
        embedded_treebank={f"results/treebanks/qba_embedded/{s}.conllu" for s in ("train", "dev")},
        finetune=trained(new),
        predict=predictions(new, TARGETS),
        # One job scores the models of all sources on a corpus.
        score=scores([*SOURCES, "qba"], TARGETS),
        pieces={"results/pieces/embedded/treebanks/qba_embedded-train.txt"},
        represent=vectors(new - models(["qba"], BOTH[1:], [2]), TARGETS),
        similarity=similarities(*TARGETS),
    )


def test_adding_a_seed_trains_it_alone(finished: Path) -> None:
    change(finished, seeds=[5, 1, 2])
    new = models(SOURCES, BOTH, [5])
    states = {*models(SOURCES, ["none"], [5]), "never-pretrained/seed-5"}
    check(
        planned(finished, *STUDY),
        AGGREGATES,
        finetune=trained(new),
        predict=predictions(new, TARGETS),
        score=scores(SOURCES, TARGETS),
        represent=vectors(states, TARGETS),
        similarity=similarities(*TARGETS),
    )


def test_adding_an_ablation_trains_it_alone(finished: Path) -> None:
    change(finished, ablations=["none", "random-init-5-6", "random-init-1-2"])
    new = models(SOURCES, ["random-init-5-6"], (1, 2))
    check(
        planned(finished, *STUDY),
        AGGREGATES,
        finetune=trained(new),
        predict=predictions(new, TARGETS),
        score=scores(SOURCES, TARGETS),
        represent=vectors(models(SOURCES, ["random-init-5-6"], [1]), TARGETS),
        similarity=similarities(*TARGETS),
    )


def test_adding_a_task_trains_it_alone(finished: Path) -> None:
    change(finished, tasks=["pos", "parsing"], pos=POS)
    new = models(["qaa"], BOTH, (1, 2), "pos")
    check(
        planned(finished, *STUDY),
        AGGREGATES,
        finetune=trained(new),
        predict=predictions(new, ["qaa", "qba"]),
        score=scores(["qaa"], ["qaa", "qba"], "pos"),
        # Taggers learn from fewer sentences than parsers, each seed from its own.
        pieces={
            f"results/pieces/embedded/treebanks/qaa_embedded-train-drawn-450-seed-{seed}.txt"
            for seed in (1, 2)
        },
        represent=vectors(new - models(["qaa"], BOTH[1:], [2], "pos"), TARGETS),
        similarity=similarities(*TARGETS),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"parsing__training": {"epochs": 3}},
        {"parsing__arc_units": 32, "parsing__relation_units": 64},
    ],
    ids=["one-value", "two-values-swapped"],
)
def test_hyperparameters_of_a_task_train_its_models(changes: dict, two_tasks: Path) -> None:
    """In the default study there are 64 units for arcs and 32 for relations."""
    change(two_tasks, **changes)
    check(
        planned(two_tasks, *STUDY),
        AGGREGATES,
        finetune=trained(ALL_MODELS),
        predict=predictions(ALL_MODELS, TARGETS),
        score=scores(SOURCES, TARGETS),
        represent=vectors(SHOWN, TARGETS),
        similarity=similarities(*TARGETS),
    )


def test_order_of_lists_runs_tables_alone(two_tasks: Path) -> None:
    parsing = SMALL["parsing"]
    change(
        two_tasks,
        seeds=[2, 1],
        ablations=["random-init-1-2", "none"],
        tasks=["pos", "parsing"],
        parsing__sources=parsing["sources"][::-1],
        parsing__targets=parsing["targets"][::-1],
        parallel__treebanks=SMALL["parallel"]["treebanks"][::-1],
    )
    jobs = planned(two_tasks, *STUDY)
    assert "score_tables" in jobs and set(jobs) <= AGGREGATES, jobs


@pytest.mark.parametrize(
    "changes",
    [
        {"checkpoint_minutes": 1, "training_threads": 2, "mirrors": ["/somewhere"]},
        {"job_size__finetune": {"seeds": 1}},
    ],
    ids=["threads-and-places", "job-size"],
)
def test_what_changes_no_result_runs_nothing(changes: dict, finished: Path) -> None:
    change(finished, **changes)
    assert planned(finished, *STUDY, "--set-resources", "finetune:mem_mb=9000") == {}


def test_smaller_jobs_of_prediction_train_nothing(finished: Path) -> None:
    change(finished, job_size__predict__seeds=1)
    check(
        planned(finished, *STUDY),
        AGGREGATES,
        predict=predictions(ALL_MODELS, TARGETS),
        score=scores(SOURCES, TARGETS),
        represent=vectors(STATES, TARGETS),
        similarity=similarities(*TARGETS),
    )


def test_larger_jobs_of_representation_make_representations_alone(finished: Path) -> None:
    change(finished, job_size__represent__states=100)
    jobs = planned(finished, *STUDY)
    check(
        jobs,
        AGGREGATES - {"score_tables", "overlap_tables", "word_order_tables", "transfer_figures"},
        represent=vectors(STATES, TARGETS),
        similarity=similarities(*TARGETS),
    )
    assert counts(jobs)["represent"] == len(TARGETS)


def test_another_release_of_the_same_treebanks_makes_tables_alone(finished: Path) -> None:
    change(finished, ud_release="2.17")
    jobs = planned(finished, *STUDY)
    assert "score_tables" in jobs and set(jobs) <= AGGREGATES, jobs


def test_touched_and_reformatted_files_run_nothing(finished: Path) -> None:
    """Whatever their times: code, configuration, data, encoders and weights."""
    loop = finished / "workflow" / "xltransfer" / "training" / "loop.py"
    text = loop.read_text(encoding="utf-8")
    assert "\ndef train(" in text
    remark = "\n\n# A remark.\n\n\ndef train("
    loop.write_text(text.replace("\ndef train(", remark), encoding="utf-8")
    caption = finished / "workflow" / "report" / "tables" / "cka.rst"
    assert caption.exists()
    caption.write_text("Another caption.\n", encoding="utf-8")
    config = yaml.safe_load((finished / "small.yaml").read_text(encoding="utf-8"))
    (finished / "small.yaml").write_text(yaml.safe_dump(config, default_flow_style=True, indent=8))
    large = finished / "results" / "treebanks" / "qaa_embedded" / "train.conllu"
    large.touch()
    touched = [*finished.glob("results/**/*.conllu"), *finished.glob("results/**/*.safetensors")]
    touched += [*finished.glob("resources/**/*"), *finished.glob("workflow/**/*")]
    assert len(touched) > 100
    for path in touched:
        path.touch()
    assert planned(finished, *STUDY) == {}


def test_large_inputs_are_known_by_content(finished: Path) -> None:
    """Snakemake compares no checksums of files above a megabyte; the encoder is one."""
    encoder = finished / "resources" / "models" / "embedded" / "model.safetensors"
    assert encoder.stat().st_size > 2**20
    data = bytearray(encoder.read_bytes())
    times = encoder.stat().st_atime_ns, encoder.stat().st_mtime_ns
    data[-1] ^= 1
    encoder.write_bytes(data)
    os.utime(encoder, ns=times)
    jobs = planned(finished, *STUDY)
    assert files(jobs, "finetune") == trained(ALL_MODELS)
    assert files(jobs, "represent") == vectors(STATES, TARGETS)


def test_another_tokenizer_counts_pieces_anew(finished: Path) -> None:
    tokenizer = finished / "resources" / "models" / "embedded" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    jobs = planned(finished, *STUDY)
    pieces = {f"results/pieces/embedded/treebanks/{c}_embedded-test.txt" for c in TARGETS}
    assert files(jobs, "pieces") >= pieces
    assert "overlap_tables" in jobs


def test_scores_follow_a_corpus_though_predictions_stay_as_they_were(finished: Path) -> None:
    """Other trees over the same words, and a run that ended between prediction and scoring."""
    change_language(finished, "qba")
    done = snakemake(finished, *STUDY, "--until", "predict", **with_fake_stages(finished))
    assert done.returncode == 0, done.stderr
    jobs = planned(finished, *STUDY)
    assert "predict" not in jobs
    assert files(jobs, "score") == scores(SOURCES, ["qba"])


def test_edited_code_reruns_its_stage(finished: Path) -> None:
    path = finished / "workflow" / "xltransfer" / "analyses" / "plots.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("#D55E00", "#000000"), encoding="utf-8")
    figures = {name for name in AGGREGATES if name.endswith("figures")}
    check(planned(finished, *STUDY), figures | {"all"})


def test_edited_prediction_reruns_predictions(finished: Path) -> None:
    path = finished / "workflow" / "xltransfer" / "stages" / "predict.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    scored = AGGREGATES - {"retrieval_table"}
    check(
        planned(finished, *STUDY),
        scored,
        predict=predictions(ALL_MODELS, TARGETS),
        score=scores(SOURCES, TARGETS),
    )


def change_language(folder: Path, code: str) -> None:
    """Let a language of the world have its adpositions elsewhere: all its texts change."""
    table = folder / "resources" / "embedded_world" / "languages.tsv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    column = header.split("\t").index("adposition")
    for number, row in enumerate(rows):
        cells = row.split("\t")
        if cells[0] == code:
            cells[column] = {"before": "after", "after": "before"}[cells[column]]
            rows[number] = "\t".join(cells)
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def test_an_updated_target_is_predicted_anew(finished: Path) -> None:
    change_language(finished, "qba")
    check_evaluation_alone(planned(finished, *STUDY), "qba")


def test_an_updated_source_is_trained_anew(finished: Path) -> None:
    """The other source's models are predicted with again, for they share its jobs."""
    change_language(finished, "qca")
    jobs = planned(finished, *STUDY)
    assert files(jobs, "finetune") == trained(models(["qca"], BOTH, (1, 2)))
    assert files(jobs, "predict") == predictions(ALL_MODELS, TARGETS)
    assert files(jobs, "embedded_treebank") == {
        f"results/treebanks/qca_embedded/{split}.conllu" for split in ("train", "dev", "test")
    }
