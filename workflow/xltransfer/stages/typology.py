"""Write the typological features of languages, from WALS or from the embedded world."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..corpora.checksums import verify_checksum
from ..corpora.wals import read_wals
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.files import replacing
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def typology(
    config: Annotated[Mapping[str, Any], Keys("features", "iso", "embedded")],
    output: Path,
    wals: Sequence[Path] = (),
    checksums: Sequence[str] = (),
) -> None:
    """Write the typological features of languages, a row per language and feature with a value.

    Args:
        config: ``features``, ``iso`` (language → ISO 639-3 code) and ``embedded`` (language →
            feature → value).
        output: output CSV file with ``language``, ``feature`` and ``value``.
        wals: WALS files in the order of ``wals.FILES``; none if all languages are embedded.
        checksums: checksums of these files in the catalogue.
    """
    for path, checksum in zip(wals, checksums, strict=True):
        verify_checksum(path, checksum)
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
