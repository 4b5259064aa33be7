"""Kinds of faults on one machine, without a cluster."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .commands import logs_of
from .processes import command_line, shells_of_jobs, stages
from .study import Reference, References, local_command
from .trial import Kind, Moment, RunIsOver, Trial, Wrong

DISK = "64m"
"""Size of a disk that holds a trial, and is filled."""
UNPRIVILEGED = ("--bounding-set=-dac_override,-dac_read_search",
                "--inh-caps=-dac_override,-dac_read_search")  # fmt: skip
"""What root gives up so that permissions count."""


class LocalTrial(Trial):
    """A trial whose jobs run on this machine.

    Args:
        prefix: what the command is started with.
    """

    def __init__(
        self, folder: Path, reference: Reference, chance: random.Random, moment: Moment,
        prefix: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.prefix = prefix
        super().__init__(folder, reference, chance, moment)

    def arguments(self) -> tuple[list[str], dict[str, str]]:
        """Two jobs at a time."""
        return local_command(*self.prefix), {}

    def clock(self) -> float:
        """Processor time."""
        return self.head.cpu_seconds()


def killed(whom: str, number: signal.Signals) -> Callable[[LocalTrial], None]:
    """A fault: a signal for the head, a job or all processes."""

    def act(trial: LocalTrial) -> None:
        trial.start()
        # A process may end at this moment.
        with suppress(ProcessLookupError):
            if whom == "group":
                os.killpg(trial.head.pid, number)
            elif whom == "head":
                os.kill(trial.head.pid, number)
            else:
                os.kill(_process_of_a_job(trial), number)

    return act


def _process_of_a_job(trial: LocalTrial) -> int:
    """A stage, or the shell that waits for it."""
    of_jobs = shells_of_jobs if trial.chance.random() < 0.25 else stages
    return trial.chance.choice(trial.wait_for(lambda: of_jobs(trial.head.pid)))


def disk_full(trial: LocalTrial) -> None:
    """The disk fills up to some bytes, and the command is given again before there is room."""
    trial.start()
    filler = trial.folder / "results" / "filler"
    filler.parent.mkdir(exist_ok=True)
    _fill(filler, room=trial.chance.choice([0, 4096, 1 << 16, 1 << 20]))
    if trial.finish_command(trial.head, must_say=True) and trial.chance.random() < 0.5:
        trial.head = trial.command()
        trial.finish_command(trial.head, must_say=True)
    filler.unlink()


def _fill(filler: Path, room: int) -> None:
    with suppress(OSError), open(filler, "wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    with suppress(OSError):
        os.truncate(filler, max(0, filler.stat().st_size - room))


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of its own for a trial."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def no_mounts() -> str | None:
    """Why no file system can be mounted."""
    return None if os.geteuid() == 0 else "only root can mount a small disk"


def read_only(trial: LocalTrial) -> None:
    """Folders of results lose their permissions, and get them back after another attempt."""
    trial.start()
    parts = ["results"] if trial.chance.random() < 0.7 else ["results", ".snakemake"]
    # What the command makes at this moment may come too late, as with a slow `chmod -R`.
    for part in parts:
        (trial.folder / part).mkdir(exist_ok=True)
        _change_modes(trial.folder / part, 0o555)
    trial.finish_command(trial.head, must_say=True)
    if trial.chance.random() < 0.5:
        trial.head = trial.command()
        trial.finish_command(trial.head, must_say=True)
    for part in parts:
        _change_modes(trial.folder / part, 0o755)


def _change_modes(top: Path, mode: int) -> None:
    for place, _, _ in os.walk(top, topdown=False):
        with suppress(FileNotFoundError):
            os.chmod(place, mode)


def permissions_do_not_count() -> str | None:
    """Why this machine cannot have folders that are read-only."""
    if os.geteuid() or shutil.which("setpriv"):
        return None
    return "no setpriv, with which root could give up its rights"


def clock_set_back(trial: LocalTrial) -> None:
    """Everything so far is dated as if the clock had been ahead, for seconds or for days."""
    trial.start()
    # Sometimes the machine is rebooted for it.
    if trial.chance.random() < 0.5:
        trial.head.kill()
    ahead = trial.chance.choice(
        [trial.chance.uniform(2, 10), trial.chance.uniform(120, 10_000), 864_000]
    )
    for place, folders, names in os.walk(trial.folder / "results"):
        for name in folders + names:
            _date(Path(place) / name, ahead)
    while trial.finish_command(trial.head):
        _follow_advice(trial)
        trial.head = trial.command()
    trial.compare()
    # Once more, to see whether it is settled.
    trial.head = trial.command()


def _date(path: Path, ahead: float) -> None:
    # A file may be renamed at this moment.
    with suppress(OSError):
        date = path.lstat().st_mtime + ahead
        os.utime(path, (date, date), follow_symlinks=False)


def _follow_advice(trial: LocalTrial) -> None:
    """Give the command that the last line for the user names, if there is one."""
    if len(trial.commands) > 6:
        raise Wrong(f"what is said does not help: {trial.errors[-1:]}")
    said = trial.head.errors()
    if said and (advice := re.search("`(.*?)`", said[-1])):
        subprocess.run(advice[1], shell=True, cwd=trial.folder, check=True)


def two_heads(trial: LocalTrial) -> None:
    """The same command a second time, or two at the moment at which the first is killed."""
    trial.start()
    if trial.chance.random() < 0.5:
        others = [trial.command()]
    else:
        os.kill(trial.head.pid, signal.SIGKILL)
        trial.finish_command(trial.head)
        trial.head, *others = trial.command(), trial.command()
        time.sleep(trial.chance.uniform(0, 0.2))
    heads = [trial.head, *others]
    codes = [trial.finish_command(head) for head in reversed(heads)]
    if not any(codes):
        # Both can do all their work if one starts after the end of the other.
        trial.compare()
        return
    refusals = [
        line for head in heads for line in head.errors() if "runs in this folder already" in line
    ]
    if len(refusals) != 1:
        raise Wrong(f"{len(refusals)} refusals of two heads: {refusals}")


def stale_node(trial: LocalTrial) -> None:
    """A node that was lost goes on with a job, and writes its files late or into those of another.

    The job's command is given once more without what marks it as one of this head, held up for a
    while, and let go on again during the run or after its end.
    """
    trial.start()
    pid = trial.chance.choice(trial.wait_for(lambda: stages(trial.head.pid)))
    command, environment = command_line(pid)[:-1], _environment_of(pid)
    if not command:
        raise RunIsOver
    environment = {
        key: value
        for key, value in environment.items()
        if key not in ("XLTRANSFER_HEAD", "XLTRANSFER_TERMINAL")
    }
    log = logs_of(trial.folder) / "lost-node.txt"
    with open(log, "w") as file:
        stale = subprocess.Popen(
            command, cwd=trial.folder, env=environment, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        time.sleep(trial.chance.uniform(0, 6))
        stale.send_signal(signal.SIGSTOP)
        if trial.chance.random() < 0.5:
            time.sleep(trial.chance.uniform(0, 6))
            stale.send_signal(signal.SIGCONT)
        if trial.chance.random() < 0.3:
            os.kill(trial.head.pid, signal.SIGKILL)
        trial.finish()
        stale.send_signal(signal.SIGCONT)
        stale.wait(trial.patience)
    finally:
        stale.kill()
        stale.wait()
    if "Traceback" in log.read_text():
        raise Wrong(f"the job on the lost node: {log.read_text()[-300:]}")
    trial.compare()
    trial.head = trial.command()


def _environment_of(pid: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        raise RunIsOver from None
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

KINDS: dict[str, Kind] = {
    **{
        f"local-{number.name.lower()}-{whom}": Kind(killed(whom, number))
        for number in SIGNALS
        for whom in ("head", "job", "group")
    },
    "local-disk-full": Kind(disk_full, around=small_disk, why_not=no_mounts),
    "local-read-only": Kind(
        read_only,
        options=(("prefix", ("setpriv", *UNPRIVILEGED) if os.geteuid() == 0 else ()),),
        why_not=permissions_do_not_count,
    ),
    "local-clock-set-back": Kind(clock_set_back),
    "local-two-heads": Kind(two_heads),
    "local-stale-node": Kind(stale_node),
}


class LocalTrials:
    """Makes trials on this machine."""

    def __init__(self, references: References) -> None:
        self.references = references

    def __call__(self, folder: Path, kind: Kind, chance: random.Random, moment: Moment) -> Trial:
        reference = self.references(kind.training)
        return LocalTrial(folder, reference, chance, moment, **dict(kind.options))

    def stop(self) -> None:
        """Nothing runs."""


def why_not() -> str | None:
    """Why no trial can run on this machine; None if it can."""
    there = Path("/proc/self/stat").exists()
    return None if there else "processes are found by way of /proc"
