"""After a failed job, the same command makes everything that is out of date.

Snakemake removes the outputs of a job before it runs, and ignores missing files that nothing
planned needs. What it plans then depends on the parameters of the jobs downstream alone. So each
kind of change must change the parameters of every job downstream of one whose parameters it
changes; some states that failures of every kind of job leave behind are planned as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from conftest import copy_workflow
from failures import Job, downstream, every_job, fail, plan, upstream
from planning import SMALL, change, encoders_with, finish, install_fake_stages
from test_reruns import BOTH, STUDY, change_language
from test_unseen_jobs import section, unseen

MODULES = ("workflow", "xltransfer")


def edited(module: str) -> Callable[[Path], None]:
    """A change of a module, which the name of its file gives."""

    def edit(folder: Path) -> None:
        path = folder.joinpath(*MODULES, f"{module}.py")
        path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")

    return edit


def configured(**changes: object) -> Callable[[Path], None]:
    """A change of keys of the configuration."""
    return lambda folder: change(folder, **changes)


def another_encoder(folder: Path) -> None:
    path = folder / "resources" / "models" / "embedded" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def another_table_of_letters(folder: Path) -> None:
    table = folder / "resources" / "transliteration" / "embedded-geor.tsv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")


WITH_QFB = [*SMALL["parsing"]["targets"], "qfb_embedded"]
CHANGES = {
    "target": lambda folder: change_language(folder, "qba"),
    "source": lambda folder: change_language(folder, "qca"),
    "world-code": edited("corpora/embedded_world/realise"),
    "finetune-code": edited("stages/finetune"),
    "predict-code": edited("stages/predict"),
    "score-code": edited("stages/score"),
    "represent-code": edited("stages/represent"),
    "similarity-code": edited("stages/similarity"),
    "pieces-code": edited("stages/pieces"),
    "typology-code": edited("stages/typology"),
    "score_tables-code": edited("stages/score_tables"),
    "hyperparameter": configured(parsing__training={"epochs": 3}),
    "encoder": another_encoder,
    "added-seed": configured(seeds=[1, 2, 5]),
    "removed-seed": configured(seeds=[1]),
    "added-ablation": configured(ablations=[*BOTH, "random-init-5-6"]),
    "added-language": configured(parsing__targets=WITH_QFB, parallel__treebanks=WITH_QFB),
}
UNSEEN_CHANGES = {
    "corpus": lambda folder: change_language(folder, "qax"),
    "cleaning": configured(cleaning={"maximum_lines": 100}),
    "clean-code": edited("stages/clean"),
    "letters": another_table_of_letters,
    "adaptation": configured(encoders=encoders_with("embedded-adapted", by__training__epochs=7)),
    "pretrain-code": edited("stages/pretrain"),
    "grid": configured(unseen__search={"seed": 1, "learning_rates": [1e-3], "epochs": [4]}),
}

EVERY = "XLTRANSFER_EVERY_FAILURE" in os.environ
"""Whether all changes are combined with all failures, which takes a quarter of an hour."""
FAILED = [*CHANGES, *UNSEEN_CHANGES] if EVERY else ["target", "predict-code", "corpus"]


def by_output(jobs: Iterable[Job]) -> dict[str, Job]:
    """The jobs, by each of their files."""
    return {path: job for job in jobs for path in job.outputs}


def unaware(before: Iterable[Job], after: Iterable[Job]) -> set[tuple[str, str]]:
    """Rules of which a job has the parameters that it had before, though an input has not.

    Returns:
        The rule that makes the input, and the rule that reads it.
    """
    known, made = by_output(before), by_output(after)

    def is_changed(job: Job) -> bool:
        return any(
            path not in known or known[path].parameters != job.parameters for path in job.outputs
        )

    return {
        (made[path].rule, job.rule)
        for job in set(made.values())
        for path in job.inputs & made.keys()
        if is_changed(made[path]) and not is_changed(job)
    }


def new_study(folder: Path, **changes: object) -> Path:
    """The small study, with stages that only write the files they should."""
    copy_workflow(folder)
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL | changes))
    install_fake_stages(folder)
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two unseen languages, one of them in two scripts."""
    languages = section([unseen("qax"), unseen("qcx", "qcx_latn")])
    return new_study(tmp_path_factory.mktemp("study"), unseen=languages)


@pytest.fixture(scope="module")
def jobs(study: Path) -> dict[Job, bool]:
    """Its jobs."""
    return every_job(study, *STUDY)


@pytest.mark.parametrize("name", CHANGES | UNSEEN_CHANGES)
def test_every_job_downstream_of_a_change_knows_of_it(
    name: str, study: Path, jobs: dict[Job, bool], tmp_path: Path
) -> None:
    """A change changes the parameters of all jobs downstream of those that it concerns."""
    changed = tmp_path / "changed"
    shutil.copytree(study, changed)
    (CHANGES | UNSEEN_CHANGES)[name](changed)
    found = every_job(changed, *STUDY)
    assert {job.parameters for job in jobs} != {job.parameters for job in found}
    assert unaware(jobs, found) == set()


def check_failures(
    finished: Path, apply: Callable[[Path], None], tmp_path: Path, goes_on: bool
) -> None:
    """Change a finished study and let a job of each rule fail, each time from the start.

    Args:
        finished: the finished study.
        apply: makes the change.
        tmp_path: an empty folder.
        goes_on: whether the run does all that it can after the failure.
    """
    changed, wrong = tmp_path / "changed", {}
    shutil.copytree(finished, changed)
    apply(changed)
    jobs = plan(changed, *STUDY)
    finish(changed, *STUDY)
    by_rule = {job.rule: job for job in sorted(jobs, key=lambda job: sorted(job.outputs))}
    for rule, job in by_rule.items():
        others = downstream(job, jobs) if goes_on else jobs - upstream(job, jobs) - {job}
        folder = fail(changed, finished, tmp_path / rule, job, others)
        found, expected = plan(folder, *STUDY), others | {job}
        if found != expected:
            wrong[rule] = [
                sorted(j.rule for j in some) for some in (expected - found, found - expected)
            ]
    # By the rule of the job that failed: what is not planned, and what is planned without need.
    assert wrong == {}


@pytest.fixture(scope="module")
def finished_with_unseen(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    finished = tmp_path_factory.mktemp("finished") / "study"
    shutil.copytree(study, finished)
    return finish(finished, *STUDY)


@pytest.mark.parametrize("goes_on", [True, False], ids=["goes-on", "ends"])
@pytest.mark.parametrize("name", [name for name in FAILED if name in CHANGES])
def test_after_a_failure_the_same_command_does_the_rest(
    name: str, goes_on: bool, finished_once: Path, tmp_path: Path
) -> None:
    check_failures(finished_once, CHANGES[name], tmp_path, goes_on)


@pytest.mark.parametrize(
    "goes_on", [True, False][: 1 + EVERY], ids=["goes-on", "ends"][: 1 + EVERY]
)
@pytest.mark.parametrize("name", [name for name in FAILED if name in UNSEEN_CHANGES])
def test_after_a_failure_unseen_languages_are_brought_up_to_date(
    name: str, goes_on: bool, finished_with_unseen: Path, tmp_path: Path
) -> None:
    check_failures(finished_with_unseen, UNSEEN_CHANGES[name], tmp_path, goes_on)
