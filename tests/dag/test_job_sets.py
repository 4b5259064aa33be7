"""The exact sets of jobs that Snakemake plans: for whole studies, and after changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from planning import (
    AGGREGATES,
    TYPOLOGY,
    UNSEEN_AGGREGATES,
    change,
    counts,
    empty_encoder,
    planned,
    snakemake,
)


def test_default_study(workspace: Path) -> None:
    transfer = counts(planned(workspace, "transfer"))
    assert transfer["finetune"] == 3 * 8 + 2 * (8 + 2) and not transfer["adapt"]
    jobs = planned(workspace)
    varieties, arms, tasks = 4 + 2, 4, 1
    assert counts(jobs) == {
        "embedded_treebank": 16 + 2 * 3 + 4 * 3,
        "embedded_entities": 6 + 2 * 3,
        "search": varieties * tasks * arms,
        "finetune": 3 * 8 + 2 * (8 + 2) + varieties * tasks * arms,
        "predict": 16 + 6 + 6,
        "score": 16 + 6 + 6,
        "score_in_language": varieties * tasks,
        "embedded_text": 4,
        "clean": 4,
        "transliterate_raw_text": 2 * 2,
        "transliterate_treebanks": 2 * 3,
        "adapt": varieties,
        "pretrain": varieties,
        "bilstm_architecture": 1,
        "predict_in_language": varieties * tasks,
        "count_pieces": varieties * (1 + 3) * 2,
        **dict.fromkeys(UNSEEN_AGGREGATES, 1),
        # Taggers learn from sentences that each of three seeds draws.
        "pieces": 16 + 3 + 3 * 3 + 6 + 3 * 3,
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
        "score": 2 * 18,
        "pieces": 18 + 3,
        "typology": 1,
        "represent": (1 + 2 * 3) * 18,
        "similarity": 18,
        **dict.fromkeys(AGGREGATES, 1),
    }
    fetched = {path.rsplit("/", 1)[1] for path in jobs["fetch_corpus"]}
    assert {"en_ewt-ud-train.conllu", "ar_pud-ud-test.conllu", "ja_pud-ud-test.conllu"} <= fetched
    assert "results/mbert/tables/randominit.csv" in next(iter(jobs["score_tables"]))


FOLDERS = (
    *("UD_MIRROR", "PARALLEL_TEXT", "ENTITIES", "TEXTS", "RELATIVES", "OWN_TEXT"),
    *("PROPOSITIONS", "RELATIONS", "DICTIONARIES"),
)


def of_any_encoder(workspace: Path, folder: Path, study: str, *targets: str) -> dict[str, set[str]]:
    """The jobs of a study that takes a directory as its encoder, and any folders."""
    named = {f"XLTRANSFER_{name}": str(folder) for name in FOLDERS}
    encoder = empty_encoder(folder)
    options = *targets, "--configfile", f"resources/studies/{study}.yaml"
    return planned(workspace, *options, XLTRANSFER_ENCODER=encoder, **named)


def test_mirror_study(workspace: Path, tmp_path: Path) -> None:
    jobs = of_any_encoder(workspace, tmp_path, "ud-mirror")
    assert counts(jobs) == {
        "fetch_corpus": 18 + 2 * 3,
        "check_treebank": 18 + 2 * 3,
        "finetune": 4 + 1 + 1,
        "predict": 3 * 18,
        "score": 18,
        "pieces": 18 + 3,
        "represent": (1 + 3) * 18,
        "similarity": 18,
        **dict.fromkeys(AGGREGATES - TYPOLOGY, 1),
    }


def test_small_multilingual_study(workspace: Path, tmp_path: Path) -> None:
    """Two tasks, three sources, one of them with six pairs of layers and the control."""
    jobs = of_any_encoder(workspace, tmp_path, "multilingual-small")
    assert counts(jobs) == {
        # The vocabulary keeps the subwords of the sources' test parts, too.
        "fetch_corpus": 18 + 3 * 3,
        "check_treebank": 18 + 3 * 3,
        "trim_vocabulary": 1,
        "finetune": 2 * (8 + 1 + 1) * 3,
        "predict": 2 * 3 * 18,
        "score": 2 * 18,
        # A sample of the training sentences for each seed.
        "pieces": 18 + 3 * 3,
        # Up to twelve states in a job.
        "represent": 4 * 18,
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
        "score": 2 * 2 * 4,
        "pieces": 2 * (4 + 4) * 2,
        "typology": 1,
        "represent": 2 * (1 + 4 + 3) * 4,
        "similarity": 2 * 4,
        **dict.fromkeys(AGGREGATES, 1),
    }
    table = "results/pires2019/tables/published_comparison.csv"
    more = planned(workspace, table, *study, XLTRANSFER_CONLL_NER="/corpora")
    assert counts(more)["published_comparison"] == 1


def test_study_of_entities_alone(workspace: Path, tmp_path: Path) -> None:
    """Nothing is re-initialised or parallel: what is about that is left out."""
    encoder = empty_encoder(tmp_path)
    study = ("--configfile", "resources/studies/masakhaner.yaml")
    jobs = planned(workspace, *study, XLTRANSFER_ENCODER=encoder)
    left_out = {
        *TYPOLOGY,
        "retrieval_table",
        "similarity_tables",
        "representation_figures",
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


def test_wrong_configuration_is_one_line_and_an_error(small: Path) -> None:
    change(small, parsing__sources=["qaa_embeded"])
    text = (small / "small.yaml").read_text().splitlines()
    line = text.index("  sources:", text.index("parsing:")) + 1
    done = snakemake(small, "--dry-run", "--configfile", "small.yaml")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    assert lines == [
        "error: config: parsing.sources: no 'qaa_embeded' in resources/treebanks.tsv; "
        f"did you mean 'qaa_embedded'? (small.yaml:{line})"
    ]
    assert "Traceback" not in done.stderr


def test_parsing_the_workflow_imports_nothing_heavy(small: Path) -> None:
    """Snakemake parses it again in every job on a cluster."""
    code = (
        "import sys; sys.path.insert(0, 'workflow'); import xltransfer.study;"
        "import xltransfer.records.code;"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'torch', 'transformers', 'pandas', 'pyarrow', 'numpy', 'matplotlib', 'scipy'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=small, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_multilingual_study_for_a_night(workspace: Path, tmp_path: Path) -> None:
    """One source and task, 19 targets, two seeds that do not share jobs."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "multilingual-parsing"))
    expected = {"trim_vocabulary": 1, "finetune": 8 * 2, "predict": 19 * 2, "score": 19}
    assert {name: jobs[name] for name in expected} == expected
    assert jobs["fetch_corpus"] == jobs["check_treebank"] == 19 + 3


