"""Text in another language by a dictionary: words are replaced by translations, one by one.

Word-for-word translations of raw text ("pseudo-monolingual") and of annotated sentences, whose
labels stay ("pseudo-labelled"), are training data for languages that have a dictionary and little
text (Wang, Ruder & Neubig, ACL 2022). With a share below one they mix both languages in a sentence,
which is code-switching (Qin et al., IJCAI 2020). The order of words and their inflection remain
those of the source.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np

from ..runtime.errors import InputError
from .conllu import FORM, ID, LEMMA, MISC, Sentence, name_of_comment, written_rows
from .dictionaries import Pair, by_source_word
from .iob import TaggedSentence
from .word_tokens import lowercased

UNKNOWN = "_"
"""Value of an empty column, which no word may have as its form."""
_NO_SPACE = "SpaceAfter=No"


class DictionaryTranslation:
    """Replaces words by translations, drawn for each sentence from its number and the seed.

    Upper and lower case are not distinguished. If a word starts with a capital, its translation
    does, too. A translation that could not be a form of a treebank (``_``) is left out.

    Args:
        pairs: source words and target words.
        share: share of the words with a translation that are replaced, rounded to whole words.
        minimum_words: sentences with fewer replaced words are dropped.
        seed: seed of the draws.
        shuffled: whether the translations are exchanged among the source words, by a permutation
            that is drawn from the seed. A source word keeps the number of its translations. This is
            a control, in which only the vocabulary of the dictionary is right.

    Attributes:
        counts: ``sentences``, ``kept_sentences``, ``words`` (with a letter or mark), those
            ``known`` to the dictionary, and those ``replaced``. The last three are of all
            sentences; ``kept_words`` and ``kept_replaced`` are of those that are kept.

    Raises:
        InputError: the dictionary has no usable pair.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        share: float,
        minimum_words: int,
        seed: int,
        shuffled: bool = False,
    ) -> None:
        found = ((lowercased(source), target) for source, target in pairs if target != UNKNOWN)
        usable = list(dict.fromkeys(found))
        if not usable:
            raise InputError("the dictionary has no usable pair; is it the right one?")
        if shuffled:
            order = np.random.default_rng([seed, len(usable)]).permutation(len(usable))
            usable = [
                (source, usable[other][1])
                for (source, _), other in zip(usable, order.tolist(), strict=True)
            ]
        self._translations = by_source_word(usable)
        self.share, self.minimum_words, self.seed = share, minimum_words, seed
        self.counts: Counter[str] = Counter()

    def translated(self, words: Sequence[str], number: int) -> list[str] | None:
        """The words of a sentence, some replaced; ``None`` if the sentence is dropped.

        Args:
            words: words of the sentence.
            number: number of the sentence in its file, which decides the draws.
        """
        known = [
            place
            for place, word in enumerate(words)
            if lowercased(word) in self._translations and _is_word(word)
        ]
        wanted = round(self.share * len(known))
        draws = np.random.default_rng([self.seed, number])
        if wanted < len(known):
            places = sorted(draws.choice(known, wanted, replace=False).tolist())
        else:
            places = known
        found = list(words)
        for place in places:
            options = self._translations[lowercased(words[place])]
            found[place] = _cased(options[draws.integers(len(options))], words[place])
        with_letters = sum(map(_is_word, words))
        self.counts.update(sentences=1, words=with_letters, known=len(known), replaced=wanted)
        if wanted < self.minimum_words:
            return None
        self.counts.update(kept_sentences=1, kept_words=with_letters, kept_replaced=wanted)
        return found

    def line(self, text: str, number: int) -> str | None:
        """A line of raw text, as ``translated``; blanks and punctuation around words stay."""
        parts = [_core(token) for token in text.split(" ")]
        words = self.translated([core for _, core, _ in parts], number)
        if words is None:
            return None
        outer = zip(parts, words, strict=True)
        return " ".join(f"{before}{word}{after}" for (before, _, after), word in outer)

    def sentence(self, sentence: Sentence, number: int) -> Sentence | None:
        """A sentence of a treebank, as ``translated``; tags and trees stay.

        Lemmas of replaced words become ``_``. A multiword token with a replaced word is divided
        into its words, because its own form has no translation. Empty nodes stay as they are. The
        text in the comments is written anew.
        """
        words = self.translated(sentence.forms, number)
        if words is None:
            return None
        new = {}
        for row, form in zip(sentence.words, words, strict=True):
            changed = form != row[FORM]
            new[row[ID]] = [row[ID], form, UNKNOWN if changed else row[LEMMA], *row[LEMMA + 1 :]]
        replaced = {row[ID] for row in sentence.words if new[row[ID]][FORM] != row[FORM]}
        rows = []
        for row in sentence.rows:
            first, dash, last = row[ID].partition("-")
            if not dash:
                rows.append(new.get(row[ID], row))
            elif replaced.isdisjoint(map(str, range(int(first), int(last) + 1))):
                rows.append(row)
            elif _NO_SPACE in row[MISC].split("|") and last in new:
                # The space after the multiword token is the one after its last word.
                new[last] = [*new[last][:MISC], _with_no_space(new[last][MISC])]
        comments = _with_text(sentence.comments, _text_of(rows))
        return Sentence(comments, rows, [row for row in rows if row[ID].isdigit()])

    def tagged(self, sentence: TaggedSentence, number: int) -> TaggedSentence | None:
        """A sentence with named entities, as ``translated``; tags stay."""
        words = self.translated(sentence.forms, number)
        if words is None:
            return None
        comments = _with_text(sentence.comments, " ".join(words))
        return TaggedSentence(comments, words, list(sentence.tags))


