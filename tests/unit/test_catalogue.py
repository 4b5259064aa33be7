"""The shipped catalogues hold together, and broken ones are refused where they are broken."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.checksums import checksum_of
from xltransfer.runtime.errors import InputError


def test_shipped_catalogue() -> None:
    catalogue = Catalogue(ROOT / "resources", "2.18")
    assert len(catalogue.treebanks) >= 60
    for treebank in catalogue.treebanks.values():
        assert treebank.splits or treebank.release == "", treebank.code
        for split, file in treebank.files.items():
            assert file.name == f"{treebank.code}-ud-{split}.conllu"
            assert file.url.startswith("https://") and file.url.endswith(
                f"/{treebank.name}/r{treebank.release}/{file.name}"
            )
            assert re.fullmatch("sha256:[0-9a-f]{64}|git-sha1:[0-9a-f]{40}", file.checksum)
    for language in catalogue.languages.values():
        assert re.fullmatch("[A-Z][a-z]{3}", language.script), language
        assert re.fullmatch("[a-z]{3}", language.iso), language


def test_families_are_without_their_branch() -> None:
    """Those of the embedded world share no ancestor; a family without branches is itself."""
    languages = Catalogue(ROOT / "resources", "2.18").languages
    families = {code: languages[code].top_family for code in ("en", "hi", "fi", "ja", "qaa", "qfa")}
    assert families == {
        "en": "Indo-European", "hi": "Indo-European", "fi": "Uralic", "ja": "Japonic",
        "qaa": "Embedded, Alvic", "qfa": "Embedded, Fenric",
    }  # fmt: skip


def test_newest_release_up_to_the_one_asked_for() -> None:
    directory = ROOT / "resources"
    assert Catalogue(directory, "2.18").treebanks["en_pud"].release == "2.18"
    assert Catalogue(directory, "2.17").treebanks["en_pud"].release == "2.17"
    assert Catalogue(directory, "2.10").treebanks["en_pud"].release == "2.5"
    assert Catalogue(directory, "2.4").treebanks["en_pud"].splits == ()


def test_catalogued_checksums_are_those_of_the_real_files(shared: Path) -> None:
    """The files at hand are those of the catalogue, where it knows a release as new as theirs."""
    checked = 0
    for treebank in Catalogue(ROOT / "resources", "2.18").treebanks.values():
        if treebank.release == "2.5":  # of the published study; the files at hand are newer
            continue
        for file in treebank.files.values():
            path = shared / "ud" / treebank.name / file.name
            if path.exists():
                kind, _, expected = file.checksum.partition(":")
                assert checksum_of(path, kind) == expected, path
                if kind == "sha256":
                    assert hashlib.sha256(path.read_bytes()).hexdigest() == expected
                assert file.bytes in (None, path.stat().st_size)
                checked += 1
    assert checked > 50


BREAKS = {
    "twice": ("languages.tsv", "\nar\t", "\nbm\t", r"languages\.tsv:5: 'bm' stands in the table"),
    "no language": ("treebanks.tsv", "ar_pud\tar\t", "ar_pud\txx\t", r"treebanks\.tsv:\d+: no lan"),
    "column": ("treebanks.tsv", "licence\n", "license\n", r"treebanks\.tsv:1: column 'licence'"),
    "short row": ("languages.tsv", "\tArab\t", "\t", r"languages\.tsv:\d+: not 5 columns"),
    "split": ("treebank_files.tsv", "\tdev\t", "\tdevel\t", r"split 'devel' is none of"),
    "release": ("treebank_files.tsv", "\t2.5\t", "\tnew\t", r"'new' is no release number"),
    "no scheme": ("transliterations.tsv", "uyghur-turkish", "uyghur-none", r"tsv:\d+: no scheme"),
    "no variety": ("transliterations.tsv", "ug_latn\t", "ug_cyrl\t", r"tsv:\d+: no language 'ug_c"),
    "raw language": (
        "raw_corpora.tsv",
        "\two\t",
        "\twoo\t",
        r"tsv:\d+: corpus 'wo_fineweb2' does not",
    ),
    "no treebank": ("treebanks.tsv", "ar_pud\tar", "ar_pad\tar", r"no row 'ar_pud' in"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_catalogues_are_refused(name: str, tmp_path: Path) -> None:
    table, old, new, reason = BREAKS[name]
    for path in (ROOT / "resources").glob("*.tsv"):
        shutil.copy(path, tmp_path)
    shutil.copytree(ROOT / "resources" / "transliteration", tmp_path / "transliteration")
    text = (tmp_path / table).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / table).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=reason) as caught:
        Catalogue(tmp_path, "2.18")
    assert "\n" not in str(caught.value)
