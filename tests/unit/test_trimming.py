"""Vocabularies that are trimmed: the same subwords and states, with fewer rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file, save_file
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, RobertaConfig
from xltransfer.corpora.classified_sentences import ClassifiedSentence, write_classified
from xltransfer.corpora.conllu import read_conllu
from xltransfer.corpora.questions import Answer, Question, write_squad
from xltransfer.corpora.relation_sentences import (
    Mention,
    Pair,
    RelationSentence,
    write_relation_sentences,
)
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.stages.trim_vocabulary import trim_vocabulary

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<mask>"]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
LINES = ["the change of the table", "a language that nobody has seen", "ä ж 中文 unknown"]
TREEBANK = """\
# sent_id = 1
# text = The changes, unchanged.
1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_
2\tchanges\tchange\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No
3\t,\t,\tPUNCT\t_\t_\t2\tpunct\t_\t_
4\tunchanged\tunchanged\tADJ\t_\t_\t2\tamod\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_

"""


def tokenizer(kind: str) -> Tokenizer:
    """A vocabulary of 600 subwords of the README, its mask token last."""
    if kind == "Unigram":
        made = Tokenizer(models.Unigram())
        made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=600, special_tokens=SPECIAL[:4], unk_token="<unk>"
        )
    elif kind == "BPE":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=600, special_tokens=SPECIAL[:4], initial_alphabet=alphabet
        )
    else:
        made = Tokenizer(models.WordPiece(unk_token="<unk>"))
        made.normalizer = normalizers.BertNormalizer(lowercase=False)
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=SPECIAL[:4])
    made.train_from_iterator(TEXT, trainer)
    made.add_special_tokens(["<mask>"])
    ids = [(name, made.token_to_id(name)) for name in ("<s>", "</s>")]
    if kind == "BPE":
        made.post_processor = processors.RobertaProcessing(ids[1], ids[0])
    else:
        made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=ids)
    return made


@pytest.fixture(params=["Unigram", "BPE", "WordPiece"])
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A tiny encoder with a masked language modelling head."""
    folder = tmp_path / "encoder"
    made = tokenizer(request.param)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=made.get_vocab_size() + 3,  # some checkpoints have rows to spare
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        pad_token_id=made.token_to_id("<pad>"),
    )
    model = BertForMaskedLM(config)
    torch.nn.init.normal_(model.cls.predictions.bias)
    model.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"mask_token": "<mask>"}')
    return folder


@pytest.fixture
def corpora(tmp_path: Path) -> list[Path]:
    text, treebank = tmp_path / "text.txt", tmp_path / "test.conllu"
    text.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    treebank.write_text(TREEBANK, encoding="utf-8")
    return [text, treebank]


def test_subwords_and_states_stay_the_same(
    encoder: Path, corpora: list[Path], tmp_path: Path
) -> None:
    trimmed = tmp_path / "trimmed"
    trim_vocabulary(encoder, corpora, trimmed)
    before, after = WordTokenizer(encoder), WordTokenizer(trimmed)
    assert after.vocabulary_size < before.vocabulary_size - 100
    assert json.loads((trimmed / "config.json").read_text())["vocab_size"] == after.vocabulary_size
    pieces = lambda t, ids: [t._tokenizer.id_to_token(int(i)) for i in ids]  # noqa: E731
    forms = [sentence.forms for sentence in read_conllu(corpora[1])]
    old = [*(found.pieces for found in before(forms)), *before.rows(LINES, 512)]
    new = [*(found.pieces for found in after(forms)), *after.rows(LINES, 512)]
    assert [pieces(before, ids) for ids in old] == [pieces(after, ids) for ids in new]
    models_of = [AutoModelForMaskedLM.from_pretrained(p).eval() for p in (encoder, trimmed)]
    places = [before._tokenizer.token_to_id(p) for p in pieces(after, range(after.vocabulary_size))]
    for one, two in zip(old, new, strict=True):
        with torch.no_grad():
            logits = [
                model(input_ids=torch.tensor(ids)[None]).logits[0]
                for model, ids in zip(models_of, (one, two), strict=True)
            ]
        assert torch.allclose(logits[0][:, places], logits[1], atol=1e-6)
    assert load_encoder(trimmed).config.pad_token_id == after._tokenizer.token_to_id("<pad>")


