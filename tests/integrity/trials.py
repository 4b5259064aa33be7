"""One trial: a file is changed, the stage that reads it runs, and its outputs are looked at."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from .jobs import REFUSED, TRAINED, Job, run

DAMAGES = ("flip", "truncate", "swap", "swap with record")
OUTCOMES = ("refused", "same", "ACCEPTED", "CRASHED")
"""Refused in one line; the same output as before; another output, silently; a traceback."""
BAD = OUTCOMES[2:]


@dataclass(frozen=True)
class Trial:
    """What was changed, and what came of it."""

    job: Job
    file: str
    damage: str
    outcome: str
    message: str


def kind_of(path: str) -> str:
    """What a file is: the folder of results that it lies in, and of models which part it is."""
    _, folder, *rest = path.split("/")
    return f"{folder}/{rest[-1]}" if folder in ("models", "encoders") else folder


def record_of(path: Path) -> Path:
    """Where the record of a file lies."""
    return path.with_suffix(".provenance.json")


class Trials:
    """Trials in a copy of a finished study.

    Args:
        folder: the study, which stays as it is.
        copy: a folder for the copy.
    """

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder, self.copy = folder, copy
        ignored = shutil.ignore_patterns(".snakemake", ".git", ".venv", "logs", "checkpoints")
        shutil.copytree(folder, copy, ignore=ignored, dirs_exist_ok=True)
        self.log = copy / "trial.log"
        self._expected: dict[Job, dict[str, bytes | None]] = {}

    def expected(self, job: Job) -> dict[str, bytes | None]:
        """What a job makes of unchanged files."""
        if job not in self._expected:
            code = run(job, self.copy, self.log)
            assert code in (0, TRAINED), f"{job} fails on unchanged files: {self.log.read_text()}"
            self._expected[job] = self._outputs(job)
            self._restore(job)
        return self._expected[job]

    def try_out(self, job: Job, file: str, damage: str, others: list[str], seed: object) -> Trial:
        """Change a file, run a job that reads it, and put everything back.

        Args:
            job: of the study.
            file: one of its inputs.
            damage: one of ``DAMAGES``.
            others: files of the same kind.
            seed: of what is random about the damage.
        """
        expected, draws = self.expected(job), random.Random(f"{seed}")
        self._damage(file, damage, others, draws)
        code = run(job, self.copy, self.log)
        message = self.log.read_text(encoding="utf-8", errors="replace").strip()
        if code == REFUSED:
            outcome = "refused" if message.splitlines()[-1].startswith("error: ") else "CRASHED"
        elif code == TRAINED:
            outcome = "ACCEPTED"
        elif code == 0:
            outcome = "same" if self._outputs(job) == expected else "ACCEPTED"
        else:
            outcome = "CRASHED"
        self._restore(job)
        self._put_back(file, record_of(Path(file)))
        return Trial(job, file, damage, outcome, (message.splitlines() or [""])[-1])

    def _damage(self, file: str, damage: str, others: list[str], draws: random.Random) -> None:
        path = self.copy / file
        data = bytearray(path.read_bytes())
        if damage == "flip":
            data[draws.randrange(len(data))] ^= 1 << draws.randrange(8)
        elif damage == "truncate":
            del data[draws.randrange(len(data)) :]
        else:
            other = self.folder / draws.choice(others)
            data = bytearray(other.read_bytes())
            if damage == "swap with record" and record_of(other).exists():
                shutil.copyfile(record_of(other), record_of(path))
        status = path.stat()
        path.write_bytes(data)
        # As a disk does that returns wrong bits.
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _outputs(self, job: Job) -> dict[str, bytes | None]:
        """Bytes of the outputs but for records and times."""
        paths = [
            path for path in job.outputs if not path.endswith((".provenance.json", ".timing.json"))
        ]
        return {
            path: (self.copy / path).read_bytes() if (self.copy / path).exists() else None
            for path in paths
        }

    def _restore(self, job: Job) -> None:
        for path in job.outputs:
            self._put_back(path, record_of(Path(path)))

    def _put_back(self, *paths: str | Path) -> None:
        for path in paths:
            if (self.folder / path).exists():
                shutil.copy2(self.folder / path, self.copy / path)
            else:
                (self.copy / path).unlink(missing_ok=True)
