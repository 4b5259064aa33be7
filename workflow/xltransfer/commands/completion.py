"""Print a script by which a shell completes this command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import Literal

from ..runtime.entry import commands
from ..runtime.signatures import parser_of

SCRIPT = """\
# Completion of xltransfer, written by `xltransfer completion`.
_xltransfer() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands}" -- "$current"))
        return
    fi
    case "${{COMP_WORDS[1]}} $previous" in
{choices}
    esac
    case "$current" in
        -*)
            case "${{COMP_WORDS[1]}}" in
{options}
            esac ;;
    esac
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    else
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}}
complete -o filenames -F _xltransfer xltransfer
"""
ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


def completion(shell: Literal["bash", "zsh"], /) -> None:
    """Print a script by which a shell completes this command.

    It completes commands, options, the values of options that have a fixed set, and files. Stages
    of the workflow are left out.

    Args:
        shell: shell that reads the script: source <(xltransfer completion bash).
    """
    parsers = {
        name: parser_of(getattr(import_module(f"xltransfer.{module}"), name))
        for name, module in commands().items()
        if not module.startswith("stages.")
    }
    options, choices = [], []
    for name, parser in parsers.items():
        flags = " ".join(flag for action in parser._actions for flag in action.option_strings)
        options.append(f'                {name}) words="{flags}" ;;')
        choices += [
            f'        {patterns}) words="{" ".join(map(str, values))}" ;;'
            for patterns, values in _choices(name, parser)
        ]
    script = SCRIPT.format(
        commands=" ".join(parsers), choices="\n".join(choices), options="\n".join(options)
    )
    print((ZSH if shell == "zsh" else "") + script, end="")


def _choices(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[object]]]:
    """What stands before a value of a fixed set, as patterns of the shell, and the values."""
    for number, action in enumerate(parser._actions):
        values = [value for value in action.choices or () if value != ""]
        if not values:
            continue
        if action.option_strings:
            yield " | ".join(f'"{name} {flag}"' for flag in action.option_strings), values
        elif number == 1:
            # The first positional argument; the help is action 0.
            yield f'"{name} {name}"', values
