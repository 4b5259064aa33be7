"""Schemes based on tables of rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import regex

from ...runtime.errors import InputError
from .rules import EDGE, Rule
from .scheme import LETTERS, Scheme, Spelling

_is_letter = regex.compile(f"[{LETTERS}]").fullmatch


class TableScheme(Scheme):
    """Transliteration by rules, with the longest match first.

    Case follows the original. If a capital becomes several letters, all of them are capitals in
    words in all capitals (two letters or more), otherwise only the first.

    Args:
        name: name in ``schemes.tsv``.
        rules: rules in order of application.
        reversible: whether different letters must have different targets.

    Raises:
        InputError: the scheme is declared reversible, but its rules are not.
    """

    def __init__(self, name: str, rules: Sequence[Rule], reversible: bool) -> None:
        self.name = name
        self.reversible = reversible
        self._uses: dict[str, list[_Use]] = {}
        for rule in rules:
            for written in _variants(rule.source):
                self._uses.setdefault(written[0], []).append(_Use(rule, written))
        # A target that starts with a mark combines with the previous letter: o + U+0304 = ō.
        self._composes = any(unicodedata.combining(rule.target[:1] or " ") for rule in rules)
        self.runs = _runs(rules)
        if reversible:
            self._originals, self._caseless = _originals(rules)
            self._targets = regex.compile(_any({**self._originals, **self._caseless}))
            written = sorted({c for rule in rules for c in rule.target})
            self._written = regex.compile(f"[{LETTERS}{''.join(map(regex.escape, written))}]+")

    def spell(self, word: str) -> Spelling:
        """Transliterate a span of text that ``runs`` matches."""
        parts: list[str] = []
        rest: list[str] = []
        applied: list[tuple[str, int]] = []
        capitals = is_in_capitals(word)
        position = 0
        while position < len(word):
            letter = word[position]
            for use in self._uses.get(letter, ()):
                if use.always or use.fits(word, position):
                    parts.append(use.capitals if capitals else use.target)
                    applied.append(use.step)
                    position += len(use.written)
                    break
            else:
                rest.append(letter)
                parts.append(letter)
                position += 1
        text = "".join(parts)
        if self._composes:
            text = unicodedata.normalize("NFC", text)
        return Spelling(text, tuple(applied), "".join(rest))

    def reverse(self, text: str) -> str:
        """The original of a transliterated text.

        Original Latin letters are treated as transliterated. Letters whose target has no case (ь in
        ISO 9) become capitals in words in all capitals.

        Raises:
            ValueError: the scheme is not reversible.
        """
        if not self.reversible:
            return super().reverse(text)
        return self._written.sub(self._reversed_word, text)

    def _reversed_word(self, match: regex.Match[str]) -> str:
        capitals = is_in_capitals(match.group())

        def original(target: regex.Match[str]) -> str:
            known = self._originals.get(target.group())
            if known is not None:
                return known
            source = self._caseless[target.group()]
            return source.upper() if capitals else source

        return self._targets.sub(original, match.group())


def is_in_capitals(word: str) -> bool:
    """Whether a word has at least two cased letters, all of them capitals."""
    return word.isupper() and sum(letter.isupper() for letter in word) > 1


class _Use:
    """A rule for one case variant of its source: lower case, capitalised or all capitals.

    Attributes:
        written: source in this variant.
        target: replacement.
        capitals: replacement in a word in all capitals.
        step: label of the rule, and number of characters that it replaces.
        always: whether the first letter of the source is the only condition.
    """

    __slots__ = ("_after", "_before", "_end", "_start", "always", "capitals", "step", "target",
                 "written")  # fmt: skip

    def __init__(self, rule: Rule, written: str) -> None:
        self.written = written
        self.step = rule.label, len(rule.source)
        if written == rule.source:
            self.target = self.capitals = rule.target
        else:
            self.target, self.capitals = _capitalised(rule.target), rule.target.upper()
        self._after, self._before = _items(rule.after), _items(rule.before)
        self._start, self._end = EDGE in rule.after, EDGE in rule.before
        self.always = not (rule.after or rule.before or len(written) > 1)

    def fits(self, word: str, position: int) -> bool:
        """Whether the rule applies at a position that has the first letter of the source."""
        end = position + len(self.written)
        if not word.startswith(self.written, position):
            return False
        if self._start or self._after:
            at_start = self._start and (not position or not _is_letter(word[position - 1]))
            if not at_start and not word.endswith(self._after, 0, position):
                return False
        if self._end or self._before:
            at_end = self._end and (end == len(word) or not _is_letter(word[end]))
            return at_end or word.startswith(self._before, end)
        return True


def _capitalised(target: str) -> str:
    return target[:1].upper() + target[1:]


def _variants(source: str) -> list[str]:
    """The source in lower case, capitalised and in all capitals."""
    variants = [source, source[0].upper() + source[1:], source.upper()]
    return list(dict.fromkeys(v for v in variants if len(v) == len(source)))


def _any(items: Iterable[str]) -> str:
    longest_first = sorted(dict.fromkeys(items), key=len, reverse=True)
    return "|".join(regex.escape(item) for item in longest_first)


def _items(context: Sequence[str]) -> tuple[str, ...]:
    """The letters of a condition in all case variants."""
    return tuple(variant for item in context if item != EDGE for variant in _variants(item))


def _runs(rules: Sequence[Rule]) -> regex.Pattern[str]:
    """Pattern of runs of letters, and of separate runs of other characters with rules."""
    others = {c for rule in rules for c in rule.source if not _is_letter(c)}
    apart = f"|[{''.join(regex.escape(c) for c in sorted(others))}]+" if others else ""
    return regex.compile(f"[{LETTERS}]+{apart}")


def _originals(rules: Sequence[Rule]) -> tuple[dict[str, str], dict[str, str]]:
    """Target → source in each case variant, and target → source for targets without case.

    Raises:
        InputError: two sources share a target, or a rule has a condition.
    """
    originals: dict[str, str] = {}
    caseless: dict[str, str] = {}
    for rule in rules:
        if rule.after or rule.before or not rule.target:
            raise InputError(
                f"{rule.place}: a reversible scheme has no conditions and drops nothing; correct "
                "the rule, or let `reversible` of the scheme's row in schemes.tsv be 'no'"
            )
        has_case = rule.source.upper() != rule.source and len(rule.source.upper()) == len(
            rule.source
        )
        pairs = {rule.target: rule.source}
        if has_case and rule.target.upper() != rule.target:
            for target in (_capitalised(rule.target), rule.target.upper()):
                pairs[target] = rule.source.upper()
        elif has_case:
            caseless[rule.target] = rule.source
        for target, source in pairs.items():
            if originals.setdefault(target, source) != source:
                raise InputError(
                    f"{rule.place}: target '{target}' is that of '{originals[target]}' as well; "
                    "let `reversible` of the scheme's row in schemes.tsv be 'no'"
                )
    for target in caseless:
        del originals[target]
    return originals, caseless
