"""Write the typological features of languages, from databases or from the embedded world."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from ..corpora.checksums import verify_checksum
from ..corpora.cldf import read_cldf
from ..corpora.wals import read_wals
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.files import replacing
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def typology(
    config: Annotated[Mapping[str, Any], Keys("features", "iso", "embedded", "databases")],
    output: Path,
    files: Sequence[Path] = (),
    checksums: Sequence[str] = (),
) -> None:
    """Write the typological features of languages, a row per language and feature with a value.

    Args:
        config: ``features``, ``iso`` (language → ISO 639-3 code), ``embedded`` (language →
            feature → value) and ``databases``, a list; each with its ``layout``, its ``tables``,
            and its ``features`` (name → identifier in the database).
        output: output CSV file with ``language``, ``feature`` and ``value``.
        files: tables of all databases in this order; none if all languages are embedded.
        checksums: checksums of these files in the catalogue.

    Raises:
        InputError: a file has another checksum, is damaged or lacks a feature.
    """
    for path, checksum in zip(files, checksums, strict=True):
        verify_checksum(path, checksum)
    read, features = verified_checksums(files), config["features"]
    found = _values(config, files)
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


def _values(config: Mapping[str, Any], files: Sequence[Path]) -> dict[str, dict[str, str]]:
    """ISO code → feature, named as in the configuration → value, from all databases."""
    codes = sorted(config["iso"].values())
    values: dict[str, dict[str, str]] = {}
    rest = iter(files)
    for database in config["databases"]:
        tables = dict(zip(database["tables"], islice(rest, len(database["tables"])), strict=True))
        features = list(database["features"].values())
        if database["layout"] == "wals":
            found = read_wals(
                tables["languages"], tables["values"], tables["codes"], codes, features
            )
        else:
            found = read_cldf(tables, codes, features)
        for code, known in found.items():
            values.setdefault(code, {}).update(
                {name: known[own] for name, own in database["features"].items() if own in known}
            )
    return values
