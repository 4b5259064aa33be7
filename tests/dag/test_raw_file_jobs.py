"""The exact jobs for raw texts of several files."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

from planning import change, counts, encoders_with, finish, planned
from xltransfer.records.paths import made_encoder

ENCODERS = encoders_with("embedded")
COLUMNS = "corpus\tlanguage\tname\tkind\tfile\tchecksum\turl\tlicence"
FILES = "corpus\tfile\tchecksum\turl"
SUM = f"sha256:{'0' * 64}"


def adapted(name: str, text: str) -> dict:
    return {**copy.deepcopy(ENCODERS[1]), "name": name, "by": {**ENCODERS[1]["by"], "text": text}}


def test_a_further_file_reruns_the_jobs_of_its_text(finished_once: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    tables = folder / "own"
    tables.mkdir()
    (tables / "raw_corpora.tsv").write_text(
        f"{COLUMNS}\nwo_news\two\tNews\thub\tnews/wo-0.parquet\t{SUM}\t\tMIT\n"
        f"sw_news\tsw\tNews\thub\tnews/sw-0.parquet\t{SUM}\t\tMIT\n"
    )
    shards = f"{FILES}\nwo_news\tnews/wo-1.parquet\t{SUM}\t\n"
    (tables / "raw_files.tsv").write_text(shards)
    encoders = [ENCODERS[0], adapted("wolof", "wo_news"), adapted("swahili", "sw_news")]
    change(folder, encoders=encoders, catalogue="own", transfer_encoders=["embedded"])
    made = [
        f"{made_encoder('results', name, text, 1)}/config.json"
        for name, text in (("wolof", "wo_news"), ("swahili", "sw_news"))
    ]
    command = [*made, "--configfile", "small.yaml"]
    jobs = planned(folder, *command)
    assert counts(jobs) == {"fetch_corpus": 3, "join_raw_files": 1, "clean": 2, "adapt": 2}
    assert jobs["join_raw_files"] == {"results/corpora/wo_news.txt"}
    finish(folder, *command)
    assert planned(folder, *command) == {}
    (tables / "raw_files.tsv").write_text(f"{shards}wo_news\tnews/wo-2.parquet\t{SUM}\t\n")
    jobs = planned(folder, *command)
    assert counts(jobs) == {"fetch_corpus": 1, "join_raw_files": 1, "clean": 1, "adapt": 1}
    assert jobs["fetch_corpus"] == {"resources/downloads/raw/news/wo-2.parquet"}
    assert all("wo_news" in output for rule in ("clean", "adapt") for output in jobs[rule])
    finish(folder, *command)
    # The text of one file is joined with none when the other rows are removed.
    (tables / "raw_files.tsv").unlink()
    jobs = planned(folder, *command)
    assert counts(jobs) == {"clean": 1, "adapt": 1}
