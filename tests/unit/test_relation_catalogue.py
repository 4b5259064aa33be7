"""The catalogue of relations and roles: what ships holds together, broken tables are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.checksums import UNCHECKED, checksum_of
from xltransfer.corpora.relation_corpora import read_label_sets, sentence_ranges
from xltransfer.runtime.errors import InputError
from xltransfer.tasks.metrics.pair_scores import undirected


def test_shipped_relations() -> None:
    catalogue = Catalogue(ROOT / "resources", "2.18")
    assert {"en_crossre", "de_relx", "en_semeval2010"} <= set(catalogue.relations)
    assert {"fr_sequoia_up", "en_ewt_up", "de_gsd_up"} <= set(catalogue.roles)
    for corpus in (*catalogue.relations.values(), *catalogue.roles.values()):
        assert corpus.splits, corpus.code
        for split, files in corpus.parts.items():
            assert files and len({file.name for file in files}) == len(files), (corpus.code, split)
    sets = read_label_sets(ROOT / "resources")
    # As their papers have them: 17 relations, 9 and 18 relations in two directions each.
    assert len(sets["crossre"]) == 17
    for name, relations in (("semeval2010", 9), ("kbp37", 18)):
        assert len(sets[name]) == 2 * relations == 2 * len(set(map(undirected, sets[name])))


def test_catalogued_checksums_are_those_of_the_real_files(shared: Path) -> None:
    catalogue = Catalogue(ROOT / "resources", "2.18")
    checked = 0
    for annotation, folder in (("relations", "relations"), ("roles", "srl")):
        for corpus in getattr(catalogue, annotation).values():
            for file in (file for files in corpus.parts.values() for file in files):
                path = shared / folder / corpus.name / file.name
                if path.exists() and file.checksum != UNCHECKED:
                    kind, _, expected = file.checksum.partition(":")
                    assert checksum_of(path, kind) == expected, path
                    checked += 1
    if not (shared / "relations").exists():
        pytest.skip(f"no {shared}/relations")
    assert checked >= 70


def test_ranges_of_sentences() -> None:
    assert sentence_ranges("1-6300,7110-8000") == [(1, 6300), (7110, 8000)]
    assert sentence_ranges("") == []


def test_further_columns_are_left_alone(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "resources", tmp_path / "r", ignore=shutil.ignore_patterns("models"))
    path = tmp_path / "r" / "relation_corpora.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line}\tnote\n" for line in lines), encoding="utf-8")
    found, shipped = (
        Catalogue(folder, "2.18").relations for folder in (tmp_path / "r", ROOT / "resources")
    )
    assert found == shipped


BREAKS = {
    "language": ("relation_corpora.tsv", "de_relx\t", "es_relx\t", "does not start"),
    "twice": ("relation_corpora.tsv", "en_kbp37\t", "en_relx\t", "'en_relx' stands in"),
    "layout": ("relation_corpora.tsv", "\ttagged\tkbp37", "\ttaged\tkbp37", "'taged' is none"),
    "annotation": ("relation_corpora.tsv", "de_relx\trelations", "de_relx\troles", "have no roles"),
    "metric": ("relation_corpora.tsv", "\tundirected\t", "\tdirected\t", "'directed' is none"),
    "labels": ("relation_corpora.tsv", "\tkbp37\t", "\tkbp38\t", "labels 'kbp38' is no set"),
    "no treebank": ("relation_corpora.tsv", "\tde_gsd\n", "\tde_gds\n", "no treebank 'de_gds'"),
    "treebank": ("relation_corpora.tsv", "\tde_gsd\n", "\t\n", "name a treebank"),
    "split": ("relation_files.tsv", "de_relx\ttest", "de_relx\tdevel", "split 'devel' is none"),
    "ranges": ("relation_files.tsv", "6301-7109", "7109-6301", "are no ranges"),
    "file": ("relation_files.tsv", "RELX_de.txt\t", "../RELX_de.txt\t", "is no path inside"),
    "label": ("relation_labels.tsv", "crossre\tcompare", "crossre\tartifact", "in the set twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_broken_tables_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    table, old, new, message = BREAKS[name]
    shutil.copytree(ROOT / "resources", tmp_path / "r", ignore=shutil.ignore_patterns("models"))
    path = tmp_path / "r" / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"{table.split('_')[0]}_\w+\.tsv:.*(?:{message})"):
        Catalogue(tmp_path / "r", "2.18")
