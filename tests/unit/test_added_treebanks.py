"""Adding a treebank to the catalogue or to a study, and a study that uses it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from test_downloads import Server, server  # noqa: F401
from xltransfer.commands.add import add
from xltransfer.commands.new import new
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.catalogue_rows import COLUMNS
from xltransfer.corpora.new_languages import script_of_text
from xltransfer.corpora.ud_treebank import open_treebank, release_of
from xltransfer.encoders.hub_commits import present_commit
from xltransfer.public.functions import open_study
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.new_study import encoder_item
from xltransfer.study.study_files import merged, read_config

NAME, CODE = "UD_Hungarian-Szeged", "hu_szeged"
ROW = "{}\t{}\t{}\tNOUN\t_\t_\t{}\t{}\t_\t_\n"
SENTENCE = (
    "# sent_id = a\n" + ROW.format(1, "Ez", "_", 2, "nsubj") + ROW.format(2, "jó", "_", 0, "root")
) + "\n"
LICENCE = "This treebank is under http://creativecommons.org/licenses/by-nc-sa/4.0/legalcode\n"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release with one treebank."""
    folder = tmp_path / "ud-treebanks-v2.17" / NAME
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        path = folder / f"{CODE}-ud-{split}.conllu"
        path.write_text(SENTENCE.replace("= a", f"= {split}"), encoding="utf-8")
    (folder / "LICENSE.txt").write_text(LICENCE)
    return folder.parent


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's tables, in which commands run."""
    folder = tmp_path / "clone"
    shutil.copytree(
        ROOT / "resources", folder / "resources", ignore=shutil.ignore_patterns("downloads")
    )
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    monkeypatch.chdir(folder)
    return folder


def tables(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.tsv")}


def test_a_treebank_of_a_new_language_beside_a_study(
    release: Path, clone: Path, capsys: pytest.CaptureFixture
) -> None:
    before, study = tables(clone / "resources"), clone / "mine" / "study.yaml"
    add(NAME, from_=str(release), study=str(study), family="Uralic, Ugric")
    assert tables(clone / "resources") == before
    found = Catalogue(clone / "resources", "2.18", study.parent / "catalogue")
    language = found.languages["hu"]
    values = ("Hungarian", "hun", "Latn", "Uralic, Ugric")
    assert (language.name, language.iso, language.script, language.family) == values
    treebank = found.treebanks[CODE]
    assert (treebank.name, treebank.licence, treebank.release) == (NAME, "CC BY-NC-SA 4.0", "2.17")
    file = treebank.files["test"]
    data = (release / NAME / file.name).read_bytes()
    assert (file.checksum, file.bytes) == (
        f"sha256:{hashlib.sha256(data).hexdigest()}",
        len(data),
    )
    assert file.url == (
        "https://raw.githubusercontent.com/UniversalDependencies/UD_Hungarian-Szeged/r2.17/"
        "hu_szeged-ud-test.conllu"
    )
    # A second call changes nothing and says so.
    written = tables(study.parent / "catalogue")
    capsys.readouterr()
    add(NAME, from_=str(release), study=str(study))
    assert tables(study.parent / "catalogue") == written
    assert "is in the catalogue already" in capsys.readouterr().out


def test_a_treebank_of_a_known_language_in_the_catalogue(tmp_path: Path, clone: Path) -> None:
    folder = tmp_path / "UD_Finnish-New"
    folder.mkdir()
    (folder / "fi_new-ud-test.conllu").write_text(SENTENCE, encoding="utf-8")
    before = tables(clone / "resources")
    add("UD_Finnish-New", from_=str(folder), licence="CC0-1.0", release="2.18")
    after = tables(clone / "resources")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"treebanks.tsv", "treebank_files.tsv"}
    for name in changed:
        old, new_lines = before[name].splitlines(), after[name].splitlines()
        assert [line for line in new_lines if not line.startswith("fi_new\t")] == old
        # Rows are in the order of the codes, where they were.
        place = [line.partition("\t")[0] for line in new_lines].index("fi_new")
        assert new_lines[place - 1] < "fi_new" < new_lines[place + 1]
    assert Catalogue(clone / "resources", "2.18").treebanks["fi_new"].splits == ("test",)


