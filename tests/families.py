"""A tiny encoder of every family that can be used, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from encoders import LAYERS, unigram, wordpiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig
from xltransfer.encoders.transformer import new_encoder
from xltransfer.encoders.unit_tokenizers import byte_tokenizer, character_tokenizer

TEXT = ["the cat sat on the mat", "a dog barked at the other dog", "unbelievable feats of cats"]


def byte_level() -> Tokenizer:
    """As of Llama 3 and Qwen: a sequence of steps, no mark at the first word."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|begin|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", 0)]
    )
    return tokenizer


BERT = {
    "hidden_size": 16,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
ROBERTA = {**BERT, "pad_token_id": 1}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": LAYERS, "num_heads": 2}
XLM = {"emb_dim": 16, "n_layers": LAYERS, "n_heads": 2, "max_position_embeddings": 64}
ENDS = {"bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
MODERN = {**BERT, **ENDS, "local_attention": 8, "global_attn_every_n_layers": 3}
DECODER = {**BERT, "num_key_value_heads": 1, "head_dim": 8, "bos_token_id": 0, "eos_token_id": 0}

Family = tuple[str, dict[str, Any], Callable[[], Tokenizer]]

FOCUS: dict[str, Family] = {
    "bert": ("bert", BERT, wordpiece),
    "modernbert": ("modernbert", MODERN, wordpiece),
    "eurobert": ("eurobert", {**BERT, "num_key_value_heads": 2}, byte_level),
    "xlm-roberta": ("xlm-roberta", ROBERTA, unigram),
    "xlm-roberta-xl": ("xlm-roberta-xl", ROBERTA, unigram),
    "mgte": ("gte", ROBERTA, unigram),
    "xmod": (
        "xmod",
        {**ROBERTA, "languages": ["en_XX", "de_DE"], "default_language": "en_XX"},
        unigram,
    ),
    "camembert": ("camembert", ROBERTA, unigram),
    "deberta-v3": (
        "deberta-v2",
        {
            **BERT,
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "position_biased_input": False,
        },
        unigram,
    ),
    "electra": ("electra", {**BERT, "embedding_size": 8}, wordpiece),
    "rembert": ("rembert", {**BERT, "input_embedding_size": 8}, unigram),
    "mt5": ("mt5", T5, unigram),
    "byt5": ("t5", {**T5, "tokenizer_class": "ByT5Tokenizer"}, byte_tokenizer),
    "canine": (
        "canine",
        {**BERT, "num_hash_buckets": 64, "num_hash_functions": 4, "local_transformer_stride": 16},
        character_tokenizer,
    ),
    "xlm": ("xlm", XLM, wordpiece),
    "llama": ("llama", DECODER, byte_level),
    "qwen3": ("qwen3", DECODER, byte_level),
    "gemma3": ("gemma3_text", DECODER, unigram),
}
"""What goes the whole way in the tests: the names in docs/encoders.md."""

OTHERS: dict[str, Family] = {
    "albert": ("albert", {**BERT, "embedding_size": 8}, unigram),
    "bert-generation": ("bert-generation", BERT, unigram),
    "big_bird": ("big_bird", {**BERT, "attention_type": "original_full"}, unigram),
    "data2vec-text": ("data2vec-text", ROBERTA, unigram),
    "deberta": ("deberta", BERT, wordpiece),
    "distilbert": (
        "distilbert",
        {
            "dim": 16,
            "n_layers": LAYERS,
            "n_heads": 2,
            "hidden_dim": 32,
            "max_position_embeddings": 64,
        },
        wordpiece,
    ),
    "ernie": ("ernie", BERT, wordpiece),
    "flaubert": ("flaubert", XLM, wordpiece),
    "ibert": ("ibert", ROBERTA, unigram),
    "jina_embeddings_v3": ("jina_embeddings_v3", ROBERTA, unigram),
    "longformer": ("longformer", {**ROBERTA, "attention_window": 32}, unigram),
    "luke": ("luke", {**ROBERTA, "entity_vocab_size": 4, "entity_emb_size": 8}, unigram),
    "megatron-bert": ("megatron-bert", BERT, wordpiece),
    "mpnet": ("mpnet", ROBERTA, unigram),
    "nomic_bert": ("nomic_bert", BERT, wordpiece),
    "roberta": ("roberta", ROBERTA, unigram),
    "roberta-prelayernorm": ("roberta-prelayernorm", ROBERTA, unigram),
    "roc_bert": ("roc_bert", BERT, wordpiece),
    "roformer": ("roformer", {**BERT, "embedding_size": 16}, wordpiece),
    "splinter": ("splinter", BERT, wordpiece),
    "squeezebert": (
        "squeezebert",
        {
            **BERT,
            "embedding_size": 16,
            **{f"{name}_groups": 2 for name in ("q", "k", "v", "intermediate", "output")},
        },
        wordpiece,
    ),
    "t5": ("t5", T5, unigram),
    "ultrabert": ("ultrabert", BERT, wordpiece),
    "umt5": ("umt5", T5, unigram),
    "xlnet": (
        "xlnet",
        {"d_model": 16, "n_layer": LAYERS, "n_head": 2, "d_inner": 32},
        unigram,
    ),
    "apertus": ("apertus", DECODER, byte_level),
    "bloom": ("bloom", {"hidden_size": 16, "n_layer": LAYERS, "n_head": 2}, byte_level),
    "cohere2": ("cohere2", DECODER, byte_level),
    "falcon": ("falcon", BERT, byte_level),
    "gemma": ("gemma", DECODER, unigram),
    "gemma2": ("gemma2", DECODER, unigram),
    "gpt2": (
        "gpt2",
        {"n_embd": 16, "n_layer": LAYERS, "n_head": 2, "n_positions": 64},
        byte_level,
    ),
    "gpt_neox": ("gpt_neox", BERT, byte_level),
    "granite": ("granite", DECODER, byte_level),
    "ministral": ("ministral", DECODER, byte_level),
    "mistral": ("mistral", DECODER, byte_level),
    "modernbert-decoder": ("modernbert-decoder", {**BERT, **ENDS}, byte_level),
    "olmo2": ("olmo2", DECODER, byte_level),
    "opt": ("opt", {**BERT, "ffn_dim": 32, "word_embed_proj_dim": 16}, byte_level),
    "phi3": ("phi3", DECODER, byte_level),
    "qwen2": ("qwen2", DECODER, byte_level),
    "xglm": (
        "xglm",
        {"d_model": 16, "num_layers": LAYERS, "attention_heads": 2, "ffn_dim": 32},
        byte_level,
    ),
}
"""The others in ``families.FAMILIES``."""


def make_family(directory: Path, name: str) -> Path:
    """An encoder directory whose weights differ from a fresh draw of any seed in use."""
    kind, settings, make_tokenizer = {**FOCUS, **OTHERS}[name]
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save(str(directory / "tokenizer.json"))
    size = {} if kind == "canine" else {"vocab_size": tokenizer.get_vocab_size()}
    model = new_encoder(AutoConfig.for_model(kind, **size, **settings), seed=123456)
    torch.manual_seed(123456)
    with torch.no_grad():
        for parameter in model.parameters():
            # So that even norms and biases differ from what an initialiser sets.
            parameter.add_(0.01 * torch.randn_like(parameter))
    model.save_pretrained(directory)
    return directory
