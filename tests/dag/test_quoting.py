"""What rules hand to a shell is quoted."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

COMMANDS = """
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

files = [Path(path) for path in sys.argv[1:]]
with SnakemakeApi(OutputSettings()) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=files),
        snakefile=Path("Snakefile"),
    )._workflow
    rules = {rule.name: rule.shellcmd for rule in workflow.rules}
print(json.dumps(rules))
"""


def commands(folder: Path, *configurations: str) -> dict[str, str | None]:
    """The shell command of each rule, as Snakemake has it."""
    command = [sys.executable, "-c", COMMANDS, *configurations]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("study", [[], ["resources/studies/unseen.yaml"]])
def test_every_field_of_a_command_is_quoted(study: list[str], workspace: Path) -> None:
    found = commands(workspace, *study)
    assert len(found) > 30 and {"typology", "finetune", "transliterate_raw_text"} <= set(found)
    fields = 0
    for rule, command in found.items():
        for _, field, form, conversion in string.Formatter().parse(command or ""):
            if field is not None:
                assert form == "q" and conversion is None, f"{rule}: {{{field}}} is not quoted"
                fields += 1
    assert fields > 200


def test_no_command_is_put_together_by_python() -> None:
    """What Python puts into a command is not seen above: commands are plain strings."""
    seen = 0
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.findall(r"^ +shell:\n((?: {8,}.*\n)+)", path.read_text(), re.MULTILINE):
            for line in block.splitlines():
                assert re.match(r"""\s*("|'|#)""", line), f"{path.name}: {line}"
                seen += 1
    assert seen > 60
