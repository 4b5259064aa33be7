"""Reading CoNLL-U, taking the columns that tasks learn from, and writing it."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from xltransfer.corpora.conllu import DEPREL, UPOS, read_conllu, write_conllu
from xltransfer.runtime.files import digest, sha256_of_file


def own(arguments: dict[str, Any]) -> dict[str, Any]:
    """Read a treebank and write it again, with this project's reader and writer."""
    started = time.perf_counter()
    sentences = read_conllu(arguments["treebank"])
    columns = [[s.forms, s.column(UPOS), s.heads, s.column(DEPREL)] for s in sentences]
    write_conllu(arguments["output"], sentences)
    seconds = time.perf_counter() - started
    return _result(arguments, seconds, _peak_bytes(), columns)


def library(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same with the ``conllu`` library."""
    import conllu

    started = time.perf_counter()
    with open(arguments["treebank"], encoding="utf-8") as file:
        sentences = list(conllu.parse_incr(file))
    with open(arguments["output"], "w", encoding="utf-8") as file:
        file.writelines(sentence.serialize() for sentence in sentences)
    words = [[word for word in s if isinstance(word["id"], int)] for s in sentences]
    names = ("form", "upos", "head", "deprel")
    columns = [[[word[name] for word in s] for name in names] for s in words]
    seconds = time.perf_counter() - started
    return _result(arguments, seconds, _peak_bytes(), columns)


def _peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _result(arguments: dict[str, Any], seconds: float, peak: int, trees: list) -> dict[str, Any]:
    read, written = (sha256_of_file(arguments[key]) for key in ("treebank", "output"))
    facts = {"trees": digest(trees), "same_file": read == written}
    megabytes = Path(arguments["treebank"]).stat().st_size / 1e6
    return {"seconds": seconds, "work": megabytes, "peak_bytes": peak, "facts": facts}


def bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """The share of the time that copying the bytes alone takes; the rest is Python."""
    started = time.perf_counter()
    Path(arguments["output"]).write_bytes(Path(arguments["treebank"]).read_bytes())
    copying = time.perf_counter() - started
    share = copying / own(arguments)["seconds"]
    text = f"bound by Python: reading and writing the bytes alone takes {share:.1%} of the time"
    return {"work": 1, "facts": {"bound": text}}