def test_both_sides_of_parallel_text_are_kept(encoder: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "test.tsv"
    pairs.write_text("1\tthe change\ta language\n", encoding="utf-8")
    trim_vocabulary(encoder, [pairs], tmp_path / "trimmed")
    before, after = WordTokenizer(encoder), WordTokenizer(tmp_path / "trimmed")
    for text in ("the change", "a language"):
        old, new = (t._tokenizer.encode(text, add_special_tokens=False) for t in (before, after))
        assert old.tokens == new.tokens


def test_words_of_relations_are_kept(encoder: Path, tmp_path: Path) -> None:
    part = tmp_path / "relations" / "some" / "test.jsonl"
    part.parent.mkdir(parents=True)
    words = ["the", "change", "unchanged", "language"]
    mentions = tuple(Mention(place, place) for place in range(len(words)))
    sentence = RelationSentence("1", tuple(words), mentions, (Pair(0, 1, "some"),))
    write_relation_sentences(part, [sentence])
    trim_vocabulary(encoder, [part], tmp_path / "trimmed")
    before, after = WordTokenizer(encoder), WordTokenizer(tmp_path / "trimmed")
    assert after.vocabulary_size < before.vocabulary_size
    old, new = (
        [read._tokenizer.id_to_token(int(i)) for i in read([words])[0].pieces]
        for read in (before, after)
    )
    assert old == new


def test_questions_and_passages_are_kept_as_running_text(encoder: Path, tmp_path: Path) -> None:
    """Words are not always split as on their own, for example after a line break."""
    asked, passage = "what changes  the table?", "the change\nlanguage of (results)"
    answer = Answer(passage.index("results"), "results")
    corpus = tmp_path / "questions" / "test.json"
    corpus.parent.mkdir()
    write_squad(corpus, [Question(f"{n}", asked, passage, [answer]) for n in (1, 2)])
    trim_vocabulary(encoder, [corpus], tmp_path / "trimmed")
    before, after = WordTokenizer(encoder), WordTokenizer(tmp_path / "trimmed")
    assert after.vocabulary_size < before.vocabulary_size - 100
    old, new = (tokenizer.encodings([asked, passage]) for tokenizer in (before, after))
    assert [found.tokens for found in old] == [found.tokens for found in new]


def test_words_of_classified_sentences_are_kept(encoder: Path, tmp_path: Path) -> None:
    """Their tables end as parallel text does, which has no header."""
    part = tmp_path / "any" / "test.tsv"
    part.parent.mkdir()
    first, second = "the change of the table", "a language that nobody has seen"
    write_classified(part, [ClassifiedSentence("1", first, second, "unknown")])
    trim_vocabulary(encoder, [part], tmp_path / "trimmed")
    before, after = WordTokenizer(encoder), WordTokenizer(tmp_path / "trimmed")
    assert after.vocabulary_size < before.vocabulary_size
    for text in (first, second):
        old, new = (
            [read._tokenizer.id_to_token(int(i)) for i in read([text.split()])[0].pieces]
            for read in (before, after)
        )
        assert old == new


def test_other_text_can_still_be_read(encoder: Path, corpora: list[Path], tmp_path: Path) -> None:
    """Single characters are kept, so that a word splits into more subwords, not into none."""
    trimmed = tmp_path / "trimmed"
    trim_vocabulary(encoder, corpora[1:], trimmed)
    before, after = WordTokenizer(encoder), WordTokenizer(trimmed)
    words = [["reproducible", "results"]]
    assert len(after(words)[0].pieces) > len(before(words)[0].pieces)
    assert after.unknown_piece not in after(words)[0].pieces


def test_the_same_bytes_each_time(encoder: Path, corpora: list[Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        trim_vocabulary(encoder, corpora, tmp_path / name)
    for path in sorted((tmp_path / "one").glob("[!.]*.*")):
        if "provenance" not in path.name:
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_heads_that_only_look_like_vocabularies_are_kept(
    encoder: Path, corpora: list[Path], tmp_path: Path
) -> None:
    """Matrices of the encoder itself are never cut, whatever their size."""
    size = json.loads((encoder / "config.json").read_text())["vocab_size"]
    weights = load_file(encoder / "model.safetensors")
    weights["extra.head"] = torch.arange(float(size))
    save_file(weights, encoder / "model.safetensors", {"format": "pt"})
    trim_vocabulary(encoder, corpora, tmp_path / "trimmed")
    after = load_file(tmp_path / "trimmed" / "model.safetensors")
    changed = {name for name, value in after.items() if value.shape != weights[name].shape}
    assert changed == {
        "bert.embeddings.word_embeddings.weight",
        "cls.predictions.bias",
        "extra.head",
    }


def bert(folder: Path, made: Tokenizer, **more: object) -> Path:
    """A tiny encoder with a tokenizer."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = {"vocab_size": made.get_vocab_size(), "intermediate_size": 8, **sizes, **more}
    kind = RobertaConfig if "type_vocab_size" in more else BertConfig
    AutoModelForMaskedLM.from_config(kind(**config)).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return folder


def trimmed_words(folder: Path, words: list[str], place: Path) -> list[list[str]]:
    """The subwords of words with a vocabulary that is trimmed to them."""
    text = place / "words.txt"
    text.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    trim_vocabulary(folder, [text], place / "trimmed")
    after = WordTokenizer(place / "trimmed")
    return [
        [after._tokenizer.id_to_token(int(i)) for i in found.pieces]
        for found in after([[word] for word in words])
    ]


def test_words_that_wordpiece_cannot_split_stay_unknown(tmp_path: Path) -> None:
    """Without `abc`, `abcd` would be split into `ab` and `##cd`."""
    vocabulary = {"[UNK]": 0, "[PAD]": 1, "abc": 2, "ab": 3, "##cd": 4, "e": 5, "longer": 6}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = bert(tmp_path / "encoder", made)
    words = ["abcd", "ab", "xab", "e", "ecd", "ab\u00e9"]
    found = trimmed_words(folder, words, tmp_path)[:5]
    assert found == [["[UNK]"], ["ab"], ["[UNK]"], ["e"], ["e", "##cd"]]
    assert WordTokenizer(tmp_path / "trimmed").vocabulary_size == 6


@pytest.mark.parametrize(
    ("parts", "options", "pieces"),
    [
        (["a", "b", "b</w>", "ab</w>", "c</w>"], {"end_of_word_suffix": "</w>"}, ["ab</w>"]),
        (["a", "b", "##b", "ab", "##c"], {"continuing_subword_prefix": "##"}, ["ab"]),
    ],
)
def test_marks_of_bpe_are_understood(
    parts: list[str], options: dict[str, str], pieces: list[str], tmp_path: Path
) -> None:
    vocabulary = {piece: n for n, piece in enumerate(["<unk>", *parts])}
    merge = (parts[0], parts[2])
    made = Tokenizer(models.BPE(vocabulary, [merge], unk_token="<unk>", **options))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    assert trimmed_words(bert(tmp_path / "encoder", made), ["ab"], tmp_path) == [pieces]


def test_positions_stay_where_they_were(tmp_path: Path) -> None:
    """RoBERTa counts them from the id of padding, here after words that are not needed."""
    pieces = ["w1", "w2", "w3", "w4", "w5", "<unk>", "<pad>", "a", "b", "w6"]
    made = Tokenizer(models.WordPiece({p: n for n, p in enumerate(pieces)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = bert(
        tmp_path / "encoder", made, pad_token_id=6, bos_token_id=7, eos_token_id=8,
        type_vocab_size=1, max_position_embeddings=40,
    )  # fmt: skip
    assert trimmed_words(folder, ["a", "b"], tmp_path) == [["a"], ["b"]]
    states = [
        load_encoder(path).eval()(input_ids=torch.tensor([[7, 8]]))[0]
        for path in (folder, tmp_path / "trimmed")
    ]
    assert torch.allclose(*states, atol=1e-6)


def test_files_of_earlier_versions_without_a_type(encoder: Path, tmp_path: Path) -> None:
    path = encoder / "tokenizer.json"
    content = json.loads(path.read_text())
    del content["model"]["type"]
    path.write_text(json.dumps(content))
    assert trimmed_words(encoder, ["the", "change"], tmp_path)
    written = json.loads((tmp_path / "trimmed" / "tokenizer.json").read_text())
    assert written["model"]["type"] in ("Unigram", "BPE", "WordPiece")


def test_other_vocabularies_are_refused(tmp_path: Path, corpora: list[Path]) -> None:
    folder = tmp_path / "encoder"
    made = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    BertForMaskedLM(
        BertConfig(vocab_size=2, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                   intermediate_size=8)
    ).save_pretrained(folder)  # fmt: skip
    made.save(str(folder / "tokenizer.json"))
    with pytest.raises(InputError, match=r"tokenizer\.json:1: a vocabulary of the type WordLevel"):
        trim_vocabulary(folder, corpora, tmp_path / "trimmed")
    assert not (tmp_path / "trimmed" / "model.safetensors").exists()
