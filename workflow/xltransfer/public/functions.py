"""The public functions of the package: ``import xltransfer`` offers them.

They are imported on demand, because torch and pandas take seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from ..study import Study
    from .finetuned_model import FinetunedModel


def open_study(*files: Path | str) -> Study:
    """A validated study: the project's ``config.yaml`` with study files over it.

    Args:
        files: study files, as for ``snakemake --configfile``.

    Raises:
        InputError: a file or a key is invalid; names file, line and remedy.

    >>> import xltransfer
    >>> study = xltransfer.open_study()
    >>> study.name, study.tasks
    ('embedded world', ['parsing', 'pos', 'ner'])
    >>> study.language("parsing", "qaa_embedded")
    'qaa'
    """
    from ..study.open_study import open_study as opened

    return opened(files)


def open_model(directory: Path | str, threads: int = 1) -> FinetunedModel:
    """A fine-tuned model, which annotates new sentences.

    Args:
        directory: directory of a model (``results/models/…/seed-1``), or of an exported one.
        threads: number of CPU threads.

    Raises:
        InputError: the model is missing or damaged.

    >>> import xltransfer
    >>> xltransfer.open_model("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    xltransfer.runtime.errors.InputError: nowhere: no fine-tuned model, task.json is missing; ...
    """
    from .finetuned_model import FinetunedModel

    return FinetunedModel(directory, threads)


def score(
    gold: Path | str | Sequence[Any],
    predicted: Path | str | Sequence[Any],
    kind: str = "",
    label: str = "UPOS",
) -> dict[str, float]:
    """Scores of predicted sentences in percent, as in the tables of a study.

    Args:
        gold, predicted: files (``.conllu`` or ``.iob2``), or sentences of them, in the same order.
        kind: ``parsing`` (LAS and UAS of the CoNLL 2018 shared task on gold words), ``tagging``
            (accuracy) or ``entities`` (F1); by default ``parsing`` of CoNLL-U, ``entities`` of
            IOB2.
        label: column of ``tagging``: ``UPOS``, ``XPOS`` or a feature, as ``FEATS/Number``.

    Returns:
        Metric → percent.

    Raises:
        InputError: a file is malformed, the two do not have the same sentences, or no gold word has
            a value of the label.

    >>> import xltransfer
    >>> from xltransfer.corpora.conllu import Sentence
    >>> row = "{}\\t{}\\t_\\t{}\\t_\\t_\\t{}\\t{}\\t_\\t_"
    >>> def sentence(*words):
    ...     rows = [row.format(n, *word) for n, word in enumerate(words, start=1)]
    ...     return Sentence.of_lines("\\n".join(rows))
    >>> gold = [sentence(("dogs", "NOUN", 2, "nsubj"), ("bark", "VERB", 0, "root"))]
    >>> predicted = [sentence(("dogs", "NOUN", 2, "obj"), ("bark", "NOUN", 0, "root"))]
    >>> xltransfer.score(gold, predicted)
    {'LAS': 50.0, 'UAS': 100.0}
    >>> xltransfer.score(gold, predicted, kind="tagging", label="UPOS")
    {'accuracy': 50.0}
    """
    from ..corpora.conllu import Sentence
    from ..corpora.formats import FORMATS, format_of, read_sentences
    from ..corpora.iob import TaggedSentence
    from ..tasks.metrics import METRICS
    from ..tasks.metrics.labels import check_labelled

    types = {"parsing": Sentence, "tagging": Sentence, "entities": TaggedSentence}
    known = FORMATS["treebanks"], FORMATS["entities"]
    for path in (one for one in (gold, predicted) if isinstance(one, str | Path)):
        if format_of(path) not in known:
            raise InputError(
                f"{path}: its name ends in none of {', '.join(f.suffix for f in known)}; rename it"
            )
    pair = [
        read_sentences(one) if isinstance(one, str | Path) else list(one)
        for one in (gold, predicted)
    ]
    if len(pair[0]) != len(pair[1]) or not pair[0]:
        raise InputError(f"{len(pair[0])} gold sentences, {len(pair[1])} predicted; give the same")
    kind = kind or ("entities" if isinstance(pair[0][0], TaggedSentence) else "parsing")
    if kind not in types:
        raise InputError(f"kind '{kind}' is none of {', '.join(types)}")
    for number, (one, other) in enumerate(zip(*pair, strict=True), start=1):
        if not (isinstance(one, types[kind]) and isinstance(other, types[kind])):
            raise InputError(f"sentence {number}: not of the format for kind '{kind}'; correct it")
        if one.forms != other.forms:
            raise InputError(
                f"sentence {number}: the predicted one does not have the words of the gold one; "
                "give the same sentences in the same order"
            )
    if kind == "tagging":
        name = gold if isinstance(gold, str | Path) else "gold"
        check_labelled(Path(name), pair[0], {"label": label})
    found = METRICS[kind](*pair, {"label": label})
    return {metric: counts.percent for metric, counts in found.items()}


def cka(
    one: np.ndarray, other: np.ndarray, kernel: str = "linear", estimator: str = "unbiased"
) -> float:
    """Centred kernel alignment of two representations (Kornblith et al. 2019).

    Args:
        one, other: vectors of the same sentences in the same order; shapes (sentences, dimensions),
            where the dimensions may differ.
        kernel: ``linear``, or ``rbf`` with the bandwidth of the median distance.
        estimator: ``unbiased`` (Song et al. 2012) or ``biased``.

    Returns:
        At most 1; NaN if a representation is constant.

    Raises:
        ValueError: there are fewer than 8 sentences, or a name is unknown.

    >>> import numpy as np, xltransfer
    >>> vectors = np.random.default_rng(0).normal(size=(50, 4))
    >>> rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    >>> round(xltransfer.cka(vectors, 3 * vectors @ rotation), 6)
    1.0
    """
    import numpy as np

    from ..analyses.similarity.cka import Representation, half_samples
    from ..analyses.similarity.cka import cka as with_intervals

    if kernel not in ("linear", "rbf") or estimator not in ("unbiased", "biased"):
        raise ValueError(f"kernel '{kernel}', estimator '{estimator}': linear, rbf; (un)biased")
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} sentences; give the same ones")
    samples = half_samples("all", len(one), halves=0)
    pair = (Representation(np.asarray(vectors), kernel, samples) for vectors in (one, other))
    return with_intervals(*pair)[estimator][0]


def reinitialise(model: nn.Module, first: int, last: int, seed: int) -> None:
    """Re-initialise layers of an encoder in place (RANDOM-INIT, Muller et al. 2021).

    Every parameter of the layers is drawn from the model's own initialiser; all others stay as they
    were pretrained.

    Args:
        model: encoder of transformers, without a head.
        first, last: numbers of the layers, from 1, inclusive.
        seed: seed of the draw.

    Raises:
        InputError: the encoder does not have these layers.

    >>> import xltransfer
    >>> from transformers import BertConfig, BertModel
    >>> sizes = dict(hidden_size=8, num_attention_heads=2, intermediate_size=8, vocab_size=9)
    >>> model = BertModel(BertConfig(num_hidden_layers=4, **sizes))
    >>> weight = "encoder.layer.{}.attention.self.query.weight"
    >>> before = {n: model.get_parameter(weight.format(n)).clone() for n in range(4)}
    >>> xltransfer.reinitialise(model, 1, 2, seed=1)
    >>> [bool((model.get_parameter(weight.format(n)) == before[n]).all()) for n in range(4)]
    [False, False, True, True]
    """
    from ..encoders.ablate import ablate
    from ..encoders.ablations import reinitialised

    ablate(model, reinitialised(first, last), seed)
