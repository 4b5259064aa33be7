"""What an installation has: the extras of the package, and the locked environment."""

from __future__ import annotations

import sys
import tomllib
from importlib.util import find_spec

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study, raw_texts
from xltransfer.study.study_files import merged, read_config

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_lock_has_what_the_package_and_its_studies_need() -> None:
    lines = (ROOT / "envs" / "requirements.txt").read_text().split()
    locked = dict(line.split("==") for line in lines)
    extras = PROJECT["optional-dependencies"]
    for text in (*PROJECT["dependencies"], *extras["corpora"], *extras["slurm"]):
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), text


def study_of_wikipedia() -> dict:
    """The default study, one of whose encoders continues training on a dump of Wikipedia."""
    content = read_config([ROOT / "config.yaml"])
    encoders = yaml.safe_load(yaml.safe_dump(content["encoders"]))
    adapted = next(item for item in encoders if item.get("name") == "embedded-adapted")
    more = {**adapted, "name": "wolof", "by": {**adapted["by"], "text": "wo_wikipedia"}}
    return merged(content, {"encoders": [*encoders, more]})


def test_a_dump_of_wikipedia_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    Study(study_of_wikipedia(), ROOT)
    monkeypatch.setattr(
        raw_texts, "find_spec", lambda name: None if name == "mwparserfromhell" else find_spec(name)
    )
    with pytest.raises(InputError, match=r"wo_wikipedia: .* pip install 'xltransfer\[corpora\]'"):
        Study(study_of_wikipedia(), ROOT)
    # Other studies do not need it.
    Study(read_config([ROOT / "config.yaml"]), ROOT)


@pytest.mark.parametrize(
    ("identifier", "module", "package"),
    [("glotlid-3", "fasttext", "fasttext-predict"), ("heliport", "heliport", "heliport")],
)
def test_the_library_of_an_identifier_is_named_before_anything_is_fetched(
    identifier: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    content = merged(study_of_wikipedia(), {"cleaning": {"identifier": identifier}})
    with pytest.raises(InputError, match=rf"identifier: {identifier} needs {package}, which is"):
        Study(content, ROOT)
