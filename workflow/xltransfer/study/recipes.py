"""Encoders of a study, as the configuration declares them: existing ones, and recipes for others.

An encoder exists already (``path``), is downloaded (``hub``), is trained further from another one
(``from`` and ``by``), is pretrained from scratch (``architecture`` and ``by``), or has no weights
before fine-tuning (``architecture`` alone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..corpora.catalogue import EMBEDDED
from ..corpora.formats import FORMATS
from ..encoders.families import layers_of
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, read_json
from .parts import expand

EACH_UNSEEN_LANGUAGE = "each-unseen-language"
"""Text of recipes that make one encoder for every unseen language, from the language's own text."""
SEVERAL_TEXTS = "several-texts"
"""In paths, the text of recipes with lists of raw or parallel texts."""
PARALLEL_TEXT = "parallel_text"
"""Folder of parallel texts, and key of their codes."""
TRANSLATION_LM = "translation-lm"
"""Objective of recipes that read parallel sentences in one row."""
TRIM_VOCABULARY = "trim-vocabulary"
"""Objective of recipes that keep only the subwords of some corpora."""
KEEP_LAYERS = "keep-layers"
"""Objective of recipes that keep only the lowest layers."""
VECTOR_BILSTM = "xltransfer-vector-bilstm"
"""Model type of BiLSTM encoders over word vectors."""
UNPRETRAINED = "xltransfer-bilstm"
"""Model type of encoders that have no weights before fine-tuning."""
WORD_VECTORS = "xltransfer-word-vectors"
"""Model type of encoders that read words by their vectors in a shared space."""
WITHOUT_PRETRAINING = (UNPRETRAINED, VECTOR_BILSTM, WORD_VECTORS)
WITHOUT_TRAINING = {
    TRIM_VOCABULARY: "vocabulary to trim",
    KEEP_LAYERS: "trained layers to keep",
}
"""Objectives of recipes that train nothing, and what the encoder needs that they start from."""
ENCODER_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True)
class Recipe:
    """How the workflow makes an encoder.

    Attributes:
        base: name of the encoder that it starts from; empty for a new architecture.
        architecture: keys of the configuration of a new encoder; empty if there is a base.
        text: code of a raw text, ``EACH_UNSEEN_LANGUAGE`` or ``SEVERAL_TEXTS``; empty without
            pretraining.
        seeds: seeds of the pretraining, sorted; empty without pretraining.
        settings: settings of the objective.
        corpora: folder and code of the corpora whose subwords are kept, if the vocabulary is
            trimmed; empty otherwise.
        layers: number of the lowest layers that are kept; 0 for all of them.
        raw_texts, parallel_texts: codes of several texts; empty for one raw text.
        vectors: word vectors that it reads; empty if it reads none.
    """

    base: str = ""
    architecture: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    seeds: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    corpora: tuple[tuple[str, str], ...] = ()
    layers: int = 0
    raw_texts: tuple[str, ...] = ()
    parallel_texts: tuple[str, ...] = ()
    vectors: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_several_texts(self) -> bool:
        """Whether there is a list of texts, which may be parallel."""
        return self.text == SEVERAL_TEXTS

    @property
    def joins_sentences(self) -> bool:
        """Whether parallel sentences are in one row."""
        return self.settings.get("objective") == TRANSLATION_LM

    @property
    def of_each_language(self) -> bool:
        """Whether there is an encoder for every unseen language."""
        return self.text == EACH_UNSEEN_LANGUAGE

    def texts(self, folder: str) -> tuple[str, ...]:
        """Codes of the raw or parallel texts that it lists, as training or to be kept."""
        listed = self.parallel_texts if folder == PARALLEL_TEXT else self.raw_texts
        return (*listed, *(code for kept_in, code in self.corpora if kept_in == folder))

    def config(self, seed: int) -> str:
        """Canonical JSON of the pretraining with a seed."""
        architecture = {"architecture": self.architecture} if self.architecture else {}
        return canonical_json({**self.settings, **architecture, "seed": seed})


