"""The catalogue of corpora of relations and roles. Light, because the Snakefile reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import CORPUS, check_code, check_text
from .corpus_files import SPLITS, CorpusFile, PublishedCorpus, check_corpus
from .table_reader import add_once, check_choices, file_cells, read_table

RELATIONS, ROLES = ANNOTATIONS = ("relations", "roles")
"""What the pairs of a corpus are labelled with; also its folder of results."""
EMBEDDED = "embedded"
"""Layout of corpora that the embedded world generates."""
STAND_OFF = "universal-propositions"
"""Layout whose words and trees are those of a treebank."""
LAYOUTS = {
    "crossre": (RELATIONS,),
    "tagged": (RELATIONS,),
    STAND_OFF: (ROLES,),
    "dygie": ANNOTATIONS,
    "json-lines": ANNOTATIONS,
    EMBEDDED: ANNOTATIONS,
}
"""The annotations that each layout may have. ``corpora/relation_layouts.py`` reads them."""
METRICS = ("micro", "labels", "undirected")
"""Definitions of the main F1, see ``tasks/metrics/pair_scores.py``."""
COLUMNS = (
    *("corpus", "annotation", "language", "name", "licence", "layout", "labels", "metric"),
    "treebank",
)
CHOICES = {"annotation": ANNOTATIONS, "layout": LAYOUTS, "metric": METRICS}
_RANGES = re.compile(r"[1-9][0-9]{0,8}-[1-9][0-9]{0,8}(,[1-9][0-9]{0,8}-[1-9][0-9]{0,8}){0,9}")


@dataclass(frozen=True)
class RelationFile(CorpusFile):
    """A file of one part of a corpus.

    Attributes:
        sentences: ranges of its sentences that belong to the part, from 1 and inclusive
            (``1-6300,7110-8000``); ``""`` for all.
    """

    sentences: str = ""


@dataclass(frozen=True, kw_only=True)
class RelationCorpus(PublishedCorpus):
    """A corpus of relations or roles.

    Attributes:
        annotation: one of ``ANNOTATIONS``.
        layout: layout of its files, one of ``LAYOUTS``.
        labels: name of its closed set of labels in ``relation_labels.tsv``; ``""`` if it is open.
        metric: definition of its main F1, one of ``METRICS``.
        treebank: code of the treebank with its words and trees; ``""`` if it has its own words.
        parts: files by part, in order; empty for the embedded world, which has all parts.
    """

    annotation: str
    layout: str
    labels: str
    metric: str
    treebank: str
    parts: dict[str, list[RelationFile]] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, RelationFile]:
        """The first file of each part."""
        return {split: files[0] for split, files in self.parts.items()}

    @property
    def is_generated(self) -> bool:
        """Whether the embedded world generates it, with all splits and no files."""
        return self.layout == EMBEDDED


def read_relation_corpora(directory: Path | str) -> dict[str, dict[str, RelationCorpus]]:
    """The corpora by annotation and code.

    Args:
        directory: folder of ``relation_corpora.tsv``, ``relation_files.tsv`` and
            ``relation_labels.tsv``.

    Raises:
        InputError: a table lacks a column, repeats an entry, or has an unknown or contradictory
            value; names the line.
    """
    directory = Path(directory)
    table = directory / "relation_corpora.tsv"
    files = _read_files(directory / "relation_files.tsv")
    sets = read_label_sets(directory)
    found: dict[str, dict[str, RelationCorpus]] = {name: {} for name in ANNOTATIONS}
    unused = set(files)
    for place, row in read_table(table, COLUMNS):
        corpus = _corpus(row, place, files)
        if corpus.labels and corpus.labels not in sets:
            raise InputError(
                f"{place}: labels '{corpus.labels}' is no set in {directory}/relation_labels.tsv; "
                "add its rows there, or empty the cell for an open set"
            )
        add_once(found[corpus.annotation], corpus.code, corpus, place)
        unused.discard(corpus.code)
    if unused:
        raise InputError(
            f"{directory}/relation_files.tsv: no row '{min(unused)}' in {table}; add it there"
        )
    return found


def read_label_sets(directory: Path | str) -> dict[str, list[str]]:
    """The closed sets of labels by name, in the order of ``relation_labels.tsv``.

    Raises:
        InputError: the table is malformed, or a set has a label twice.
    """
    sets: dict[str, list[str]] = {}
    for place, row in read_table(Path(directory) / "relation_labels.tsv", ("set", "label")):
        check_text(row["set"], place, "set")
        labels = sets.setdefault(row["set"], [])
        if row["label"] in labels:
            raise InputError(f"{place}: '{row['label']}' is in the set twice; remove one row")
        labels.append(check_text(row["label"], place, "label"))
    return sets


def sentence_ranges(text: str) -> list[tuple[int, int]]:
    """The ranges of a cell ``sentences``, from 1 and inclusive; none for ``""``."""
    pairs = [part.split("-") for part in text.split(",")] if text else []
    return [(int(first), int(last)) for first, last in pairs]


def _read_files(path: Path) -> dict[str, dict[str, list[RelationFile]]]:
    """Corpus → part → files."""
    files: dict[str, dict[str, list[RelationFile]]] = {}
    columns = ("corpus", "split", "file", "sentences", "checksum", "url")
    for place, row in read_table(path, columns):
        check_choices(row, {"split": SPLITS}, place)
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        ranges = row["sentences"]
        if ranges and not (
            _RANGES.fullmatch(ranges) and all(a <= b for a, b in sentence_ranges(ranges))
        ):
            raise InputError(
                f"{place}: sentences '{ranges[:60]}' are no ranges like 1-6300,7110-8000; correct "
                "or empty the cell"
            )
        file = RelationFile(*file_cells(row, place), sentences=ranges)
        part = files.setdefault(code, {}).setdefault(row["split"], [])
        if any(known.name == file.name for known in part):
            raise InputError(f"{place}: '{file.name}' stands in the part twice; remove one row")
        part.append(file)
    return files


def _corpus(
    row: dict[str, str], place: str, files: dict[str, dict[str, list[RelationFile]]]
) -> RelationCorpus:
    check_corpus(row, place, ["language"])
    check_choices(row, CHOICES, place)
    if row["annotation"] not in LAYOUTS[row["layout"]]:
        raise InputError(
            f"{place}: files of the layout {row['layout']} have no {row['annotation']}; correct "
            "annotation or layout"
        )
    if bool(row["treebank"]) != (row["layout"] == STAND_OFF):
        raise InputError(
            f"{place}: corpora of the layout {STAND_OFF}, and no others, name a treebank; "
            "correct treebank or layout"
        )
    if row["treebank"]:
        check_code(CORPUS, row["treebank"], place, "treebank")
    values = {column: row[column] for column in COLUMNS[1:]}
    return RelationCorpus(code=row["corpus"], **values, parts=files.get(row["corpus"], {}))
