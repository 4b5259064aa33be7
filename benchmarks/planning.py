"""How dear planning is: a study's dry run beside that of as many empty jobs of the same shape.

The twin has a rule for each rule of the study, with as many outputs, inputs and wildcards, but its
inputs are plain patterns: no functions, no parameters, no library. What the study's plan costs more
is what this project adds to Snakemake.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDY = "resources/studies/mbert.yaml"
LIMIT = 1.5
"""Planning a study may take this many times what planning its twin takes."""


@dataclass
class Job:
    """A planned job as Snakemake prints it."""

    rule: str
    files: dict[str, list[str]] = field(default_factory=lambda: {"input": [], "output": []})
    wildcards: dict[str, str] = field(default_factory=dict)

    def pattern(self, path: str) -> str:
        """A path with the job's wildcards in place of their values."""
        for name, value in sorted(self.wildcards.items(), key=lambda item: -len(item[1])):
            path = re.sub(rf"(?<![\w{{]){re.escape(value)}(?![\w}}])", f"{{{name}}}", path)
        return path


def read_jobs(text: str, results: str) -> list[Job]:
    """The jobs of a dry run; the folder of results is called ``results`` in all paths."""
    jobs = []
    for block in re.split(r"\n(?=(?:local)?rule )", text)[1:]:
        job = Job(re.match(r"(?:local)?rule (\w+):", block)[1])
        for key in job.files:
            found = re.search(rf"^    {key}: (.*)$", block, re.MULTILINE)
            names = found[1].replace(f"{results}/", "results/").split(", ") if found else []
            job.files[key] = [name.split(" ")[0] for name in names]
        found = re.search(r"^    wildcards: (.*)$", block, re.MULTILINE)
        pairs = found[1].split(", ") if found else []
        job.wildcards = dict(pair.split("=", 1) for pair in pairs)
        jobs.append(job)
    return jobs


def twin(jobs: Sequence[Job]) -> str:
    """A Snakefile that plans as many jobs of the same shape.

    The jobs of a rule have their most frequent pattern of inputs. Files that are looked up in a
    catalogue follow no pattern: each is named by the wildcards of the job that asks for it.
    """
    by_rule: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_rule[job.rule].append(job)
    producers = {path: job for job in jobs for path in job.files["output"]}
    inputs, looked_up = {}, set()
    for rule, members in by_rule.items():
        shapes = Counter(tuple(map(job.pattern, job.files["input"])) for job in members)
        shape, share = shapes.most_common(1)[0]
        if 2 * share < len(members):
            looked_up |= {producers[path].rule for path in members[0].files["input"]}
            shape = tuple(
                _name(producers[path].rule, [f"{{{name}}}" for name in members[0].wildcards])
                for path in members[0].files["input"]
            )
        inputs[rule] = shape
    rules = []
    for rule, shape in inputs.items():
        first = by_rule[rule][0]
        made = [first.pattern(path) for path in first.files["output"]]
        if rule in looked_up:
            made = [_name(rule, [f"{{{name}}}" for name in first.wildcards])]
        needed = [
            _name(producers[path].rule, list(producers[path].wildcards.values()))
            if path in producers and producers[path].rule in looked_up
            else path
            for path in shape
        ]
        values = {
            name: {job.wildcards[name] for job in by_rule[rule]} if rule not in looked_up else set()
            for name in first.wildcards
        }
        rules.append(_rule(rule, needed, made, values))
    return "\n".join(["rule all:", _files("input", inputs["all"]), *rules])


def _name(rule: str, values: Sequence[str]) -> str:
    return f"looked_up/{rule}/{values[0]}/{'-'.join(values[1:])}"


def _files(key: str, paths: Sequence[str]) -> str:
    return "\n".join([f"    {key}:", *(f"        {path!r}," for path in paths)])


def _rule(
    rule: str, inputs: Sequence[str], outputs: Sequence[str], values: Mapping[str, set[str]]
) -> str:
    """The text of a rule; nothing for the target, which has no outputs."""
    if not outputs or outputs == [""]:
        return ""
    parts = [f"rule {rule}:", *([_files("input", inputs)] if inputs else [])]
    parts.append(_files("output", outputs))
    if values:
        parts.append("    wildcard_constraints:")
        parts += [
            f"        {name}={'|'.join(map(re.escape, sorted(some))) or '.+'!r},"
            for name, some in values.items()
        ]
    return "\n".join([*parts, '    shell: "true"'])


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock and of the processor, and its peak of bytes."""

    seconds: float
    processor_seconds: float
    bytes: int


def plan(folder: Path, *arguments: str) -> tuple[Cost, str]:
    """What Snakemake's dry run in a folder costs, and what it prints."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--workflow-profile", "none"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    with tempfile.TemporaryFile("w+") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, *arguments], cwd=folder, env=environment, stdout=printed, stderr=printed
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode:
        raise RuntimeError(f"snakemake --dry-run failed in {folder}: {text[-2000:]}")
    # Linux gives kibibytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak), text


def measure(repeats: int = 5, study: str = STUDY) -> dict[str, float]:
    """Medians over interleaved dry runs of a study and its twin, and their ratios.

    Returns:
        ``jobs``; ``seconds``, ``processor_seconds`` and ``bytes`` of the study, the same with
        ``twin_`` of its twin, and with ``_ratio`` the medians of the ratios of neighbouring runs.
    """
    _, text = plan(ROOT, "--configfile", study)
    results = re.search(r"^\s+results: (\S+)", (ROOT / study).read_text(encoding="utf-8"), re.M)
    jobs = read_jobs(text, results[1] if results else "results")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Snakefile").write_text(twin(jobs), encoding="utf-8")
        _, text = plan(Path(folder))
        found = len(read_jobs(text, "results"))
        if found != len(jobs):
            raise RuntimeError(f"{study} plans {len(jobs)} jobs, but its twin {found}")
        pairs = [
            (plan(ROOT, "--configfile", study)[0], plan(Path(folder))[0]) for _ in range(repeats)
        ]
    measured: dict[str, float] = {"jobs": len(jobs)}
    for key in ("seconds", "processor_seconds", "bytes"):
        ours, theirs = (
            [getattr(cost, key) for cost in costs] for costs in zip(*pairs, strict=True)
        )
        measured[key] = statistics.median(ours)
        measured[f"twin_{key}"] = statistics.median(theirs)
        ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
        measured[f"{key}_ratio"] = statistics.median(ratios)
    return measured


def main() -> None:
    """Print what planning costs; the exit code is 1 beyond the limit."""
    parser = argparse.ArgumentParser(description="What planning a study costs beside empty jobs.")
    parser.add_argument("--study", default=STUDY)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    found = measure(arguments.repeats, arguments.study)
    print(f"{arguments.study}: {found['jobs']} jobs, medians of {arguments.repeats} dry runs each")
    for key, unit, scale in (
        ("seconds", "s", 1),
        ("processor_seconds", "s", 1),
        ("bytes", "MB", 1e6),
    ):
        own, other = found[key] / scale, found[f"twin_{key}"] / scale
        ratio = found[f"{key}_ratio"]
        print(f"{key:<18} {own:8.1f} {unit}, empty jobs {other:8.1f} {unit}, ratio {ratio:.2f}")
    sys.exit(max(found["processor_seconds_ratio"], found["bytes_ratio"]) > LIMIT)


if __name__ == "__main__":
    main()
