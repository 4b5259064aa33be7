"""The exact sets of jobs that Snakemake plans: for whole studies, and after changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, copy_workflow

SMALL = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": ["qaa_embedded", "qca_embedded", "qba_embedded"]},
    "seeds": [1, 2],
    "ablations": ["none", "random-init-1-2"],
    "job_size": {"predict": {"sources": 2}},
    "parsing": {
        "sources": ["qaa_embedded", "qca_embedded"],
        "targets": ["qaa_embedded", "qca_embedded", "qba_embedded"],
    },
}


AGGREGATES = {
    "score_tables",
    "overlap_tables",
    "word_order_tables",
    "retrieval_table",
    "similarity_tables",
    *(
        f"{name}_figure"
        for name in (
            "randominit",
            "zeroshot",
            "overlap",
            "word_order",
            "retrieval",
            "cka",
            "cka_heatmap",
            "correlation",
        )
    ),
    "all",
}
"""Made anew when anything is added; they take seconds."""

UNSEEN_AGGREGATES = {
    "unseen_tables",
    "tokenizer_table",
    "language_tables",
    "unseen_figure",
    "transliteration_figure",
    "tokenizer_stats_figure",
}


TYPOLOGY = {"word_order_tables", "word_order_figure"}
"""Left out where no features are named."""

COMPARED = {"represent", "similarity"}
"""Made anew for every parallel treebank when a model that they are compared by is added."""


def snakemake(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Snakemake in a workspace."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)


def planned(folder: Path, *arguments: str, **environment: str) -> dict[str, set[str]]:
    """Output files of all planned jobs, by rule."""
    done = snakemake(folder, "--dry-run", *arguments, **environment)
    assert done.returncode == 0, done.stderr + done.stdout
    jobs: dict[str, set[str]] = {}
    text = done.stdout + done.stderr
    for block in re.split(r"\n(?=(?:local)?rule )", text)[1:]:
        name = re.match(r"(?:local)?rule (\w+):", block)[1]
        output = re.search(r"^    output: (.*)$", block, re.MULTILINE)
        jobs.setdefault(name, set()).add(output[1] if output else "")
    return jobs


def counts(jobs: dict[str, set[str]]) -> Counter:
    """How many jobs of each kind; rules that differ by a number at the end are one kind."""
    found: Counter = Counter()
    for rule, outputs in jobs.items():
        found[re.sub(r"_\d+$", "", rule)] += len(outputs)
    return found


FAKE_PYTHON = """#!{python}
# Stands for `python -m xltransfer.<stage>`: writes the files that the stage would write.
import sys
from pathlib import Path

arguments = sys.argv[3:]

def values(option):
    found = arguments[arguments.index(option) + 1:] if option in arguments else []
    ends = [i for i, value in enumerate(found) if value.startswith("--")]
    return [Path(value) for value in found[: ends[0] if ends else None]]

stage = sys.argv[2].removeprefix("xltransfer.")
outputs = values("--output") + values("--predictions") * (stage == "predict") + values("--figures")
if stage == "finetune":
    outputs += values("--models")
    outputs += [path.with_name("training.json") for path in values("--models")]
tables = []
if stage == "tabulate":
    tables = ["randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target"]
if stage == "relate":
    arguments[0] = arguments[0].replace("-", "_")
    tables = [arguments[0], arguments[0] + "_correlation"]
if stage == "represent":
    outputs += values("--outputs")
if stage == "correlate":
    tables = ["cka", "correlation"]
if stage == "retrieve":
    outputs += [outputs[0].with_suffix(suffix) for suffix in (".md", ".tex", ".provenance.json")]
if stage in ("clean", "split", "transliterate"):
    outputs += values("--training") + values("--held-out") + values("--report")
    outputs += values("--outputs")
if stage in ("adapt", "pretrain"):
    names = ("config.json", "model.safetensors", "tokenizer.json", "pretraining.json")
    outputs = [outputs[0] / name for name in names]
if stage == "verdict":
    tables = ["unseen", "typology"]
if stage == "language_table":
    tables = ["languages", "language_data"]
if stage == "tokenizer_statistics" and arguments[0] == "table":
    tables = ["tokenizer_stats"]
