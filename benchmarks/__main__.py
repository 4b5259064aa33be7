"""Compare the stages with other tools and with the hardware; write results.md."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from xltransfer.runtime.command import run
from xltransfer.runtime.errors import InputError

from . import machine, results
from .measurement import FailedError, interleave, summarise
from .options import ROOT, Options, default_encoder, default_shared
from .rows import Row
from .rows.all import ROWS

log = logging.getLogger("benchmarks")

FAILED = "failed"


def bench(options: Options, rows: list[Row], output: Path) -> None:
    """Run some rows and write the results after each; what is on record of others stays.

    Args:
        options: of the run.
        rows: which ones.
        output: JSON file; the page is written beside it.

    Raises:
        InputError: at the end, if a row failed.
    """
    content = results.load(output)
    number = len(content["runs"])
    failed = []
    content["runs"].append(
        {
            "date": date.today().isoformat(),
            "commit": machine.commit(),
            "machine": machine.machine(),
            "threads": options.threads,
            "versions": machine.versions(),
        }
    )
    for row in rows:
        found = run_row(row, options, number)
        log.info("%s: %s", row.key, _said(row, found))
        results.keep(content, row.key, found)
        results.save(output, content, ROWS)
        if found["status"] == FAILED:
            failed.append(row.key)
    if failed:
        raise InputError(f"failed: {', '.join(failed)}; the lines above name the logs")


def run_row(row: Row, options: Options, run_number: int) -> dict[str, Any]:
    """Measure a row, or say why not."""
    if reason := row.missing(options):
        return {"status": reason}
    try:
        comparison = row.prepare(options)
        pairs = interleave(comparison.own, comparison.other, row.pairs or options.pairs)
        bound = comparison.bound()
    except (FailedError, InputError) as error:
        # With paths of this machine, which are not for the record.
        log.error("%s: %s", row.key, error)
        lacking = isinstance(error, InputError)
        return {"status": "skipped: what it needs is not there" if lacking else FAILED}
    note = comparison.note(pairs)
    return results.outcome(row.target, pairs, bound, note, comparison.peer, run_number)


def _said(row: Row, found: dict[str, Any]) -> str:
    if found["status"] != "measured":
        return found["status"]
    median, least, greatest = summarise(found["ratios"])
    return f"{median:.2f} ({least:.2f}-{greatest:.2f}), {row.target}: {row.target.verdict(median)}"


def _chosen(names: list[str]) -> list[Row]:
    """Rows by key; all that do not take long if none is named.

    Raises:
        InputError: there is no such row.
    """
    if not names:
        return [row for row in ROWS if not row.long]
    known = {row.key: row for row in ROWS}
    for name in names:
        if name not in known:
            raise InputError(f"--rows: no row '{name}'; there are {', '.join(known)}")
    return [known[name] for name in names]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    cores = os.cpu_count() or 1
    long = ", ".join(row.key for row in ROWS if row.long)
    parser.add_argument("--rows", nargs="*", default=[], help=f"all but the long ones ({long})")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results.json")
    parser.add_argument("--work", type=Path, default=ROOT / "benchmarks" / "scratch")
    parser.add_argument("--pairs", type=int, default=3, help="measurements of each row")
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--cores", type=int, default=cores, help="for whole studies")
    parser.add_argument("--shared", type=Path, default=default_shared(), help="has data/ud")
    parser.add_argument("--encoder", type=Path, default=default_encoder(), help="BERT or the like")
    _add_peers(parser)
    run(parser, _stage)


def _add_peers(parser: argparse.ArgumentParser) -> None:
    peers = parser.add_argument_group("peers (a row without its peer is skipped)")
    for name, help_text in (
        ("machamp", "MaChAmp: its checkout"),
        ("run-mlm", "run_mlm.py of transformers: the file"),
        ("cka-script", "measure_similarity.py of the published study: the file"),
    ):
        peers.add_argument(f"--{name}", type=Path, help=help_text)
    for name in ("machamp", "run-mlm", "cka"):
        peers.add_argument(f"--{name}-python", default=sys.executable, help="interpreter for it")
    peers.add_argument("--cka-encoder", type=Path, help="BERT of 12 layers of 768 units")
    peers.add_argument("--baseline-commit", help="that `make study` is compared with")
    peers.add_argument("--baseline-seconds", type=float, help="what it took there, if known")


def _stage(arguments: argparse.Namespace) -> None:
    given = vars(arguments)
    rows = _chosen(given.pop("rows"))
    output = given.pop("output").absolute()
    paths = {key: value.absolute() for key, value in given.items() if isinstance(value, Path)}
    bench(Options(**{**given, **paths}), rows, output)


if __name__ == "__main__":
    main()
