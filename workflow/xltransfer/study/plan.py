"""Print the jobs, disk space and GPU hours of a study without running it."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal

from ..encoders.ablations import NONE
from ..records.record import TRAINING
from ..runtime.errors import InputError
from . import Study
from .estimate import PEAK, Assumptions, Estimate, Model, read_outputs
from .open_study import open_study
from .training_memory import largest_trainings

UNKNOWN = (
    *("adapt", "pretrain", "pretrain_embedded", "trim_vocabulary", "translation_context"),
    *("train_vectors", "represent_words", "map_vectors", "translate_words"),
    *("discriminate", "parse_relations", "similarity"),
)
"""Rules that compute and have no estimate: most read text whose size is unknown before cleaning."""


AFFECTED = "affected files:"
"""What Snakemake writes before the names of missing files."""
_ERROR = re.compile("error|exception", re.IGNORECASE)
STUDY_FILES = (".yaml", ".yml", ".json")
"""Suffixes by which a study file is told from a target."""


def dry_run(targets: Sequence[str], files: Sequence[str]) -> Mapping[str, list[list[str]]]:
    """The output files of each job that Snakemake plans, by rule.

    Raises:
        InputError: Snakemake fails; the message has its error.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--dry-run"]
    command += ["--configfile", *files] if files else []
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode:
        raise InputError(problem_of(lines))
    return read_outputs(lines)


def problem_of(lines: Sequence[str]) -> str:
    """The problem in the output of a failed dry run, on one line."""
    for line in lines:
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    if AFFECTED in (stripped := [line.strip() for line in lines]):
        after = stripped[stripped.index(AFFECTED) + 1 :]
        # Snakemake lists them in any order.
        files = sorted(name for name in after if "/" in name and " " not in name) or after
        more = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
        return (
            f"{files[0]}{more}: is missing, and no rule makes it; put it there, or correct the "
            "study"
        )
    last = lines[-1] if lines else "snakemake --dry-run ended without a word"
    return next((line for line in lines if _ERROR.search(line)), last)


def model_of(path: str, results: str) -> Model:
    """The model of a file: of a file in its directory, a prediction or a representation."""
    return Model(*Path(path).relative_to(results).parts[1:5])


def report(study: Study, estimate: Estimate, jobs: Mapping[str, list[list[str]]]) -> Iterator[str]:
    """The lines of the printed report.

    Args:
        study: study to report on.
        estimate: estimate of the study.
        jobs: outputs of each planned job, by rule.
    """
    models = estimate.models()
    trained = [path for out in jobs.get("finetune", ()) for path in out if path.endswith(TRAINING)]
    yield study.name
    yield f"\njobs to run: {sum(map(len, jobs.values()))}"
    yield from _table((rule, f"{len(jobs[rule])}") for rule in sorted(jobs))
    yield f"\nmodels of the study: {len(models)}, of which {len(trained)} are to be trained"
    disk = estimate.disk()
    dropped = disk.pop("weights dropped after use")
    yield f"\non disk at the end of the whole study: {_size(sum(disk.values()))}"
    yield from _table((kind, _size(number)) for kind, number in disk.items())
    if dropped:
        yield f"  and weights that are dropped after use: {_size(dropped)}"
    if untrimmed := estimate.untrimmed():
        yield f"  at most: the vocabulary of {', '.join(untrimmed)} is yet to be trimmed"
    flops, starts = work(study, estimate, jobs)
    hours = {part: estimate.hours(number) for part, number in flops.items()}
    hours["start of jobs"] = estimate.hours(0, starts)
    yield f"\nGPU hours: {sum(hours.values()):.1f} on {estimate.assumptions.gpu}"
    yield from _table((part, f"{number:.1f}") for part, number in hours.items())
    core_hours = estimate.core_hours(sum(flops.values()), starts)
    yield f"without a GPU: {core_hours:.1f} core hours, to be divided by the number of cores"
    unknown = [rule for rule in UNKNOWN if rule in jobs]
    if unknown:
        yield f"  and the time of these jobs, which is not estimated: {', '.join(unknown)}"
    yield "\nmemory of the largest fine-tuning of each encoder of the study, with AdamW in float32:"
    yield from _table((name, _size(n)) for name, n in largest_trainings(estimate).items())
    yield "\nassumed, if not known:"
    assumed = estimate.assumptions
    yield from _table((f.name, f"{getattr(assumed, f.name)}") for f in fields(assumed))


