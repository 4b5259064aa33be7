"""The exact sets of jobs for word vectors that are mapped from one language to another."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import AGGREGATES, change, counts, finish, finished_copy, planned, snakemake

ALIGNMENT = yaml.safe_load(
    (ROOT / "resources" / "studies" / "embedded-alignment.yaml").read_text(encoding="utf-8")
)["word_vectors"]
TABLES = {"word_translation_tables": 1, "alignment_figures": 1}
STUDY = ("--configfile", "small.yaml")


def embeddings(*languages: str) -> list[dict]:
    """The first item of the study, for some languages."""
    first = copy.deepcopy(ALIGNMENT["embeddings"][0])
    return [{**first, "texts": [f"{code}_comparable_embedded" for code in languages]}]


def dictionaries(*targets: str) -> list[str]:
    return [f"qaa_{code}_embedded" for code in targets]


def methods(*names: str) -> list[dict]:
    by_name = {method["name"]: method for method in ALIGNMENT["methods"]}
    return [by_name[name] for name in names]


SECTION = {
    **ALIGNMENT,
    "embeddings": embeddings("qaa", "qab"),
    "dictionaries": dictionaries("qab"),
    "methods": methods("procrustes", "self-learning"),
}


@pytest.fixture(scope="module")
def aligned_once(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study with one pair of languages and two methods."""
    folder = tmp_path_factory.mktemp("aligned") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, word_vectors=SECTION)
    return finish(folder, *STUDY)


@pytest.fixture
def aligned(aligned_once: Path, tmp_path: Path) -> Path:
    return finished_copy(aligned_once, tmp_path / "study", *STUDY)


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    """The jobs without those that any change of a configuration causes."""
    return {name: count for name, count in counts(jobs).items() if name not in AGGREGATES}


def test_the_study_of_the_embedded_world(workspace: Path) -> None:
    """Four pairs with common sentences; one each with others, a narrow window and an encoder."""
    study = "resources/studies/embedded-alignment.yaml"
    jobs = counts(planned(workspace, "alignment", "--configfile", study))
    assert jobs == {
        "embedded_dictionary": 4,
        "embedded_text": 5 + 2,
        "clean": 5 + 2,
        # Evaluation sentences that text must lack, and parallel sentences.
        "embedded_treebank": 5 + 1,
        "train_vectors": 5 + 2 + 2,
        "represent_words": 2,
        "map_vectors": 7 * 7,
        "translate_words": 7,
        **TABLES,
        "alignment": 1,
    }


