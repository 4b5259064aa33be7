"""A change is not put off because a job upstream of it runs for another reason."""

from __future__ import annotations

from pathlib import Path

import yaml
from conftest import copy_workflow
from failures import plan
from planning import SMALL, change, finish, install_fake_stages

STUDY = ("--configfile", "small.yaml")
RELEASE = "9.9"


def test_a_release_with_the_same_file_does_not_hide_a_change_of_code(tmp_path: Path) -> None:
    """The treebank is checked again, in its new folder, and is the same. Snakemake does not compare
    the parameters of jobs downstream of this one, and the treebank's time is not looked at."""
    folder = copy_workflow(tmp_path / "study")
    targets = [*SMALL["parsing"]["targets"], "fr_pud"]
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    change(folder, parsing__targets=targets, parallel__treebanks=[], typology_features=[])
    install_fake_stages(folder)
    table = folder / "resources" / "treebank_files.tsv"
    row = [line for line in table.read_text().splitlines() if line.startswith("fr_pud\t")][-1]
    _, release, _, name, *_ = row.split("\t")
    for number in (release, RELEASE):
        path = folder / "resources" / "downloads" / f"ud-{number}" / "UD_French-PUD" / name
        path.parent.mkdir(parents=True)
        path.write_text("the same")
    finish(folder, *STUDY)

    with open(table, "a", encoding="utf-8") as file:
        file.write(row.replace(f"\t{release}\t", f"\t{RELEASE}\t", 1) + "\n")
    change(folder, ud_release=RELEASE)
    checked = {job.rule for job in plan(folder, *STUDY)}
    assert "check_treebank" in checked and not checked & {"predict", "score"}

    stage = folder / "workflow" / "xltransfer" / "stages" / "score.py"
    stage.write_text(stage.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    scored = {path for job in plan(folder, *STUDY) if job.rule == "score" for path in job.outputs}
    assert {path.rsplit("/", 1)[1] for path in scored} == {
        f"{code}-test.parquet" for code in targets
    }
