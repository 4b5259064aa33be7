"""The jobs of a finished study, run in processes of their own on files that have been changed."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from xltransfer.runtime.signatures import run_command

# As in jobs of Snakemake; and the library's threads do not survive a fork.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

RESULTS = "results"
REFUSED, TRAINED, CRASHED = 2, 9, 1
"""Exit codes: of an ``InputError``, of a training that would have started, of a traceback."""
MODEL_PARTS = ("config.json", "task.json", "tokenizer.json", "model.safetensors")
READ_ALONG = {
    ("predict", "training.json"): MODEL_PARTS,
    ("represent", "training.json"): MODEL_PARTS,
    ("adapt", "model.safetensors"): ("tokenizer_config.json",),
}
"""Stage and input → files in the same folder that the stage reads as well."""
_COMMAND = re.compile(r"python -m xltransfer (\w+) (.*?) > \S+ 2>&1", re.DOTALL)


@dataclass(frozen=True)
class Job:
    """A job of Snakemake.

    Attributes:
        stage: name of the stage that it runs.
        arguments: of the command line.
        inputs: files in the folder of results that the stage reads.
        outputs: files that it writes.
    """

    stage: str
    arguments: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def jobs_of(folder: Path, *arguments: str) -> list[Job]:
    """All jobs of the study in a folder whose outputs are there.

    Args:
        folder: where the study has run.
        arguments: for Snakemake: targets, configuration files.
    """
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--forceall"]
    done = subprocess.run(
        [*command, "--printshellcmds", *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout + done.stderr
    blocks = re.split(r"\n(?=(?:local)?rule )", text)[1:]
    return [job for block in blocks if (job := _job(block, folder)) is not None]


def _job(block: str, folder: Path) -> Job | None:
    command = _COMMAND.search(block)
    if command is None:
        return None
    inputs, outputs = (_files(block, name) for name in ("input", "output"))
    inputs += [part for path in inputs for part in _parts(command[1], path, folder)]
    if not all((folder / path).exists() for path in outputs):
        return None
    made = [path for path in dict.fromkeys(inputs) if path.startswith(f"{RESULTS}/")]
    existing = [path for path in made if (folder / path).is_file()]
    return Job(command[1], tuple(shlex.split(command[2])), tuple(existing), tuple(outputs))


def _files(block: str, name: str) -> list[str]:
    found = re.search(rf"^    {name}: (.*)$", block, re.MULTILINE)
    return found[1].split(", ") if found else []


def _parts(stage: str, path: str, folder: Path) -> list[str]:
    """Files that are read along with an input."""
    directory, name = os.path.split(path)
    parts = READ_ALONG.get((stage, name), ())
    return [f"{directory}/{part}" for part in parts if (folder / directory / part).exists()]


def run(job: Job, folder: Path, log: Path, whole: bool = False) -> int:
    """Run a job in a child of this process, which has imported everything already.

    Args:
        job: of the study.
        folder: to run in.
        log: file for its standard error.
        whole: whether to train. Otherwise a training ends where it would start: by then it has
            read its inputs.

    Returns:
        The exit code.
    """
    module = importlib.import_module(f"xltransfer.stages.{job.stage}")
    function = getattr(module, job.stage)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = CRASHED
    try:
        os.chdir(folder)
        os.environ.update(XLTRANSFER_RESULTS=RESULTS)
        os.environ.pop("XLTRANSFER_TERMINAL", None)
        with open(log, "w", encoding="utf-8") as file:
            os.dup2(file.fileno(), 2)
            sys.stderr = file
            logging.getLogger().handlers = []
            if not whole:
                _end_where_training_starts()
            sys.argv = [job.stage, *job.arguments]
            run_command(function)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else CRASHED
    except BaseException:
        import traceback

        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(code)


def _end_where_training_starts() -> None:
    for name in ("finetuning_runs", "pretraining"):
        module = importlib.import_module(f"xltransfer.training.{name}")
        module.train = lambda *_: os._exit(TRAINED)
