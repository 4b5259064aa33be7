"""The exact jobs for models of language identification."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

from planning import change, counts, encoders_with, finish, planned, snakemake
from xltransfer.records.paths import made_encoder

COLUMNS = "identifier\tname\tfile\tchecksum\turl\tlicence"
SUMS = [f"sha256:{digit * 64}" for digit in "01"]


def test_a_model_by_name_is_fetched_once_and_its_checksum_decides(
    finished_once: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    tables = folder / "own"
    tables.mkdir()

    def write(checksum: str) -> None:
        row = f"own-1\tOwn\town/lid.bin\t{checksum}\thttps://example.org/lid.bin\tMIT\n"
        (tables / "language_identifiers.tsv").write_text(f"{COLUMNS}\n{row}", encoding="utf-8")

    write(SUMS[0])
    plain, made = encoders_with("embedded")[:2]
    made = copy.deepcopy(made)
    made["by"]["text"] = "wo_lafand"
    other = {**copy.deepcopy(made), "name": "other"}
    other["by"]["text"] = "fo_leipzig"
    change(folder, encoders=[plain, made, other], transfer_encoders=["embedded"], catalogue="own")
    texts = {made["name"]: "wo_lafand", "other": "fo_leipzig"}
    targets = [
        f"{made_encoder('results', name, text, 1)}/config.json" for name, text in texts.items()
    ]
    command = [*targets, "--configfile", "small.yaml"]
    finish(folder, *command)
    assert planned(folder, *command) == {}
    change(folder, cleaning={"identifier": "own-1"})
    jobs = planned(folder, *command)
    assert counts(jobs) == {"fetch_corpus": 1, "clean": 2, "adapt": 2}
    assert jobs["fetch_corpus"] == {"resources/downloads/identifiers/own/lid.bin"}
    finish(folder, *command)
    assert planned(folder, *command) == {}
    write(SUMS[1])
    assert counts(planned(folder, *command)) == {"fetch_corpus": 1, "clean": 2, "adapt": 2}
    # The stage compares the file with the catalogue.
    said = snakemake(folder, "--dry-run", "--printshellcmds", *command).stdout
    assert said.count(f"--identifier-checksum {SUMS[1]}") == 2
    # Neither a name nor a file.
    change(folder, cleaning={"identifier": "own-2"})
    done = snakemake(folder, "--dry-run", *command)
    assert done.returncode != 0 and "fetch_corpus" not in done.stdout
    message = (
        "config: cleaning.identifier: 'own-2' is none of none, py3langid, heliport, fasttext-176,"
    )
    assert message in done.stderr + done.stdout