def test_lowest_layers_of_an_encoder(workspace: Path, tmp_path: Path) -> None:
    """Three encoders are cut from the trimmed one; each has a model for each seed."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "lowest-layers"))
    expected = {"trim_vocabulary": 1, "keep_layers": 3, "finetune": 4 * 2, "predict": 4 * 4 * 2,
                "score": 4 * 4, "scaling_table": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_names_with_and_without_an_adversary(workspace: Path, tmp_path: Path) -> None:
    """All tasks are measured by discriminators; the two with an adversary have two targets."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "swahili-wolof-names"))
    expected = {"trim_vocabulary": 1, "finetune": 3 * 2, "predict": (5 + 2 * 2) * 2,
                "score": 5 + 2 * 2, "discriminate": 3 * 1, "adversarial_tables": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_names_at_two_levels(workspace: Path, tmp_path: Path) -> None:
    """Vectors of two languages, mapped or not, with and without an adversary."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "english-german-names"))
    expected = {"train_vectors": 2, "map_vectors": 1, "vector_encoder": 2, "finetune": 2 * 2 * 2,
                "predict": 2 * 2 * 2, "score": 2 * 2 * 2, "discriminate": 2 * 2,
                "adversarial_tables": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_methods_for_unseen_languages(workspace: Path, tmp_path: Path) -> None:
    """Three encoders and seven adapters start from one head; predictions with other adapters
    train no models."""
    study = "unseen-methods"
    jobs = counts(of_any_encoder(workspace, tmp_path, study, "adaptation"))
    expected = {"trim_vocabulary": 1, "adapt": 1 + 3 + 7, "finetune": (4 + 2 + 2) * 2,
                "score": (3 + 3) + 2 + 2 * 3 + 3 + 5, "adaptation_tables": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_unseen_languages_with_a_small_encoder(workspace: Path, tmp_path: Path) -> None:
    """Six varieties and two tasks; four arms, and the encoder trained on English."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "unseen-small", "unseen"))
    expected = {"trim_vocabulary": 1, "adapt": 1 + 6, "pretrain": 6, "split_treebanks": 2,
                "transliterate_treebanks": 3, "finetune": 2 * (6 * 4 + 1) * 2,
                "unseen_tables": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_relations_and_roles_on_predicted_trees(workspace: Path, tmp_path: Path) -> None:
    """One parser and one tagger, of the first seed; tasks of relations share their trees."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "predicted-trees", "structure"))
    expected = {"trim_vocabulary": 1, "finetune": 2 + 3 * 2 + 3 * 2, "parse_relations": 4 + 6,
                "score": 3 * 5 + 3 * 4, "structure_tables": 1}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


def test_parallel_text_of_an_unseen_language(workspace: Path, tmp_path: Path) -> None:
    """The head is trained once, and two encoders start from it; each has two seeds."""
    jobs = counts(of_any_encoder(workspace, tmp_path, "wolof-translation"))
    expected = {"trim_vocabulary": 1, "adapt": 1 + 2 * 2, "translation_context": 1 + 1 + 2 * 2,
                "finetune": 3, "predict": 3 * 2, "score": 3 * 2}  # fmt: skip
    assert {name: jobs[name] for name in expected} == expected


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_one_line(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """That of mirrors, which only jobs that fetch something need."""
    monkeypatch.delenv("XLTRANSFER_UD_MIRROR", raising=False)
    given = {} if value is None else {"XLTRANSFER_UD_MIRROR": value}
    study = "resources/studies/multilingual-parsing.yaml"
    encoder = empty_encoder(tmp_path)
    options = "--dry-run", "--configfile", study
    done = snakemake(workspace, *options, XLTRANSFER_ENCODER=encoder, **given)
    assert done.returncode == 1
    state = "not set" if value is None else "empty"
    assert done.stderr.splitlines()[-1] == (
        f"error: config: mirrors.0: the environment variable XLTRANSFER_UD_MIRROR is {state}; set "
        f"it or write a path ({study}:15)"
    )