def test_word_vectors_leave_all_else_alone(finished_once: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    change(folder, word_vectors=SECTION)
    jobs = planned(folder, *STUDY)
    assert own(jobs) == {
        "embedded_dictionary": 1,
        "embedded_text": 2,
        "clean": 2,
        "train_vectors": 2,
        "map_vectors": 2,
        "translate_words": 1,
        **TABLES,
    }
    texts = "results/corpora/qaa-comparable-embedded.txt", "results/corpora/qab-comparable-emb"
    assert all(output.startswith(texts) for output in jobs["embedded_text"])


def test_a_pair_runs_its_own_jobs_alone(aligned: Path) -> None:
    change(
        aligned,
        word_vectors__embeddings=embeddings("qaa", "qab", "qba"),
        word_vectors__dictionaries=dictionaries("qab", "qba"),
    )
    jobs = planned(aligned, *STUDY)
    assert own(jobs) == {
        "embedded_dictionary": 1,
        "embedded_text": 1,
        "clean": 1,
        "train_vectors": 1,
        "map_vectors": 2,
        "translate_words": 1,
        **TABLES,
    }
    for rule in ("embedded_dictionary", "map_vectors", "translate_words"):
        assert all("/qaa_qba_embedded/" in output for output in jobs[rule]), rule
    assert all("qba" in output for output in jobs["train_vectors"] | jobs["clean"])


def test_a_method_runs_its_own_maps_alone(aligned: Path) -> None:
    """The job that translates the words of a dictionary by all maps runs again."""
    more = methods("procrustes", "self-learning", "identical-strings-refined")
    change(aligned, word_vectors__methods=more)
    jobs = planned(aligned, *STUDY)
    assert own(jobs) == {"map_vectors": 1, "translate_words": 1, **TABLES}
    assert "identical-strings-refined" in next(iter(jobs["map_vectors"]))


def test_settings_run_what_depends_on_them(aligned: Path) -> None:
    training = {**SECTION["embeddings"][0]["training"], "window": 5}
    items = [{**SECTION["embeddings"][0], "training": training}]
    change(aligned, word_vectors__embeddings=items)
    assert own(planned(aligned, *STUDY)) == {
        "train_vectors": 2,
        "map_vectors": 2,
        "translate_words": 1,
        **TABLES,
    }
    change(aligned, word_vectors=SECTION)
    assert planned(aligned, *STUDY) == {}
    change(aligned, word_vectors__neighbours=5)
    assert own(planned(aligned, *STUDY)) == {"map_vectors": 2, "translate_words": 1, **TABLES}


def test_order_changes_nothing(aligned: Path) -> None:
    """The order of methods is that of rows in tables."""
    change(
        aligned,
        word_vectors__embeddings=embeddings("qab", "qaa"),
        word_vectors__methods=methods("self-learning", "procrustes"),
    )
    assert own(planned(aligned, *STUDY)) == TABLES


def test_given_vectors_and_catalogued_dictionaries(workspace: Path) -> None:
    """Files are fetched by URL or read where they are; nothing is trained."""
    (workspace / "fr.vec").write_text("1 1\na 1\n")
    files = [
        {"language": "en", "url": "https://example.org/wiki.en.vec", "checksum": "unchecked"},
        {"language": "fr", "path": "fr.vec", "checksum": "unchecked"},
    ]
    section = {
        **SECTION,
        "embeddings": [{"name": "wiki", "files": files}],
        "dictionaries": ["en_fr_muse"],
    }
    (workspace / "given.yaml").write_text(yaml.safe_dump({"word_vectors": section}))
    jobs = planned(workspace, "alignment", "--configfile", "given.yaml")
    assert counts(jobs) == {
        "fetch_corpus": 1 + 2,
        "check_dictionary": 2,
        "check_vectors": 2,
        "map_vectors": 2,
        "translate_words": 1,
        **TABLES,
        "alignment": 1,
    }
    assert "resources/downloads/vectors/wiki/en-wiki.en.vec" in jobs["fetch_corpus"]


WRONG = {
    "unknown dictionary": (
        {"dictionaries": ["qaa_qab_embeded"]},
        "word_vectors.dictionaries: no 'qaa_qab_embeded' in resources/dictionaries.tsv; did you "
        "mean 'qaa_qab_embedded'?",
    ),
    "dictionary without vectors": (
        {"dictionaries": ["qaa_qba_embedded"]},
        "word_vectors.dictionaries: no embeddings have both languages of 'qaa_qba_embedded', qaa "
        "and qba; add them, or remove it",
    ),
    "two texts of a language": (
        {"embeddings": [{**SECTION["embeddings"][0], "texts": [
            "qaa_embedded", "qaa_comparable_embedded"]}]},
        "word_vectors.embeddings: 'comparable': two vectors of the language 'qaa'; keep one of "
        "them",
    ),
    "unknown text": (
        {"embeddings": [{**SECTION["embeddings"][0], "texts": ["qaa_none"]}]},
        "word_vectors.embeddings: 'comparable': no text 'qaa_none' in the catalogue of "
        "raw_corpora; add its row there, or correct `texts`",
    ),
    "two methods of a name": (
        {"methods": methods("procrustes", "procrustes")},
        "word_vectors.methods: two items are named 'procrustes'; rename one",
    ),
    "no method": (
        {"methods": []},
        "word_vectors.methods: the list is empty; name at least one",
    ),
    "layer": (
        {"embeddings": [{**ALIGNMENT["embeddings"][-1], "encoder": {
            **ALIGNMENT["embeddings"][-1]["encoder"], "layer": 13}}]},
        "word_vectors.embeddings: 'layer-6': the encoder 'embedded' has 12 layers, not 13; choose "
        "another `layer`",
    ),
    "encoder": (
        {"embeddings": [{**ALIGNMENT["embeddings"][-1], "encoder": {
            **ALIGNMENT["embeddings"][-1]["encoder"], "name": "none"}}]},
        "word_vectors.embeddings: 'layer-6': 'none' is no single pretrained encoder of "
        "`encoders`; add it there",
    ),
    "checksum": (
        {"embeddings": [{"name": "x", "files": [
            {"language": "qaa", "path": "x.vec", "checksum": "md5:0"}]}]},
        "word_vectors.embeddings: 'x', qaa: checksum 'md5:0' is none of sha256:<64 hexadecimal "
        "digits>, git-sha1:<40> and unchecked; correct it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from xltransfer.runtime.errors import InputError
    from xltransfer.study import Study
    from xltransfer.study.study_files import read_config

    monkeypatch.chdir(ROOT)
    changed, reason = WRONG[name]
    config = {**read_config([]), "word_vectors": {**SECTION, **changed}}
    with pytest.raises(InputError) as caught:
        Study(config)
    assert str(caught.value) == f"config: {reason}"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"name": "x", "texts": ["qaa_embedded"]}, r"embeddings\.0: .* is not allowed here"),
        (
            {**SECTION["embeddings"][0], "encoder": ALIGNMENT["embeddings"][-1]["encoder"]},
            r"embeddings\.0: .* is not allowed here",
        ),
        ({**SECTION["embeddings"][0], "windows": 3}, r"embeddings\.0\.windows: unknown key"),
    ],
)
def test_vectors_come_from_one_place(
    item: dict, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xltransfer.runtime.errors import InputError
    from xltransfer.study import Study
    from xltransfer.study.study_files import read_config

    monkeypatch.chdir(ROOT)
    config = {**read_config([]), "word_vectors": {**SECTION, "embeddings": [item]}}
    with pytest.raises(InputError, match=reason):
        Study(config)


def test_a_wrong_section_ends_snakemake_with_a_line(small: Path) -> None:
    change(small, word_vectors={**SECTION, "methods": []})
    done = snakemake(small, "--dry-run", *STUDY)
    assert done.returncode and "Traceback" not in done.stderr
    assert "error: config: word_vectors.methods: the list is empty" in done.stderr