def test_another_release_adds_files_alone(
    release: Path, clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    add(NAME, from_=str(release), family="Uralic, Ugric")
    assert "as configured" not in capsys.readouterr().out
    newer = tmp_path / "ud-treebanks-v2.18"
    shutil.copytree(release, newer)
    (newer / NAME / f"{CODE}-ud-dev.conllu").write_text(SENTENCE * 2, encoding="utf-8")
    add(NAME, from_=str(newer))
    assert Catalogue(clone / "resources", "2.17").treebanks[CODE].release == "2.17"
    assert Catalogue(clone / "resources", "2.18").treebanks[CODE].release == "2.18"


def test_a_release_that_is_assumed_is_stated(
    release: Path, clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Also where one row is new: a treebank with a test part, whose other rows are there."""
    add(NAME, from_=str(release), family="Uralic, Ugric")
    unnamed = tmp_path / "treebanks"
    shutil.copytree(release, unnamed)
    for path in (unnamed / NAME).glob("*.conllu"):
        if not path.name.endswith("-test.conllu"):
            path.unlink()
    capsys.readouterr()
    add(NAME, from_=str(unnamed))
    assert "release: 2.18, as configured" in capsys.readouterr().out
    add(NAME, from_=str(unnamed))
    assert "as configured" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "change", "options", "message"),
    [
        ("Hungarian", None, {}, "no name of a UD treebank like UD_Hungarian-Szeged"),
        ("UD_Hungarian-Other", None, {}, "holds no folder UD_Hungarian-Other"),
        (NAME, "1\tEz\n\n", {}, "train.conllu:1: 2 columns instead of 10"),
        (NAME, "1\tEz", {}, "the file ends inside a sentence"),
        (NAME, None, {"release": "2.19"}, "newer than `ud_release: 2.18`"),
        (NAME, None, {"release": "next"}, "'next' is no release like 2.18"),
        (NAME, None, {"iso": "HUN"}, "iso 'HUN' is not of the form.*nothing has been written"),
        (NAME, None, {"family": "a\tb"}, "family 'a.*has a tab"),
        (NAME, "1\t12\t_\t_\t_\t_\t0\troot\t_\t_\n\n", {}, "its text has no letters"),
    ],
)
def test_what_is_wrong_is_one_line_and_writes_nothing(
    name: str, change: str | None, options: dict, message: str, release: Path, clone: Path
) -> None:
    if change is not None:
        for split in ("train", "dev", "test"):
            (release / NAME / f"{CODE}-ud-{split}.conllu").write_text(change)
    before = tables(clone / "resources")
    with pytest.raises(InputError, match=message):
        add(name, **{"from_": str(release), "family": "Uralic", **options})
    assert tables(clone / "resources") == before
    with pytest.raises(InputError, match=message):
        add(name, **{"from_": str(release), "family": "U", "study": "s/study.yaml", **options})
    assert not Path("s").exists()


def test_other_files_of_a_known_release_are_refused(release: Path, clone: Path) -> None:
    add(NAME, from_=str(release), family="Uralic")
    (release / NAME / f"{CODE}-ud-dev.conllu").write_text(SENTENCE * 3, encoding="utf-8")
    with pytest.raises(InputError, match=r"has another dev part of release 2.17"):
        add(NAME, from_=str(release))


def test_an_unknown_family_is_of_no_other_language(
    release: Path, clone: Path, capsys: pytest.CaptureFixture
) -> None:
    add(NAME, from_=str(release))
    assert Catalogue("resources", "2.18").languages["hu"].top_family == "unknown (hu)"
    assert "its family is not known" in capsys.readouterr().err


def test_family_from_wals_where_it_has_been_fetched(release: Path, clone: Path) -> None:
    wals = Path("resources/downloads/typology/wals/cldf")
    wals.mkdir(parents=True)
    text = "ID,ISO639P3code,Family,Genus\nhun,hun,Uralic,Ugric\n"
    (wals / "languages.csv").write_text(text)
    add(NAME, from_=str(release), study="mine/study.yaml")
    found = Catalogue("resources", "2.18", "mine/catalogue")
    assert found.languages["hu"].family == "Uralic, Ugric"


def test_downloaded_with_the_parts_that_there_are(
    release: Path,
    clone: Path,
    server: Server,  # noqa: F811
) -> None:
    for part in ("train", "test"):
        file = f"{NAME}/{CODE}-ud-{part}.conllu"
        server.files[f"ud/{file}"] = (release / file).read_bytes()
    with pytest.raises(InputError, match="give it with --language"):
        add(NAME, from_=f"{server.url}/ud", study="mine/study.yaml")
    options = {"from_": f"{server.url}/ud", "study": "mine/study.yaml", "family": "U"}
    add(NAME, language="hu", release="2.17", **options)
    found = Catalogue("resources", "2.18", "mine/catalogue").treebanks[CODE]
    assert found.splits == ("train", "test")
    with pytest.raises(InputError, match=r"has no file zz_szeged-ud-train"):
        add(NAME, language="zz", **options)


def test_a_part_that_cannot_be_fetched_now_is_an_error(
    release: Path,
    clone: Path,
    server: Server,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the treebank would be catalogued without it."""
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    file = f"{NAME}/{CODE}-ud-test.conllu"
    server.files[file] = (release / file).read_bytes()
    server.failures[f"{NAME}/{CODE}-ud-train.conllu"] = 100
    with pytest.raises(InputError, match="HTTP 503"):
        add(NAME, language="hu", from_=server.url, study="mine/study.yaml")
    assert not Path("mine").exists()


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Ez jó.", "Latn"),
        ("Это хорошо, да? OK", "Cyrl"),
        ("これは本です", "Jpan"),
        ("這是一本書", "Hani"),
        ("이것은 책입니다", "Kore"),
        ("هذا كتاب", "Arab"),
        ("यह किताब है", "Deva"),
        ("12 + 3", ""),
    ],
)
def test_script_of_a_text(text: str, script: str) -> None:
    assert script_of_text([text]) == script


