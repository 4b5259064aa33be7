"""Where results lie: the path grammar, in one place.

``results`` is the folder of results, or the pathvar ``<results>`` in rules.
"""

from __future__ import annotations


def model_directory(
    results: str, encoder: str, task: str, source: str, ablation: str, seed: object
) -> str:
    """Directory of a fine-tuned model; ``source`` is a treebank."""
    return f"{results}/models/{encoder}/{task}/{source}/{ablation}/seed-{seed}"


def predictions(
    results: str, encoder: str, task: str, source: str, ablation: str, seed: object, target: str
) -> str:
    """Predictions of a model; ``target`` is a treebank and its split, e.g. ``en_pud-test``."""
    return f"{results}/predictions/{encoder}/{task}/{source}/{ablation}/seed-{seed}/{target}.conllu"


def scores(results: str, encoder: str, task: str, source: str, target: str) -> str:
    """Scores of all models of a source on a treebank and split."""
    return f"{results}/scores/{encoder}/{task}/{source}/{target}.parquet"
