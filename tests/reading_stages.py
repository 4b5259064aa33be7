"""Every stage with the results that it reads, to call it after these have been changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from test_clean import CONFIG as CLEANING
from test_clean_parallel_text import COLUMNS as CELLS
from test_clean_parallel_text import config as parallel_config
from xltransfer.stages.adapt import adapt
from xltransfer.stages.adversarial_tables import adversarial_tables
from xltransfer.stages.clean import clean
from xltransfer.stages.clean_parallel_text import clean_parallel_text
from xltransfer.stages.count_pieces import count_pieces
from xltransfer.stages.draw import draw_figure
from xltransfer.stages.finetune import finetune
from xltransfer.stages.join_corpora import join_corpora
from xltransfer.stages.language_tables import language_tables
from xltransfer.stages.map_vectors import map_vectors
from xltransfer.stages.overlap_tables import overlap_tables
from xltransfer.stages.pieces import pieces
from xltransfer.stages.predict import predict
from xltransfer.stages.pretrain import pretrain
from xltransfer.stages.published_comparison import published_comparison
from xltransfer.stages.represent import represent
from xltransfer.stages.represent_words import represent_words
from xltransfer.stages.retrieval_table import retrieval_table
from xltransfer.stages.score import score_models
from xltransfer.stages.score_tables import score_tables
from xltransfer.stages.search import search
from xltransfer.stages.similarity import similarity
from xltransfer.stages.similarity_tables import similarity_tables
from xltransfer.stages.split import split
from xltransfer.stages.tokenizer_table import tokenizer_table
from xltransfer.stages.train_vectors import train_vectors
from xltransfer.stages.translate_words import translate_words
from xltransfer.stages.translation_context import translation_context
from xltransfer.stages.translation_lm_tables import translation_lm_tables
from xltransfer.stages.transliterate import transliterate
from xltransfer.stages.unseen_tables import unseen_tables
from xltransfer.stages.vector_encoder import vector_encoder
from xltransfer.stages.word_order_tables import word_order_tables
from xltransfer.stages.word_translation_tables import word_translation_tables

SENTENCE = "# sent_id = {}\n1\tthe\t_\tDET\t_\t_\t0\troot\t_\t_\n\n"
TASK = {"kind": "tagging", "label": "UPOS"}
TRAINING = {"training_sentences": None, "epochs": 1, "encoder_learning_rate": 1e-3,
            "head_learning_rate": 1e-3}  # fmt: skip
FINETUNING = {"task": "pos", "settings": {**TASK, "training": TRAINING}}
TABLE = {"study": "s", "seeds": [1], "config": {}, "encoders": ["e"], "precision": "float32",
         "families": {}, "varieties": [], "seen": []}  # fmt: skip
ON = {"language": "aa", "corpus": "aa_x", "ablations": ["none"]}
SCORED = {**TABLE, "tasks": {"pos": {
    "sources": [ON], "targets": [ON], "metric": "accuracy", "corpora": "treebanks",
    "training_parts": ["train"],
}}}  # fmt: skip
VECTORS = {**TABLE, "split": "test", "as_published": False, "parallel": [
    {"language": "aa", "corpus": "aa_x"}, {"language": "bb", "corpus": "bb_x"},
], "sources": {"aa": "aa_x"}, "language": "bb", "states": [
    {"path": "pretrained", "kind": "pretrained", "task": None, "ablation": None, "seed": None,
     "state": "pretrained", "language": "aa", "sources": ["aa"]},
]}  # fmt: skip
BY_TARGET = (
    "encoder,task,metric,source,target,ablation,mean\n"
    "e,pos,accuracy,aa,aa,none,1\ne,pos,accuracy,aa,bb,none,1\n"
)
SCHEMES = Path(__file__).parents[1] / "resources" / "transliteration"

# What a stage reads of the folder of results, and the call of it in that folder.
STAGES: dict[str, tuple[list[str], Callable[[], object]]] = {
    "split": (
        ["treebanks/aa_x/train.conllu", "treebanks/aa_x/dev.conllu"],
        lambda: split("hashed", files("split"), {"seed": 1, "dev_share": 0, "test_share": 0}, []),
    ),
    "divide": (
        ["treebanks/aa_x/train.conllu"],
        lambda: split("folds", files("divide"), {"seed": 1, "folds": 1}, []),
    ),
    "clean": (
        ["corpora/aa.txt", "treebanks/aa_x/test.conllu"],
        lambda: clean(
            files("clean")[0], "text", CLEANING, *out(3), files("clean")[1:]
        ),
    ),
    "clean parallel text": (
        ["corpora/aa-bb.tsv", "treebanks/aa_x/test.conllu", "treebanks/bb_x/test.conllu"],
        lambda: clean_parallel_text(
            files("clean parallel text")[:1], parallel_config(["train"], CELLS), *out(4),
            *([file] for file in files("clean parallel text")[1:]),
        ),
    ),
    "transliterate": (
        ["raw_text/aa/training.txt", "treebanks/aa_x/test.conllu"],
        lambda: transliterate(
            files("transliterate")[0], out()[0], "cyrillic-iso9", SCHEMES,
            evaluation=files("transliterate")[1:],
        ),
    ),
    "pieces": (
        ["encoders/e/tokenizer.json", "treebanks/aa_x/test.conllu"],
        lambda: pieces(files("pieces")[0].parent, files("pieces")[1], out()[0]),
    ),
    "count": (
        ["encoders/e/tokenizer.json", "raw_text/aa/training.txt"],
        lambda: count_pieces(files("count")[0].parent, files("count")[1], {}, out()[0]),
    ),
    "tokenizer table": (
        ["tokenizer_statistics/e/treebanks/aa_x-test.json"],
        lambda: tokenizer_table(files("tokenizer table"), TABLE, out()[0]),
    ),
    "language table": (
        ["tokenizer_statistics/e/treebanks/aa_x-test.json"],
        lambda: language_tables(
            files("language table"), SCHEMES.parent / "joshi.tsv", TABLE, out()[0]
        ),
    ),
    "pretrain": (
        ["raw_text/aa/training.txt", "raw_text/aa/held_out.txt"],
        lambda: pretrain(
            {"training": {}}, *out(2), 9, 1, files("pretrain")[:1], files("pretrain")[1:]
        ),
    ),
    "adapt": (
        [*(f"encoders/e/{name}" for name in ("config.json", "model.safetensors", "tokenizer.json",
         "tokenizer_config.json", "pretraining.json")), "raw_text/aa/training.txt",
         "raw_text/aa/held_out.txt"],
        lambda: adapt(
            files("adapt")[0].parent, {"training": {}}, *out(2), 9, 1,
            files("adapt")[5:6], files("adapt")[6:],
        ),
    ),
    "finetune": (
        ["treebanks/aa_x/train.conllu", "treebanks/aa_x/dev.conllu", "searches/e/pos/aa_x.json",
         "encoders/e/config.json", "encoders/e/model.safetensors", "encoders/e/tokenizer.json",
         "encoders/e/pretraining.json"],
        lambda: finetune(
            [files("finetune")[3].parent], *files("finetune")[:2], FINETUNING, ["none"],
            [1], [out()[0]], out()[0], 9, 1, files("finetune")[2],
        ),
    ),
    "finetune a BiLSTM": (
        ["encoders/bilstm/config.json", "treebanks/aa_x/train.conllu", "treebanks/aa_x/dev.conllu"],
        lambda: finetune(
            [files("finetune a BiLSTM")[0].parent], *files("finetune a BiLSTM")[1:], FINETUNING,
            ["none"], [1], [out()[0]], out()[0], 9, 1,
        ),
    ),
    "search": (
        ["treebanks/aa_x/train.conllu", "treebanks/aa_x/dev.conllu", "encoders/e/config.json",
         "encoders/e/model.safetensors", "encoders/e/tokenizer.json"],
        lambda: search(
            files("search")[2].parent, *files("search")[:2],
            {**FINETUNING, "search": {"seed": 1, "epochs": [1], "learning_rates": [1]}},
            *out(2), 9, 1,
        ),
    ),
    "predict": (
        ["treebanks/aa_x/test.conllu", *(f"models/m/seed-1/{name}" for name in (
            "training.json", "config.json", "model.safetensors", "task.json", "tokenizer.json",
        ))],
        lambda: predict([files("predict")[1].parent], files("predict")[0], out(), 1),
    ),
    "represent": (
        ["treebanks/aa_x/test.conllu", *(f"models/m/seed-1/{name}" for name in (
            "training.json", "config.json", "model.safetensors", "task.json", "tokenizer.json",
        ))],
        lambda: represent(files("represent")[0], out(), [files("represent")[1].parent]),
    ),
    "represent with an encoder": (
        ["encoders/e/config.json", "encoders/e/model.safetensors", "encoders/e/tokenizer.json"],
        lambda: represent(
            Path("results/treebanks/aa_x/test.conllu"), out(),
            [files("represent with an encoder")[0].parent],
        ),
    ),
    "score": (
        ["treebanks/aa_x/test.conllu", "predictions/m/seed-1/aa_x-test.conllu"],
        lambda: score_models(
            files("score")[0], files("score")[1:], ["none"], [1], TASK, {}, out()[0]
        ),
    ),
    "score tables": (
        ["scores/e/pos/aa_x/aa_x-test.parquet", "models/e/pos/aa_x/none/seed-1/training.json"],
        lambda: score_tables(SCORED, "results", out()[0]),
    ),
    "overlap": (
        ["tables/randominit_by_target.csv", "pieces/e/treebanks/aa_x-train.txt"],
        lambda: overlap_tables(
            files("overlap")[0],
            {**SCORED, "tasks": {"pos": {**SCORED["tasks"]["pos"], "targets": [
                ON, {"language": "bb", "corpus": "bb_x"},
            ]}}},
            "results", out()[0],
        ),
    ),
    "word order": (
        ["tables/randominit_by_target.csv", "typology/features.csv"],
        lambda: word_order_tables(
            files("word order")[0],
            {**SCORED, "typology_features": ["81A"]},
            files("word order")[1], out()[0],
        ),
    ),
    "retrieval": (
        ["representations/e/pretrained/aa_x-test.safetensors",
         "representations/e/pretrained/bb_x-test.safetensors"],
        lambda: retrieval_table(VECTORS, "results", out()[0]),
    ),
    "similarity": (
        ["representations/e/pretrained/aa_x-test.safetensors",
         "representations/e/pretrained/bb_x-test.safetensors"],
        lambda: similarity(VECTORS, "results", "e", "bb_x", out()[0]),
    ),
    "similarity tables": (
        ["similarities/e/aa_x-test.parquet", "scores/e/pos/aa_x/aa_x-test.parquet"],
        lambda: similarity_tables(
            VECTORS, files("similarity tables")[:1], files("similarity tables")[1:], out()[0]
        ),
    ),
    "unseen": (
        ["scores/e/pos/aa_x/aa_x-test.parquet", "models/e/pos/aa_x/none/seed-1/training.json",
         "raw_text/aa/report.json"],
        lambda: unseen_tables(TABLE, *([file] for file in files("unseen")), out()[0]),
    ),
    "comparison": (
        ["tables/randominit_by_target.csv", "tables/correlation.csv"],
        lambda: published_comparison(
            files("comparison")[0], [], TABLE, out()[0], files("comparison")[1]
        ),
    ),
    "train vectors": (
        ["raw_text/aa/training.txt"],
        lambda: train_vectors(files("train vectors")[0], {}, out()[0]),
    ),
    "represent words": (
        ["raw_text/aa/training.txt", "encoders/e/config.json", "encoders/e/model.safetensors",
         "encoders/e/tokenizer.json"],
        lambda: represent_words(
            files("represent words")[1].parent, files("represent words")[0], {}, out()[0]
        ),
    ),
    "map vectors": (
        ["word_vectors/x/aa.safetensors", "word_vectors/x/bb.safetensors",
         "dictionaries/aa_bb_x/train.tsv"],
        lambda: map_vectors(
            *files("map vectors")[:2], {"normalisation": []}, out()[0], files("map vectors")[2]
        ),
    ),
    "translate words": (
        ["word_vectors/x/aa.safetensors", "word_vectors/x/bb.safetensors",
         "dictionaries/aa_bb_x/test.tsv", "treebanks/aa_x/test.conllu"],
        lambda: translate_words(
            *files("translate words")[:2], [], files("translate words")[2],
            {"normalisation": [], "neighbours": 1}, [], files("translate words")[3:],
        ),
    ),
    "translation context": (
        [*(f"encoders/e/{name}" for name in ("config.json", "model.safetensors", "tokenizer.json")),
         "parallel_text/aa_bb_x/test.tsv"],
        lambda: translation_context(
            files("translation context")[0].parent, files("translation context")[3], {}, out()[0]
        ),
    ),
    "translation tables": (
        ["translation_context/e/seed-1/aa_bb_x.parquet"],
        lambda: translation_lm_tables(
            {**TABLE, "states": [["e", "seed-1"]], "texts": {"aa_bb_x": ["aa", "bb"]}},
            "results", out()[0],
        ),
    ),
    "word translation": (
        ["word_translations/x/aa_bb_x/procrustes.json"],
        lambda: word_translation_tables(TABLE, out()[0], files("word translation")),
    ),
    "joined corpora": (
        ["treebanks/aa_x/train.conllu", "treebanks/bb_x/train.conllu"],
        lambda: join_corpora(files("joined corpora"), out()[0]),
    ),
    "vector encoder": (
        ["word_vectors/x/aa.safetensors", "vector_maps/x/aa_bb_x/m.safetensors"],
        lambda: vector_encoder(
            {"architecture": {}, "normalisation": [],
             "languages": [{"code": "aa", "mapping": "forward"}]},
            files("vector encoder")[:1], out()[0], files("vector encoder")[1:],
        ),
    ),
    "adversarial tables": (
        ["scores/e/pos/aa_x/aa_x-test.parquet", "discriminations/e/pos/aa_x/aa_x.json"],
        lambda: adversarial_tables(
            {**TABLE, "rows": [
                {"encoder": "e", "task": "pos", "source": "aa", "target": "aa", "metric": "m",
                 "source_corpus": "aa_x", "target_corpus": "aa_x", "reference": None,
                 "measured": "m"},
            ]},
            "results", out()[0],
        ),
    ),
    "figures": (
        ["tables/zeroshot.csv"],
        lambda: draw_figure("zeroshot", files("figures"), {"languages": {}, "study": "s"}, out()),
    ),
}  # fmt: skip


def files(stage: str) -> list[Path]:
    return [Path("results") / path for path in STAGES[stage][0]]


def out(number: int = 1) -> list[Path]:
    """Where a stage writes if it does not refuse."""
    return [Path("out") / str(place) for place in range(number)]
