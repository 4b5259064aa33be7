"""Check everything that can be checked before a study runs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..corpora.checksums import verify_checksum
from ..encoders.ablations import NONE
from ..public.functions import open_study
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.gpus import visible_gpus
from ..runtime.safe_values import printable
from ..study import Study
from ..study.catalogued_files import FOLDER
from ..study.check_study import reach
from ..study.estimate import Assumptions, Estimate
from ..study.plan import dry_run
from ..study.project import is_project
from ..study.without_gpu import slow_without_gpu


def check(study: Sequence[str], /) -> None:
    """Check everything that can be checked before a study runs.

    These are the keys and values, what the study reads and writes, every file that is to be
    fetched (in the mirrors, with its checksum), the disk, and the jobs that Snakemake plans.
    Nothing is run, written or fetched.

    Args:
        study: files of the study, as for `snakemake --configfile`.

    Raises:
        InputError: the first problem, with its place and remedy; further ones are warnings.
    """
    checked = open_study(*study)
    print(printable(f"{' '.join(study)}: keys, values and codes are right"))
    for line in reach(checked):
        print(printable(f"  {line}"))
    if not is_project(Path()):
        print("  jobs: not planned, because this folder has no Snakefile (`xltransfer unpack`)")
        return
    for mirror in checked.mirrors:
        if urlsplit(mirror).scheme not in ("http", "https") and not _folder(mirror).is_dir():
            warn(f"mirror {mirror}: no such folder; correct the path, or remove it")
    jobs = dry_run([], study)
    problems = []
    for path in sorted(path for out in jobs.get("fetch_corpus", ()) for path in out):
        line, problem = _origin(checked, path.removeprefix(f"{FOLDER}/"))
        print(printable(f"  {line}"))
        problems += [problem] * bool(problem)
    problems += _too_large(checked)
    print(f"  jobs: {sum(map(len, jobs.values()))} (`xltransfer plan` counts them)")
    with suppress(InputError):
        if slow := slow_without_gpu(checked, len(visible_gpus()), os.cpu_count() or 1):
            warn(slow)
    for problem in problems[1:]:
        warn(problem)
    if problems:
        raise InputError(problems[0])
    print("ready")


def _origin(study: Study, path: str) -> tuple[str, str]:
    """Where a file will be fetched from, and what is wrong with it; ``""`` if nothing is."""
    entry = json.loads(study.downloads.config(path))
    for mirror in study.mirrors:
        parts = urlsplit(mirror)
        if parts.scheme in ("http", "https"):
            return f"{entry['path']}: asked for at {mirror}", ""
        if (file := _folder(mirror) / entry["path"]).is_file():
            try:
                verify_checksum(file, entry["checksum"])
            except InputError as error:
                return f"{entry['path']}: {mirror}, another file", str(error)
            return f"{entry['path']}: {mirror}, {file.stat().st_size:,} bytes", ""
    if entry["url"]:
        return f"{entry['path']}: fetched, {entry['url']}", ""
    return (
        f"{entry['path']}: nowhere",
        f"{FOLDER}/{path}: in no mirror, and the catalogue has no address; put the file there, or "
        f"name a folder that holds {entry['path']} under `mirrors`",
    )


def _folder(mirror: str) -> Path:
    """The folder of a mirror that is no address."""
    parts = urlsplit(mirror)
    return Path(unquote(parts.path) if parts.scheme == "file" else mirror)


def _too_large(study: Study) -> Iterator[str]:
    """A line if the results need more room than the disk has."""
    try:
        disk = Estimate(study, Assumptions()).disk()
    except InputError as error:
        warn(f"{error}; so the room on the disk was not checked")
        return
    folder = Path(study.results).absolute()
    folder = next(parent for parent in (folder, *folder.parents) if parent.exists())
    needed, free = sum(disk.values()), shutil.disk_usage(folder).free
    if needed > free:
        kept, remedy = study.config["keep"], ""
        if kept["ablated_weights"] and study.config["ablations"] != [NONE]:
            remedy = ", or set `keep: {ablated_weights: false}`"
        elif kept["precision"] == "float32":
            remedy = ", or set `keep: {precision: bfloat16}`"
        yield (
            f"{study.results}: needs about {needed / 1e9:,.1f} GB, and the disk has "
            f"{free / 1e9:,.1f} GB; make room{remedy}"
        )
