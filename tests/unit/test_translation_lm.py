"""Translation language modelling: batches, language embeddings, and sampling of streams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from test_masked_lm import SMALL, TRAINING, make_masked_lm, sentences, write
from test_training import CPU, Killed, kill_at
from transformers import AutoModelForMaskedLM
from xltransfer.corpora.language_sampling import sampling_probabilities
from xltransfer.corpora.sentence_pairs import Pair, SentencePairs
from xltransfer.encoders.ablate import ablate
from xltransfer.encoders.language_embeddings import add_table, select_language, table_of
from xltransfer.encoders.masked_lm_head import load_masked_lm, save_masked_lm
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.adapt import adapt
from xltransfer.stages.pretrain import pretrain
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.loop import train
from xltransfer.training.pretraining_text import PretrainingText, make_objective
from xltransfer.training.text_streams import LineStream, PairStream
from xltransfer.training.tokenised_text import TokenisedText

TRANSLATION = {
    "seed": 3,
    "objective": "translation-lm",
    "languages": {"lines": ["en"], "pairs": [["en", "fr"]]},
    "reset_positions": True,
    "language_embeddings": True,
    "training": {**TRAINING, "sampling_exponent": 0.7, "parallel_share": 0.5},
}


class OneLetterTokenizer:
    """A subword per letter: 1 and 2 around a sentence, 0 for padding, letters from 10 on."""

    prefix, suffix, padding = (1,), (2,), 0

    def encode(self, lines):
        from types import SimpleNamespace

        made = []
        for line in lines:
            letters = [c for c in line if c != " "]
            words = np.cumsum([c == " " for c in line])[[c != " " for c in line]]
            ids = [10 + ord(c) - ord("a") for c in letters]
            made.append(Encoded(SimpleNamespace(ids=ids, word_ids=words.tolist())))
        return made


class Encoded:
    def __init__(self, content) -> None:
        self.ids, self.word_ids = content.ids, content.word_ids

    def __len__(self) -> int:
        return len(self.ids)


def letters(*lines: str) -> TokenisedText:
    return TokenisedText(list(lines), OneLetterTokenizer(), False, True)


def write_parallel(path: Path, count: int, seed: int = 1) -> Path:
    first, second = sentences(count, seed), sentences(count, seed + 50)
    both = enumerate(zip(first, second, strict=True))
    path.write_text("".join(Pair(str(i), *texts).line() for i, texts in both), encoding="utf-8")
    return path


def test_a_batch_of_pairs_by_hand() -> None:
    """Each sentence has its special tokens, positions from 0 on, and its language."""
    stream = PairStream(letters("a b", "abcd"), letters("cde", "x"), 12, (0, 1), True)
    rows = stream.collate(np.array([0, 1]))
    assert rows.pieces.tolist() == [
        [1, 10, 11, 2, 1, 12, 13, 14, 2],
        [1, 10, 11, 12, 13, 2, 1, 33, 2],
    ]
    assert rows.attention_mask.tolist() == [[1] * 9, [1] * 9]
    assert rows.positions.tolist() == [
        [0, 1, 2, 3, 0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4, 5, 0, 1, 2],
    ]
    assert rows.languages.tolist() == [
        [0, 0, 0, 0, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 0, 1, 1, 1],
    ]
    assert rows.word_starts.tolist()[0] == [True, True, True, True, True, True, False, False, True]
    assert stream.lengths(np.array([0, 1])).tolist() == [9, 9]


def test_padding_of_pairs_of_different_lengths() -> None:
    stream = PairStream(letters("a", "ab"), letters("c", "defg"), 12, None, False)
    rows = stream.collate(np.array([1, 0]))
    assert rows.pieces.tolist()[1] == [1, 10, 2, 1, 12, 2, 0, 0, 0, 0]
    assert rows.attention_mask.tolist()[1] == [1] * 6 + [0] * 4
    assert rows.positions is None and rows.languages is None


def test_pairs_that_are_too_long_are_left_out() -> None:
    stream = PairStream(letters("a", "abcdef"), letters("c", "defg"), 8, None, True)
    assert stream.rows(np.random.default_rng(1)).tolist() == [0]
    assert (stream.sentences, stream.too_long) == (1, 1)


def objective_of(directory: Path, folder: Path, **changes: object):
    """Translation language modelling of lines and pairs; the same whenever it is made."""
    config = {**TRANSLATION, **changes}
    pairs = SentencePairs(write_parallel(folder / "pairs.tsv", 40))
    held_out = SentencePairs(write_parallel(folder / "held.tsv", 12, 7))
    text = PretrainingText([sentences(30)], [sentences(12, 9)], [pairs], [held_out])
    torch.manual_seed(1)
    return make_objective(load_masked_lm(directory), text, TextTokenizer(directory), config)


def test_loss_of_a_pair_is_that_of_transformers(tmp_path: Path) -> None:
    """transformers, given the same positions and, as embeddings of segments, the languages."""
    directory = make_masked_lm(tmp_path / "bert", "bert")
    objective = objective_of(directory, tmp_path)
    model = objective.model.eval()
    table = table_of(model.base_model)
    with torch.no_grad():
        table.weight.normal_()
    batch = next(batch for batch in objective.batches(0) if batch.stream == 1)
    rows = objective.training[1].collate(batch.rows)
    torch.manual_seed(7)
    found = objective.loss(batch, CPU)
    torch.manual_seed(7)
    seen, masked = objective.masking(rows.pieces, None)
    plain = AutoModelForMaskedLM.from_pretrained(directory).eval()
    embeddings = plain.bert.embeddings
    words = embeddings.word_embeddings(seen) + table.weight[rows.languages]
    labels = rows.pieces.masked_fill(~masked, -100)
    expected = plain(
        inputs_embeds=words,
        attention_mask=rows.attention_mask,
        position_ids=rows.positions,
        labels=labels,
    ).loss
    torch.testing.assert_close(found, expected)
    starts = (rows.positions == 0) & (rows.attention_mask == 1)
    assert (starts.sum(dim=1) == 2).all(), "both sentences of every pair start at 0"


def test_zero_language_embeddings_and_one_sentence_give_the_loss_of_masked_lm(
    tmp_path: Path,
) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    text = PretrainingText([sentences(30)], [sentences(12, 9)])
    tokenizer, losses = TextTokenizer(directory), []
    for config in (
        {"seed": 3, "training": TRAINING},
        {**TRANSLATION, "languages": {"lines": ["en"], "pairs": []}},
    ):
        torch.manual_seed(1)
        objective = make_objective(load_masked_lm(directory), text, tokenizer, config)
        objective.model.eval()
        torch.manual_seed(5)
        losses.append([objective.loss(batch, CPU).item() for batch in objective.batches(0)])
        losses.append(objective.evaluate(CPU))
    assert losses[0] == losses[2] and losses[1] == losses[3]


@pytest.mark.parametrize("objective", ["masked-lm", "translation-lm"])
def test_shares_of_raw_and_parallel_text(objective: str, tmp_path: Path) -> None:
    """A quarter of the batches is parallel; within it, languages are sampled by their exponent."""
    directory = make_masked_lm(tmp_path / "bert", "bert")
    sizes = [20, 80]
    pairs = [SentencePairs(write_parallel(tmp_path / f"{size}.tsv", size, size)) for size in sizes]
    lines = [sentences(size, size) for size in (10, 30)]
    text = PretrainingText(lines, [sentences(9), sentences(9)], pairs, pairs)
    settings = {
        **TRAINING,
        "sampling_exponent": 0.5,
        "parallel_share": 0.25,
        "epoch_batches": 1000,
    }
    languages = {"lines": ["en", "fr"], "pairs": [["en", "de"], ["en", "tr"]]}
    config = {**TRANSLATION, "languages": languages, "objective": objective, "training": settings}
    made = make_objective(load_masked_lm(directory), text, TextTokenizer(directory), config)
    counts = np.bincount([batch.stream for batch in made.batches(0)])
    raw, parallel = (sampling_probabilities(some, 0.5) for some in ([10, 30], sizes))
    if objective == "masked-lm":
        parallel = np.repeat(parallel / 2, 2)
        assert all(isinstance(stream, LineStream) for stream in made.training)
    expected = [*(750 * raw), *(250 * parallel)]
    np.testing.assert_allclose(counts, expected, atol=1)
    assert counts.sum() == 1000


def test_masked_share(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    settings = {**TRANSLATION["training"], "masked_share": 0.4}
    masking = objective_of(directory, tmp_path, training=settings).masking
    pieces = torch.full((100, 100), int(masking.ordinary[0]))
    assert masking(pieces, None)[1].float().mean() == pytest.approx(0.4, abs=0.02)


def test_language_embeddings_are_saved_and_used(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model = load_masked_lm(directory)
    add_table(model.base_model, ["de", "en"])
    with torch.no_grad():
        table_of(model.base_model).weight.normal_()
    made = tmp_path / "made"
    save_masked_lm(model, made, "float32")
    assert read_json(made / "config.json")["language_embeddings"] == ["de", "en"]
    encoder = load_encoder(made).eval()
    pieces = torch.tensor([[2, 5, 6, 3]])
    found = {}
    for language in ("de", "en", "fr", ""):
        select_language(encoder, language)
        found[language] = encoder(input_ids=pieces).last_hidden_state
    assert not torch.allclose(found["de"], found["en"])
    torch.testing.assert_close(found["fr"], found[""])
    plain = load_encoder(directory).eval()
    for language, row in (("de", 0), ("en", 1)):
        given = plain.get_input_embeddings()(pieces) + table_of(encoder).weight[row]
        torch.testing.assert_close(found[language], plain(inputs_embeds=given).last_hidden_state)
    ablate(encoder, "random-init-all", 1)
    assert not table_of(encoder).weight.any(), "the control has a table of its own initialiser"


def test_transformers_opens_it_without_the_table(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model = load_masked_lm(directory)
    add_table(model.base_model, ["de", "en"])
    save_masked_lm(model, tmp_path / "made", "float32")
    found = AutoModelForMaskedLM.from_pretrained(tmp_path / "made")
    for name, weight in AutoModelForMaskedLM.from_pretrained(directory).state_dict().items():
        assert torch.equal(found.state_dict()[name], weight)


def test_adapt_to_pairs(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    lines, held = (
        write(tmp_path / "a.txt", sentences(30)),
        write(tmp_path / "b.txt", sentences(12, 9)),
    )
    pairs = write_parallel(tmp_path / "pairs.tsv", 40)
    held_pairs = write_parallel(tmp_path / "held.tsv", 12, 7)
    made = []
    for number in (1, 2):
        output = tmp_path / f"out{number}"
        adapt(
            directory, TRANSLATION, output, tmp_path / "c", training=[lines], held_out=[held],
            parallel=[pairs], held_out_parallel=[held_pairs],
        )  # fmt: skip
        made.append((output / "model.safetensors").read_bytes())
    assert made[0] == made[1]
    report = read_json(output / "pretraining.json")
    assert set(report["parallel"]) == {"pairs.tsv"}
    assert set(report["held_out_parallel"]) == {"held.tsv"}
    weights = load_file(output / "model.safetensors")
    assert weights["bert.language_embeddings.weight"].any()
    assert load_encoder(output).config.language_embeddings == ["en", "fr"]


def test_pretrain_on_pairs_alone(tmp_path: Path) -> None:
    pairs = write_parallel(tmp_path / "pairs.tsv", 60)
    held = write_parallel(tmp_path / "held.tsv", 12, 7)
    languages = {"lines": [], "pairs": [["en", "fr"]]}
    config = {
        **TRANSLATION, "languages": languages, "architecture": SMALL, "vocabulary_size": 60,
    }  # fmt: skip
    output = tmp_path / "out"
    pretrain(config, output, tmp_path / "c", parallel=[pairs], held_out_parallel=[held])
    assert table_of(load_encoder(output)).languages == ("en", "fr")


def test_resumed_training_ends_in_the_same_bits(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert", hidden_dropout_prob=0.2)

    def run(objective, name: str, seconds: float):
        checkpoint = Checkpoint(tmp_path / name, "same")
        return train(objective, TRANSLATION["training"], checkpoint, CPU, seconds, name)

    whole = objective_of(directory, tmp_path)
    steps = run(whole, "whole", 1e9).steps
    stopped = objective_of(directory, tmp_path)
    with pytest.raises(Killed):
        kill_at(stopped, steps // 2)
        run(stopped, "resumed", 0)
    resumed = objective_of(directory, tmp_path)
    assert run(resumed, "resumed", 1e9).steps == steps
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], weight), name


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1\ta", ":2: not an identifier and two sentences"),
        ("1\ta\t ", ":2: not an identifier and two sentences"),
        ("0\ta\tb", ":2: the identifier '0' is there twice"),
    ],
)
def test_malformed_pairs_are_refused(line: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.tsv", ["0\tx\ty", line])
    with pytest.raises(InputError, match=reason):
        _ = SentencePairs(path).pairs


def test_unusable_settings_are_refused(tmp_path: Path) -> None:
    relative = make_masked_lm(tmp_path / "deberta", "deberta-v2", position_biased_input=False)
    with pytest.raises(InputError, match="deberta-v2 has no table of positions"):
        objective_of(relative, tmp_path)
    directory = make_masked_lm(tmp_path / "bert", "bert")
    with pytest.raises(InputError, match="languages: 1 of raw text, but there are 2 texts"):
        text = PretrainingText([sentences(9)] * 2, [sentences(9)] * 2)
        make_objective(load_masked_lm(directory), text, TextTokenizer(directory), TRANSLATION)
    with pytest.raises(InputError, match="no pair fits into a row of 8 subwords"):
        settings = {**TRANSLATION["training"], "block_size": 8}
        objective_of(directory, tmp_path, training=settings)
    with pytest.raises(InputError, match="epoch_batches is 1, but there are 2 texts"):
        settings = {**TRANSLATION["training"], "epoch_batches": 1}
        objective_of(directory, tmp_path, training=settings)
    model = load_masked_lm(directory)
    with pytest.raises(InputError, match="no languages are given"):
        add_table(model.base_model, [])
    add_table(model.base_model, ["de"])
    with pytest.raises(InputError, match="language embeddings of de and none of en, fr"):
        add_table(model.base_model, ["de", "en", "fr"])


def test_parallel_text_needs_held_out_pairs(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    pairs = write_parallel(tmp_path / "pairs.tsv", 9)
    empty = write(tmp_path / "empty.tsv", [])
    of = TRANSLATION, tmp_path / "out", tmp_path / "c"
    with pytest.raises(InputError, match="--held-out-parallel: 0 files for 1 parallel texts"):
        adapt(directory, *of, parallel=[pairs])
    with pytest.raises(InputError, match=r"empty\.tsv: no pairs"):
        adapt(directory, *of, parallel=[pairs], held_out_parallel=[empty])
    config = {**TRANSLATION, "languages": {"lines": [], "pairs": []}}
    config |= {"language_embeddings": False}
    with pytest.raises(InputError, match="languages: 2 pairs, but there are 1 parallel texts"):
        two = {**config, "languages": {"lines": [], "pairs": [["a", "b"]] * 2}}
        adapt(directory, two, *of[1:], parallel=[pairs], held_out_parallel=[pairs])


def test_parallel_text_alone_without_sampling(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    pairs = write_parallel(tmp_path / "pairs.tsv", 9)
    config = {**TRANSLATION, "languages": {"lines": [], "pairs": [["a", "b"]]}}
    config["training"] = {k: v for k, v in TRAINING.items() if k != "sampling_exponent"}
    output = tmp_path / "out"
    adapt(directory, config, output, tmp_path / "c", parallel=[pairs], held_out_parallel=[pairs])
    assert (output / "model.safetensors").exists()


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model = load_masked_lm(directory)
    add_table(model.base_model, ["de", "en"])
    save_masked_lm(model, tmp_path / "made", "float32")
    config = read_json(tmp_path / "made" / "config.json")
    for languages, reason in (
        (["de", "en", "fr"], "language embeddings of shape"),
        (["de", "de"], "no list of different language codes"),
        ("de", "no list of different language codes"),
        (None, "config.json lists no languages"),
    ):
        write_json(tmp_path / "made" / "config.json", {**config, "language_embeddings": languages})
        with pytest.raises(InputError, match=reason):
            load_encoder(tmp_path / "made")
