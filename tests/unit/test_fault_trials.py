"""The runner of fault trials: resumable, the same moments again, and wrong results are seen."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from faults import results
from faults.commands import Command, tracebacks
from faults.results import Result, append, missing, read, seed_of, table
from faults.run import run_missing
from faults.study import DIFFERS, PHASES, Timeline, differing
from faults.trial import Kind, Moment, RunIsOver, Trial, Wrong


class FakeReference:
    """Of a run that writes one file."""

    timeline = Timeline(first=1.0, ends=(2.0, 4.0, 6.0, 8.0, 10.0))

    def copy(self, folder: Path, phases: int) -> Path:
        (folder / "results").mkdir(parents=True, exist_ok=True)
        return folder

    def differences(self, folder: Path) -> list[str]:
        found = (folder / "results" / "table").read_text()
        return [] if found == "right" else ["table"]


class FakeTrial(Trial):
    """The command is a shell's, so that it takes no time."""

    script = "echo -n right > results/table"
    patience = 5.0

    def arguments(self) -> tuple[list[str], dict[str, str]]:
        return ["sh", "-c", self.script], {}

    def clock(self) -> float:
        return 1e9

    def trains(self) -> bool:
        return True


def make(folder: Path, kind: Kind, chance: random.Random, moment: Moment) -> Trial:
    trial = type("Some", (FakeTrial,), dict(kind.options))
    return trial(folder, FakeReference(), chance, moment)


class Maker:
    """Makes the trials of a place."""

    def __call__(self, *arguments: Any) -> Trial:
        return make(*arguments)

    def stop(self) -> None:
        pass


def nothing(trial: Trial) -> None:
    pass


def run(tmp_path: Path, kinds: dict[str, Kind], trials: int = 1) -> list[Result]:
    return run_missing(
        kinds, {"some": Maker}, trials, tmp_path / "file", tmp_path, say=lambda line: None
    )


@pytest.mark.parametrize(
    ("script", "outcome", "detail"),
    [
        ("echo -n right > results/table", "right", ""),
        ("echo -n other > results/table", "wrong", "1 files differ: table"),
        (
            "test -e again && echo -n right > results/table || "
            "{ touch again; echo error: no room; exit 1; }",
            "refused", "error: no room",
        ),
        ("test -e again && echo -n right > results/table || { touch again; exit 1; }", "right", ""),
        ("echo error: no room; exit 1", "wrong", "fails 5 times"),
        (
            "echo 'Traceback (most recent call last):'; echo '  File'; echo 'ValueError: x'; "
            "echo -n right > results/table",
            "wrong", "traceback: ValueError: x",
        ),
        ("sleep 100", "wrong", "the command does not end within 0 seconds"),
    ],
)  # fmt: skip
def test_outcomes(script: str, outcome: str, detail: str, tmp_path: Path) -> None:
    patience = 0.3 if script == "sleep 100" else 5.0
    kind = Kind(nothing, options=(("script", script), ("patience", patience)))
    (found,) = run(tmp_path, {"some-kind": kind})
    assert found.outcome == outcome and found.detail.startswith(detail), found
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_tracebacks_in_the_logs_of_jobs_are_seen(tmp_path: Path) -> None:
    text = "Traceback (most recent call last):\n  File x\n    y\nKeyError: 'z'\nafter\n"
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "job.log").write_text(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(folder, ["true"])
    command.end(5)
    assert tracebacks(command, tmp_path / "logs") == ["KeyError: 'z'"]
    assert tracebacks(command) == []


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    begun: list[tuple[float, bool]] = []

    def act(trial: Trial) -> None:
        begun.append((trial.moment.share, trial.moment.in_training))
        if len(begun) == 3:
            raise KeyboardInterrupt

    kinds = {"some-kind": Kind(act), "some-other": Kind(act)}
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, kinds, 2)
    # Killed while it wrote a line.
    with open(tmp_path / "file", "a") as file:
        file.write('{"kind": "some-ki')
    assert len(read(tmp_path / "file")) == 2
    found = run(tmp_path, kinds, 2)
    assert [(result.kind, result.number) for result in found] == [
        ("some-kind", 0), ("some-other", 0), ("some-kind", 1), ("some-other", 1)
    ]  # fmt: skip
    # The one that was interrupted struck at the same moment, in training as all odd ones do.
    assert len(begun) == 5 and begun[2] == begun[3]
    assert [in_training for _, in_training in begun] == [False, False, True, True, True]
    assert run(tmp_path, kinds, 2) == found and len(begun) == 5


