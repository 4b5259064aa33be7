"""A study: its configuration, checked, and what follows from it.

Everything the workflow needs to know is asked here, so rules contain no logic. Nothing heavy is
imported, for this runs whenever the Snakefile is parsed.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from . import paths
from .catalogue import Catalogue, Treebank
from .embedded_world.languages import read_language
from .errors import InputError
from .files import canonical_json, digest, read_text

SCHEMA = Path(__file__).parent.parent / "schemas" / "config.schema.yaml"
_LAYERS = re.compile(r"random-init-(\d+)-(\d+)")


@dataclass(frozen=True)
class Encoder:
    """One encoder of a study.

    Attributes:
        name: as in paths and tables.
        layers: how many transformer layers it has.
        directory: where it lies, or will lie once it is fetched.
        hub: repository on the Hugging Face hub, or ``None`` for a local directory.
        revision: commit of the repository.
    """

    name: str
    layers: int
    directory: str
    hub: str | None = None
    revision: str | None = None


class Study:
    """A checked configuration.

    Args:
        config: the merged configuration.
        root: folder of the workflow; relative paths start there.

    Raises:
        InputError: the configuration is wrong; names the key and the remedy.
    """

    def __init__(self, config: Mapping[str, Any], root: Path | str = ".") -> None:
        check_schema(config)
        self.config = config
        self.root = Path(root)
        self.catalogue = Catalogue(self.root / "resources", config["ud_release"])
        self.encoders = {item["name"]: _encoder(item) for item in config["encoders"]}
        self._check_encoders()
        for task in self.tasks:
            self._check_treebanks(task)
        self._check_ablations()

    @property
    def name(self) -> str:
        """What tables call the study."""
        return self.config["study"]

    @property
    def results(self) -> str:
        """Folder that everything computed goes to."""
        return self.config.get("pathvars", {}).get("results", "results")

    @property
    def tasks(self) -> list[str]:
        """The tasks of the study."""
        return self.config["tasks"]

    @property
    def seeds(self) -> list[int]:
        """The seeds; every model is trained once with each."""
        return self.config["seeds"]

    @cached_property
    def mirrors(self) -> list[str]:
        """Folders and base URLs to look in before a file's own URL, environment expanded."""
        return [_expand(mirror, f"mirrors.{i}") for i, mirror in enumerate(self.config["mirrors"])]

    def treebank(self, code: str) -> Treebank:
        """A treebank of the catalogue."""
        return self.catalogue.treebanks[code]

    def sources(self, task: str) -> list[str]:
        """Treebanks that models of a task are trained on."""
        return self.config[task]["sources"]

    def targets(self, task: str) -> list[str]:
        """Treebanks whose test part models of a task are scored on."""
        return self.config[task]["targets"]

    def language(self, treebank: str) -> str:
        """Code of a treebank's language."""
        return self.treebank(treebank).language

    def ablations(self, source: str) -> list[str]:
        """The ablations that a source treebank is run with."""
        ablated = self.config["ablated_sources"]
        if ablated == "all" or source in ablated:
            return self.config["ablations"]
        return ["none"]

    def models(self, source: str) -> list[tuple[str, int]]:
        """Ablation and seed of every model that is trained on a source."""
        return [(ablation, seed) for ablation in self.ablations(source) for seed in self.seeds]

    def seed_batches(self, stage: str) -> list[list[str]]:
        """The seeds, cut into those that share a job of a stage (``finetune`` or ``predict``).

        Which seeds share a job has no influence on any result. Where every seed has a job of its
        own, there is one batch, of the wildcard ``{seed}``: one rule then serves all.
        """
        size = self.config["seeds_per_job"][stage]
        if size == 1:
            return [["{seed}"]]
        seeds = [str(seed) for seed in self.seeds]
        return [seeds[start : start + size] for start in range(0, len(seeds), size)]

    def prediction_batches(self) -> list[tuple[list[str], list[str], list[str]]]:
        """Sources, ablations and seeds whose models share a job of prediction.

        Sources with the same ablations differ by a wildcard only, so they stand together.
        """
        sources = sorted({source for task in self.tasks for source in self.sources(task)})
        by_ablations: dict[tuple[str, ...], list[str]] = {}
        for source in sources:
            by_ablations.setdefault(tuple(self.ablations(source)), []).append(source)
        return [
            (members, list(ablations), seeds)
            for ablations, members in by_ablations.items()
            for seeds in self.seed_batches("predict")
        ]

    def finetuning_config(self, task: str) -> str:
        """Canonical JSON of exactly the keys that decide a fine-tuned model."""
        settings = {k: v for k, v in self.config[task].items() if k not in ("sources", "targets")}
        return canonical_json({"task": task, "settings": settings})

    def file_config(self, treebank: str, split: str) -> str:
        """Canonical JSON of where a file of a treebank is fetched from."""
        entry = self.treebank(treebank)
        file = entry.files[split]
        path = f"{entry.name}/{file.name}"
        return canonical_json({"path": path, "url": file.url, "checksum": file.checksum})

    def embedded_config(self, language: str, part: str) -> str:
        """Canonical JSON of everything that decides a part of the embedded world in a language."""
        tables = self.root / "resources" / "embedded_world"
        world = yaml.safe_load(read_text(tables / "world.yaml"))
        row = self.catalogue.languages[language]
        parameters = read_language(tables / "languages.tsv", row.code, row.family, row.script)
        return canonical_json(
            {"seed": world["seed"], **world["parts"][part], "language": asdict(parameters)}
        )

    @cached_property
    def embedded_encoder(self) -> dict[str, Any]:
        """How the encoder of the embedded world is pretrained."""
        path = self.root / "resources" / "embedded_world" / "encoder.yaml"
        return yaml.safe_load(read_text(path))

    def score_columns(self, encoder: str, task: str, source: str, target: str, split: str) -> str:
        """Canonical JSON of the columns that the scores of one source on one treebank share."""
        return canonical_json(
            {
                "encoder": encoder,
                "task": task,
                "source": self.language(source),
                "target": self.language(target),
                "source_treebank": source,
                "target_treebank": target,
                "split": split,
            }
        )

    def score_files(self, results: str) -> list[str]:
        """The scores of every encoder, task and source on every target."""
        return [
            paths.scores(results, encoder, task, source, f"{target}-test")
            for encoder in self.encoders
            for task in self.tasks
            for source in self.sources(task)
            for target in self.targets(task)
        ]

    def training_reports(self, results: str) -> list[str]:
        """The training report of every model."""
        return [
            paths.model_directory(results, encoder, task, source, ablation, seed) + "/training.json"
            for encoder in self.encoders
            for task in self.tasks
            for source in self.sources(task)
            for ablation, seed in self.models(source)
        ]

    def table_config(self) -> str:
        """Canonical JSON of what a table over the whole study must hold."""
        tasks = {
            task: {
                "sources": [
                    {
                        "treebank": source,
                        "language": self.language(source),
                        "ablations": self.ablations(source),
                    }
                    for source in self.sources(task)
                ],
                "targets": [
                    {"treebank": target, "language": self.language(target)}
                    for target in self.targets(task)
                ],
            }
            for task in self.tasks
        }
        return canonical_json(
            {
                "study": self.name,
                "encoders": list(self.encoders),
                "tasks": tasks,
                "ablations": self.config["ablations"],
                "seeds": self.seeds,
                "config": digest(self.config),
            }
        )

    def _check_encoders(self) -> None:
        if len(self.encoders) < len(self.config["encoders"]):
            raise InputError("config: encoders: two encoders have the same name; rename one")

    def _check_treebanks(self, task: str) -> None:
        for role, splits in (("sources", ("train", "dev")), ("targets", ("test",))):
            for code in self.config[task][role]:
                self._check_treebank(code, f"{task}.{role}", splits)
        languages = [self.language(code) for code in self.targets(task)]
        for role, codes in (("sources", self.sources(task)), ("targets", self.targets(task))):
            spoken = [self.language(code) for code in codes]
            twice = [code for code in codes if spoken.count(self.language(code)) > 1]
            if twice:
                raise InputError(
                    f"config: {task}.{role}: {' and '.join(twice[:2])} are of one language; "
                    "tables have one row for each language, keep one of the two"
                )
        for code in self.sources(task):
            if self.language(code) not in languages:
                raise InputError(
                    f"config: {task}.targets: no treebank of '{self.language(code)}', the language "
                    f"of the source {code}; add one, the same-language score needs it"
                )
        if len(languages) < 2:
            raise InputError(f"config: {task}.targets: zero-shot transfer needs another language")

    def _check_treebank(self, code: str, key: str, splits: Iterable[str]) -> None:
        known = self.catalogue.treebanks
        if code not in known:
            near = difflib.get_close_matches(code, known, 1)
            remedy = f"did you mean '{near[0]}'?" if near else "add its row there"
            table = self.catalogue.directory / "treebanks.tsv"
            raise InputError(f"config: {key}: no treebank '{code}' in {table}; {remedy}")
        for split in splits:
            if split not in known[code].splits:
                has = ", ".join(known[code].splits) or "no files"
                raise InputError(
                    f"config: {key}: {code} has no {split} part up to release "
                    f"{self.config['ud_release']} (it has: {has}); choose another treebank"
                )

    def _check_ablations(self) -> None:
        for ablation in self.config["ablations"]:
            match = _LAYERS.fullmatch(ablation)
            if not match:
                continue
            first, last = int(match[1]), int(match[2])
            if first > last:
                raise InputError(f"config: ablations: {ablation}: layer {first} is above {last}")
            for encoder in self.encoders.values():
                if last > encoder.layers:
                    raise InputError(
                        f"config: ablations: {ablation}: the encoder '{encoder.name}' has "
                        f"{encoder.layers} layers; remove the ablation or correct `layers`"
                    )
        if self.config["ablated_sources"] != "all":
            every = {source for task in self.tasks for source in self.sources(task)}
            for source in self.config["ablated_sources"]:
                if source not in every:
                    raise InputError(f"config: ablated_sources: '{source}' is not a source")


