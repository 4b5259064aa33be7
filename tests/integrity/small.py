"""A study of a few sentences, made by the commands of the stages in some seconds."""

from __future__ import annotations

import json
import random
from pathlib import Path

from encoders import make_encoder

from .jobs import Job, run

WORDS = {"DET": ["the", "a"], "NOUN": ["cat", "dog", "mat", "feats"], "VERB": ["sat", "barked"]}
SENTENCES = 40
CORPORA = ("aa_x", "bb_x")
SEEDS = (1, 2)
SETTINGS = {
    "head_dropout": 0.0, "kind": "tagging", "label": "UPOS",
    "training": {
        "adam_beta2": 0.98, "batch_pieces": 60, "encoder_learning_rate": 0.01, "epochs": 2,
        "gradient_clip": 5.0, "head_learning_rate": 0.01, "label_smoothing": 0.0,
        "minimum_steps": 0, "patience": None, "precision": "float32", "training_sentences": None,
        "warmup_share": 0.1, "weight_decay": 0.01,
    },
}  # fmt: skip
TASK = {"kind": "tagging", "label": "UPOS"}
TABLE = {
    "study": "small", "seeds": list(SEEDS), "config": {}, "encoders": ["e"], "ablations": ["none"],
    "languages": {"aa": "A", "bb": "B"}, "precision": "float32",
    "families": {"aa": "one", "bb": "two"},
    "parallel": [{"language": code[:2], "corpus": code} for code in CORPORA], "split": "test",
    "metrics": {"pos": "accuracy"},
    "states": [{"state": "pretrained", "language": "aa"}],
    "varieties": [{"code": "aa", "name": "A", "original": ""}],
    "tasks": {"pos": {
        "sources": [{"language": "aa", "corpus": "aa_x", "ablations": ["none"]}],
        "targets": [{"language": code[:2], "corpus": code} for code in CORPORA],
        "metric": "accuracy", "corpora": "treebanks", "training_parts": ["train"],
    }},
}  # fmt: skip
SIMILARITY = {
    "split": "test", "as_published": False, "sources": {"aa": "aa_x"}, "language": "bb",
    "states": [{"path": "pretrained", "kind": "pretrained", "task": None, "ablation": None,
                "seed": None, "sources": ["aa"]}],
}  # fmt: skip
CLEANING = {
    "language": "eng", "script": "Latn", "minimum_characters": 3, "maximum_characters": 90,
    "script_share": 0.5, "identifier": "none", "near_duplicates": None, "held_out_share": 0.25,
    "split_sentences": False, "maximum_lines": None, "keep_evaluation_sentences": False,
}  # fmt: skip
TABLES = ("randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target")


def make_study(folder: Path) -> list[Job]:
    """Make the study in a folder; the jobs that made it."""
    folder.mkdir(exist_ok=True)
    make_encoder(folder / "encoder")
    draws = random.Random(1)
    for corpus in CORPORA:
        for part in ("train", "dev", "test"):
            path = folder / "downloads" / f"{corpus}-{part}.conllu"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(_sentence(number, draws) for number in range(SENTENCES)))
    lines = (" ".join(_words(draws)[0]) for _ in range(200))
    (folder / "downloads" / "text.txt").write_text("".join(f"{line}\n" for line in lines))
    jobs = _jobs()
    for job in jobs:
        for path in job.outputs:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        code = run(job, folder, folder / "log.txt", whole=True)
        assert code == 0, f"{job.stage}: {(folder / 'log.txt').read_text()}"
    return jobs


def _words(draws: random.Random) -> tuple[list[str], list[str]]:
    kinds = [draws.choice(list(WORDS)) for _ in range(draws.randint(2, 6))]
    return [draws.choice(WORDS[kind]) for kind in kinds], kinds


def _sentence(number: int, draws: random.Random) -> str:
    rows = (
        f"{place}\t{word}\t_\t{kind}\t_\t_\t{place - 1}\t{'root' if place == 1 else 'dep'}\t_\t_\n"
        for place, (word, kind) in enumerate(zip(*_words(draws), strict=True), start=1)
    )
    return f"# sent_id = {number}\n{''.join(rows)}\n"


def _job(stage: str, arguments: list[object], inputs: list[str], outputs: list[str]) -> Job:
    text = tuple(value if isinstance(value, str) else json.dumps(value) for value in arguments)
    return Job(stage, text, tuple(inputs), tuple(outputs))


def _jobs() -> list[Job]:
    return [*_corpora(), *_models(), *_vectors(), *_tables()]


def _treebank(corpus: str, part: str) -> str:
    return f"results/treebanks/{corpus}/{part}.conllu"


