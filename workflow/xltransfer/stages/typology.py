"""Write the typological features of languages, from WALS or from the embedded world."""

from __future__ import annotations

import csv
import json
import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..corpora.checksums import verify_checksum
from ..corpora.wals import read_wals
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser
from ..runtime.files import replacing

log = logging.getLogger(__name__)


def write_features(config: Mapping[str, Any], wals: Sequence[Path], output: Path) -> None:
    """A row per language and feature that has a value.

    Args:
        config: ``features``, ``iso`` (language → ISO 639-3 code) and ``embedded`` (language →
            feature → value).
        wals: the files of ``data.wals.FILES``, in this order; none if all languages are embedded.
        output: CSV file with ``language``, ``feature`` and ``value``.
    """
    read, features = verified_checksums(wals), config["features"]
    found = {}
    if wals:
        found = read_wals(*wals, sorted(config["iso"].values()), features)
    rows = []
    for language, iso in config["iso"].items():
        values = config["embedded"].get(language, found.get(iso, {}))
        missing = [feature for feature in features if feature not in values]
        if missing:
            log.log(
                logging.INFO if values else logging.WARNING,
                "%s (%s): no value of %s",
                language,
                iso,
                ", ".join(missing),
            )
        rows += [(language, name, values[name]) for name in features if name in values]
    with replacing(output) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("language", "feature", "value"), *rows])
    write_record(output, "typology", read, config=dict(config))


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--wals", type=Path, nargs="*", default=[])
    parser.add_argument("--checksums", nargs="*", default=[], help="of these files")
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    for path, checksum in zip(arguments.wals, arguments.checksums, strict=True):
        verify_checksum(path, checksum)
    write_features(arguments.config, arguments.wals, arguments.output)
