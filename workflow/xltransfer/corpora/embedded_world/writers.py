"""Writing the embedded world in the formats of real data: CoNLL-U, IOB2 and raw text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..conllu import Sentence, write_conllu
from ..iob import TaggedSentence, write_iob2
from ..lines import write_lines
from .concepts import Inventory
from .grammar import sentence
from .languages import Language
from .lexicon import build_lexicon
from .realise import Word, realise, surface


class World:
    """The embedded world in one language.

    Args:
        seed: seed of the world.
        language: parameters of the language.
    """

    def __init__(self, seed: int, language: Language) -> None:
        self.inventory = Inventory(seed)
        self.language = language
        self.lexicon = build_lexicon(seed, language)

    def say(self, number: int) -> list[Word]:
        """The words of the sentence with this number, which is parallel in all languages."""
        return realise(sentence(self.inventory, number), self.language, self.lexicon)


def write_treebank(path: Path, world: World, numbers: Iterable[int]) -> None:
    """A treebank of the sentences with these numbers; equal ``sent_id`` means parallel."""
    write_conllu(path, (_conllu(world.say(number), number) for number in numbers))


def write_entities(path: Path, world: World, numbers: Iterable[int]) -> None:
    """The named entities of the sentences with these numbers."""
    write_iob2(path, (_tagged(world.say(number), number) for number in numbers))


def write_text(path: Path, world: World, numbers: Iterable[int]) -> None:
    """Raw text of the sentences with these numbers, one per line."""
    write_lines(path, (surface(world.say(number))[0] for number in numbers))


def write_parallel_text(path: Path, first: World, second: World, numbers: Iterable[int]) -> None:
    """The sentences with these numbers in two languages: number, first and second text per line."""
    texts = (
        [str(number), *(surface(world.say(number))[0] for world in (first, second))]
        for number in numbers
    )
    write_lines(path, map("\t".join, texts))


def _conllu(words: list[Word], number: int) -> Sentence:
    rows = list(_rows(words))
    comments = [f"# sent_id = embedded-{number}", f"# text = {surface(words)[0]}"]
    return Sentence(comments, rows, [row for row in rows if row[0].isdigit()])


def _tagged(words: list[Word], number: int) -> TaggedSentence:
    comments = [f"# sent_id = embedded-{number}"]
    return TaggedSentence(comments, [w.form for w in words], [w.entity for w in words])


def _rows(words: list[Word]) -> Iterator[list[str]]:
    for position, word in enumerate(words, start=1):
        if word.fused_form:
            identifier = f"{position}-{position + 1}"
            yield [identifier, word.fused_form, *"________"]
        features = "|".join(f"{key}={word.features[key]}" for key in sorted(word.features)) or "_"
        glued = position < len(words) and words[position].upos == "PUNCT"
        yield [
            str(position),
            word.form,
            word.lemma,
            word.upos,
            "_",
            features,
            str(word.head),
            word.deprel,
            "_",
            "SpaceAfter=No" if glued else "_",
        ]
