"""Parse the sentences of a corpus of relations or roles, and put the trees in place of its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..corpora.conllu import DEPREL, HEAD, UPOS, Sentence
from ..corpora.formats import read_sentences, write_sentences
from ..corpora.relation_sentences import RelationSentence
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_model
from ..runtime.errors import InputError
from ..runtime.files import write_json
from ..tasks.metrics.attachment import attachment_scores
from ..training.dataset import Dataset
from ..training.devices import device_name, prepare_device
from ..training.model import load_model
from ..training.prediction import annotate
from ..training.word_vector_files import read_lookup

log = logging.getLogger(__name__)


def parse_relations(
    parser: Path,
    corpus: Path,
    output: Path,
    report: Path,
    task: str,
    tagger: Path | None = None,
    language: str = "",
    vectors: Sequence[Path] = (),
    threads: int = 1,
) -> None:
    """Parse the sentences of a corpus of relations or roles, and replace their trees.

    Args:
        parser: directory of a model of a parsing task.
        corpus: corpus of relations or roles.
        output: the same sentences with predicted heads and relations.
        report: JSON file with ``LAS`` and ``UAS`` against the trees of the corpus (null if it has
            none), ``corpus``, its ``language`` and ``task``.
        task: task that names the trees, for tables; others may share them.
        tagger: directory of a model that tags UPOS; without one, the corpus must have them.
        language: code of the language of the corpus.
        vectors: word vectors of the language, for encoders that read words by them.
        threads: number of CPU threads.

    Raises:
        InputError: a model or the corpus cannot be used, a model is of another task, or parts of
            speech are missing and no tagger is given.
    """
    device = prepare_device(threads)
    read = verified_checksums([corpus, *vectors])
    lookup = read_lookup(vectors)
    sentences = read_sentences(corpus)
    found = [_conllu(sentence) for sentence in sentences]
    steps = [(parser, "parsing"), *([(tagger, "tagging")] if tagger else [])]
    for directory, kind_of_task in steps:
        read |= verified_model(directory)
        model, trained, labels = load_model(directory)
        if trained.kind != kind_of_task or trained.settings.get("label", "UPOS") != "UPOS":
            raise InputError(f"{directory}: a model of {trained.kind}, not of {kind_of_task}")
        kind = model.kind.with_word_vectors(lookup)
        kind.select_language(model.encoder, language)
        longest = kind.longest_input(model.encoder)
        reader = kind.reader_of(kind.reader(directory), language)
        data = Dataset(found, reader, longest, trained.word_state)
        found = annotate(model.to(device), trained, labels, data, device)
    parsed = [_with_tree(*pair, bool(tagger)) for pair in zip(sentences, found, strict=True)]
    for sentence in parsed:
        if sentence.upos is None:
            raise InputError(
                f"{corpus}: sentence {sentence.name} has no parts of speech; name a `tagger` under "
                "`trees`"
            )
    write_sentences(output, parsed)
    of = {"corpus": corpus.parent.name, "language": language, "task": task}
    write_json(report, {**_attachment(sentences, found), **of})
    facts = {"device": device_name(device), "threads": threads}
    for path in (output, report):
        write_record(path, "parse_relations", read, **facts)
    log.info("%s: %d sentences", output, len(parsed))


def _conllu(sentence: RelationSentence) -> Sentence:
    """The words of a sentence as CoNLL-U, with a chain in place of its tree."""
    tags = sentence.upos or ["_"] * len(sentence.words)
    rows = []
    for place, (form, upos) in enumerate(zip(sentence.words, tags, strict=True)):
        relation = "dep" if place else "root"
        rows.append([str(place + 1), form, "_", upos, "_", "_", str(place), relation, "_", "_"])
    return Sentence([f"# sent_id = {sentence.name}"], rows, rows)


def _with_tree(sentence: RelationSentence, parsed: Sentence, tagged: bool) -> RelationSentence:
    return replace(
        sentence,
        upos=tuple(parsed.column(UPOS)) if tagged else sentence.upos,
        heads=tuple(map(int, parsed.column(HEAD))),
        deprels=tuple(parsed.column(DEPREL)),
    )


def _attachment(
    sentences: Sequence[RelationSentence], parsed: Sequence[Sentence]
) -> dict[str, float | None]:
    """LAS and UAS in percent, over the sentences that have trees."""
    pairs = [
        (tree.with_columns({HEAD: list(map(str, s.heads)), DEPREL: list(s.deprels)}), tree)
        for s, tree in zip(sentences, parsed, strict=True)
        if s.heads is not None and s.deprels is not None
    ]
    if not pairs:
        return {"LAS": None, "UAS": None}
    gold, predicted = zip(*pairs, strict=True)
    scores = attachment_scores(gold, predicted, {})
    return {name: scores[name].percent for name in ("LAS", "UAS")}