def test_release_and_licence_of_a_folder(release: Path, tmp_path: Path) -> None:
    assert release_of(release / NAME) == "2.17"
    assert release_of(tmp_path) == ""
    licence = release / NAME / "LICENSE.txt"
    for text, expected in (
        ("Attribution-NonCommercial-ShareAlike 4.0 International", "CC BY-NC-SA 4.0"),
        ("Attribution-ShareAlike 3.0 Unported", "CC BY-SA 3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("GNU GPL", ""),
    ):
        licence.write_text(text)
        assert open_treebank(release, NAME).licence == expected
    (release / NAME / "README.md").write_text("x\nLicense: LGPL-LR \nParallel: no\n")
    assert open_treebank(release, NAME).licence == "LGPL-LR"


def test_a_study_of_an_added_treebank(
    release: Path, clone: Path, capsys: pytest.CaptureFixture
) -> None:
    study = Path("mine/study.yaml")
    add(NAME, from_=str(release), study=str(study), family="Uralic, Ugric")
    options = {"task": ["parsing", "pos"], "mirror": [str(release)], "seeds": [1]}
    new(study, source=[CODE], target=["qab_embedded"], **options)
    opened = open_study(study)
    assert opened.sources("parsing") == [CODE]
    assert opened.targets("pos") == ["qab_embedded", CODE]
    assert opened.config["mirrors"] == [str(release)]
    assert opened.target_languages["hu"].name == "Hungarian"
    assert "random-init-11-12" in opened.config["ablations"]
    # A second call finds the same; other options do not replace it.
    text = study.read_text()
    new(study, source=[CODE], target=["qab_embedded"], **options)
    assert "is there already" in capsys.readouterr().out
    with pytest.raises(InputError, match="exists and differs"):
        new(study, source=[CODE], target=["qac_embedded"], **options)
    assert study.read_text() == text


def test_a_study_gets_its_catalogue_as_one_more_line(release: Path, clone: Path) -> None:
    study = Path("study.yaml")
    before = "# mine\nstudy: x   # a name\n"
    study.write_text(before)
    add(NAME, from_=str(release), study="study.yaml", family="Uralic")
    assert study.read_text().startswith(before)
    assert yaml.safe_load(study.read_text()) == {"study": "x", "catalogue": "catalogue"}
    again = study.read_text()
    add(NAME, from_=str(release), study="study.yaml")
    assert study.read_text() == again


def test_a_study_that_no_line_extends_says_what_to_write(release: Path, clone: Path) -> None:
    Path("study.json").write_text('{"study": "x"}')
    with pytest.raises(InputError, match=r"write `catalogue: \"catalogue\"` into it"):
        add(NAME, from_=str(release), study="study.json", family="Uralic")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": ["xx_none"]}, "--source: no corpus for parsing among xx_none"),
        ({"target": ["xx_none"]}, "--target xx_none: no corpus of parsing in the catalogue"),
        ({"task": ["qa"]}, "--task qa: none of parsing, pos, ner"),
        ({"encoder": "no/such/encoder"}, "no such directory, and no repository of the hub like"),
        ({"seeds": [1, 1]}, r"config: seeds: .* twice"),
        ({"source": ["ar_pud"]}, "ar_pud has no train part"),
    ],
)
def test_a_study_that_is_wrong_is_not_written(
    options: dict, message: str, clone: Path, tmp_path: Path
) -> None:
    given = {"source": ["qaa_embedded"], "target": ["qab_embedded"], **options}
    with pytest.raises(InputError, match=message):
        new(tmp_path / "study.yaml", **given)
    assert not (tmp_path / "study.yaml").exists()


