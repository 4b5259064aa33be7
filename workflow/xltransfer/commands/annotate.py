"""Annotate new text with a fine-tuned model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from ..corpora.conllu import DEPREL, FEATS, FORM, HEAD, ID, UPOS, XPOS, Sentence
from ..corpora.iob import TaggedSentence
from ..corpora.unannotated import sentences_of_conllu, sentences_of_text, sentences_of_tokens
from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing

CONLLU, IOB2, JSON = "conllu", "iob2", "json"
TEXT, TOKENS = "text", "tokens"
NAMED = {"upos": UPOS, "xpos": XPOS, "feats": FEATS, "head": HEAD, "deprel": DEPREL}
"""Keys of a word in JSON, and their columns."""


def annotate(
    model: Path,
    /,
    text: str = "-",
    read: Literal[TEXT, TOKENS, CONLLU] = TEXT,
    format_: Literal["auto", CONLLU, IOB2, JSON] = "auto",
    language: str = "",
    output: str = "-",
    threads: int = 1,
) -> None:
    """Annotate new text with a fine-tuned model.

    Args:
        model: directory of a fine-tuned model (results/models/…/seed-1), or of an exported one.
        text: file to annotate; - is the standard input.
        read: what it holds: raw text, tokens separated by blanks with a sentence per line, or
            CoNLL-U, with or without trees.
        format_: format of the output: CoNLL-U of parsers and taggers, IOB2 of entities, or JSON
            with an object per line and sentence; auto is the first that the task has.
        language: code of the language, for abbreviations and encoders that need it (language
            embeddings, word vectors).
        output: file to write; - is the standard output.
        threads: number of CPU threads.

    Raises:
        InputError: the text is malformed or not UTF-8, the model cannot be used, or its task has
            no output in this format.
    """
    place = "standard input" if text == "-" else text
    content = _standard_input() if text == "-" else read_text(text)
    if read == TEXT:
        sentences = sentences_of_text(content, language, place)
    else:
        sentences = {TOKENS: sentences_of_tokens, CONLLU: sentences_of_conllu}[read](content, place)
    # A local import, because it takes seconds and malformed text is refused before.
    from ..public.finetuned_model import FinetunedModel

    found = FinetunedModel(model, threads).annotate(sentences, language)
    written = "".join(_formatted(found, format_))
    if output == "-":
        # Whatever the locale says: the formats are UTF-8.
        sys.stdout.buffer.write(written.encode())
        return
    with replacing(output) as temporary:
        temporary.write_text(written, encoding="utf-8", newline="\n")


def _standard_input() -> str:
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"standard input:{line}: not UTF-8; convert the text") from None


def _formatted(sentences: Sequence[Any], format_: str) -> Iterator[str]:
    of_entities = isinstance(sentences[0], TaggedSentence)
    usual = IOB2 if of_entities else CONLLU
    if format_ not in ("auto", JSON, usual):
        raise InputError(f"--format {format_}: this model's output is {usual} or {JSON}")
    for sentence in sentences:
        if format_ == JSON:
            content = _entities(sentence) if of_entities else _words(sentence)
            yield json.dumps(content, ensure_ascii=False) + "\n"
        elif of_entities:
            rows = zip(sentence.forms, sentence.tags, strict=True)
            lines = [*sentence.comments, *(f"{form}\t{tag}" for form, tag in rows)]
            yield "\n".join(lines) + "\n\n"
        else:
            yield sentence.lines + "\n\n"


def _text(comments: Sequence[str], forms: Sequence[str]) -> str:
    stated = (c.partition("=")[2].strip() for c in comments if c.startswith("# text ="))
    return next(stated, " ".join(forms))


def _words(sentence: Sentence) -> dict[str, Any]:
    words = []
    for row in sentence.words:
        known: dict[str, Any] = {
            key: row[column] for key, column in NAMED.items() if row[column] != "_"
        }
        if "head" in known:
            known["head"] = int(known["head"])
        words.append({"id": int(row[ID]), "form": row[FORM], **known})
    return {"text": _text(sentence.comments, sentence.forms), "words": words}


def _entities(sentence: TaggedSentence) -> dict[str, Any]:
    """The entities of a sentence as ranges of words, the end excluded."""
    found: list[dict[str, Any]] = []
    for place, tag in enumerate(sentence.tags):
        if tag.startswith("B-"):
            found.append({"type": tag[2:], "start": place, "end": place + 1})
        elif tag != "O":
            found[-1]["end"] = place + 1
    for entity in found:
        entity["text"] = " ".join(sentence.forms[entity["start"] : entity["end"]])
    return {
        "text": _text(sentence.comments, sentence.forms),
        "words": sentence.forms,
        "entities": found,
    }
