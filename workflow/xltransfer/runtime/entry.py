"""The commands of the package: those for users and the stages of the workflow."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from .command import USER_ERROR, leave_closed_pipe
from .signatures import run_command

ROOT = Path(__file__).parents[1]
TOOLS = {
    "plan": "study.plan",
    "check_language": "study.check_language",
    "check_study": "study.check_study",
    "check_results": "study.check_results",
    "report": "results_page.report",
    "learning_curves": "results_page.learning_curves",
    "coverage": "analyses.statistics.interval_coverage",
}
"""Commands that are no stages, and their modules."""


def commands() -> dict[str, str]:
    """The module of each command."""
    stages = sorted(path.stem for path in (ROOT / "stages").glob("[a-z]*.py"))
    tools = sorted(path.stem for path in (ROOT / "commands").glob("[a-z]*.py"))
    found = {tool: f"commands.{tool}" for tool in tools} | TOOLS
    return found | {stage: f"stages.{stage}" for stage in stages}


def summary(module: str) -> str:
    """The first line of a module's docstring; the module is not imported."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]


def overview(known: dict[str, str]) -> str:
    """What each command does: first those for users, then the stages."""
    lines = ["usage: xltransfer COMMAND …; COMMAND --help explains one"]
    for title, is_stage in (("commands", False), ("stages of the workflow", True)):
        lines.append(f"\n{title}:")
        for name, module in known.items():
            if module.startswith("stages.") is is_stage:
                lines.append(f"  {name:<26}{summary(module)}")
    return "\n".join(lines)


def imported(module: str, name: str) -> Callable[..., None]:
    """A function of a module.

    Imports leave no garbage to collect, and looking for it takes a fifth of the start of a stage
    that imports torch. What they have made is not looked at later either.
    """
    gc.disable()
    try:
        return getattr(import_module(module), name)
    finally:
        gc.freeze()
        gc.enable()


def run_named() -> None:
    """Run the command that the command line names: the function of its module's name."""
    known = commands()
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        try:
            print(overview(known), flush=True)
        except BrokenPipeError:
            leave_closed_pipe()
    elif name in known:
        del sys.argv[1]
        run_command(imported(f"xltransfer.{known[name]}", name))
    else:
        reason = f"error: '{name}' is no command; `python -m xltransfer --help` lists them"
        print(reason, file=sys.stderr)
        sys.exit(USER_ERROR)