for name in tables:
    for suffix in (".csv", ".md", ".tex", ".provenance.json"):
        outputs.append(values("--directory")[0] / (name + suffix))
for path in outputs:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path))
"""


@pytest.fixture
def small(workspace: Path) -> Path:
    """A workspace with a small study."""
    (workspace / "small.yaml").write_text(yaml.safe_dump(SMALL))
    return workspace


def change(workspace: Path, **changes: object) -> None:
    """Change keys of the small study."""
    config = yaml.safe_load((workspace / "small.yaml").read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = config
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    (workspace / "small.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run by Snakemake with stages that only write the files they should."""
    folder = copy_workflow(tmp_path_factory.mktemp("finished"))
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    fake = folder / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text(FAKE_PYTHON.format(python=sys.executable))
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    done = snakemake(folder, "--configfile", "small.yaml", PATH=path)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of the finished small study, with everything that Snakemake remembers."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    assert planned(folder, "--configfile", "small.yaml") == {}
    return folder


def test_default_study(workspace: Path) -> None:
    transfer = counts(planned(workspace, "transfer"))
    assert transfer["finetune"] == 3 * 8 + 2 * (8 + 2) and not transfer["adapt"]
    jobs = planned(workspace)
    varieties, arms, tasks = 4 + 2, 4, 1
    assert counts(jobs) == {
        "embedded_treebank": 16 + 2 * 3 + 4 * 3,
        "embedded_entities": 6 + 2 * 3,
        "finetune": 3 * 8 + 2 * (8 + 2) + varieties * tasks * arms,
        "predict": 16 + 6 + 6,
        "score": 3 * (16 + 6 + 6) + varieties * tasks * arms,
        "embedded_text": 4,
        "clean": 4,
        "transliterate_raw_text": 2 * 2,
        "transliterate_treebanks": 2 * 3,
        "adapt": varieties,
        "pretrain_monolingual": varieties,
        "bilstm_architecture": 1,
        "predict_in_language": varieties * tasks,
        "count_pieces": varieties * (1 + 3) * 2,
        **dict.fromkeys(UNSEEN_AGGREGATES, 1),
        "pieces": 16 + 3 + 6 + 3,
        "typology": 1,
        "represent": 16,
        "similarity": 16,
        **dict.fromkeys(AGGREGATES, 1),
    }
    weights = [path for output in jobs["finetune"] for path in output.split(", ")]
    assert len([path for path in weights if path.endswith("model.safetensors")]) == 3 * (44 + 24)


def test_published_study_plans_offline(workspace: Path) -> None:
    jobs = planned(workspace, "--configfile", "resources/studies/mbert.yaml")
    assert counts(jobs) == {
        "fetch_encoder": 1,
        "fetch_corpus": 18 + 2 * 3 + 3,
        "check_treebank": 18 + 2 * 3,
        "finetune": 2 * 3 * 7 * 5,
        "predict": 2 * 3 * 18,
        "score": 2 * 3 * 18,
        "pieces": 18 + 3,
        "typology": 1,
        "represent": 18,
        "similarity": 18,
        **dict.fromkeys(AGGREGATES, 1),
    }
    fetched = {path.rsplit("/", 1)[1] for path in jobs["fetch_corpus"]}
    assert {"en_ewt-ud-train.conllu", "ar_pud-ud-test.conllu", "ja_pud-ud-test.conllu"} <= fetched
    assert "results/mbert/tables/randominit.csv" in next(iter(jobs["score_tables"]))