def work(
    study: Study, estimate: Estimate, jobs: Mapping[str, list[list[str]]]
) -> tuple[dict[str, float], int]:
    """FLOPs of the planned jobs by kind of work, and the number of jobs."""
    found = {"search": 0.0, "fine-tuning": 0.0, "prediction": 0.0, "representations": 0.0}
    predicting = [*jobs.get("predict", ()), *jobs.get("predict_in_language", ())]
    representing = jobs.get("represent", [])
    for path in (path for outputs in jobs.get("finetune", ()) for path in outputs):
        if path.endswith(TRAINING):
            found["fine-tuning"] += estimate.training(model_of(path, study.results))
    for path in (path for outputs in jobs.get("search", ()) for path in outputs):
        encoder, task, name = Path(path).relative_to(study.results).parts[1:4]
        found["search"] += estimate.search(Model(encoder, task, Path(name).stem, NONE))
    for path in (path for outputs in predicting for path in outputs):
        model, (corpus, split) = model_of(path, study.results), _corpus(path)
        kind, encoder = study.kind(model.task).corpora, study.unseen.arms.encoder_of(model.encoder)
        found["prediction"] += estimate.reading(encoder, kind, corpus, split)
    for path in (path for outputs in representing for path in outputs):
        encoder = Path(path).relative_to(study.results).parts[1]
        found["representations"] += estimate.reading(encoder, "treebanks", *_corpus(path))
    training = [*jobs.get("search", ()), *jobs.get("finetune", ())]
    return found, len(training) + len(predicting) + len(representing)


def _corpus(path: str) -> tuple[str, str]:
    corpus, _, split = Path(path).stem.rpartition("-")
    return corpus, split


def _table(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        yield f"  {name:<{width}}  {value:>10}"


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def plan(
    targets: Sequence[str] = (),
    /,
    configfile: Sequence[str] = (),
    gpu: Literal[tuple(PEAK)] = Assumptions.gpu,
    utilisation: float = Assumptions.utilisation,
    core_gigaflops: float = Assumptions.core_gigaflops,
    start_seconds: float = Assumptions.start_seconds,
    pieces_per_word: float = Assumptions.pieces_per_word,
) -> None:
    """Print what a study would run, what it keeps on disk and how long it takes; run nothing.

    Args:
        targets: study files (.yaml) and targets of Snakemake; everything if no target is given.
        configfile: files of the study, for Snakemake.
        gpu: class of GPU.
        utilisation: share of the GPU's peak that is reached.
        core_gigaflops: gigaflops per second that a processor core reaches in float32.
        start_seconds: seconds of a job before it computes.
        pieces_per_word: mean number of subwords of a word.

    Raises:
        InputError: an assumption is not above 0, or Snakemake refuses the study.
    """
    assumed = {
        "utilisation": utilisation,
        "core_gigaflops": core_gigaflops,
        "start_seconds": start_seconds,
        "pieces_per_word": pieces_per_word,
    }
    check_positive(assumed)
    files = [*configfile, *(target for target in targets if target.endswith(STUDY_FILES))]
    targets = [target for target in targets if target not in files]
    study = open_study(files)
    estimate = Estimate(study, Assumptions(gpu=gpu, **assumed))
    print("\n".join(report(study, estimate, dry_run(targets, files))))


def check_positive(assumed: Mapping[str, float]) -> None:
    """Refuse values that are no number above 0.

    Args:
        assumed: parameters of ``plan``.

    Raises:
        InputError: names the option.
    """
    for name, value in assumed.items():
        if not 0 < value < math.inf:
            raise InputError(f"--{name.replace('_', '-')}: {value} is not a number above 0")
