"""Data for both sides, cut out of treebanks and other text and kept in the folder of the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from xltransfer.corpora.conllu import Sentence, read_conllu, write_conllu
from xltransfer.runtime.files import replacing

from .options import Options

PUD = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "hi": "Hindi", "id": "Indonesian", "is": "Icelandic",
    "it": "Italian", "ko": "Korean", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
"""Languages of parallel treebanks."""

PIVOT = "en"
PIVOT_VERSES = "eng"


def english_parts(options: Options, training: int, development: int) -> tuple[Path, Path]:
    """The first sentences of the training and development parts of UD English EWT."""
    return (
        first_sentences(options, "UD_English-EWT", "en_ewt-ud-train.conllu", training),
        first_sentences(options, "UD_English-EWT", "en_ewt-ud-dev.conllu", development),
    )


def first_sentences(options: Options, folder: str, file: str, number: int) -> Path:
    """A file with the first sentences of a treebank."""
    output = options.work / "data" / str(number) / file
    if not output.exists():
        write_conllu(output, read_conllu(options.treebank(folder, file))[:number])
    return output


def parallel_parts(options: Options, number: int) -> dict[str, Path]:
    """The same sentences, in the same order, of 18 languages; by language."""
    sources = {
        code: options.treebank(f"UD_{name}-PUD", f"{code}_pud-ud-test.conllu")
        for code, name in PUD.items()
    }
    outputs = {
        code: options.work / "data" / f"parallel-{number}" / path.name
        for code, path in sources.items()
    }
    if not all(path.exists() for path in outputs.values()):
        order = [s.sent_id for s in read_conllu(sources[PIVOT])[:number]]
        for code, path in sources.items():
            by_identifier = {s.sent_id: s for s in read_conllu(path)}
            write_conllu(outputs[code], [by_identifier[identifier] for identifier in order])
    return outputs


def text_of(sentences: Iterable[Sentence]) -> list[str]:
    """The sentences as they are written."""
    return [
        comment.partition("=")[2].strip()
        for sentence in sentences
        for comment in sentence.comments
        if comment.startswith("# text =")
    ]


def english_lines(options: Options, name: str, number: int) -> Path:
    """Raw English, a sentence a line, of UD English EWT.

    Args:
        options: of the run.
        name: ``train`` or ``dev``.
        number: how many lines.
    """
    file = f"en_ewt-ud-{name}.conllu"
    output = options.work / "data" / str(number) / f"{name}.txt"
    if not output.exists():
        treebank = read_conllu(options.treebank("UD_English-EWT", file))
        write_lines(output, text_of(treebank[:number]))
    return output


def verse_lines(options: Options, language: str) -> Path:
    """Raw text of a language, a verse a line."""
    output = options.work / "data" / f"{language}.txt"
    if not output.exists():
        rows = options.verses(language).read_text(encoding="utf-8").splitlines()
        write_lines(output, [row.partition("\t")[2] for row in rows])
    return output


def all_verses(options: Options) -> Path:
    """Raw text of all languages of the parallel corpus of verses."""
    output = options.work / "data" / "verses.txt"
    if not output.exists():
        files = sorted(options.verses(PIVOT_VERSES).parent.glob("*.tsv"))
        parts = [verse_lines(options, path.stem) for path in files]
        write_lines(
            output, [line for part in parts for line in part.read_text("utf-8").splitlines()]
        )
    return output


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write lines of text; the file appears only once it is complete."""
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
