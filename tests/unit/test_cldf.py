"""Typological databases: CLDF datasets, their catalogue, and features of several databases."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.cldf import read_cldf
from xltransfer.corpora.wals import read_wals
from xltransfer.runtime.errors import InputError
from xltransfer.stages.typology import typology
from xltransfer.study import Study
from xltransfer.study.typological_features import typology_config, typology_files

# Languages of Grambank have no ISO code but a Glottocode, values that nobody knows are "?".
GRAMBANK = {
    "languages": "ID,Name,Glottocode,ISO639P3code\n"
    "stan1293,English,stan1293,\nnucl1643,Japanese,nucl1643,\nwolo1247,Wolof,wolo1247,\n"
    "afri1276,Gullah,afri1276,\n",
    "values": "ID,Language_ID,Parameter_ID,Value,Code_ID,Comment\n"
    'GB020-stan1293,stan1293,GB020,1,GB020-1,"the, a"\n'
    "GB020-nucl1643,nucl1643,GB020,0,GB020-0,\n"
    "GB193-stan1293,stan1293,GB193,1,GB193-1,\n"
    "GB193-nucl1643,nucl1643,GB193,?,,\n"
    "N1-stan1293,stan1293,N1,7,,\n",
    "codes": "ID,Parameter_ID,Name,Description\nGB020-0,GB020,0,absent\nGB020-1,GB020,1,present\n"
    "GB193-1,GB193,1,ANM-N\n",
    "glottocodes": "ID,Glottocode,ISO639P3code,Level\nindo1319,indo1319,,family\n"
    "stan1293,stan1293,eng,language\nnucl1643,nucl1643,jpn,language\nwolo1247,wolo1247,wol,language\n",
}
FEATURES = ["GB020", "GB193", "N1"]
CODES = ["eng", "jpn", "wol", "fra"]


def tables(folder: Path, **changed: str | None) -> dict[str, Path]:
    """The files of the dataset, some with other content, ``None`` for a table that it lacks."""
    texts = {name: text for name, text in (GRAMBANK | changed).items() if text is not None}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.csv" for name in texts}


def test_a_dataset_with_glottocodes(tmp_path: Path) -> None:
    assert read_cldf(tables(tmp_path), CODES, FEATURES) == {
        "eng": {"GB020": "1", "GB193": "1", "N1": "7"},
        "jpn": {"GB020": "0"},
    }


def test_a_dataset_without_codes_has_plain_values(tmp_path: Path) -> None:
    found = read_cldf(tables(tmp_path, codes=None), CODES, FEATURES)
    assert found["eng"] == {"GB020": "1", "GB193": "1", "N1": "7"}
    assert found["jpn"] == {"GB020": "0"}


def test_iso_codes_of_the_dataset_come_first(tmp_path: Path) -> None:
    languages = "ID,Name,ISO639P3code\nstan1293,English,enm\nnucl1643,Japanese,jpn\n"
    found = read_cldf(tables(tmp_path, languages=languages, glottocodes=None), CODES, FEATURES)
    assert list(found) == ["jpn"]


def test_the_dialect_with_most_features_counts(tmp_path: Path) -> None:
    languages = GRAMBANK["languages"].replace("wolo1247,\n", "stan1293,\n")
    values = GRAMBANK["values"] + "GB020-wolo1247,wolo1247,GB020,0,GB020-0,\n"
    found = read_cldf(tables(tmp_path, languages=languages, values=values), CODES, FEATURES)
    assert found["eng"] == {"GB020": "1", "GB193": "1", "N1": "7"}


def test_macrolanguages_have_the_values_of_an_individual_language(tmp_path: Path) -> None:
    for iso in ("swh", "swa"):
        glottocodes = GRAMBANK["glottocodes"].replace("eng", iso)
        found = read_cldf(tables(tmp_path, glottocodes=glottocodes), ["swa"], FEATURES)
        assert found["swa"]["GB020"] == "1"


@pytest.mark.parametrize(
    ("table", "old", "new", "reason"),
    [
        ("values", "1,GB020-1", "2,GB020-2", r"values.csv:2: no name of code 'GB020-2' of 'GB020'"),
        ("values", "1,GB020-1", "1,GB193-1", r"values.csv:2: no name of code 'GB193-1' of 'GB020'"),
        ("codes", "GB020,1,", "GB020, ,", r"values.csv:2: no name of code 'GB020-1'"),
        ("values", "GB193,1", "GB020,1", r"values.csv:4: no name of code 'GB193-1' of 'GB020'"),
        ("values", "GB193,1,GB193-1", "GB020,1,GB020-1", r"values.csv:4: .* two values of 'GB020'"),
        ("values", ",N1,", ",N2,", r"values.csv: no feature 'N1'; correct `typology_features`"),
        ("values", "Code_ID", "Code", r"values.csv:1: column 'Code_ID' is missing; is this a CLDF"),
        ("values", ',"the, a"', "", r"values.csv:2: 5 columns instead of 6"),
        ("values", ',"the, a"', ',"the', r"values.csv:\d: not CSV"),
        ("codes", "Name", "ID", r"codes.csv:1: column 'ID' is there twice"),
        ("glottocodes", ",jpn,", ",", r"glottocodes.csv:4: 3 columns instead of 4"),
        ("languages", ",Glottocode", ",Code", r"languages.csv:1: column 'Glottocode' is missing"),
    ],
)
def test_broken_datasets_are_refused(
    table: str, old: str, new: str, reason: str, tmp_path: Path
) -> None:
    assert old in GRAMBANK[table]
    files = tables(tmp_path, **{table: GRAMBANK[table].replace(old, new, 1)})
    with pytest.raises(InputError, match=reason) as caught:
        read_cldf(files, CODES, FEATURES)
    assert str(caught.value).isprintable()


def test_languages_without_iso_codes_are_reported_once(tmp_path: Path) -> None:
    files = tables(tmp_path, glottocodes=None)
    with pytest.raises(InputError, match=r"languages.csv: no language has an ISO 639-3 code; add"):
        read_cldf(files, CODES, FEATURES)


def test_wals_is_the_same_from_its_raw_tables_and_from_cldf(shared: Path, tmp_path: Path) -> None:
    """All features of all languages; ``values.csv`` has the codes that the raw table refers to."""
    wals = shared / "typology" / "wals"
    languages, raw = wals / "cldf/languages.csv", wals / "raw"
    elements = {row["pk"]: row["id"] for row in rows(raw / "domainelement.csv")}
    values = io.StringIO()
    writer = csv.writer(values, lineterminator="\n")
    writer.writerow(("ID", "Language_ID", "Parameter_ID", "Value", "Code_ID"))
    for row in rows(raw / "value.csv"):
        feature, _, language = row["id"].partition("-")
        code = elements[row["domainelement_pk"]]
        writer.writerow((row["id"], language, feature, code.rpartition("-")[2], code))
    (tmp_path / "values.csv").write_text(values.getvalue(), encoding="utf-8")
    features = [row["ID"] for row in rows(wals / "cldf/parameters.csv")]
    features = [name for name in features if f",{name}," in values.getvalue()]
    codes = sorted({row["ISO639P3code"] for row in rows(languages)} - {""} | {"ara", "swa"})
    cldf = {
        "languages": languages, "values": tmp_path / "values.csv", "codes": wals / "cldf/codes.csv"
    }  # fmt: skip
    found = read_cldf(cldf, codes, features)
    assert found == read_wals(
        languages, raw / "value.csv", raw / "domainelement.csv", codes, features
    )
    assert len(found) > 2000 and len(features) > 190


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_stage_joins_databases(tmp_path: Path) -> None:
    files = list(tables(tmp_path).values())
    wals = {
        "l": "ID,ISO639P3code\neng,eng\nwlf,wol\n",
        "v": "id,domainelement_pk\n81A-eng,3\n81A-wlf,3\n",
        "e": "pk,name\n3,SVO\n",
    }
    for name, text in wals.items():
        (tmp_path / name).write_text(text)
    order = ["grambank:GB020", "81A", "grambank:N1"]
    config = {
        "features": order,
        "iso": {"en": "eng", "wo": "wol", "ja": "jpn", "qaa": "qaa"},
        "embedded": {"qaa": {"81A": "SOV"}},
        "databases": [
            {"layout": "cldf", "tables": list(GRAMBANK),
             "features": {"grambank:GB020": "GB020", "grambank:N1": "N1"}},
            {"layout": "wals", "tables": ["languages", "values", "codes"],
             "features": {"81A": "81A"}},
        ],
    }  # fmt: skip
    files += [tmp_path / name for name in "lve"]
    typology(config, tmp_path / "features.csv", files, ["unchecked"] * len(files))
    found = pd.read_csv(tmp_path / "features.csv", dtype=str)
    assert found.values.tolist() == [
        ["en", "grambank:GB020", "1"],
        ["en", "81A", "SVO"],
        ["en", "grambank:N1", "7"],
        ["wo", "81A", "SVO"],
        ["ja", "grambank:GB020", "0"],
        ["qaa", "81A", "SOV"],
    ]


def study(features: list[str]) -> Study:
    path = ROOT / "resources" / "studies" / "mbert.yaml"
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return Study(config | {"typology_features": features}, ROOT)


def test_a_study_reads_the_databases_that_it_names() -> None:
    wals = [f"typology/wals/{name}" for name in ("cldf/languages.csv", "raw/value.csv")]
    wals.append("typology/wals/raw/domainelement.csv")
    assert typology_files(study(["81A", "85A"])) == wals
    both = study(["81A", "grambank:GB020", "85A"])
    grambank = [f"typology/grambank/cldf/{name}.csv" for name in ("languages", "values", "codes")]
    assert typology_files(both) == [*wals, *grambank, "typology/glottolog/cldf/languages.csv"]
    databases = json.loads(typology_config(both))["databases"]
    assert [database["features"] for database in databases] == [
        {"81A": "81A", "85A": "85A"},
        {"grambank:GB020": "GB020"},
    ]
    assert all(both.downloads.config(path) for path in typology_files(both))


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        (
            "grambnk:GB020",
            "typology_features: no database 'grambnk' in .*; correct 'grambnk",
        ),
        ("wals:81A", "typology_features: write '81A' for 'wals:81A'"),
        ("GB020", "typology_features"),
        ("grambank:", "typology_features"),
        ("grambank:$(id)", "typology_features"),
    ],
)
def test_wrong_features_are_refused(feature: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        study(["81A", feature])


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("databases", "new\tNew\tcldf\tMIT", r"databases.tsv:\d+: 'new' has no table languages in"),
        ("databases", "new\tNew\txml\tMIT", r"layout 'xml' is none of wals, cldf"),
        ("databases", "wals\tNew\tcldf\tMIT", r"'wals' stands in the table twice"),
        ("databases", "N!\tNew\tcldf\tMIT", r"database 'N!' is not of the form"),
        ("files", "new\tvalues\tn.csv\tunchecked\t", r"files.tsv:\d+: no row 'new' in typology_d"),
        ("files", "wals\tvalues\tn.csv\tunchecked\t", r"'wals' has two rows of table values"),
        ("files", "wals\tparameters\tn.csv\tunchecked\t", r"table 'parameters' is none of"),
        ("files", "wals\tglottocodes\tn.csv\tunchecked\t", r"is not of the layout wals; remove"),
        (
            "files",
            "wals-cldf\tglottocodes\tglottolog/cldf/languages.csv\tunchecked\t",
            r"another checksum or url in a row above",
        ),
    ],
)
def test_wrong_rows_are_refused(table: str, row: str, reason: str, tmp_path: Path) -> None:
    for path in (ROOT / "resources").glob("*.tsv"):
        shutil.copy(path, tmp_path)
    shutil.copytree(ROOT / "resources" / "transliteration", tmp_path / "transliteration")
    with (tmp_path / f"typology_{table}.tsv").open("a") as file:
        file.write(f"{row}\n")
    with pytest.raises(InputError, match=reason):
        Catalogue(tmp_path, "2.18")