def test_mirror_study(workspace: Path, tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (encoder / name).touch()
    jobs = planned(
        workspace,
        "--configfile",
        "resources/studies/ud-mirror.yaml",
        XLTRANSFER_ENCODER=str(encoder),
        XLTRANSFER_UD_MIRROR=str(tmp_path),
    )
    assert counts(jobs) == {
        "fetch_corpus": 18 + 2 * 3,
        "check_treebank": 18 + 2 * 3,
        "finetune": 4 + 1 + 1,
        "predict": 3 * 18,
        "score": 3 * 18,
        "pieces": 18 + 3,
        "represent": 18,
        "similarity": 18,
        **dict.fromkeys(AGGREGATES - TYPOLOGY, 1),
    }


def test_published_matrices_plan_offline(workspace: Path) -> None:
    """Two encoders side by side, two tasks, four languages each."""
    study = ("--configfile", "resources/studies/pires2019.yaml")
    jobs = planned(workspace, *study, XLTRANSFER_CONLL_NER="/corpora")
    assert counts(jobs) == {
        "fetch_encoder": 2,
        "fetch_corpus": 4 * 3 + 4 * 3 + 4 + 3,
        "check_entities": 4 * 3,
        "check_treebank": 4 * 3 + 4,
        "finetune": 2 * 2 * 4 * 3,
        "predict": 2 * 2 * 4 * 4,
        "score": 2 * 2 * 4 * 4,
        "pieces": 2 * (4 + 4) * 2,
        "typology": 1,
        "represent": 2 * 4,
        "similarity": 2 * 4,
        **dict.fromkeys(AGGREGATES - {"randominit_figure"}, 1),
    }
    table = "results/pires2019/tables/published_comparison.csv"
    more = planned(workspace, table, *study, XLTRANSFER_CONLL_NER="/corpora")
    assert counts(more)["published_comparison"] == 1


def test_study_of_unseen_languages_plans_offline(workspace: Path) -> None:
    """Fifteen languages, six of them in two scripts."""
    jobs = planned(workspace, "unseen", "--configfile", "resources/studies/unseen.yaml")
    found = counts(jobs)
    treebanks, entities, written_anew = 11, 10, 6
    assert found["clean"] == 15 and found["adapt"] == found["pretrain_monolingual"] == 21
    # Of the six, two have a treebank alone, three entities alone, one both.
    pairs = 2 * (treebanks + 3) + entities + 4
    assert found["predict_in_language"] == pairs
    assert found["finetune"] == found["score"] == 4 * pairs
    assert found["split_treebanks"] == 6 and not found["split_entities"]
    assert found["transliterate_raw_text"] == 2 * written_anew
    names = {path for output in jobs["adapt"] for path in output.split(", ")}
    assert "results/unseen/encoders/mbert-adapted/ug_latn_wikipedia2023/config.json" in names
    assert any("hf" not in path and "wikimedia" in path for path in jobs["fetch_corpus"])


def test_study_of_entities_alone(workspace: Path, tmp_path: Path) -> None:
    """Nothing is re-initialised or parallel: what is about that is left out."""
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (encoder / name).touch()
    study = ("--configfile", "resources/studies/masakhaner.yaml")
    jobs = planned(workspace, *study, XLTRANSFER_ENCODER=str(encoder))
    left_out = {
        *TYPOLOGY,
        "randominit_figure",
        "retrieval_table",
        "retrieval_figure",
        "similarity_tables",
        "cka_figure",
        "cka_heatmap_figure",
        "correlation_figure",
    }
    assert counts(jobs) == {
        "fetch_corpus": 2 + 5,
        "check_entities": 2 + 5,
        "finetune": 1,
        "predict": 5,
        "score": 5,
        "pieces": 1 + 5,
        **dict.fromkeys(AGGREGATES - left_out, 1),
    }
    assert "results/masakhaner/entities/wo_masakhaner2/test.iob2" in jobs["check_entities"]


def test_files_that_are_there_are_not_fetched(workspace: Path) -> None:
    """Compute nodes without a network work on files that were put in place before."""
    study = ("--configfile", "resources/studies/mbert.yaml")
    before = planned(workspace, *study)
    for output in before["fetch_corpus"] | before["fetch_encoder"]:
        for name in output.split(", "):
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("there")
    after = planned(workspace, *study)
    assert set(before) - set(after) == {"fetch_corpus", "fetch_encoder"}
    assert {k: v for k, v in before.items() if not k.startswith("fetch")} == after


def scores(*names: str) -> set[str]:
    return {f"results/scores/embedded/parsing/{name}-test.parquet" for name in names}


def test_adding_a_language_runs_its_jobs_alone(finished: Path) -> None:
    targets = [*SMALL["parsing"]["targets"], "qfb_embedded"]
    change(finished, parsing__targets=targets, parallel__treebanks=targets)
    jobs = planned(finished, "--configfile", "small.yaml")
    own = {"embedded_treebank", "predict", "score", "pieces", *COMPARED}
    assert set(jobs) == own | {"typology"} | AGGREGATES
    assert jobs["pieces"] == {"results/pieces/embedded/treebanks/qfb_embedded-test.txt"}
    assert counts(jobs)["represent"] == 1
    assert jobs["embedded_treebank"] == {"results/treebanks/qfb_embedded/test.conllu"}
    assert jobs["score"] == scores("qaa_embedded/qfb_embedded", "qca_embedded/qfb_embedded")
    assert len(jobs["predict"]) == 1
    assert all("qfb_embedded-test" in p for o in jobs["predict"] for p in o.split(", "))


def test_adding_rows_to_the_catalogues_runs_nothing(finished: Path) -> None:
    for table, row in {
        "languages.tsv": "zz\tNew\tzzz\tLatn\tIsolate\n",
        "treebanks.tsv": "zz_new\tzz\tUD_New-New\tCC0-1.0\n",
    }.items():
        path = finished / "resources" / table
        path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    assert planned(finished, "--configfile", "small.yaml") == {}


def test_removing_a_language_makes_tables_anew(finished: Path) -> None:
    remaining = ["qaa_embedded", "qca_embedded"]
    change(finished, parsing__targets=remaining, parallel__treebanks=remaining)
    assert set(planned(finished, "--configfile", "small.yaml")) == {"typology"} | AGGREGATES


def test_adding_a_source_trains_it_alone(finished: Path) -> None:
    change(
        finished,
        parsing__sources=["qaa_embedded", "qca_embedded", "qba_embedded"],
    )
    jobs = planned(finished, "--configfile", "small.yaml")
    own = {"embedded_treebank", "finetune", "predict_2", "score", "pieces", *COMPARED}
    assert set(jobs) == own | AGGREGATES
    for rule in ("finetune", "predict_2", "score"):
        assert all("/qba_embedded/" in output for output in jobs[rule]), rule
    assert counts(jobs)["finetune"] == 2


def test_adding_a_seed_trains_it_alone(finished: Path) -> None:
    change(
        finished,
        seeds=[1, 2, 5],
        job_size={"finetune": {"seeds": 2}, "predict": {"sources": 2, "seeds": 2}},
    )
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) == {"finetune_2", "predict_2", "score", *COMPARED} | AGGREGATES
    for rule in ("finetune_2", "predict_2"):
        assert all("seed-5/" in p for o in jobs[rule] for p in o.split(", ")), rule


