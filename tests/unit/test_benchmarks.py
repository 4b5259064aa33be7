"""Benchmarks: pairs in turn, ratios, what is kept of earlier runs, and the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from xltransfer.runtime.errors import InputError

from benchmarks import __main__ as command
from benchmarks import results
from benchmarks.measurement import (
    FailedError,
    Measurement,
    Target,
    call_worker,
    interleave,
    run_process,
    summarise,
    thread_variables,
)
from benchmarks.options import Options
from benchmarks.planning import read_jobs
from benchmarks.rows import Comparison, Row, peer_missing
from benchmarks.rows.all import ROWS
from benchmarks.rows.parsing import machamp_seconds

FASTER = Target(10, at_least=True)
WITHIN = Target(1.25, at_least=False)


def measurement(seconds: float, work: float = 1, peak: int = 10**9, **facts: float) -> Measurement:
    return Measurement(seconds, work, peak, facts)


def row(key: str, own: list[float], other: list[float], **changes: object) -> Row:
    """A row whose sides take these seconds, pair by pair."""
    comparison = Comparison(
        own=lambda number: measurement(own[number]),
        other=lambda number: measurement(other[number], peak=2 * 10**9),
        bound=lambda: f"bound of {key}",
        peer=f"peer of {key} 1.0",
        note=lambda pairs: f"{len(pairs)} pairs",
    )
    values = {"target": FASTER, "prepare": lambda _: comparison, **changes}
    return Row(key, f"stage of {key}", f"peer of {key}", **values)


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(tmp_path / "work", pairs=3, threads=1, shared=tmp_path, encoder=None)


def bench(options: Options, chosen: list[Row], rows: list[Row], output: Path, monkeypatch) -> str:
    monkeypatch.setattr(command, "ROWS", rows)
    command.bench(options, chosen, output)
    return output.with_suffix(".md").read_text()


def test_ratios_are_of_time_per_work() -> None:
    pair = measurement(2, work=4), measurement(30, work=3)
    assert FASTER.ratio(pair) == 20  # 0.5 s against 10 s
    assert WITHIN.ratio(pair) == 0.05


def test_verdicts() -> None:
    assert FASTER.verdict(10) == "reached"
    assert FASTER.verdict(4) == "short by 2.50 ×"
    assert WITHIN.verdict(1.25) == "reached"
    assert WITHIN.verdict(1.5) == "short by 1.20 ×"
    assert (str(FASTER), str(WITHIN)) == ("≥ 10 ×", "≤ 1.25 ×")


def test_sides_take_turns_and_so_does_who_begins() -> None:
    order = []

    def side(name: str):
        def measure(number: int) -> Measurement:
            order.append(f"{name}{number}")
            return measurement(number, peak=len(name))

        return measure

    pairs = interleave(side("a"), side("bb"), 3)
    assert order == ["a0", "bb0", "bb1", "a1", "a2", "bb2"]
    assert [(a.seconds, a.peak_bytes, b.peak_bytes) for a, b in pairs] == [
        (0, 1, 2),
        (1, 1, 2),
        (2, 1, 2),
    ]


def test_summary_is_median_and_extremes() -> None:
    assert summarise([3.0, 1.0, 8.0]) == (3.0, 1.0, 8.0)


def test_the_page_says_ratio_verdict_memory_and_bound(options, tmp_path, monkeypatch) -> None:
    fast = row("fast", [1, 1, 1], [12, 11, 30])
    slow = row("slow", [3, 3, 3], [2, 2, 2], target=WITHIN)
    page = bench(options, [fast, slow], [fast, slow], tmp_path / "results.json", monkeypatch)
    assert (
        "| `fast` | stage of fast | peer of fast 1.0 | ≥ 10 × | **12.00** (11.00–30.00; 3) "
        "| reached | 1.00 GB / 2.00 GB | 1 |"
    ) in page
    assert "**1.50** (1.50–1.50; 3) | short by 1.20 × |" in page
    assert "- `fast`: bound of fast; 3 pairs." in page


def test_rows_of_earlier_runs_stay(options, tmp_path, monkeypatch) -> None:
    first, second = row("first", [1] * 3, [11] * 3), row("second", [1] * 3, [12] * 3)
    third = row("third", [1] * 3, [13] * 3)
    rows, output = [first, second, third], tmp_path / "results.json"
    bench(options, [first, second], rows, output, monkeypatch)
    page = bench(options, [second], rows, output, monkeypatch)
    lines = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert "**11.00**" in lines["first"] and lines["first"].endswith("| 1 |")
    assert "**12.00**" in lines["second"] and lines["second"].endswith("| 2 |")
    assert "not run" in lines["third"]
    # Once no row is of the first run, it is no longer listed.
    bench(options, [first], rows, output, monkeypatch)
    assert len(json.loads(output.read_text())["runs"]) == 2


def test_a_row_without_its_peer_is_skipped_and_says_so(options, tmp_path, monkeypatch) -> None:
    needy = row("needy", [1] * 3, [11] * 3, missing=peer_missing("run-mlm"))
    page = bench(options, [needy], [needy], tmp_path / "results.json", monkeypatch)
    assert "skipped: no peer, name it with --run-mlm" in page


def test_a_failure_takes_no_measurements_place(options, tmp_path, monkeypatch, caplog) -> None:
    output = tmp_path / "results.json"
    works = row("row", [1] * 3, [11] * 3)
    bench(options, [works], [works], output, monkeypatch)

    def fail(_: Options) -> Comparison:
        raise FailedError("a path of this machine")

    fails, other = row("row", [], [], prepare=fail), row("other", [], [], prepare=fail)
    with pytest.raises(InputError, match="failed: row, other"):
        bench(options, [fails, other], [fails, other], output, monkeypatch)
    page = output.with_suffix(".md").read_text()
    assert "**11.00**" in page
    assert "| – | failed |" in page
    assert "a path of this machine" in caplog.text and "a path of this machine" not in page


def test_a_row_whose_data_is_not_there_is_skipped(options, tmp_path, monkeypatch, caplog) -> None:
    needy = next(row for row in ROWS if row.key == "conllu")
    page = bench(options, [needy], [needy], tmp_path / "results.json", monkeypatch)
    assert "skipped: what it needs is not there" in page
    assert "no such file; name the folder of data with --shared" in caplog.text


def test_memory_and_time_are_of_the_process_itself(tmp_path: Path) -> None:
    size = 300 * 2**20
    small = run_process([sys.executable, "-c", "pass"], tmp_path / "log", {})
    code = f"import os; x = b'x' * {size}; print(os.environ['SAID'])"
    large = run_process([sys.executable, "-c", code], tmp_path / "log", {"SAID": "hello"})
    again = run_process([sys.executable, "-c", "pass"], tmp_path / "log2", {})
    assert (tmp_path / "log").read_text() == "hello\n"
    assert small.peak_bytes < size < large.peak_bytes < size + 200 * 2**20
    assert again.peak_bytes < size


def test_a_process_that_fails_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(FailedError, match=f"exit code 1, {log}: last words"):
        run_process([sys.executable, "-c", "print('last words'); exit(3)"], log, {})
    with pytest.raises(FailedError, match="nowhere: No such file or directory"):
        run_process(["nowhere"], log, {})


def test_workers_read_and_write_a_treebank(options, tmp_path) -> None:
    pytest.importorskip("conllu")
    treebank = tmp_path / "a.conllu"
    treebank.write_text("# sent_id = 1\n1\ta\t_\tX\t_\t_\t0\troot\t_\t_\n\n")
    arguments = {"treebank": str(treebank), "output": str(tmp_path / "b.conllu")}
    own, other = (call_worker(options, f"conllu:{name}", arguments) for name in ("own", "library"))
    assert own.facts == other.facts
    assert own.facts["same_file"]
    assert own.work == treebank.stat().st_size / 1e6


def test_every_thread_pool_is_bounded() -> None:
    pools = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    assert thread_variables(2) == {**dict.fromkeys(pools, "2"), "TOKENIZERS_PARALLELISM": "true"}


def test_machamps_log_tells_the_time_of_its_training_steps() -> None:
    log = """\
