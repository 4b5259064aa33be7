"""Paths of all results.

Each is a function of the fields of its template, by place or by name. ``results`` is the folder of
results, or the pathvar ``<results>`` in rules.
"""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter


def _path(template: str) -> Callable[..., str]:
    """The function of the fields of a template, in their order, that fills them in."""
    fields = [field for _, field, _, _ in Formatter().parse(template) if field]

    def filled(*values: object, **named: object) -> str:
        return template.format(**dict(zip(fields, values, strict=not named)), **named)

    return filled


model_directory = _path("{results}/models/{encoder}/{task}/{source}/{ablation}/seed-{seed}")
"""Directory of a fine-tuned model; ``source`` is a corpus."""
dropped = _path("{results}/models/{encoder}/{task}/{source}/{ablation}/dropped.txt")
"""Marker file: the weights of the models of a source and ablation have been dropped."""
predictions = _path(
    "{results}/predictions/{encoder}/{task}/{source}/{ablation}/seed-{seed}/{target}"
)
"""Predictions of a model; ``target`` is a file of a corpus, e.g. ``en_pud-test.conllu``."""
scores = _path("{results}/scores/{encoder}/{task}/{source}/{target}.parquet")
"""Scores of all models of a source on a corpus and split, e.g. ``en_pud-test``."""
pieces = _path("{results}/pieces/{encoder}/{corpora}/{corpus}.txt")
"""The distinct pieces of a file of a corpus, e.g. ``en_pud-test`` of ``treebanks``."""
similarities = _path("{results}/similarities/{encoder}/{corpus}.parquet")
"""Similarities of a file of a corpus to the sources, in every state of an encoder."""
representations = _path("{results}/representations/{encoder}/{state}/{corpus}.safetensors")
"""Sentence vectors of a file of a corpus.

``state`` is ``pretrained`` or names a fine-tuned model: ``parsing/en_ewt/none/seed-1``."""
translation_context = _path("{results}/translation_context/{encoder}/{state}/{text}.parquet")
"""Predictions of masked subwords and retrieval in the test pairs of a parallel text.

``state`` is ``pretrained``, or ``seed-1`` for an encoder that the workflow makes."""
search = _path("{results}/searches/{encoder}/{task}/{source}.json")
"""The hyperparameters chosen for the models of a corpus on its development part."""
cleaning_report = _path("{results}/raw_text/{text}/report.json")
"""Report on the cleaning of a raw text."""
parallel_text = _path("{results}/parallel_text/{text}/{part}.tsv")
"""The ``training``, ``held_out`` or ``test`` pairs of a parallel text."""
transliteration_report = _path("{results}/transliteration/{kind}/{corpus}-{part}.json")
"""Report on the characters of a file that a transliteration had rules for."""
tokenizer_statistics = _path("{results}/tokenizer_statistics/{encoder}/{corpora}/{corpus}.json")
"""Tokenizer statistics of a file of a corpus, e.g. ``ug_udt-train`` of ``treebanks``."""
dictionary = _path("{results}/dictionaries/{code}/{part}.tsv")
"""A part of a bilingual dictionary, ``train`` or ``test``."""
word_vectors = _path("{results}/word_vectors/{embeddings}/{language}.safetensors")
"""The word vectors of a language."""
vector_map = _path("{results}/vector_maps/{embeddings}/{dictionary}/{method}.safetensors")
"""The map between the word vectors of the languages of a dictionary."""
shared_vectors = _path("{results}/shared_vectors/{embeddings}/{method}/{language}.safetensors")
"""The word vectors of a language in the space that all languages share by a method."""
word_translation = _path("{results}/word_translations/{embeddings}/{dictionary}/{method}.json")
"""Words of the test part of a dictionary, translated by a map."""
dictionary_text = _path("{results}/dictionary_text/{name}/{folder}/{corpus}/{file}")
"""A part of an annotated corpus, translated by a dictionary; ``file`` has its suffix."""
dictionary_text_report = _path("{results}/dictionary_text/{name}/{folder}/{corpus}-{part}.json")
"""Report on the words of a part of a corpus or raw text that a dictionary knew."""
discrimination = _path("{results}/discriminations/{encoder}/{task}/{source}/{corpus}.json")
"""How well the states of models of a source tell a test corpus from those of the source."""


def made_encoder(results: str, name: str, text: str = "", seed: object = "") -> str:
    """Directory of an encoder that the workflow makes.

    An encoder trained on raw text is named by the text and the training seed.
    """
    return f"{results}/encoders/{name}" + (f"/{text}/seed-{seed}" if text else "")
