"""One line for a target that no rule makes, with what was probably meant."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

SIMILAR = 0.8
"""Minimum similarity (`difflib`) of a name that may be meant."""
FOLDERS = (
    *("results", "resources", "downloads", "treebanks", "entities", "raw_text", "parallel_text"),
    *("models", "encoders", "predictions", "scores", "representations", "pieces", "searches"),
    *("tables", "figures", "similarities", "transliteration", "tokenizer_statistics"),
    *("dictionaries", "word_vectors", "vector_maps", "word_translations", "translation_context"),
    "classification",
    *("questions", "relations", "roles", "dictionary_text", "shared_vectors", "discriminations"),
)
"""Folders of targets."""
_TARGET = re.compile(r"No rule to produce (\S+)")
_LOOKED_UP = re.compile(r"KeyError: '([^'\n]+)'\nWildcards:")
"""What an input function looked up in vain."""


def explaining_targets(
    build: Callable[[], Any], names: Callable[[], Iterable[str]]
) -> Callable[[], Any]:
    """`Workflow._build_dag`, with one line in place of Snakemake's error for an unknown target.

    Args:
        build: the original method.
        names: function that returns the names that occur in targets: corpora, encoders, tasks,
            ablations, tables, figures, rules.
    """

    def explained() -> Any:
        from snakemake.exceptions import InputFunctionException, MissingRuleException

        try:
            return build()
        except MissingRuleException as error:
            target = _TARGET.search(str(error))
            if target is None:
                raise
            sys.exit(f"error: {unknown_target(target[1], names())}")
        except InputFunctionException as error:
            # A rule makes such files, but the study or its catalogue lacks a name in the path.
            found = _LOOKED_UP.search(str(error))
            if found is None or f"={found[1]}\n" not in f"{error}\n" or found[1] in names():
                raise
            sys.exit(f"error: {_unknown_name(found[1], names())}")

    return explained


def unknown_target(target: str, names: Iterable[str]) -> str:
    """What is wrong with a target: the first part of it that is no known name but resembles one.

    Args:
        target: path or name of a rule.
        names: names that may be parts of paths.
    """
    known = sorted({*names, *FOLDERS})
    for part in target.split("/"):
        stem = re.sub(r"(-(train|dev|test))?(\.[a-z.]+)?$", "", part)
        if stem not in known and difflib.get_close_matches(stem, known, 1, SIMILAR):
            return f"{target}: no rule makes it; {_unknown_name(stem, known)}"
    return (
        f"{target}: no rule makes it; correct the path (`snakemake --list` has the rules, the "
        "README the files), or name the study that has it with --configfile"
    )


def _unknown_name(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), 1, SIMILAR)
    remedy = f"did you mean '{near[0]}'?" if near else "`xltransfer list` has the names"
    return f"'{name}' is no name of this study; {remedy}"