def test_moments_that_come_too_late_come_earlier(tmp_path: Path) -> None:
    shares = []

    def act(trial: Trial) -> None:
        shares.append(trial.moment.share)
        if len(shares) < 3:
            raise RunIsOver

    (found,) = run(tmp_path, {"some-kind": Kind(act)})
    assert shares == pytest.approx([shares[0], 0.8 * shares[0], 0.64 * shares[0]])
    assert found.moment.startswith(f"{shares[2]:.3f} of the run")


def test_wrong_trials_leave_their_files(tmp_path: Path) -> None:
    def act(trial: Trial) -> None:
        raise Wrong("x")

    keep = tmp_path / "keep"
    run_missing(
        {"some-kind": Kind(act)}, {"some": Maker}, 1, tmp_path / "file", tmp_path,
        keep=keep, say=lambda line: None,
    )  # fmt: skip
    assert {path.name for path in keep.iterdir()} == {"some-kind-0", "some-kind-0-commands"}


def test_a_moment_has_its_place_in_a_run_that_begins_with_what_is_done() -> None:
    timeline = FakeReference.timeline
    assert timeline.place(0.05) == (0, pytest.approx(0.5))
    # Halfway through the second phase, 1 after the start of its jobs, which is at 1.
    assert timeline.place(0.3) == (1, pytest.approx(2.0))
    assert timeline.place(1.0) == (4, pytest.approx(3.0))
    phases = [timeline.place(n / 1000)[0] for n in range(1000)]
    assert [phases.count(n) for n in range(len(PHASES))] == pytest.approx([200] * 5, abs=2)


def test_files_that_must_be_equal(tmp_path: Path) -> None:
    names = ["tables/a.csv", "tables/a.provenance.json", "tables/a.timing.json", "scores/b",
             "models/timing.json", *(f"{folder}/c" for folder in DIFFERS)]  # fmt: skip
    for side in ("one", "other"):
        # What begins with a dot is left of a process that was killed.
        for name in [*names, f"models/.model.{side}"]:
            path = tmp_path / side / "results" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(side)
    assert differing(tmp_path / "one", tmp_path / "other") == [
        "tables/a.csv", "tables/a.provenance.json", "scores/b"
    ]  # fmt: skip
    for name in names:
        (tmp_path / "other" / "results" / name).write_text("one")
    assert differing(tmp_path / "one", tmp_path / "other") == []
    (tmp_path / "other" / "results" / "scores" / "b").unlink()
    (tmp_path / "other" / "results" / "scores" / "d").write_text("one")
    assert differing(tmp_path / "one", tmp_path / "other") == ["scores/b", "scores/d"]


def test_table_counts_outcomes(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    for number, outcome in enumerate(["right", "refused", "wrong", "right"]):
        append(file, Result("a", number, number, "x", outcome, 1, 2.0))
    append(file, Result("b", 0, 9, "x", "right", 1, 5.0))
    lines = [[cell.strip() for cell in line.strip("|").split("|")]
             for line in table(read(file), ["a", "b", "c"]).splitlines()]  # fmt: skip
    assert lines[0] == ["kind", "trials", "right tables", "refused in one line", "wrong",
                        "seconds each"]  # fmt: skip
    assert lines[2:] == [
        ["a", "4", "3", "1", "1", "2"], ["b", "1", "1", "0", "0", "5"],
        ["all", "5", "4", "1", "1", "3"],
    ]  # fmt: skip
    assert json.loads(file.read_text().splitlines()[0])["outcome"] == results.RIGHT


def test_seeds_depend_on_the_trial_alone() -> None:
    few, many = (missing([], kinds, 2, 0) for kinds in (["a"], ["b", "a"]))
    assert set(few) < set(many) and len({seed for _, _, seed in many}) == 4
    assert seed_of(1, "a", 0) != seed_of(0, "a", 0)
