"""Tiny encoders of several architectures, made on the spot for tests."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    MT5Config,
    MT5EncoderModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

LAYERS = 4
ARCHITECTURES = ("bert", "xlm-roberta", "distilbert", "mt5")
_TEXT = ["the cat sat on the mat", "a dog barked at the other dog", "unbelievable feats of cats"]


def make_encoder(directory: Path, architecture: str = "bert", dropout: float = 0.1) -> Path:
    """An encoder directory with random weights that differ from a fresh draw of any seed in use.

    Args:
        directory: to write to.
        architecture: one of ``ARCHITECTURES``.
        dropout: of hidden states.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = unigram() if architecture in ("xlm-roberta", "mt5") else wordpiece()
    tokenizer.save(str(directory / "tokenizer.json"))
    size = tokenizer.get_vocab_size()
    torch.manual_seed(123456)
    model = {
        "bert": lambda: BertModel(
            BertConfig(
                vocab_size=size,
                hidden_size=16,
                num_hidden_layers=LAYERS,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=32,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
            )
        ),
        "xlm-roberta": lambda: XLMRobertaModel(
            XLMRobertaConfig(
                vocab_size=size,
                hidden_size=16,
                num_hidden_layers=LAYERS,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=34,
                type_vocab_size=1,
                pad_token_id=1,
            )
        ),
        "distilbert": lambda: DistilBertModel(
            DistilBertConfig(
                vocab_size=size,
                dim=16,
                n_layers=LAYERS,
                n_heads=2,
                hidden_dim=32,
                max_position_embeddings=32,
            )
        ),
        "mt5": lambda: MT5EncoderModel(
            MT5Config(vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=LAYERS, num_heads=2)
        ),
    }[architecture]()
    with torch.no_grad():
        for parameter in model.parameters():
            # So that even LayerNorms and biases differ from what an initialiser sets.
            parameter.add_(0.01 * torch.randn_like(parameter))
    model.save_pretrained(directory)
    return directory


def wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer
