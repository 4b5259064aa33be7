"""The page of results: what is on it, what it refuses, and that it needs nothing else."""

from __future__ import annotations

import json
import re
import struct
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from tensorboardX.proto.event_pb2 import Event
from xltransfer.analyses.tables import write_table
from xltransfer.records.record import RESULTS, write_record
from xltransfer.records.trace import Provenance
from xltransfer.results_page.charts import layer_charts, score_matrices
from xltransfer.results_page.examples import Confusion, confusions
from xltransfer.results_page.learning_curves import learning_curves
from xltransfer.results_page.predicted_files import Annotation
from xltransfer.results_page.report import report
from xltransfer.results_page.tree_drawing import arc_levels, draw_tree, is_right_to_left
from xltransfer.runtime.errors import InputError

GOLD = """# sent_id = a
1	the	the	DET	_	_	2	det	_	_
2	<b>dog</b>	dog	NOUN	_	_	3	nsubj:pass	_	_
3	was	be	VERB	_	_	0	root	_	_
4	seen	see	VERB	_	_	3	xcomp	_	_

"""
PREDICTED = GOLD.replace("2	det", "3	det").replace("nsubj:pass", "nsubj")
CHANGES = pd.DataFrame(
    {
        "encoder": ["tiny"],
        "task": ["parsing"],
        "source_target": ["QAA-X"],
        "REF": [50.0],
        "1-2": [-8.5],
        "1-2_low": [-10.25],
        "1-2_high": [-6.75],
        "1-2_p": [0.001],
        "3-4": [0.5],
        "3-4_low": [-1.0],
        "3-4_high": [2.0],
        "3-4_p": [0.4],
    }
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of results with two tables and predictions for one corpus."""
    folder = tmp_path / "results"
    monkeypatch.setenv(RESULTS, str(folder))
    gold = folder / "treebanks" / "qaa_tiny" / "test.conllu"
    write(gold, GOLD, "embedded_world", {})
    checksums = {str(gold): "0" * 64}
    for ablation, text in (("none", PREDICTED), ("random-init-1-2", GOLD)):
        model = folder / "predictions/tiny/parsing/qaa_tiny" / ablation / "seed-3"
        write(model / "qaa_tiny-test.conllu", text, "predict", checksums)
        checksums[str(model / "qaa_tiny-test.conllu")] = "1" * 64
    configuration = {
        "tasks": ["parsing"],
        "ablations": ["none", "random-init-1-2"],
        "parsing": {"kind": "parsing"},
    }
    content = {
        "study": "a <tiny> study",
        "stage": "score_tables",
        "seeds": [3, 4],
        "commit": "c0ffee",
        "config": "1234",
        "configuration": configuration,
        "processor": "any",
        "versions": {"python": "3"},
        "sources": {},
        "inputs": {
            "<results>/predictions/tiny/parsing/qaa_tiny/none/seed-3/qaa_tiny-test.conllu": "1" * 64
        },
    }
    (folder / "tables").mkdir()
    write_table(
        folder / "tables" / "randominit.csv", CHANGES, Provenance(content, {}), notes=["A note."]
    )
    scores = pd.DataFrame(
        {"encoder": ["tiny"], "task": ["parsing"], "metric": ["LAS"], "source": ["qaa"]}
        | {"qaa": [90.0], "qaa_sd": [1.0], "qab": [40.0], "qab_sd": [2.0]}
    )
    write_table(folder / "tables" / "zeroshot.csv", scores, Provenance(content, {}))
    return folder


def write(path: Path, text: str, stage: str, inputs: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    write_record(path, stage, inputs)


def test_page_stands_alone(results: Path, tmp_path: Path) -> None:
    """No link leaves the page, all anchors exist once, and corpora cannot inject elements."""
    report(results, output=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "://" not in page
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert max(ids.values()) == 1
    links = re.findall(r'href="([^"]*)"', page)
    assert links and all(link.startswith("#") and link[1:] in ids for link in links)
    assert "<b>dog" not in page and "&lt;b&gt;dog" in page
    assert "<h1>a &lt;tiny&gt; study</h1>" in page


def test_page_shows_values(results: Path, tmp_path: Path) -> None:
    report(results, output=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "QAA-X, layers 1-2: −8.5, 95 % confidence interval −10.25 to −6.75" in page
    assert "−8.50 ± 1.75" in page and "0.50 ± 1.50 ns" in page and "A note." in page
    # The seed's one wrong arc, in the drawing and in its description.
    assert page.count("the is det of was (wrong)") == 1
    assert page.count('class="arc wrong"') == 1
    assert "predicted after random-init-1-2" in page
    assert "embedded_world (1)" in page and "predict (1)" in page


def test_predictions_of_seeds_that_are_no_longer_in_the_study_do_not_count(
    results: Path, tmp_path: Path
) -> None:
    report(results, output=tmp_path / "one.html")
    gold = results / "treebanks" / "qaa_tiny" / "test.conllu"
    model = results / "predictions/tiny/parsing/qaa_tiny/none/seed-9"
    write(model / "qaa_tiny-test.conllu", GOLD, "predict", {str(gold): "0" * 64})
    report(results, output=tmp_path / "two.html")
    pages = [(tmp_path / name).read_text(encoding="utf-8") for name in ("one.html", "two.html")]
    assert "predicted as (1 seed)" in pages[0]
    assert pages[0] == pages[1]


def test_page_is_reproducible(results: Path, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        report(results, output=tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("tables/randominit.csv", lambda text: text.replace("-8.50", "-9.50"), "changed since"),
        ("tables/randominit.html", lambda text: "", "not a rendered table"),
        ("treebanks/qaa_tiny/test.conllu", lambda text: text.replace("was", "is"), "changed since"),
    ],
)
def test_changed_files_are_refused(
    results: Path, tmp_path: Path, name: str, change, message: str
) -> None:
    path = results / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        report(results, output=tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_predictions_of_other_words_are_refused(results: Path, tmp_path: Path) -> None:
    path = results / "predictions/tiny/parsing/qaa_tiny/none/seed-3/qaa_tiny-test.conllu"
    write(path, PREDICTED.replace("was", "is"), "predict", {})
    with pytest.raises(InputError, match="not the sentences of its corpus"):
        report(results, output=tmp_path / "page.html")


def test_unknown_ablations_and_empty_folders_are_refused(results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"random-init-3-4.*it has random-init-1-2"):
        report(results, output=tmp_path / "page.html", ablation="random-init-3-4")
    with pytest.raises(InputError, match="no tables"):
        report(tmp_path / "empty", output=tmp_path / "page.html")


def scalars(path: Path) -> list[tuple[int, str, float]]:
    """Step, name and value of the events of a file: records with their length and two checksums."""
    data, found, place = path.read_bytes(), [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        event = Event.FromString(data[place + 12 : place + 12 + length])
        found += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
        place += 12 + length + 4
    return found


def test_learning_curves_have_a_row_for_each_epoch_and_metric(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [{"epoch": 1, "loss": 2.0, "UAS": 60.0, "LAS": 50.0}]
    history += [{"epoch": 2, "loss": 1.0, "UAS": 70.0, "LAS": 65.0}]
    content = {"history": history, "best_epoch": 2, "steps": 40}
    model = results / "models/tiny/parsing/qaa_tiny/none/seed-3"
    write(model / "training.json", json.dumps(content), "finetune", {})
    learning_curves(results, output=tmp_path / "curves.csv")
    lines = (tmp_path / "curves.csv").read_text().splitlines()
    assert lines[0] == "encoder,task,source,ablation,seed,epoch,metric,value"
    assert lines[1] == "tiny,parsing,qaa_tiny,none,3,1,LAS,50.0000"
    assert lines[-1] == "tiny,parsing,qaa_tiny,none,3,2,loss,1.0000"
    assert len(lines) == 1 + 2 * 3
    events = tmp_path / "events"
    learning_curves(results, output=tmp_path / "curves.csv", tensorboard=events)
    (file,) = (events / "tiny/parsing/qaa_tiny/none/seed-3").iterdir()
    assert scalars(file) == [
        (int(epoch), metric, float(value))
        for *_, epoch, metric, value in (line.split(",") for line in lines[1:])
    ]
    with pytest.raises(InputError, match=r"events: exists and is not empty; name a new folder$"):
        learning_curves(results, output=tmp_path / "again.csv", tensorboard=events)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(InputError, match=r"^--tensorboard: tensorboardX is not installed; run"):
        learning_curves(results, output=tmp_path / "again.csv", tensorboard=tmp_path / "new")
    assert not (tmp_path / "again.csv").exists() and not (tmp_path / "new").exists()
    report(results, output=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    # From the lower left to the upper right corner of the curve.
    assert 'points="2.0,26.0 122.0,2.0"' in page
    assert "LAS of the development data: epoch 1: 50.00, epoch 2: 65.00" in page
    write(model / "training.json", json.dumps({"best_epoch": 1}), "finetune", {})
    with pytest.raises(InputError, match="not a report of a training"):
        learning_curves(results, output=tmp_path / "again.csv")
    assert not (tmp_path / "again.csv").exists()


def test_arcs_lie_above_what_they_span() -> None:
    assert arc_levels([2, 3, 0, 3]) == [1, 1, 1, 1]
    # 1-4 and 2-5 cross, and both span 2-3 and 3-4; the root is as high as the highest arc.
    assert arc_levels([4, 3, 4, 0, 2]) == [2, 1, 1, 2, 2]


def test_scripts_from_right_to_left_start_on_the_right() -> None:
    arabic = Annotation(["كتب", "ولد"], ["root", "nsubj"], [0, 1])
    assert is_right_to_left(arabic.forms) and not is_right_to_left(["dog", "ولد"])
    (_, first, _), (_, second, _) = draw_tree(arabic, arabic).words
    assert first > second


def test_confusions_by_hand() -> None:
    counts = {("a", "a"): 3, ("a", "b"): 2, ("a", "c"): 2, ("a", "d"): 1, ("a", "e"): 1}
    found = confusions({**counts, ("b", "a"): 1})
    assert found == [
        Confusion("a", 9, 3, [("b", 2), ("c", 2), ("d", 1)]),
        Confusion("b", 1, 0, [("a", 1)]),
    ]


def test_charts_keep_order_and_gaps() -> None:
    (chart,) = layer_charts(CHANGES)
    first, second = chart.points
    # A loss lies below the line of no change; pixels count downwards.
    assert first.low > first.y > first.high > chart.zero > second.y
    assert [label for label, _ in chart.ticks] == ["1-2", "3-4"]
    without = CHANGES.assign(**{"3-4": float("nan"), "3-4_low": float("nan")})
    assert len(layer_charts(without)[0].points) == 1
    none = {
        f"{name}{end}": float("nan") for name in ("1-2", "3-4") for end in ("", "_low", "_high")
    }
    both = pd.concat([CHANGES, CHANGES.assign(source_target="QCA-X", **none)])
    assert [one.title for one in layer_charts(both)] == ["tiny, parsing, QAA-X"]
    scores = {"encoder": ["e"], "task": ["t"], "metric": ["m"], "source": ["s"], "a": [1.0]}
    (matrix,) = score_matrices(pd.DataFrame({**scores, "b": [3.0], "c": [float("nan")]}))
    ((source, cells),) = matrix.rows
    assert source == "s" and [(cell.score, cell.share) for cell in cells] == [
        ("1.0", 0.0),
        ("3.0", 1.0),
        ("", 0.0),
    ]