def _cased(translation: str, word: str) -> str:
    """A translation with a capital at its start if the word has one."""
    if word[:1].isupper() and translation[:1].islower():
        return translation[:1].title() + translation[1:]
    return translation


def _is_word(word: str) -> bool:
    """Whether a word has a letter or a mark, such as a vowel sign."""
    return any(unicodedata.category(character)[0] in "LM" for character in word)


def _core(token: str) -> tuple[str, str, str]:
    """A token without the punctuation around its letters, marks and digits, and this."""
    categories = (unicodedata.category(character)[0] for character in token)
    places = [place for place, category in enumerate(categories) if category in "LMN"]
    if not places:
        return "", token, ""
    first, end = places[0], places[-1] + 1
    return token[:first], token[first:end], token[end:]


def _with_no_space(misc: str) -> str:
    items = [] if misc == UNKNOWN else [item for item in misc.split("|") if item != _NO_SPACE]
    return "|".join(sorted([*items, _NO_SPACE]))


def _with_text(comments: Iterable[str], text: str) -> list[str]:
    """Comments whose text is replaced."""
    return [
        f"# text = {text}" if name_of_comment(comment) == "text" else comment
        for comment in comments
    ]


def _text_of(rows: Sequence[Sequence[str]]) -> str:
    """The text of a sentence by its rows: forms, with a blank where none is ruled out."""
    parts = (
        row[FORM] + ("" if _NO_SPACE in row[MISC].split("|") else " ")
        for row in compress(rows, written_rows(rows))
    )
    return "".join(parts).strip()


def renamed(sentence: Sentence | TaggedSentence, suffix: str) -> Sentence | TaggedSentence:
    """A sentence whose identifier has a suffix, beside the one that it is a translation of."""
    comments = [
        f"{comment}-{suffix}" if name_of_comment(comment) == "sent_id" else comment
        for comment in sentence.comments
    ]
    if isinstance(sentence, TaggedSentence):
        return TaggedSentence(comments, sentence.forms, sentence.tags)
    return Sentence(comments, sentence.rows, sentence.words)