2026-01-02 10:00:00,000 - INFO - machamp.model.trainer - starting training...
2026-01-02 10:00:01,000 - INFO - machamp.model.trainer - Epoch 1/2: training
2026-01-02 10:00:05,500 - INFO - machamp.model.trainer - Epoch 1: evaluating on dev
2026-01-02 10:01:00,000 - INFO - machamp.model.trainer - Epoch 2/2: training
2026-01-02 10:01:02,250 - INFO - machamp.model.trainer - Epoch 2: evaluating on dev
"""
    assert machamp_seconds(log) == 6.75
    with pytest.raises(FailedError, match="no epoch"):
        machamp_seconds("nothing")


def test_rows_are_chosen_by_name_and_long_ones_only_so() -> None:
    assert [r.key for r in command._chosen(["demo", "conllu"])] == ["demo", "conllu"]
    assert {r.key for r in ROWS} - {r.key for r in command._chosen([])} == {
        "embedded-study",
        "demo",
        "csls",
        "checkpointing",
    }
    with pytest.raises(InputError, match="no row 'nope'; there are parser-machamp"):
        command._chosen(["nope"])
    assert len({r.key for r in ROWS}) == len(ROWS)


def test_results_on_record_are_read_back(tmp_path: Path) -> None:
    assert results.load(tmp_path / "none.json") == {"rows": {}, "runs": []}


def test_a_wildcard_without_a_value_leaves_paths_as_they_are() -> None:
    printed = (
        "\nrule pieces:\n    output: results/pieces/mbert/en_ewt-train.txt\n"
        "    wildcards: encoder=mbert, corpus=en_ewt, split=train, drawn=\n"
    )
    (job,) = read_jobs(printed, "results")
    assert job.pattern(job.files["output"][0]) == "results/pieces/{encoder}/{corpus}-{split}.txt"
