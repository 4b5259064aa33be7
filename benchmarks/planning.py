"""Snakefiles that plan as many empty jobs as a study, in the same shape, to compare with its plan.

The twin has a rule for each rule of the study, with as many outputs, inputs and wildcards, but its
inputs are plain patterns: no functions, no parameters, no library. What the study's plan costs more
is what this project adds to Snakemake.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


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
        pairs = (pair.split("=", 1) for pair in found[1].split(", ")) if found else ()
        # One without a value leaves no trace in a path.
        job.wildcards = {name: value for name, value in pairs if value}
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