def test_adding_an_ablation_trains_it_alone(finished: Path) -> None:
    change(finished, ablations=["none", "random-init-1-2", "random-init-5-6"])
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) == {"finetune", "predict", "score", *COMPARED} | AGGREGATES
    assert all("/random-init-5-6/" in output for output in jobs["finetune"])


def test_hyperparameter_retrains_everything(finished: Path) -> None:
    change(finished, parsing__training={"epochs": 3})
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) == {"finetune", "predict", "score", *COMPARED} | AGGREGATES
    assert counts(jobs)["finetune"] == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"checkpoint_minutes": 1},
        {"training_threads": 2},
        {"mirrors": ["/somewhere"]},
        {"ud_release": "2.17"},
        {"job_size": {"finetune": {"seeds": 1}}},
        {"seeds": [2, 1]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_no_model_trains_nothing(changes: dict, finished: Path) -> None:
    change(finished, **changes)
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) <= AGGREGATES | {"score"}, jobs


def test_touched_and_reformatted_code_runs_nothing(finished: Path) -> None:
    path = finished / "workflow" / "xltransfer" / "training" / "loop.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\ndef train(", "\n\n# A remark.\ndef train("), encoding="utf-8")
    assert planned(finished, "--configfile", "small.yaml") == {}


def test_edited_code_reruns_its_stage(finished: Path) -> None:
    path = finished / "workflow" / "xltransfer" / "tables" / "figures.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("#D55E00", "#000000"), encoding="utf-8")
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) == {name for name in AGGREGATES if name.endswith("figure")} | {"all"}


