"""Configurations of studies.

The oracle checks a configuration against the schema, with Python's types taken strictly, and
against rules that a schema cannot state. It does not know which names exist, so that most mutations
may be refused. Accepted studies must give the paths and parameters that rules take from them.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import random
import re
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from xltransfer.study import Study
from xltransfer.study.typological_features import typology_config, typology_files

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import NUMBERS, TEXTS, mutated_json

ROOT = Path(__file__).parents[3]
FILES = ["config.yaml", "resources/studies/pires2019.yaml", "resources/studies/unseen.yaml"]
SCHEMA = json.loads(
    json.dumps(yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text()))
)
OTHER_TYPES: list[Any] = [
    datetime.date(2020, 1, 1), b"x", {1: 2}, {None: 1}, {True: 1, "true": 2}, (1, 2), {"x"},
    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],
    [1, 1.0], [True, 1], ["none", "none\n"], 3.0, 1e3, 2**32, 2**53, 10**400, -0.0, 1e-320,
]  # fmt: skip
"""What YAML can hold beside the types of JSON, and numbers at limits."""
VALUES = [*OTHER_TYPES, *NUMBERS, *TEXTS, "none", "all", "parsing", "pos", "qaa_embedded", "en_pud"]
LARGEST = 2**53
DEEPEST = 20


def problem(value: Any, depth: int = 0) -> str:
    """What a value has that no configuration may have; ``""`` if nothing."""
    if depth > DEEPEST:
        return "too deep"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "key that is no text"
        parts = [*value, *value.values()]
    elif isinstance(value, list):
        parts = value
    elif isinstance(value, str):
        return "control character" if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value) else ""
    elif isinstance(value, bool) or value is None:
        return ""
    elif isinstance(value, int | float):
        fine = math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST
        return "" if fine else "number"
    else:
        return f"type {type(value)}"
    return next((found for part in parts if (found := problem(part, depth + 1))), "")


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(_: Any, pattern: str, value: Any, __: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(pattern, value, re.ASCII):
        yield jsonschema.ValidationError(pattern)


_strict = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
Strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _whole}, type_checker=_strict
)


def judge(config: Any) -> Verdict:
    """Refuse what breaks the schema or the rules beside it."""
    if not isinstance(config, dict):
        return refuse("no mapping")
    found = problem(config)
    if found:
        return refuse(found)
    kinds = SCHEMA["$defs"]["kinds"]
    tasks = config.get("tasks")
    if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
        return refuse("tasks")
    rest = {
        key: value
        for key, value in config.items()
        if not (key in tasks or (isinstance(value, dict) and str(value.get("kind")) in kinds))
    }
    if not Strict(SCHEMA).is_valid(rest):
        return refuse("schema")
    for task in tasks:
        section = config.get(task)
        if not isinstance(section, dict) or str(section.get("kind")) not in kinds:
            return refuse(f"section {task}")
        if not Strict({**kinds[section["kind"]], "$defs": SCHEMA["$defs"]}).is_valid(section):
            return refuse(f"schema of {task}")
    return _rules(config)


def _rules(config: dict[str, Any]) -> Verdict:
    unseen = config["unseen"]
    seeds = [*config["seeds"], config["embedded_world"]["seed"]]
    seeds += [
        seed for encoder in config["encoders"] for seed in encoder.get("by", {}).get("seeds", [])
    ]
    for key in ("cleaning", "parallel_cleaning"):
        lengths = config.get(key)
        if lengths and lengths["minimum_characters"] > lengths["maximum_characters"]:
            return refuse("least length above greatest")
    pairs = config.get("parallel_cleaning")
    if pairs and pairs["held_out_share"] + pairs["test_share"] >= 1:
        return refuse("no pair left to train on")
    if unseen["languages"]:
        hashed = unseen["hashed_split"]
        seeds += [hashed["seed"], unseen["cross_validation"]["seed"]]
        seeds += [unseen["search"]["seed"]] if unseen["search"] else []
        if hashed["dev_share"] + hashed["test_share"] >= 1:
            return refuse("nothing left to train on")
    if max(seeds) >= 2**32:
        return refuse("seed")
    return either()


class Configuration(Reader):
    """``Study``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("ENCODER", "UD_MIRROR", "CONLL_NER"):
            os.environ[f"XLTRANSFER_{name}"] = "/nowhere"
        self.configs = [yaml.safe_load((ROOT / name).read_text()) for name in FILES]

    def make(self, rng: random.Random) -> Any:
        config = rng.choice(self.configs)
        for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3])):
            config = mutated_json(rng, config, VALUES)
            if not config:
                break
        return config

    def judge(self, content: Any) -> Verdict:
        return accept() if repr(content) in map(repr, self.configs) else judge(content)

    def read(self, content: Any) -> Any:
        study = Study(content, ROOT)
        _ask(study)


def _ask(study: Study) -> None:
    """What rules ask of a study."""
    json.loads(study.table_config())
    json.loads(typology_config(study))
    paths = [*study.score_files("r"), *study.training_reports("r"), *study.piece_files("r")]
    paths += [*study.tables, *study.figures, *typology_files(study), *study.mirrors]
    for task in study.tasks:
        for source in study.sources(task):
            for encoder in study.encoders:
                json.loads(study.finetuning_config(encoder, task, source))
                study.identities.model(encoder, task, source)
    study.finetuning_batches()
    study.prediction_batches()
    study.scoring_batches()
    assert all("\n" not in path for path in paths)
    if study.unseen.varieties:
        _ask_of_unseen(study)


def _ask_of_unseen(study: Study) -> None:
    unseen = study.unseen
    paths = unseen.arms.all_score_files("r") + unseen.statistics_files("r")
    for text in study.raw_texts.cleaned:
        json.loads(study.raw_texts.cleaning_config(text))
    json.loads(unseen.table_config())
    for recipe in study.made_encoders.recipes.values():
        for seed in recipe.seeds:
            json.loads(recipe.config(seed))
    for task, corpus in unseen.pairs:
        for arm in unseen.arms.trained:
            json.loads(study.finetuning_config(arm, task, corpus))
            paths += study.encoder_files(arm, corpus, study.seeds)
            study.encoder_directories(arm, corpus, study.seeds)
    assert all("\n" not in path for path in paths)


SUBJECT = Configuration
