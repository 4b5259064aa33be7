"""Word vectors, maps and word translation from raw text to tables, with Snakemake."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from running import snakemake

STUDY = "resources/studies/embedded-alignment.yaml"
SENTENCES = 4000


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with a third of its text, two pairs and three methods, and one of the encoder."""
    pytest.importorskip("fasttext")
    folder = copy_workflow(tmp_path_factory.mktemp("aligned"))
    world = folder / "resources" / "embedded_world" / "world.yaml"
    text = world.read_text().replace(
        "comparable: {first: 30000000, sentences: 12000",
        f"comparable: {{first: 30000000, sentences: {SENTENCES}",
    )
    assert f"sentences: {SENTENCES}" in text
    world.write_text(text)
    section = yaml.safe_load((folder / STUDY).read_text())["word_vectors"]
    static, *_, contextual = section["embeddings"]
    codes = [f"{code}_comparable_embedded" for code in ("qaa", "qab", "qba")]
    contextual["texts"], contextual["encoder"]["maximum_sentences"] = codes[:2], 300
    static["texts"] = codes
    # As many words are read as in the study.
    static["training"]["epochs"] *= 3
    names = ("procrustes", "procrustes-25", "identical-strings-refined")
    small = {
        "word_vectors": {
            **section,
            "embeddings": [static, contextual],
            "dictionaries": ["qaa_qab_embedded", "qaa_qba_embedded"],
            "methods": [item for item in section["methods"] if item["name"] in names],
        }
    }
    (folder / "small.yaml").write_text(yaml.safe_dump(small))
    done = snakemake(folder, "alignment", "--configfile", STUDY, "small.yaml")
    assert done.returncode == 0, done.stderr + done.stdout
    return folder / "results" / "embedded-alignment"


def test_words_are_translated(aligned: Path) -> None:
    table = pd.read_csv(aligned / "tables" / "word_translation.csv", keep_default_na=False)
    assert len(table) == 3 * 3 * 2
    static = table[(table["embeddings"] == "comparable") & (table["retrieval"] == "csls")]
    by_method = static.groupby("method")["p_at_1"].mean()
    assert by_method["procrustes"] > max(20, by_method["procrustes-25"])
    assert (static["p_at_1"] <= static["p_at_5"]).all()
    assert (static["p_at_1_low"] <= static["p_at_1"]).all()
    assert (static["coverage"] > 50).all() and (static["sentences"] == 120).all()
    assert (static["sentence_accuracy"] > 20).any()
    contextual = table[table["embeddings"] == "layer-6"]
    assert set(contextual["target"]) == {"qab"} and (contextual["words"] > 10).all()
    assert (contextual["p_at_1"] > 30).any()


def test_everything_is_recorded(aligned: Path) -> None:
    from xltransfer.runtime.files import read_json

    record = read_json(aligned / "tables" / "word_translation.provenance.json")
    stages = {"translate_words", "map_vectors", "train_vectors", "represent_words", "clean"}
    assert stages <= record["stages"].keys()
    for figure in ("word_translation", "word_clouds"):
        assert (aligned / "figures" / f"{figure}.png").stat().st_size > 5000