def test_wrong_configuration_is_one_line_and_an_error(small: Path) -> None:
    change(small, parsing__sources=["qaa_embeded"])
    done = snakemake(small, "--dry-run", "--configfile", "small.yaml")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    assert lines == [
        "error: config: parsing.sources: no 'qaa_embeded' in resources/treebanks.tsv; "
        "did you mean 'qaa_embedded'?"
    ]
    assert "Traceback" not in done.stderr


def test_parsing_the_workflow_imports_nothing_heavy(small: Path) -> None:
    """Snakemake parses it again in every job on a cluster."""
    code = (
        "import sys; sys.path.insert(0, 'workflow'); import xltransfer.study, xltransfer.identity;"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'torch', 'transformers', 'pandas', 'pyarrow', 'numpy', 'matplotlib', 'scipy'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=small, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def unseen(language: str, *transliterated: str) -> dict:
    return {
        "language": language,
        "text": f"{language}_embedded",
        "treebanks": f"{language}_embedded",
        "entities": None,
        "split": "released",
        "transliterated": list(transliterated),
    }


def section(languages: list[dict]) -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    training = {"parsing": config["parsing"]["training"]}
    return {"languages": languages, "tasks": ["parsing"], "training": training}


@pytest.fixture(scope="module")
def finished_with_unseen_once(
    finished_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small study with two unseen languages, one of them in two scripts."""
    folder = tmp_path_factory.mktemp("unseen") / "study"
    shutil.copytree(finished_once, folder)
    languages = [unseen("qax"), unseen("qcx", "qcx_latn")]
    change(folder, unseen=section(languages))
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = snakemake(folder, "--configfile", "small.yaml", PATH=path)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def finished_with_unseen(finished_with_unseen_once: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(finished_with_unseen_once, folder)
    assert planned(folder, "--configfile", "small.yaml") == {}
    return folder


def test_adding_an_unseen_language_runs_its_jobs_alone(finished_with_unseen: Path) -> None:
    folder = finished_with_unseen
    languages = [unseen("qax"), unseen("qcx", "qcx_latn"), unseen("qga")]
    change(folder, unseen=section(languages))
    jobs = planned(folder, "--configfile", "small.yaml")
    own = {
        "embedded_text": 1,
        "embedded_treebank": 3,
        "clean": 1,
        "adapt": 1,
        "pretrain_monolingual": 1,
        "finetune": 4,
        "predict_in_language": 1,
        "score": 4,
        "count_pieces": 2 * 4,
    }
    aggregates = UNSEEN_AGGREGATES | AGGREGATES
    assert {name: count for name, count in counts(jobs).items() if name not in aggregates} == own
    assert set(jobs) <= set(own) | aggregates
    for rule in own:
        assert all("qga" in path for output in jobs[rule] for path in output.split(", ")), rule


def test_another_script_is_made_of_the_original(finished_with_unseen: Path) -> None:
    """A changed table of letters redoes what is written with it, and no more."""
    folder = finished_with_unseen
    table = folder / "resources" / "transliteration" / "embedded-geor.tsv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    jobs = planned(folder, "--configfile", "small.yaml")
    assert set(jobs) >= {"transliterate_treebanks", "transliterate_raw_text", "adapt", "finetune"}
    for rule in ("transliterate_treebanks", "transliterate_raw_text", "adapt", "finetune"):
        assert all("qcx_latn" in path for output in jobs[rule] for path in output.split(", ")), rule


def test_baseline_settings_train_the_baseline_alone(finished_with_unseen: Path) -> None:
    change(finished_with_unseen, unseen__bilstm={"training": {"epochs": 3}})
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["finetune"] == 3
    assert all("/bilstm/" in output for output in jobs["finetune"])
    assert not {"adapt", "pretrain_monolingual", "clean"} & set(jobs)


def test_shares_of_raw_text_are_cleaned_anew(finished_with_unseen: Path) -> None:
    change(finished_with_unseen, unseen__cleaning={"maximum_lines": 100})
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["clean"] == 2 and counts(jobs)["adapt"] == 3
    assert not any("/bilstm/" in output for output in jobs["finetune"])
