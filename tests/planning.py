"""What the tests of planned jobs share: a small study, and reading Snakemake's plans."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml

DEFAULT = Path(__file__).parent.parent / "config.yaml"
SMALL = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": ["qaa_embedded", "qca_embedded", "qba_embedded"]},
    "seeds": [1, 2],
    "ablations": ["none", "random-init-1-2"],
    "job_size": {
        "finetune": {"seeds": 2},
        "predict": {"sources": 2, "ablations": 2, "seeds": 2},
        "represent": {"states": 1},
    },
    "parsing": {
        "sources": ["qaa_embedded", "qca_embedded"],
        "targets": ["qaa_embedded", "qca_embedded", "qba_embedded"],
    },
}

AGGREGATES = {
    "score_tables",
    "overlap_tables",
    "word_order_tables",
    "retrieval_table",
    "similarity_tables",
    "transfer_figures",
    "representation_figures",
    "all",
}
"""Made anew when anything is added; they take seconds."""

UNSEEN_AGGREGATES = {
    "unseen_tables",
    "tokenizer_table",
    "language_tables",
    "unseen_figures",
}


TYPOLOGY = {"word_order_tables"}
"""Left out where no features are named."""

COMPARED = {"represent", "similarity"}
"""Made anew for every parallel treebank when a model that they are compared by is added."""


def snakemake(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Snakemake in a workspace."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)


def planned(folder: Path, *arguments: str, **environment: str) -> dict[str, set[str]]:
    """Output files of all planned jobs, by rule."""
    done = snakemake(folder, "--dry-run", *arguments, **environment)
    assert done.returncode == 0, done.stderr + done.stdout
    jobs: dict[str, set[str]] = {}
    text = done.stdout + done.stderr
    for block in re.split(r"\n(?=(?:local)?rule )", text)[1:]:
        name = re.match(r"(?:local)?rule (\w+):", block)[1]
        output = re.search(r"^    output: (.*)$", block, re.MULTILINE)
        jobs.setdefault(name, set()).add(output[1] if output else "")
    return jobs


def counts(jobs: dict[str, set[str]]) -> Counter:
    """How many jobs of each kind; rules that differ by a number at the end are one kind."""
    found: Counter = Counter()
    for rule, outputs in jobs.items():
        found[re.sub(r"_\d+$", "", rule)] += len(outputs)
    return found


FAKE_PYTHON = """#!{python}
# Stands for `python -m xltransfer <stage>`: writes the files that the stage would write.
import sys
from pathlib import Path

arguments = sys.argv[4:]

def values(option):
    found = arguments[arguments.index(option) + 1:] if option in arguments else []
    ends = [i for i, value in enumerate(found) if value.startswith("--")]
    return [Path(value) for value in found[: ends[0] if ends else None]]

stage = sys.argv[3]
outputs = values("--output") + values("--predictions") * (stage == "predict") + values("--figures")
if stage == "finetune":
    names = "model.safetensors", "training.json"
    outputs += [path / name for path in values("--models") for name in names]
tables = []
if stage == "score_tables":
    tables = ["randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target"]
if stage in ("overlap_tables", "word_order_tables"):
    name = stage.removesuffix("_tables")
    tables = [name, name + "_correlation"]
if stage == "adapter_table":
    tables = ["adapters"]
if stage == "word_translation_tables":
    tables = ["word_translation", "word_clouds"]
if stage == "adversarial_tables":
    tables = ["adversarial"]
if stage == "vector_encoder":
    outputs = [outputs[0] / name for name in ("config.json", "vectors.safetensors")]
if stage == "structure_tables":
    tables = ["structure"]
if stage == "parse_relations":
    outputs += values("--report")
if stage == "embedded_dictionary":
    outputs += values("--training") + values("--test")
if stage in ("represent", "score", "translate_words"):
    outputs += values("--outputs")
if stage == "similarity_tables":
    tables = ["cka", "correlation"]
if stage == "translation_lm_tables":
    tables = ["translation_lm", "parallel_retrieval"]
if stage in ("retrieval_table", "published_comparison"):
    tables = [stage.removesuffix("_table")]
if stage == "clean_parallel_text":
    outputs += values("--test")
if stage == "dictionary_text_table":
    tables = ["dictionary_text"]
if stage == "adaptation_tables":
    tables = ["adaptation_methods"]
if stage == "translate_by_dictionary":
    outputs += values("--report")
if stage in ("clean", "clean_parallel_text", "split", "transliterate"):
    outputs += values("--training") + values("--held-out") + values("--report")
    outputs += values("--outputs")
if stage in ("adapt", "pretrain"):
    names = ["config.json", "model.safetensors", "tokenizer.json", "pretraining.json"]
    names += ["tokenizer_config.json"] * (stage == "pretrain")
    outputs = [outputs[0] / name for name in names]
if stage in ("trim_vocabulary", "keep_layers"):
    outputs = [outputs[0] / n for n in ("config.json", "model.safetensors", "tokenizer.json")]
if stage == "unseen_tables":
    tables = ["unseen", "verdicts"]
if stage == "language_tables":
    tables = ["languages", "language_data"]
if stage == "tokenizer_table":
    tables = ["tokenizer_stats"]
for name in tables:
    directory = (values("--directory") or [path.parent for path in values("--output")])[0]
    for suffix in (".csv", ".md", ".html", ".tex", ".provenance.json", ".timing.json"):
        outputs.append(directory / (name + suffix))
for path in outputs:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path))
"""


def install_fake_stages(folder: Path, program: str = FAKE_PYTHON) -> None:
    """Write the program that stands for the stages where ``with_fake_stages`` finds it."""
    fake = folder / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text(program.format(python=sys.executable))
    fake.chmod(0o755)


def with_fake_stages(folder: Path) -> dict[str, str]:
    """The environment in which the stages of a workspace are not run, only stood for."""
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def finish(folder: Path, *arguments: str) -> Path:
    """Run a study with the program that stands for its stages; the same folder."""
    done = snakemake(folder, *arguments, **with_fake_stages(folder))
    assert done.returncode == 0, done.stderr
    return folder


def finished_copy(original: Path, folder: Path, *arguments: str) -> Path:
    """A copy of a finished study, with everything that Snakemake remembers; the copy."""
    shutil.copytree(original, folder)
    assert planned(folder, *arguments) == {}
    return folder


def encoders_with(name: str, **changes: object) -> list[dict]:
    """The encoders of config.yaml, with keys of one of them changed, e.g. ``by__seeds``."""
    encoders = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))["encoders"]
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = next(encoder for encoder in encoders if encoder["name"] == name)
        for parent in parents:
            node = node[parent]
        node[last] = value
    return encoders


def change(workspace: Path, **changes: object) -> None:
    """Change keys of the small study."""
    config = yaml.safe_load((workspace / "small.yaml").read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = config
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    (workspace / "small.yaml").write_text(yaml.safe_dump(config))


def empty_encoder(folder: Path) -> str:
    """An encoder directory of which plans need only that there are files."""
    encoder = folder / "encoder"
    encoder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (encoder / name).touch()
    return str(encoder)
