"""Paths of all results.

``results`` is the folder of results, or the pathvar ``<results>`` in rules.
"""

from __future__ import annotations


def model_directory(
    results: str, encoder: str, task: str, source: str, ablation: str, seed: object
) -> str:
    """Directory of a fine-tuned model; ``source`` is a corpus."""
    return f"{results}/models/{encoder}/{task}/{source}/{ablation}/seed-{seed}"


def dropped(results: str, encoder: str, task: str, source: str, ablation: str) -> str:
    """Marker file: the weights of the models of a source and ablation have been dropped."""
    return f"{results}/models/{encoder}/{task}/{source}/{ablation}/dropped.txt"


def predictions(
    results: str, encoder: str, task: str, source: str, ablation: str, seed: object, target: str
) -> str:
    """Predictions of a model; ``target`` is a file of a corpus, e.g. ``en_pud-test.conllu``."""
    return f"{results}/predictions/{encoder}/{task}/{source}/{ablation}/seed-{seed}/{target}"


def scores(results: str, encoder: str, task: str, source: str, target: str) -> str:
    """Scores of all models of a source on a corpus and split, e.g. ``en_pud-test``."""
    return f"{results}/scores/{encoder}/{task}/{source}/{target}.parquet"


def pieces(results: str, encoder: str, corpora: str, corpus: str) -> str:
    """The distinct pieces of a file of a corpus, e.g. ``en_pud-test`` of ``treebanks``."""
    return f"{results}/pieces/{encoder}/{corpora}/{corpus}.txt"


def similarities(results: str, encoder: str, corpus: str) -> str:
    """Similarities of a file of a corpus to the sources, in every state of an encoder."""
    return f"{results}/similarities/{encoder}/{corpus}.parquet"


def representations(results: str, encoder: str, state: str, corpus: str) -> str:
    """Sentence vectors of a file of a corpus.

    ``state`` is ``pretrained`` or names a fine-tuned model: ``parsing/en_ewt/none/seed-1``.
    """
    return f"{results}/representations/{encoder}/{state}/{corpus}.safetensors"


def made_encoder(results: str, name: str, text: str = "", seed: object = "") -> str:
    """Directory of an encoder that the workflow makes.

    An encoder trained on raw text is named by the text and the training seed.
    """
    return f"{results}/encoders/{name}" + (f"/{text}/seed-{seed}" if text else "")


def translation_context(results: str, encoder: str, state: str, text: str) -> str:
    """Predictions of masked subwords and retrieval in the test pairs of a parallel text.

    ``state`` is ``pretrained``, or ``seed-1`` for an encoder that the workflow makes.
    """
    return f"{results}/translation_context/{encoder}/{state}/{text}.parquet"


def search(results: str, encoder: str, task: str, source: str) -> str:
    """The hyperparameters chosen for the models of a corpus on its development part."""
    return f"{results}/searches/{encoder}/{task}/{source}.json"


def cleaning_report(results: str, text: str) -> str:
    """Report on the cleaning of a raw text."""
    return f"{results}/raw_text/{text}/report.json"


def parallel_text(results: str, text: str, part: str) -> str:
    """The ``training``, ``held_out`` or ``test`` pairs of a parallel text."""
    return f"{results}/parallel_text/{text}/{part}.tsv"


def transliteration_report(results: str, kind: str, corpus: str, part: str) -> str:
    """Report on the characters of a file that a transliteration had rules for."""
    return f"{results}/transliteration/{kind}/{corpus}-{part}.json"


def tokenizer_statistics(results: str, encoder: str, corpora: str, corpus: str) -> str:
    """Tokenizer statistics of a file of a corpus, e.g. ``ug_udt-train`` of ``treebanks``."""
    return f"{results}/tokenizer_statistics/{encoder}/{corpora}/{corpus}.json"


def dictionary(results: str, code: str, part: str) -> str:
    """A part of a bilingual dictionary, ``train`` or ``test``."""
    return f"{results}/dictionaries/{code}/{part}.tsv"


def word_vectors(results: str, embeddings: str, language: str) -> str:
    """The word vectors of a language."""
    return f"{results}/word_vectors/{embeddings}/{language}.safetensors"


def vector_map(results: str, embeddings: str, dictionary: str, method: str) -> str:
    """The map between the word vectors of the languages of a dictionary."""
    return f"{results}/vector_maps/{embeddings}/{dictionary}/{method}.safetensors"


def shared_vectors(results: str, embeddings: str, method: str, language: str) -> str:
    """The word vectors of a language in the space that all languages share by a method."""
    return f"{results}/shared_vectors/{embeddings}/{method}/{language}.safetensors"


def word_translation(results: str, embeddings: str, dictionary: str, method: str) -> str:
    """Words of the test part of a dictionary, translated by a map."""
    return f"{results}/word_translations/{embeddings}/{dictionary}/{method}.json"


def dictionary_text(results: str, name: str, folder: str, corpus: str, file: str) -> str:
    """A part of an annotated corpus, translated by a dictionary; ``file`` has its suffix."""
    return f"{results}/dictionary_text/{name}/{folder}/{corpus}/{file}"


def dictionary_text_report(results: str, name: str, folder: str, corpus: str, part: str) -> str:
    """Report on the words of a part of a corpus or raw text that a dictionary knew."""
    return f"{results}/dictionary_text/{name}/{folder}/{corpus}-{part}.json"


def discrimination(results: str, encoder: str, task: str, source: str, corpus: str) -> str:
    """How well the states of models of a source tell a test corpus from those of the source."""
    return f"{results}/discriminations/{encoder}/{task}/{source}/{corpus}.json"
