"""Extractive question answering: the span of a passage that answers a question.

As in Devlin et al. (2019) and the scripts of XTREME (Hu et al., ICML 2020): a linear layer scores
each subword as the first and as the last one of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..corpora.questions import Answer, Question
from ..encoders.batching import Batch, Example
from ..encoders.passages import WindowSizes, passage_examples
from ..encoders.reader import Reader
from .tagging import LabelHead
from .task import Prediction, Task


class QuestionAnswering(Task):
    """Spans of passages that answer questions.

    Every question has an answer, and one is always predicted: the best span over all windows, with
    at most ``answer_pieces`` subwords. In training, the first answer of a question counts.
    """

    kind = "question-answering"
    head_prefix = "qa_outputs"

    def label_vocabulary(self, sentences: Sequence[Question]) -> list[str]:
        """No labels."""
        return []

    def examples(
        self, sentences: Sequence[Question], reader: Reader, longest: int, word_state: str
    ) -> list[Example]:
        """Rows of question and window of the passage; every subword is a position."""
        sizes = WindowSizes(
            min(longest, self.settings["row_pieces"]),
            self.settings["stride"],
            self.settings["question_pieces"],
        )
        pairs = [(one.question, one.passage) for one in sentences]
        return passage_examples(pairs, reader, sizes)

    def targets(self, sentence: Question, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        """``answer``, the first and the last character of the answer in the passage; shape (2,)."""
        answer = sentence.answers[0]
        return {"answer": np.array([answer.start, answer.start + len(answer.text) - 1])}

    def loss_units(self, example: Example) -> int:
        """The number of windows."""
        return len(example.rows)

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """A linear layer with two outputs, as in ``AutoModelForQuestionAnswering``."""
        return LabelHead(hidden_size, 2, dropout=0.0)

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Mean over windows of the mean cross-entropy of first and last subword.

        All subwords of a row compete. The target of a window without the whole answer is its first
        subword, ``[CLS]``, as in the script of XTREME.
        """
        scores = self._by_row(head(states), batch, -torch.inf)
        begin, end = (self._by_row(batch.inputs[name], batch, -1) for name in ("begin", "end"))
        first, last = batch.targets["answer"][self._question_of_row(batch)].unbind(dim=1)
        starts = (begin <= first[:, None]) & (first[:, None] < end)
        ends = (begin <= last[:, None]) & (last[:, None] < end)
        inside = starts.any(dim=1) & ends.any(dim=1)
        # The first subword with the first character, the last one with the last character.
        start = torch.where(inside, starts.int().argmax(dim=1), 0)
        backwards = ends.flip(1).int().argmax(dim=1)
        stop = torch.where(inside, ends.shape[1] - 1 - backwards, 0)
        losses = [
            functional.cross_entropy(scores[..., number], wanted)
            for number, wanted in enumerate((start, stop))
        ]
        return (losses[0] + losses[1]) / 2

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """``span``, the first character of the best span and the one after its last; shape (2,).

        The score of a span is the sum of the scores of its first and last subword. It starts where
        ``may_start`` allows it; of equal spans the first one counts. A passage without text has the
        empty span.
        """
        scores = self._by_row(head(states), batch, -torch.inf)
        begin, end = (self._by_row(batch.inputs[name], batch, -1) for name in ("begin", "end"))
        may_start = self._by_row(batch.inputs["may_start"], batch, False)
        firsts = scores[..., 0].masked_fill(~may_start, -torch.inf)
        lasts = scores[..., 1].masked_fill(begin < 0, -torch.inf)
        longest = min(self.settings["answer_pieces"], lasts.shape[1])
        spans = firsts[..., None] + functional.pad(
            lasts, (0, longest - 1), value=-torch.inf
        ).unfold(1, longest, 1)
        best, place = spans.flatten(1).max(dim=1)
        first = place // longest
        last = first + place % longest
        rows = torch.arange(len(first), device=first.device)
        found = torch.stack([begin[rows, first], end[rows, last.clamp(max=end.shape[1] - 1)]], 1)
        of_question = self._question_of_row(batch).cpu().numpy()
        return _best_rows(best.cpu().numpy(), found.cpu().numpy(), of_question, len(states))

    def annotate(
        self, sentence: Question, prediction: Prediction, labels: Sequence[str]
    ) -> Question:
        """The question with the predicted answer in place of the correct ones."""
        begin, end = map(int, prediction["span"])
        return replace(sentence, answers=[Answer(begin, sentence.passage[begin:end])])

    @staticmethod
    def _by_row(values: torch.Tensor, batch: Batch, padding: float) -> torch.Tensor:
        """Values of positions, shape (questions, positions, …), as (rows, subwords, …)."""
        rows = batch.input_ids.shape
        found = values.new_full((rows[0] * rows[1], *values.shape[2:]), padding)
        mask = batch.word_mask
        return found.index_put((batch.word_index[mask],), values[mask]).unflatten(0, rows)

    @staticmethod
    def _question_of_row(batch: Batch) -> torch.Tensor:
        """The index of the question of each row; shape (rows,)."""
        rows, pieces = batch.input_ids.shape
        found = batch.word_index.new_zeros(rows)
        question, _ = batch.word_mask.nonzero(as_tuple=True)
        return found.index_put((batch.word_index[batch.word_mask] // pieces,), question)


def _best_rows(
    scores: np.ndarray, spans: np.ndarray, of_question: np.ndarray, questions: int
) -> list[Prediction]:
    """The span of the best row of each question; the first of equal rows."""
    found: list[Prediction] = []
    for question in range(questions):
        rows = np.flatnonzero(of_question == question)
        best = rows[scores[rows].argmax()]
        known = np.isfinite(scores[best])
        found.append({"span": spans[best] if known else np.zeros(2, dtype=np.int32)})
    return found