def check_schema(config: Mapping[str, Any]) -> None:
    """Hold a configuration against the schema.

    Raises:
        InputError: one line for the first error, naming the key.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(config))
    if errors:
        # The error nearest to the root explains the others.
        raise InputError(f"config: {_explain(min(errors, key=lambda error: len(error.path)))}")


def _explain(error: jsonschema.ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        unknown = next(name for name in error.instance if name not in known)
        near = difflib.get_close_matches(str(unknown), known, 1)
        remedy = f"did you mean '{near[0]}'?" if near else "remove it"
        return f"{prefix}{unknown}: unknown key; {remedy}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{prefix}{missing}: the key is missing; config.yaml shows and explains it"
    value = repr(error.instance)
    value = value if len(value) < 60 else value[:57] + "..."
    reasons = {
        "type": f"{value} is not of type {error.validator_value}",
        "enum": f"{value} is none of {error.validator_value}",
        "pattern": f"{value} is not of the form {error.validator_value}",
        "uniqueItems": f"{value} names something twice; remove one",
        "minItems": "the list is empty; name at least one",
        "contains": "'none' is missing; changes are measured against it",
        "oneOf": f"{value} is not allowed here; config.yaml explains the key",
        "minimum": f"{value} is too small; the least is {error.validator_value}",
        "exclusiveMinimum": f"{value} must be above {error.validator_value}",
        "exclusiveMaximum": f"{value} must be below {error.validator_value}",
    }
    return f"{key}: {reasons.get(error.validator, error.message)}"


def _encoder(item: Mapping[str, Any]) -> Encoder:
    name = item["name"]
    given = [key for key in ("path", "hub") if key in item]
    if len(given) != 1 or ("hub" in item) != ("revision" in item):
        raise InputError(
            f"config: encoders: '{name}' needs either `path` or `hub` together with `revision`"
        )
    if "path" in item:
        return Encoder(name, item["layers"], _expand(item["path"], f"encoders: '{name}'"))
    revision = item["revision"]
    directory = f"resources/downloads/models/{name}-{revision[:12]}"
    return Encoder(name, item["layers"], directory, item["hub"], revision)


def _expand(text: str, key: str) -> str:
    expanded = os.path.expanduser(os.path.expandvars(text))
    unset = re.search(r"\$\{?(\w+)", expanded)
    if unset:
        raise InputError(
            f"config: {key}: the environment variable {unset[1]} is not set; set it or write a path"
        )
    return expanded
