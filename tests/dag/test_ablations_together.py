"""What is planned where the models of several ablations are trained together in one job."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import AGGREGATES, change, planned, snakemake
from test_reruns import (
    BOTH,
    SOURCES,
    STUDY,
    TARGETS,
    check,
    files,
    models,
    predictions,
    scores,
    similarities,
    trained,
    vectors,
)

TWO = {"seeds": 1, "ablations": 2}
UPPER = ["random-init-5-6", "random-init-7-8"]


def jobs_of(jobs: dict[str, set[str]]) -> set[frozenset[str]]:
    """For each fine-tuning job, its models as in paths."""
    outputs = [out for rule, some in jobs.items() if rule.startswith("finetune") for out in some]
    reports = [[p for p in out.split(", ") if p.endswith("training.json")] for out in outputs]
    folder = "results/models/embedded"
    return {frozenset(str(Path(p).parent.relative_to(folder)) for p in some) for some in reports}


def group(source: str, ablations: list[str], seed: int) -> frozenset[str]:
    return frozenset(models([source], ablations, [seed]))


def test_ablations_share_the_job_of_a_source_and_seed(small: Path) -> None:
    """Three of four do; the source without ablations has a job for each seed.

    The control is trained with the first, so that ablations of higher layers leave its job alone.
    """
    change(
        small,
        ablations=["random-init-all", *BOTH, "random-init-3-4"],
        job_size__finetune={"seeds": 1, "ablations": 3},
        parsing__ablated_sources=["qaa_embedded"],
    )
    jobs = planned(small, *STUDY)
    shared, rest = [*BOTH, "random-init-all"], "random-init-3-4"
    assert jobs_of(jobs) == {
        group(*of, seed)
        for seed in (1, 2)
        for of in [("qaa", shared), ("qaa", [rest]), ("qca", ["none"])]
    }
    assert files(jobs, "finetune") == trained(
        models(["qaa"], [*shared, rest], (1, 2)) | models(["qca"], ["none"], (1, 2))
    )


def test_the_command_names_all_ablations(small: Path) -> None:
    change(small, job_size__finetune=TWO)
    target = "results/models/embedded/parsing/qaa_embedded/random-init-1-2/seed-2/training.json"
    done = snakemake(small, "--dry-run", "--printshellcmds", target, *STUDY)
    assert done.returncode == 0, done.stderr
    assert "--ablation none random-init-1-2 --together --seeds 2 2 --models" in done.stdout
    assert "none-and-1-more/seed-2.log" in done.stdout
    # Twice what one model is given.
    assert "mem_mb=16000" in done.stdout and "runtime=480" in done.stdout


def test_how_models_are_batched_runs_nothing(finished: Path) -> None:
    change(finished, job_size__finetune=TWO)
    assert planned(finished, *STUDY) == {}


@pytest.mark.parametrize("added", [UPPER[:1], UPPER], ids=["one", "two"])
def test_ablations_that_are_added_train_no_others(added: list[str], finished: Path) -> None:
    """The jobs of the others are full; two that are added share one."""
    change(finished, ablations=[*added, *BOTH], job_size__finetune=TWO)
    jobs = planned(finished, *STUDY)
    assert jobs_of(jobs) == {group(source, added, seed) for source in SOURCES for seed in (1, 2)}
    new = models(SOURCES, added, (1, 2))
    check(
        jobs,
        AGGREGATES,
        finetune=trained(new),
        predict=predictions(new, TARGETS),
        score=scores(SOURCES, TARGETS),
        represent=vectors(models(SOURCES, added, [1]), TARGETS),
        similarity=similarities(*TARGETS),
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"job_size__finetune": {"seeds": 2, "ablations": 2}},
            "config: job_size.finetune.ablations: models that are trained together have one seed, "
            "but 2 seeds share a job; write `seeds: 1` there, or remove `ablations` (small.yaml:",
        ),
        (
            {"job_size__finetune": TWO, "keep": {"ablated_weights": False}},
            "config: job_size.finetune.ablations: models whose weights are dropped are not trained "
            "together; set keep.ablated_weights to true, or remove this key (small.yaml:",
        ),
        (
            {"job_size__finetune": {"seeds": 1, "ablations": 0}},
            "config: job_size.finetune.ablations: 0 is too small; the least is 1 (small.yaml:",
        ),
    ],
    ids=["seeds", "dropped weights", "none"],
)
def test_settings_that_contradict_each_other(changes: dict, message: str, small: Path) -> None:
    change(small, **changes)
    done = snakemake(small, "--dry-run", *STUDY)
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    assert len(lines) == 1 and lines[0].startswith(f"error: {message}")
