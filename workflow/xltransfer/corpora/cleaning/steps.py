"""The cleaning steps for single lines, and their counts."""

from __future__ import annotations

import numpy as np

from .evaluation_sentences import EvaluationSentences
from .identification import load_identifier, standard_code
from .line_counts import Counts
from .scripts import script_shares
from .settings import Settings
from .step_sequence import Apply, StepSequence, by_length, dropping, kept, normalising


class Steps(StepSequence):
    """All steps before deduplication, in order.

    Args:
        settings: settings of cleaning.
        evaluation: sentences to exclude from the text.

    Attributes:
        notes: remarks for the report.

    Raises:
        InputError: the language identifier cannot be loaded.
    """

    def __init__(self, settings: Settings, evaluation: EvaluationSentences) -> None:
        self.notes: list[str] = []
        steps = normalising(lambda change: change, _blank)
        if settings.split_sentences:
            steps.append(("sentences", _splitting(settings.language)))
        steps += [
            ("length", by_length(settings, lambda line: (len(line),))),
            ("script", _by_script(settings)),
        ]
        if language := self._by_language(settings):
            steps.append(("language", language))
        keep = settings.keep_evaluation_sentences
        steps.append(("evaluation_sentences", dropping(evaluation.reason, keep)))
        super().__init__(steps, len)

    def _by_language(self, settings: Settings) -> Apply | None:
        identifier = load_identifier(settings.identifier)
        if identifier is None:
            return None
        if not identifier.knows(settings.language):
            self.notes.append(
                f"{identifier.name} does not know the language {settings.language}: "
                "no line was dropped for its language"
            )
            return None
        wanted = standard_code(settings.language)

        def apply(lines: list[str], counts: Counts) -> list[str]:
            found = identifier.languages(lines)
            reasons = [None if code in (wanted, "") else f"looks like {code}" for code in found]
            return kept(lines, reasons, counts)

        return apply


def _blank(line: str) -> str | None:
    return "empty" if not line or line.isspace() else None


def _splitting(language: str) -> Apply:
    from sentencex import segment

    code = standard_code(language)

    def apply(lines: list[str], counts: Counts) -> list[str]:
        sentences: list[str] = []
        for line in lines:
            parts = [part.strip() for part in segment(code, line)]
            parts = [part for part in parts if part]
            counts.lines_changed += len(parts) > 1
            counts.lines_added += len(parts) - 1
            sentences += parts
        counts.characters_removed += sum(map(len, lines)) - sum(map(len, sentences))
        return sentences

    return apply


def _by_script(settings: Settings) -> Apply:
    def apply(lines: list[str], counts: Counts) -> list[str]:
        shares = script_shares(lines, settings.script)
        enough = shares >= settings.script_share
        if enough.all():
            return lines
        reasons = [
            None if fits else "no letters" if np.isnan(share) else "other script"
            for fits, share in zip(enough.tolist(), shares.tolist(), strict=True)
        ]
        return kept(lines, reasons, counts)

    return apply