def test_the_hash_of_an_encoder_of_a_study_is_known(clone: Path, tmp_path: Path) -> None:
    encoder = "google-bert/bert-base-multilingual-cased"
    new(tmp_path / "m.yaml", source=["en_ewt"], target=["de_pud"], encoder=encoder)
    found = Study(read_config([tmp_path / "m.yaml"]), ROOT).declared_encoders
    (only,) = found.values()
    assert only.hub == encoder and len(only.revision) == 40 and only.layers == 12


def own(folder: Path, **rows: str) -> dict:
    folder.mkdir(exist_ok=True)
    for table, row in rows.items():
        header = "\t".join(COLUMNS[f"{table}.tsv"])
        (folder / f"{table}.tsv").write_text(f"{header}\n{row}\n")
    return merged(read_config([]), {"catalogue": str(folder)})


def test_rows_that_a_study_adds_are_checked_as_the_others(clone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    with pytest.raises(InputError, match="no such folder, which `catalogue` names"):
        Study(merged(read_config([]), {"catalogue": str(folder)}), ".")
    for rows, message in (
        ({"languages": "en\tEnglish\teng\tLatn\tIndo-European"}, r"own/languages.tsv:2.*twice"),
        ({"treebanks": "xx_a\txx\tUD_X-A\tCC0"}, r"own/treebanks.tsv:2: no language 'xx'"),
        ({"raw_corpora": "wo_t\two\tT\ttext\t../x\tunchecked\t\tCC0"}, "no path inside a mirror"),
    ):
        with pytest.raises(InputError, match=message):
            Study(own(folder, **rows), ".")
        shutil.rmtree(folder)
    config = own(folder, languages="hu\tHungarian\thun\tLatn\tUralic, Ugric")
    assert Study(config, ".").catalogue.languages["hu"].iso == "hun"
    (folder / "schemes.tsv").write_text("x\n")
    with pytest.raises(InputError, match="none of the tables that a study can extend"):
        Study(config, ".")


def test_tables_of_a_study_change_nothing_that_exists(clone: Path, tmp_path: Path) -> None:
    config = own(tmp_path / "own", languages="hu\tHungarian\thun\tLatn\tUralic, Ugric")
    plain, extended = Study(read_config([]), "."), Study(config, ".")
    of = "embedded", "parsing", "qaa_embedded"
    assert plain.identities.model(*of) == extended.identities.model(*of)
    assert plain.table_config() == extended.table_config()


def test_the_present_commit_of_a_repository(
    clone: Path,
    tmp_path: Path,
    server: Server,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = "0123456789" * 4
    server.headers = {"Content-Type": "application/json"}
    server.files["api/models/owner/new-one"] = json.dumps(
        {"id": "owner/new-one", "sha": commit}
    ).encode()
    assert present_commit("owner/new-one", server.url) == commit
    with pytest.raises(InputError, match=r"owner/other: .*; correct the name, or give the commit"):
        present_commit("owner/other", server.url)
    with pytest.raises(InputError, match=r"owner/new-one: not found out"):
        present_commit("owner/new-one", "http://127.0.0.1:1")
    monkeypatch.setattr("xltransfer.encoders.hub_commits.present_commit", lambda name: commit)
    assert encoder_item("owner/new-one", Catalogue("resources", "2.18")) == {
        "name": "new-one",
        "hub": "owner/new-one",
        "revision": commit,
    }
