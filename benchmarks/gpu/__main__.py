"""Run the checks one after the other, each in a process of its own; write results as they come."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from xltransfer.runtime.command import run
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.runtime.gpus import VISIBLE

from .. import machine
from ..measurement import FailedError
from ..options import ROOT
from . import grid, speed, stages
from .checks import Check, Setting
from .page import table
from .sizes import SIZES

log = logging.getLogger("benchmarks.gpu")

CHECKS = [*stages.CHECKS, *grid.CHECKS, *speed.CHECKS]
OUTPUT = ROOT / "benchmarks" / "gpu.json"
MESSAGE = 300
"""Characters of a message that are kept."""


def run_all(arguments: argparse.Namespace, checks: list[Check]) -> None:
    """Run some checks within the time; keep what is on record of others.

    Raises:
        InputError: at the end, if a check failed.
    """
    ends = time.monotonic() + arguments.seconds
    content = read_json(arguments.output) if arguments.output.exists() else {"checks": {}}
    described = _described(arguments)
    failed = []
    for check in checks:
        remaining = ends - time.monotonic()
        started = time.monotonic()
        if remaining < 1:
            found = {"status": "not run: no time was left"}
        else:
            found = _run_one(check, arguments, min(check.seconds, remaining))
        found["seconds"] = round(time.monotonic() - started, 1)
        log.info(
            "%s: %s (%.0f s)", check.key, found.get("result", found["status"]), found["seconds"]
        )
        content["checks"][check.key] = {"what": check.what, **found, "run": described}
        write_json(arguments.output, content)
        if found["status"] != "done":
            failed.append(check.key)
    print(table(content), flush=True)
    if failed:
        raise InputError(f"not done: {', '.join(failed)}; the table says why")


def _described(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        "commit": os.environ.get("BENCHMARK_COMMIT") or machine.commit(),
        "device": _device_name(arguments.device),
        "machine": machine.machine(),
        "size": arguments.size,
        "versions": machine.versions(),
    }


def _device_name(device: str) -> str:
    if device == "cpu":
        return "cpu"
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise InputError("no GPU that torch can use; DEVICE=cpu rehearses the checks without one")
    return done.stdout.strip()


def _run_one(check: Check, arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Run a check in a process group of its own, which is killed when its time is over."""
    result = arguments.work / "checks" / f"{check.key}.json"
    result.parent.mkdir(parents=True, exist_ok=True)
    measured = result.with_suffix(".jsonl")
    for path in (result, measured):
        path.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "benchmarks.gpu", "--one", check.key, "--result", str(result),
        "--device", arguments.device, "--size", arguments.size, "--work", str(arguments.work),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    found = {"status": f"ended after {seconds:.0f} s, its time"}
    try:
        process.wait(seconds)
        found = {"status": f"failed with exit code {process.returncode}"}
    except subprocess.TimeoutExpired:
        pass
    finally:
        _end_group(process.pid)
        process.wait()
    if result.exists():
        found = read_json(result)
    if measured.exists():
        lines = measured.read_text(encoding="utf-8").splitlines()
        found["measured"] = [json.loads(line) for line in lines]
    return found


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def run_here(check: Check, setting: Setting, result: Path) -> None:
    """Run a check in this process and write what it found."""
    try:
        found = {"status": "done", **asdict(check.run(setting))}
    except (FailedError, InputError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:MESSAGE]
        found = {"status": f"failed: {reason}".replace(str(setting.work), "work")}
    write_json(result, json.loads(json.dumps(found, default=float)))


def _chosen(names: list[str]) -> list[Check]:
    """Checks by key; all if none is named.

    Raises:
        InputError: there is no such check.
    """
    known = {check.key: check for check in CHECKS}
    for name in names:
        if name not in known:
            raise InputError(f"--checks: no check '{name}'; there are {', '.join(known)}")
    return [known[name] for name in names] or CHECKS


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--size", choices=list(SIZES), default="full")
    parser.add_argument("--seconds", type=float, default=600, help="for all checks together")
    parser.add_argument("--checks", nargs="*", default=[], help="all, if none is named")
    parser.add_argument("--work", type=Path, default=ROOT / "benchmarks" / "scratch" / "gpu")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    run(parser, _stage)


def _stage(arguments: argparse.Namespace) -> None:
    arguments.work = arguments.work.absolute()
    if arguments.one:
        cores = len(os.sched_getaffinity(0))
        on_gpu, measured = arguments.device == "cuda", arguments.result.with_suffix(".jsonl")
        setting = Setting(SIZES[arguments.size], on_gpu, arguments.work, 1, cores, measured)
        if not on_gpu:
            os.environ[VISIBLE] = ""
        run_here(_chosen([arguments.one])[0], setting, arguments.result)
        return
    run_all(arguments, _chosen(arguments.checks))


if __name__ == "__main__":
    main()