@dataclass(frozen=True)
class Encoder:
    """One encoder of a study.

    Attributes:
        name: name in paths and tables.
        layers: number of layers.
        directory: directory of the encoder, possibly not made or fetched yet; empty if there is an
            encoder for every unseen language or several seeds.
        hub: repository on the Hugging Face hub, or ``None``.
        revision: commit of the repository.
        causal: whether attention is meant to be causal.
        recipe: how it is made, or ``None`` if it is given.
    """

    name: str
    layers: int
    directory: str
    hub: str | None = None
    revision: str | None = None
    causal: bool = False
    recipe: Recipe | None = None

    @property
    def pretrained(self) -> bool:
        """Whether it has weights before fine-tuning."""
        return self.recipe is None or bool(self.recipe.base or self.recipe.text)

    @property
    def reads_word_vectors(self) -> bool:
        """Whether it reads words by vectors that are not part of it."""
        architecture = self.recipe.architecture if self.recipe else {}
        return architecture.get("model_type") == WORD_VECTORS

    @property
    def vectors(self) -> Mapping[str, Any]:
        """The word vectors that it is made from; empty for others."""
        return self.recipe.vectors if self.recipe else {}

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files in its directory."""
        vectors = ("vectors.safetensors",) if self.vectors else ()
        return ENCODER_FILES if self.pretrained else (*ENCODER_FILES[:1], *vectors)

    def configuration(self, root: Path) -> dict[str, Any] | None:
        """The content of its ``config.json``; ``None`` if it is missing or unreadable.

        The stage that opens the encoder reports unreadable files.

        Args:
            root: folder of the workflow.
        """
        if self.recipe and self.recipe.architecture:
            return dict(self.recipe.architecture)
        try:
            content = read_json(root / self.directory / "config.json")
        except InputError:
            return None
        named = isinstance(content, dict) and isinstance(content.get("model_type"), str)
        return content if named else None


def read_encoders(
    items: Sequence[Mapping[str, Any]], root: Path, results: str
) -> dict[str, Encoder]:
    """The section `encoders` of the configuration, by name.

    Args:
        items: section ``encoders``.
        root: folder of the workflow, to which directories are relative.
        results: folder of results, for encoders that the workflow makes.

    Raises:
        InputError: two encoders share a name, the keys of an entry do not belong together, a
            recipe starts from an encoder that is not declared above it, or the number of layers is
            neither given nor in ``config.json``.
    """
    encoders: dict[str, Encoder] = {}
    for item in items:
        if item["name"] in encoders:
            raise InputError("config: encoders: two encoders have the same name; rename one")
        recipe = _read_recipe(item)
        if recipe is not None and item["name"] == EMBEDDED:
            raise InputError(
                f"config: encoders: '{EMBEDDED}' is the name of the encoder of the embedded world; "
                "rename the one that is made"
            )
        if recipe is None:
            encoders[item["name"]] = _given(item, root)
        else:
            encoders[item["name"]] = _made(item["name"], recipe, encoders, results)
    return encoders


def _read_recipe(item: Mapping[str, Any]) -> Recipe | None:
    """The recipe of an entry, or ``None`` for an encoder that exists or is downloaded."""
    name, by = item["name"], item.get("by")
    sources = [key for key in ("path", "hub", "from", "architecture") if key in item]
    if len(sources) != 1 or ("hub" in item) != ("revision" in item):
        raise InputError(
            f"config: encoders: '{name}' needs one of `path`, `hub` (with `revision`), `from` "
            "(with `by`) or `architecture`"
        )
    made = sources[0] in ("from", "architecture")
    if made:
        extra = [key for key in ("layers", "causal") if key in item]
    else:
        extra = [key for key in ("by", "word_vectors") if key in item]
    if extra:
        raise InputError(
            f"config: encoders: '{name}' has `{extra[0]}`, which does not belong to "
            f"`{sources[0]}`; remove it"
        )
    if not made:
        return None
    if by is None and "from" in item:
        raise InputError(f"config: encoders: '{name}' has `from` but no `by`; say how it is made")
    if by is None:
        if item["architecture"]["model_type"] not in WITHOUT_PRETRAINING:
            raise InputError(
                f"config: encoders: '{name}' has an architecture but no `by`; only "
                f"{' and '.join(WITHOUT_PRETRAINING)} have no pretraining, add `by`"
            )
        if (item["architecture"]["model_type"] == VECTOR_BILSTM) != ("word_vectors" in item):
            raise InputError(
                f"config: encoders: '{name}': `word_vectors` belongs to {VECTOR_BILSTM} and to no "
                "other architecture; correct one of the two"
            )
        return Recipe(architecture=item["architecture"], vectors=item.get("word_vectors", {}))
    if by["objective"] in WITHOUT_TRAINING and "from" not in item:
        what = WITHOUT_TRAINING[by["objective"]]
        raise InputError(
            f"config: encoders: '{name}' has an architecture, which has no {what}; write `from` "
            "and the encoder that is changed"
        )
    if "vocabulary" in by:
        _check_units(name, item, by)
    elif ("vocabulary_size" in by) != ("architecture" in item):
        raise InputError(
            f"config: encoders: '{name}': `vocabulary_size` belongs to encoders with an "
            "`architecture`, which learn their vocabulary, and to no others; correct `by`"
        )
    if by["objective"] == TRIM_VOCABULARY:
        folders = *FORMATS, PARALLEL_TEXT
        corpora = tuple((folder, code) for folder in folders for code in sorted(by.get(folder, ())))
        return Recipe(item.get("from", ""), corpora=corpora)
    if by["objective"] == KEEP_LAYERS:
        return Recipe(item["from"], layers=by["layers"])
    architecture, seeds = item.get("architecture", {}), tuple(sorted(by["seeds"]))
    if "text" in by:
        settings = {k: v for k, v in by.items() if k not in ("objective", "text", "seeds")}
        return Recipe(item.get("from", ""), architecture, by["text"], seeds, settings)
    settings = {k: v for k, v in by.items() if k not in ("raw_text", PARALLEL_TEXT, "seeds")}
    texts = tuple(tuple(sorted(by.get(key, ()))) for key in ("raw_text", PARALLEL_TEXT))
    if not any(texts):
        raise InputError(
            f"config: encoders: '{name}' has no text: write `text`, `raw_text` or `parallel_text`"
        )
    return Recipe(
        *(item.get("from", ""), architecture, SEVERAL_TEXTS, seeds, settings),
        raw_texts=texts[0],
        parallel_texts=texts[1],
    )


def _check_units(name: str, item: Mapping[str, Any], by: Mapping[str, Any]) -> None:
    """Raise an error for a vocabulary of bytes or characters that contradicts other keys."""
    extra = [key for key in ("vocabulary_size", "vocabulary_sampling_exponent") if key in by]
    if extra or "architecture" not in item:
        what = f"`{extra[0]}`" if extra else "`from`"
        raise InputError(
            f"config: encoders: '{name}': `vocabulary` of bytes or characters does not go with "
            f"{what}; remove one of the two"
        )
    if "noise" in by["training"]:
        raise InputError(
            f"config: encoders: '{name}': an encoder of bytes or characters has one segmentation "
            "of each word; remove `noise`"
        )


def _given(item: Mapping[str, Any], root: Path) -> Encoder:
    name, layers, causal = item["name"], item.get("layers", 0), item.get("causal", False)
    if "path" in item:
        directory = expand(item["path"], f"encoders: '{name}'")
        encoder = Encoder(name, layers, directory, causal=causal)
    else:
        revision = item["revision"]
        directory = f"resources/downloads/models/{name}-{revision[:12]}"
        encoder = Encoder(name, layers, directory, item["hub"], revision, causal)
    if layers:
        return encoder
    found = layers_of(encoder.configuration(root) or {})
    if found is None:
        raise InputError(
            f"config: encoders: '{name}' has no `layers`, and {root / directory}/config.json is "
            "not there yet or does not say how many there are; write `layers`"
        )
    return replace(encoder, layers=found)


def _made(name: str, recipe: Recipe, known: Mapping[str, Encoder], results: str) -> Encoder:
    if not recipe.text and not recipe.base:
        directory = paths.made_encoder(results, name)
        return Encoder(name, recipe.architecture.get("layers", 0), directory, recipe=recipe)
    single = len(recipe.seeds) < 2 and not recipe.of_each_language
    place = recipe.text, *recipe.seeds[:1]
    directory = paths.made_encoder(results, name, *place) if single else ""
    if not recipe.base:
        layers = layers_of(recipe.architecture)
        if layers is None:
            raise InputError(
                f"config: encoders: '{name}': the architecture does not say how many layers it "
                "has; write num_hidden_layers"
            )
        return Encoder(name, layers, directory, recipe=recipe)
    if recipe.base not in known:
        raise InputError(
            f"config: encoders: '{name}' starts from '{recipe.base}', which is not declared above "
            f"it; declared are: {', '.join(known) or 'none'}"
        )
    base = known[recipe.base]
    if not base.pretrained:
        raise InputError(
            f"config: encoders: '{name}' starts from '{base.name}', which has no weights before "
            "fine-tuning; start from another encoder"
        )
    if not recipe.text and not base.directory:
        what = "trim the vocabulary" if recipe.corpora else "keep the lowest layers"
        raise InputError(
            f"config: encoders: '{name}': '{base.name}' is not one encoder, but one for each seed "
            f"or language; {what} of the encoder that it starts from"
        )
    if recipe.layers > base.layers:
        raise InputError(
            f"config: encoders: '{name}': '{base.name}' has {base.layers} layers, of which "
            f"{recipe.layers} cannot be kept; lower `layers`"
        )
    if base.recipe and base.recipe.of_each_language and not recipe.of_each_language:
        raise InputError(
            f"config: encoders: '{name}' starts from '{base.name}', of which there is one for "
            f"each unseen language; write `text: {EACH_UNSEEN_LANGUAGE}`"
        )
    layers = recipe.layers or base.layers
    return Encoder(name, layers, directory, causal=base.causal, recipe=recipe)


def root_of(encoder: Encoder, declared: Mapping[str, Encoder]) -> Encoder:
    """The encoder at the start of a chain of recipes.

    All of them have its architecture, of which some may keep the lowest layers alone.
    """
    while encoder.recipe and encoder.recipe.base:
        encoder = declared[encoder.recipe.base]
    return encoder


def first_with_tokenizer(encoder: Encoder, declared: Mapping[str, Encoder]) -> Encoder:
    """The first encoder of a chain of recipes that has the tokenizer of an encoder."""
    while encoder.recipe and encoder.recipe.base and not encoder.recipe.corpora:
        encoder = declared[encoder.recipe.base]
    return encoder


def encoders_of_transfer(
    wanted: str | Sequence[str], declared: Mapping[str, Encoder]
) -> dict[str, Encoder]:
    """The encoders whose transfer is measured.

    Args:
        wanted: names, or ``all`` for every pretrained encoder that is not made for each unseen
            language, or reads word vectors. If an encoder has several pretraining seeds, the seeds
            of its models use them in rotation.
        declared: all encoders, by name.

    Raises:
        InputError: a name is not declared, or there is no such encoder.
    """
    usable = {name: encoder for name, encoder in declared.items() if _transfers(encoder)}
    names = list(usable) if wanted == "all" else list(wanted)
    for name in names:
        if name not in declared:
            raise InputError(
                f"config: transfer_encoders: no encoder '{name}' under `encoders`; it has: "
                f"{', '.join(declared)}"
            )
        if name not in usable:
            raise InputError(
                f"config: transfer_encoders: '{name}' is not one pretrained encoder (it has no "
                f"weights, or the text {EACH_UNSEEN_LANGUAGE}); remove it"
            )
    if not names:
        raise InputError(
            "config: transfer_encoders: none of `encoders` is one pretrained encoder; add one"
        )
    return {name: usable[name] for name in usable if name in names}


def _transfers(encoder: Encoder) -> bool:
    of_each_language = encoder.recipe is not None and encoder.recipe.of_each_language
    reads_vectors = encoder.reads_word_vectors or bool(encoder.vectors)
    return (encoder.pretrained or reads_vectors) and not of_each_language