def _corpora() -> list[Job]:
    jobs = []
    for corpus in CORPORA:
        for part in ("train", "dev", "test"):
            download, output = f"downloads/{corpus}-{part}.conllu", _treebank(corpus, part)
            options = ["--download", download, "--checksum", "unchecked", "--output", output]
            jobs.append(_job("check_treebank", options, [], [output]))
    read = [_treebank("aa_x", "train"), _treebank("aa_x", "dev")]
    made = [f"results/treebanks/aa_x_hashed/{part}.conllu" for part in ("train", "dev", "test")]
    shares = {"seed": 1, "dev_share": 0.3, "test_share": 0.3}
    options = ["hashed", "--corpora", *read, "--config", shares, "--outputs", *made]
    jobs.append(_job("split", options, read, made))
    evaluation = _treebank("aa_x", "test")
    texts = [f"results/raw_text/aa/{name}" for name in ("training.txt", "held_out.txt")]
    report = "results/raw_text/aa/report.json"
    options = ["--raw", "downloads/text.txt", "--checksum", "unchecked", "--kind", "text",
               "--config", CLEANING, "--evaluation", evaluation, "--training", texts[0],
               "--held-out", texts[1], "--report", report]  # fmt: skip
    jobs.append(_job("clean", options, [evaluation], [*texts, report]))
    statistics = "results/tokenizer_statistics/e/raw_text/aa-training.json"
    columns = {"encoder": "e", "variety": "aa", "corpus": "aa", "part": "training"}
    options = ["--encoder", "encoder", "--corpus", texts[0], "--columns", columns,
               "--output", statistics]  # fmt: skip
    return [*jobs, _job("count_pieces", options, [texts[0]], [statistics])]


def _model(seed: int, name: str) -> str:
    return f"results/models/e/pos/aa_x/none/seed-{seed}/{name}"


def _models() -> list[Job]:
    training, development = (_treebank("aa_x", part) for part in ("train", "dev"))
    models = [f"results/models/e/pos/aa_x/none/seed-{seed}" for seed in SEEDS]
    reports = [_model(seed, "training.json") for seed in SEEDS]
    names = ("model.safetensors", "config.json", "task.json", "tokenizer.json")
    parts = [_model(seed, name) for seed in SEEDS for name in names]
    config = {"task": "pos", "settings": SETTINGS, "stored": "float32"}
    options = ["--encoders", "encoder", "--training", training, "--development", development,
               "--config", config, "--ablation", "none", "--seeds", *map(str, SEEDS),
               "--models", *models, "--checkpoints", "results/checkpoints"]  # fmt: skip
    jobs = [_job("finetune", options, [training, development], [*parts, *reports])]
    for corpus in CORPORA:
        gold = _treebank(corpus, "test")
        predictions = [
            f"results/predictions/e/pos/aa_x/none/seed-{seed}/{corpus}-test.conllu"
            for seed in SEEDS
        ]
        options = ["--models", *models, "--corpus", gold, "--predictions", *predictions]
        jobs.append(_job("predict", options, [gold, *parts, *reports], predictions))
        scores = f"results/scores/e/pos/aa_x/{corpus}-test.parquet"
        columns = {
            "encoder": "e", "task": "pos", "source": "aa", "target": corpus[:2],
            "source_corpus": "aa_x", "target_corpus": corpus, "split": "test",
        }  # fmt: skip
        file = {"models": [["none", seed] for seed in SEEDS], "columns": columns}
        options = ["--config", {"task": TASK, "files": [file]}, "--gold", gold,
                   "--predictions", *predictions, "--outputs", scores]  # fmt: skip
        jobs.append(_job("score", options, [gold, *predictions], [scores]))
    return jobs


def _vectors() -> list[Job]:
    jobs, made = [], []
    for corpus in CORPORA:
        gold = _treebank(corpus, "test")
        made.append(f"results/representations/e/pretrained/{corpus}-test.safetensors")
        tuned = f"results/representations/e/pos/aa_x/none/seed-1/{corpus}-test.safetensors"
        parts = [_model(1, name) for name in
                 ("model.safetensors", "config.json", "task.json", "training.json")]  # fmt: skip
        options = ["--encoders", "encoder", "results/models/e/pos/aa_x/none/seed-1",
                   "--redrawn-from", "encoder", "--treebank", gold,
                   "--outputs", made[-1], tuned]  # fmt: skip
        jobs.append(_job("represent", options, [gold, *parts], [made[-1], tuned]))
    similarities = "results/similarities/e/bb_x-test.parquet"
    options = ["--config", SIMILARITY, "--results", "results", "--encoder", "e",
               "--corpus", "bb_x", "--output", similarities]  # fmt: skip
    jobs.append(_job("similarity", options, made, [similarities]))
    table = "results/tables/retrieval.csv"
    options = ["--config", TABLE, "--results", "results",
               "--directory", "results/tables"]  # fmt: skip
    return [*jobs, _job("retrieval_table", options, made, [table])]


def _tables() -> list[Job]:
    scores = [f"results/scores/e/pos/aa_x/{corpus}-test.parquet" for corpus in CORPORA]
    reports = [_model(seed, "training.json") for seed in SEEDS]
    made = [f"results/tables/{name}.csv" for name in TABLES]
    options = ["--config", TABLE, "--results", "results", "--directory", "results/tables"]
    jobs = [_job("score_tables", options, [*scores, *reports], made)]
    statistics = "results/tokenizer_statistics/e/raw_text/aa-training.json"
    options = ["--config", TABLE, "--inputs", statistics, "--directory", "results/tables"]
    table = "results/tables/tokenizer_stats.csv"
    jobs.append(_job("tokenizer_table", options, [statistics], [table]))
    similarities = "results/similarities/e/bb_x-test.parquet"
    options = ["--config", TABLE, "--similarities", similarities, "--scores", *scores,
               "--directory", "results/tables"]  # fmt: skip
    made = ["results/tables/cka.csv", "results/tables/correlation.csv"]
    return [*jobs, _job("similarity_tables", options, [similarities, *scores], made)]
