"""Typological features of a study: the databases that have them, and what their stage gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..corpora.embedded_world.languages import EMBEDDED_FAMILY
from ..runtime.errors import InputError
from ..runtime.files import canonical_json

if TYPE_CHECKING:
    from .study import Study

WALS = "wals"
"""Database of features that are written without its name: ``81A``."""


def features_by_database(study: Study) -> dict[str, dict[str, str]]:
    """Database → name of a feature in the configuration → its identifier in the database.

    ``grambank:GB020`` is the feature ``GB020`` of ``grambank``, ``81A`` one of WALS.
    """
    found: dict[str, dict[str, str]] = {}
    for name in study.config["typology_features"]:
        database, colon, feature = name.rpartition(":")
        found.setdefault(database if colon else WALS, {})[name] = feature
    return found


def check_typology(study: Study) -> None:
    """Raise an error for features of unknown databases, and for features that are listed twice.

    Raises:
        InputError: names the key and the remedy.
    """
    key, catalogue = "config: typology_features", study.catalogue
    for database, features in features_by_database(study).items():
        for name, feature in features.items():
            if database not in catalogue.typology:
                raise InputError(
                    f"{key}: no database '{database}' in {catalogue.directory}/"
                    f"typology_databases.tsv; correct '{name}', or add its row there"
                )
            if name == f"{WALS}:{feature}":
                raise InputError(f"{key}: write '{feature}' for '{name}'")


def typology_config(study: Study) -> str:
    """Canonical JSON of the requested typological features and languages."""
    languages = study.target_languages
    embedded = {
        code: study.embedded_world.language(code).word_order_features()
        for code, row in languages.items()
        if row.family.startswith(EMBEDDED_FAMILY)
    }
    return canonical_json(
        {
            "features": study.config["typology_features"],
            "iso": {code: row.iso for code, row in languages.items()},
            "embedded": embedded,
            "databases": [
                {
                    "layout": study.catalogue.typology[database].layout,
                    "tables": list(study.catalogue.typology[database].files),
                    "features": features,
                }
                for database, features in _databases(study).items()
            ],
        }
    )


def typology_files(study: Study) -> list[str]:
    """The files of all databases that are read, below the folder of downloads."""
    return [
        f"typology/{file.name}"
        for database in _databases(study)
        for file in study.catalogue.typology[database].files.values()
    ]


def _databases(study: Study) -> dict[str, dict[str, str]]:
    """``features_by_database``; empty if all languages are artificial."""
    families = [row.family for row in study.target_languages.values()]
    made_up = all(family.startswith(EMBEDDED_FAMILY) for family in families)
    return {} if made_up else features_by_database(study)
