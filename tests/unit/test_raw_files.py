"""Raw corpora of several files: their catalogue, and joining them as one text."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.checksums import checksum_of
from xltransfer.runtime.errors import InputError
from xltransfer.stages.clean import clean
from xltransfer.stages.join_raw_files import join_raw_files
from xltransfer.study import Study

CLEANING = {
    "language": "wol", "script": "Latn", "minimum_characters": 3, "maximum_characters": 500,
    "script_share": 0.5, "identifier": "none", "near_duplicates": None, "held_out_share": 0.25,
    "split_sentences": True, "maximum_lines": None, "keep_evaluation_sentences": False,
}  # fmt: skip
DOCUMENTS = [
    "Nanga def? Maa ngi fi rekk.\nNoo tudd?",
    "Dama bëgg a jàng. Jërëjëf.",
    "Maa ngi fi rekk.\n\nBa beneen yoon!",
    "Fan nga dëkk? Ndakaaru laa dëkk.",
]


def parquet(path: Path, documents: list[str]) -> Path:
    pd.DataFrame({"text": documents, "id": range(len(documents))}).to_parquet(path)
    return path


def cleaned(folder: Path, raw: Path, kind: str) -> tuple[str, str, list[dict]]:
    """Training lines, held-out lines and the steps of the report."""
    folder.mkdir()
    outputs = [folder / name for name in ("training.txt", "held_out.txt", "report.json")]
    clean(raw, kind, CLEANING, *outputs)
    training, held_out = (path.read_text(encoding="utf-8") for path in outputs[:2])
    return training, held_out, json.loads(outputs[2].read_text(encoding="utf-8"))["steps"]


def join(folder: Path, files: list[Path], kind: str) -> Path:
    checksums = [f"sha256:{checksum_of(path, 'sha256')}" for path in files[1:]]
    join_raw_files(files, kind, ["unchecked", *checksums], folder / "joined.txt")
    return folder / "joined.txt"


def test_two_shards_are_their_concatenation(tmp_path: Path) -> None:
    shards = [parquet(tmp_path / "0.parquet", DOCUMENTS[:2])]
    shards.append(parquet(tmp_path / "1.parquet", DOCUMENTS[2:]))
    whole = parquet(tmp_path / "whole.parquet", DOCUMENTS)
    joined = cleaned(tmp_path / "a", join(tmp_path, shards, "hub"), "text")
    assert joined == cleaned(tmp_path / "b", whole, "hub")
    assert "Maa ngi fi rekk." in (joined[0] + joined[1])


def test_compressed_text_and_the_order_of_files(tmp_path: Path) -> None:
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"one\ntwo\r\n"))
    (tmp_path / "a.txt").write_text("three")
    joined = join(tmp_path, [tmp_path / "b.txt.gz", tmp_path / "a.txt"], "text")
    assert joined.read_bytes() == b"one\ntwo\nthree\n"


def test_a_missing_or_other_shard_is_named(tmp_path: Path) -> None:
    first = parquet(tmp_path / "0.parquet", DOCUMENTS[:2])
    second, output = tmp_path / "1.parquet", tmp_path / "joined.txt"
    with pytest.raises(InputError, match=r"1.parquet: no such file, one of 2 .*; download it, or"):
        join_raw_files([first, second], "hub", ["unchecked"] * 2, output)
    parquet(second, DOCUMENTS[2:])
    with pytest.raises(InputError, match=r"1.parquet: .*sha256"):
        join_raw_files([first, second], "hub", ["unchecked", f"sha256:{'0' * 64}"], output)
    second.write_bytes(first.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"1.parquet: not a Parquet file"):
        join_raw_files([first, second], "hub", ["unchecked"] * 2, output)
    assert not output.exists()


def catalogue(folder: Path, *rows: str) -> Catalogue:
    for path in (ROOT / "resources").glob("*.tsv"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "resources" / "transliteration", folder / "transliteration")
    with (folder / "raw_files.tsv").open("a") as file:
        file.writelines(f"{row}\n" for row in rows)
    return Catalogue(folder, "2.18")


def test_files_are_in_the_order_of_the_tables(tmp_path: Path) -> None:
    rows = [f"wo_fineweb2\tshards/{name}.parquet\tunchecked\t" for name in "ba"]
    files = catalogue(tmp_path, *rows).raw_files
    first = "fineweb-2/data/wol_Latn/train/000_00000.parquet"
    names = [file.name for file in files["wo_fineweb2"]]
    assert names == [first, "shards/b.parquet", "shards/a.parquet"]
    assert len(files["wo_lafand"]) == 1 and files["wo_lafand"][0].checksum.startswith("sha256:")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("wo_new\tx\tunchecked\t", r"raw_files.tsv:\d+: no row 'wo_new' in raw_corpora.tsv; add"),
        ("qaa_embedded\tx\tunchecked\t", r"the embedded world generates 'qaa_embedded'; remove"),
        ("wo_lafand\twol/lafand-train.txt\tunchecked\t", r"the file 'wol/lafand-train.txt' twice"),
        ("wo_lafand\tx\tmd5:0\t", r"raw_files.tsv:\d+: .*sha256"),
        ("wo_lafand\tx\tunchecked\thf://x", r"is not hf://datasets"),
        ("wo_lafand\tx", r"raw_files.tsv:\d+: not 4 columns"),
    ],
)
def test_wrong_rows_are_refused(row: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=reason):
        catalogue(tmp_path, row)


def test_a_study_joins_the_files_of_one_text(tmp_path: Path) -> None:
    """Another file changes the identity of its text, not that of others."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    by = config["encoders"][1]["by"]
    for text in ("wo_lafand", "pcm_lafand"):
        by_text = {**by, "text": text}
        name = text.replace("_", "-")
        config["encoders"].append({"name": name, "from": "embedded", "by": by_text})
    alone = Study(config, ROOT)
    (tmp_path / "raw_files.tsv").write_text(
        f"corpus\tfile\tchecksum\turl\nwo_lafand\tmore.txt\tsha256:{'0' * 64}\t\n"
    )
    several = Study(config | {"catalogue": str(tmp_path)}, ROOT)
    assert alone.raw_texts.joined == [] and several.raw_texts.joined == ["wo_lafand"]
    assert several.raw_texts.downloads("wo_lafand") == ["raw/wol/lafand-train.txt", "raw/more.txt"]
    assert several.downloads.checksum_of("raw/more.txt") == f"sha256:{'0' * 64}"
    assert several.raw_texts.kind("pcm_lafand") == alone.raw_texts.kind("pcm_lafand") == "text"
    assert several.raw_texts.checksum("pcm_lafand") == alone.raw_texts.checksum("pcm_lafand")
    made = [study.identities.made for study in (alone, several)]
    assert made[0].text("pcm_lafand") == made[1].text("pcm_lafand")
    assert made[0].text("wo_lafand") != made[1].text("wo_lafand")
