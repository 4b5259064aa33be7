"""The plain ways to transliterate and to count pieces: a line at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import regex
from tokenizers import Tokenizer
from xltransfer.corpora.transliteration.rules import read_rules
from xltransfer.corpora.transliteration.scheme import LETTERS


def plain_table(path: Path) -> Callable[[str], str]:
    """Writes a line by a table without conditions: one alternation of all its letters."""
    rules = read_rules([path])
    letters = regex.compile("|".join(f"({regex.escape(r.source)})" for r in rules), regex.I)

    def written(match: regex.Match[str], capitals: bool) -> str:
        rule = rules[match.lastindex - 1]
        if match.group() == rule.source:
            return rule.target
        return rule.target.upper() if capitals else rule.target[:1].upper() + rule.target[1:]

    def word(match: regex.Match[str]) -> str:
        found = match.group()
        capitals = found.isupper() and sum(map(str.isupper, found)) > 1
        return letters.sub(lambda letter: written(letter, capitals), found)

    words = regex.compile(f"[{LETTERS}]+")
    return lambda line: words.sub(word, line)


def plain_statistics(
    sentences: Iterable[Sequence[str]], encoder: Path, unknown_token: str | None
) -> dict[str, float]:
    """The numbers of ``tokenizer_statistics``, a line at a time.

    Args:
        sentences: words.
        encoder: its directory, with ``tokenizer.json``.
        unknown_token: the piece that stands for what the tokenizer does not know, if there is one.
    """
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown_piece = tokenizer.token_to_id(unknown_token) if unknown_token else None
    ordinary = set(tokenizer.get_vocab().values()) - set(tokenizer.get_added_tokens_decoder())
    tally: Counter[str] = Counter()
    occurred: set[int] = set()
    whole: dict[str, bool] = {}
    lengths = []
    for words in sentences:
        if not words:
            continue
        encoding = tokenizer.encode(list(words), is_pretokenized=True, add_special_tokens=False)
        pieces, unknown = [0] * len(words), [0] * len(words)
        for index, owner, (start, end) in zip(
            encoding.ids, encoding.word_ids, encoding.offsets, strict=True
        ):
            pieces[owner] += 1
            unknown[owner] += index == unknown_piece
            tally["single"] += end - start <= 1
        occurred.update(encoding.ids)
        for place, word in enumerate(words):
            if not pieces[place]:
                pieces[place] = unknown[place] = 1
                tally["single"] += len(word) <= 1
            whole[word] = pieces[place] == 1 and not unknown[place]
            tally["characters"] += len(word)
            tally["continued"] += pieces[place] > 1
            tally["strange"] += unknown[place] > 0
        tally["words"] += len(words)
        tally["unknown"] += sum(unknown)
        lengths.append(sum(pieces))
    total = sum(lengths)
    numbers: dict[str, float] = {
        "sentences": len(lengths),
        "words": tally["words"],
        "word_types": len(whole),
        "characters": tally["characters"],
        "pieces": total,
    }
    if not lengths:
        return numbers
    numbers |= {
        "fertility": total / tally["words"],
        "continued_words": 100 * tally["continued"] / tally["words"],
        "unknown_pieces": 100 * tally["unknown"] / total,
        "unknown_words": 100 * tally["strange"] / tally["words"],
        "characters_per_piece": tally["characters"] / total,
        "single_character_pieces": 100 * tally["single"] / total,
        "vocabulary_used": 100 * (len(occurred & ordinary) / len(ordinary)),
        "whole_types": 100 * sum(whole.values()) / len(whole),
        "sentence_pieces_max": max(lengths),
    }
    for percent in (50, 90, 99):
        percentile = np.percentile(lengths, percent, method="inverted_cdf")
        numbers[f"sentence_pieces_{percent}"] = int(percentile)
    return numbers
