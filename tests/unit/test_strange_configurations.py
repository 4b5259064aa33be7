"""Configurations that YAML can hold and no study can have are refused in one line."""

from __future__ import annotations

import datetime

import pytest
import yaml
from conftest import ROOT
from test_study import change
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


WRONG = {
    "release of other digits": (change(ud_release="٢.١٨"), "ud_release: '٢.١٨'"),
    "release with a line end": (
        change(ud_release="2.18\n"),
        r"ud_release: '2.18\n' has the control",
    ),
    "layers of other digits": (change(ablations=["none", "random-init-١-٢"]), "ablations.1: "),
    "control characters": (change(study="a\x1b[31m"), r"study: 'a\x1b[31m' has the control"),
    "separators of lines": (change(study="a\u2028b"), r"study: 'a\u2028b' has the control"),
    "a fraction that is whole": (change(seeds=[1.0, 2]), "seeds.0: 1.0 is not of type integer"),
    "a giant seed": (change(seeds=[10**400]), "seeds.0: an integer beyond"),
    "a seed that libraries do not take": (
        change(seeds=[2**32]),
        "seeds.0: 4294967296 is too large",
    ),
    "no number": (change(checkpoint_minutes=float("nan")), "checkpoint_minutes: nan is no number"),
    "infinity": (change(parsing__training__gradient_clip=float("inf")), "gradient_clip: inf is no"),
    "a date": (change(study=datetime.date(2020, 1, 1)), "study: a value of type date; quote it"),
    "a number for a key": (change(job_size={1: 2}), "job_size: the key 1 is no text"),
    "no key": (change(job_size={None: 2}), "job_size: the key None is no text"),
    "nested by the thousand": (change(mirrors=nested(5000)), "more than 20 levels are nested"),
    "a list for a kind": (
        change(parsing__kind=["parsing"]),
        "parsing.kind: ['parsing'] is none of",
    ),
    "unseen: lines of no length": (
        change(cleaning__minimum_characters=9, cleaning__maximum_characters=8),
        "cleaning.minimum_characters: above maximum_characters",
    ),
    "unseen: nothing to train on": (
        change(unseen__hashed_split__dev_share=0.5, unseen__hashed_split__test_share=0.5),
        "unseen.hashed_split: dev_share and test_share leave no sentence",
    ),
    "unseen: unknown entities of a task that is not compared": (
        change(
            unseen__tasks=["pos"],
            unseen__languages=[
                {
                    "language": "ug",
                    "text": "ug_wikipedia",
                    "treebanks": "ug_udt",
                    "entities": "ug_none",
                    "split": "released",
                    "transliterated": [],
                }
            ],
        ),
        "unseen.languages.0.entities: no 'ug_none' in the catalogue of entities",
    ),
    "unseen: transfer from an unknown source": (
        change(pos__sources=["qaa_embeded"]),
        "pos.sources: no 'qaa_embeded'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_strange_configurations_are_refused_in_one_line(name: str) -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    apply, reason = WRONG[name]
    apply(config)
    with pytest.raises(InputError) as caught:
        Study(config, ROOT)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert reason in message, message
    assert message.isprintable()
