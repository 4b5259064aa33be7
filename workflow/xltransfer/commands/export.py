"""Export a fine-tuned model as a directory of transformers with a model card."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..corpora.catalogue import Corpus
from ..corpora.source_sets import members
from ..encoders.families import FAMILIES
from ..encoders.sequence_heads import SEQUENCE_HEADS
from ..records import paths
from ..records.record import TRAINING, record_path
from ..records.verification import verified_model
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.files import read_json, sha256_of_file
from ..study import Study
from ..study.catalogued_files import read_catalogue
from ..study.project import project_folder
from ..study.recipes import VECTOR_BILSTM, WITHOUT_PRETRAINING, WORD_VECTORS
from ..study.schema import checked_config
from ..tasks.properties import kind_of

CARD = "README.md"
HEADS = {
    "tagging": ("token-classification", "AutoModelForTokenClassification"),
    "entities": ("token-classification", "AutoModelForTokenClassification"),
    "question-answering": ("question-answering", "AutoModelForQuestionAnswering"),
    "sentence-classification": ("text-classification", "AutoModelForSequenceClassification"),
}
"""Kinds of tasks with a head of transformers: its pipeline, and the class that opens a model."""
ENCODER = "AutoModel"
"""The class of transformers that opens the encoder of a model without its head."""
ANNOTATES = ("treebanks", "entities")
"""Corpora of the tasks whose models `xltransfer annotate` uses."""


@dataclass(frozen=True)
class Origin:
    """Which model of a study a directory holds, by its path."""

    results: str
    encoder: str
    task: str
    source: str
    ablation: str
    seed: int


def export(model: Path, folder: Path, /, study: str = "", push_to_hub: str = "") -> None:
    """Export a fine-tuned model as a directory of transformers with a model card.

    The card has the data with licences, the encoder, the hyperparameters, and the scores on every
    corpus that the model has been tested on, each with a 95 % interval over test sentences.

    Args:
        model: directory of a model of a study: results/models/…/seed-1.
        folder: directory to make; it must not exist, or be empty.
        study: study file whose own tables and encoders are used.
        push_to_hub: repository of the hub to which the directory is uploaded as well (owner/name);
            if it is new, it is private. The token is HF_TOKEN, or that of `hf auth login`.

    Raises:
        InputError: the model is missing or changed, or has adapters; the folder has files; or
            there is no token, or the hub refuses the upload.
    """
    origin = _origin(model)
    if push_to_hub:
        # A local import, because the client of the hub takes time to import.
        from ..encoders.hub_upload import hub_token, upload

        token = hub_token()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists and is not empty; name a new folder")
    verified_model(model)
    # A local import, because torch takes seconds and the folder is checked before.
    from ..encoders.adapted_directories import is_adapted

    if is_adapted(model):
        raise InputError(
            f"{model}: has adapters, and refers to the encoder below them, which would not be "
            "exported; share the folder of results, or export a model without adapters"
        )
    report = read_json(model / TRAINING)
    config = checked_config([study] if study else [])
    model_type = str(read_json(model / "config.json").get("model_type"))
    card = model_card(origin, report, config, model_type)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".xltransfer-") as scratch:
        target = Path(scratch, folder.name)
        target.mkdir()
        for name in ("model.safetensors", TRAINING, *report.get("files", {})):
            shutil.copyfile(model / name, target / name)
        (target / CARD).write_text(card, encoding="utf-8", newline="\n")
        target.replace(folder)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if push_to_hub:
        message = f"{origin.task} model of {origin.encoder}, trained on {origin.source}"
        print(upload(folder, push_to_hub, token, message))


def _origin(model: Path) -> Origin:
    """The model of a directory.

    Raises:
        InputError: it is no model of a study.
    """
    if not (model / TRAINING).is_file():
        raise InputError(f"{model}: no fine-tuned model, {TRAINING} is missing; name its directory")
    parts = model.absolute().parts
    if len(parts) < 7 or parts[-6] != "models" or not parts[-1].startswith("seed-"):
        raise InputError(
            f"{model}: not below models/<encoder>/<task>/<source>/<ablation>/seed-<n> of a study's "
            "results, so its data and scores are not known"
        )
    results = str(Path(*parts[:-6]))
    return Origin(results, *parts[-5:-1], seed=int(parts[-1].removeprefix("seed-")))


def model_card(
    origin: Origin, report: Mapping[str, Any], config: Mapping[str, Any], model_type: str
) -> str:
    """A model card in Markdown, with the metadata that model hubs read.

    Args:
        origin: the model.
        report: its ``training.json``.
        config: configuration, whose catalogue has the corpora.
        model_type: type of its encoder.
    """
    kind, codes = kind_of(report["config"]["settings"]), members(origin.source)
    corpora = _corpora(config, kind.corpora, codes)
    sources = [corpora[code] for code in codes if code in corpora]
    if len(sources) < len(codes):
        raise InputError(
            f"{origin.source}: not in the catalogue, so its licence is not known; name the study "
            "with --study"
        )
    items = [item for item in config["encoders"] if item["name"] == origin.encoder]
    base = next((item["hub"] for item in items if "hub" in item), None)
    name = report["config"]["settings"]["kind"]
    opened = _loaded_as(report["config"]["settings"], model_type)
    metadata = {
        **({"library_name": "transformers"} if opened else {}),
        "tags": ["cross-lingual transfer", name],
        **({"pipeline_tag": HEADS[name][0]} if name in HEADS and opened != ENCODER else {}),
        **({"base_model": base} if base else {}),
        **({"language": [source.language for source in sources]} if sources else {}),
    }
    lines = ["---", yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True).rstrip(), "---"]
    lines += [f"# {origin.encoder}, {origin.task}, {origin.source}", ""]
    lines += _description(origin, report, sources, items)
    lines += ["", "## Scores", ""]
    lines += _score_lines(origin, corpora)
    lines += ["", "## Use", ""]
    if kind.corpora in ANNOTATES:
        spoken = f" --language {sources[0].language}" * (
            model_type in (VECTOR_BILSTM, WORD_VECTORS)
        )
        lines += ["```sh", f"xltransfer annotate .{spoken} < text", "```", ""]
    lines += [f"With transformers: `{opened}.from_pretrained(…)`."] if opened else []
    return "\n".join(lines) + "\n"


def _corpora(config: Mapping[str, Any], folder: str, codes: Sequence[str]) -> Mapping[str, Corpus]:
    """The annotated corpora of a study, with those that it makes if one of these is needed."""
    found: Mapping[str, Corpus] = getattr(read_catalogue(project_folder(), config), folder)
    if set(codes) <= set(found):
        return found
    return getattr(Study(config, project_folder()).catalogue, folder)


def _loaded_as(settings: Mapping[str, Any], model_type: str) -> str:
    """The class of transformers that opens a model; the encoder alone if it has no such head.

    Empty for models over networks that transformers does not have.
    """
    if model_type in WITHOUT_PRETRAINING:
        return ""
    family = FAMILIES.get(model_type)
    if settings["kind"] in ("tagging", "entities") and (family is None or family.head is None):
        return ENCODER
    if settings["kind"] == "sentence-classification" and not (
        model_type in SEQUENCE_HEADS and settings["pooling"] == "first" and settings["dense_layer"]
    ):
        return ENCODER
    return HEADS[settings["kind"]][1] if settings["kind"] in HEADS else ENCODER


def _description(
    origin: Origin,
    report: Mapping[str, Any],
    sources: Sequence[Corpus],
    items: list[dict[str, Any]],
) -> Iterator[str]:
    settings = report["config"]["settings"]
    label = f" ({settings['label']})" if "label" in settings else ""
    yield f"A model for {settings['kind']}{label}, trained with xltransfer."
    yield ""
    weights = report.get("inputs", {}).get("encoder", {}).get("model.safetensors")
    known = f", weights: sha256 {weights}" if weights else ""
    hub = next((f" ({item['hub']}@{item['revision']})" for item in items if "hub" in item), "")
    ablation = f"; ablation before training: {origin.ablation}"
    yield f"- **Encoder**: {origin.encoder}{hub}{known}{ablation}"
    for source in sources:
        release = f", release {source.release}" if getattr(source, "release", "") else ""
        yield f"- **Training data**: {source.name}{release}; licence: {source.licence}"
    sentences = report.get("training_sentences")
    yield f"- **Training**: {sentences} sentences, {report.get('steps')} steps, seed {origin.seed}"
    chosen = ", ".join(f"{k} {v}" for k, v in sorted(settings["training"].items()))
    yield f"- **Hyperparameters**: {chosen}"
    yield f"- **Code**: digest {report.get('code')}; weights: sha256 {report['weights']}"
    yield (
        "- **Licence**: that of the encoder and of the training data; check both before you share "
        "this model"
    )


def _is_of_model(scores: Path, origin: Origin) -> bool:
    """Whether scores are of the weights that a model has now, by the records of both."""
    place = f"{origin.encoder}/{origin.task}/{origin.source}/{origin.ablation}/seed-{origin.seed}"
    report = Path(origin.results, "models", place, TRAINING)
    inputs = _record(scores).get("inputs", {})
    for path, checksum in inputs.items():
        if path.startswith(f"<results>/predictions/{place}/"):
            made = _record(Path(origin.results, path.removeprefix("<results>/")))
            model = made.get("inputs", {}).get(f"<results>/models/{place}/{TRAINING}")
            return made.get("output") == checksum and model == sha256_of_file(report)
    return False


def _record(output: Path) -> Mapping[str, Any]:
    """The record of a file; empty if there is none."""
    path = record_path(output)
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}


def _score_lines(origin: Origin, corpora: Mapping[str, Corpus]) -> Iterator[str]:
    """A table of the scores on all corpora that the model has been tested on."""
    # Local imports, because pandas takes a second and the model is checked before.
    import numpy as np

    from ..analyses.scores import groups_of, read_scores
    from ..analyses.statistics.bootstrap import ratio_interval

    folder = Path(paths.scores(origin.results, origin.encoder, origin.task, origin.source, "x"))
    files = sorted(folder.parent.glob("*.parquet"))
    of_model = [path for path in files if _is_of_model(path, origin)]
    if others := [path.stem for path in files if path not in of_model]:
        warn(f"left out: {', '.join(others)}, with no scores of this model; run the study again")
    if not of_model:
        yield "The model has not been scored yet."
        return
    frame = read_scores(of_model)
    own = frame[(frame["ablation"] == origin.ablation) & (frame["seed"] == origin.seed)]
    yield "| corpus | part | metric | score | 95 % interval | sentences | licence |"
    yield "|---|---|---|---|---|---|---|"
    for row in own.itertuples():
        groups = groups_of(len(row.numerators), row.sentences)
        low, high = ratio_interval(row.numerators, row.denominators, groups=groups)
        corpus = corpora.get(row.target_corpus)
        name, licence = (corpus.name, corpus.licence) if corpus else (row.target_corpus, "")
        # Some samples of sentences have no entity, so that F1 is not defined.
        interval = f"{100 * low:.2f} to {100 * high:.2f}" if np.isfinite([low, high]).all() else "–"
        cells = (name, row.split, row.metric, f"{row.value:.2f}", interval, row.sentences, licence)
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    yield (
        "The intervals are percentile bootstraps over test sentences. They do not contain the "
        "variation over seeds: this is one model. A dash stands for an interval that is not "
        "defined, because some samples of sentences have neither a right nor a predicted label."
    )
