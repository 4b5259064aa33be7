"""Weights that were dropped come back, to the byte, when a language is added."""

from __future__ import annotations

import copy
from pathlib import Path

import yaml
from conftest import copy_workflow
from running import snakemake

STUDY = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": []},
    "typology_features": [],
    "seeds": [1],
    "keep": {"ablated_weights": False},
    "ablations": ["none", "random-init-1-2"],
    "parsing": {
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded"],
        "training": {"epochs": 1, "training_sentences": 100},
    },
}
TABLE = "results/tables/randominit_by_target.csv"
MODELS = Path("results", "models", "embedded", "parsing", "qaa_embedded")
MARKER = str(MODELS / "random-init-1-2" / "dropped.txt")


def run(folder: Path, target: str) -> None:
    done = snakemake(folder, target, "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_language_more_after_weights_were_dropped(tmp_path: Path) -> None:
    folder = copy_workflow(tmp_path / "study")
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    weights = folder / MODELS / "random-init-1-2" / "seed-1" / "model.safetensors"
    kept = folder / MODELS / "none" / "seed-1" / "model.safetensors"
    run(folder, TABLE)
    first = weights.read_bytes()
    run(folder, MARKER)
    assert kept.exists() and not weights.exists()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("results/**/qa*-test.*")}
    before |= {path: path.stat().st_mtime_ns for path in folder.glob("results/models/**/none/**/*")}
    rows = set((folder / TABLE).read_text().splitlines())
    more = copy.deepcopy(STUDY)
    more["parsing"]["targets"].append("qba_embedded")
    (folder / "study.yaml").write_text(yaml.safe_dump(more))
    run(folder, TABLE)
    assert weights.read_bytes() == first
    after = {path: path.stat().st_mtime_ns for path in before}
    changed = [path for path in before if after[path] != before[path]]
    # Of the old files, logs aside, none was written again.
    assert not [path for path in changed if path.suffix in (".conllu", ".parquet", ".txt")]
    assert not [path for path in changed if "models" in path.parts]
    assert {row for row in rows if "qab" in row} <= set((folder / TABLE).read_text().splitlines())
    run(folder, MARKER)
    assert not weights.exists()
