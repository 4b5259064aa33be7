"""Relations and roles from downloads to tables with a tiny encoder: all stages in one process."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from encoders import make_encoder
from pyarrow import parquet
from xltransfer.analyses.randominit import by_target
from xltransfer.analyses.scores import read_scores
from xltransfer.corpora.relation_sentences import read_relation_sentences
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_relations import check_relations
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.score import score

NAMES = ["the dog", "a cat", "the mat", "cats", "the other dog", "unbelievable feats"]
VERBS = {"sat on": "at", "barked at": "to", "of": "none"}
TRAINING = {
    "epochs": 8, "minimum_steps": 0, "patience": None, "batch_pieces": 200,
    "encoder_learning_rate": 3e-3, "head_learning_rate": 1e-2, "warmup_share": 0.1,
    "weight_decay": 0.0, "adam_beta2": 0.98, "gradient_clip": 1.0, "label_smoothing": 0.0,
    "precision": "float32", "training_sentences": None,
}  # fmt: skip
ABLATIONS = ["none", "random-init-1-2"]
SEEDS = [1, 2]


def sentences(start: int) -> list[dict]:
    """A relation by the verb between two names, in both directions."""
    found = []
    for number in range(start, start + 72):
        first, second = NAMES[number % 6], NAMES[(number // 6 + number + 1) % 6]
        verb = list(VERBS)[number % 3]
        words = [*first.split(), *verb.split(), *second.split()]
        length = len(first.split())
        spans = [
            [0, length - 1, "X"],
            [len(words) - len(second.split()), len(words) - 1, "X"],
        ]
        label = VERBS[verb]
        back = label if label == "none" else f"{label}-inverse"
        pairs = [[0, 1, label], [1, 0, back]] if number % 12 else []
        found.append({"name": f"s{number}", "words": words, "mentions": spans, "pairs": pairs})
    return found


@pytest.fixture(scope="module", params=["relations", "roles"])
def study(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[Path]]:
    """A model for each ablation and seed; predictions and scores of two test sets."""
    kind, folder = request.param, tmp_path_factory.mktemp(request.param)
    encoder = make_encoder(folder / "encoder", dropout=0.0)
    parts = {}
    for place, part in enumerate(("train", "dev", "qaa", "qab")):
        download = folder / f"{part}-download.jsonl"
        lines = (json.dumps(item) + "\n" for item in sentences(72 * place))
        download.write_text("".join(lines), encoding="utf-8")
        parts[part] = folder / f"{part}.jsonl"
        config = {"annotation": kind, "layout": "json-lines", "labels": [], "sentences": [""]}
        check_relations([download], ["unchecked"], config, parts[part])
    settings = {
        "kind": kind, "head_dropout": 0.0, "head_layers": 1, "head_units": 16,
        "metric": "labels", "training": TRAINING, "word_state": "first",
    }  # fmt: skip
    config = {"task": kind, "settings": settings}
    models = {
        (ablation, seed): folder / "models" / ablation / f"seed-{seed}"
        for ablation in ABLATIONS
        for seed in SEEDS
    }
    for ablation in ABLATIONS:
        finetune(
            [encoder], parts["train"], parts["dev"], config, [ablation], SEEDS,
            [models[ablation, seed] for seed in SEEDS], folder / "checkpoints",
        )  # fmt: skip
    scores = []
    for target in ("qaa", "qab"):
        predictions = [
            folder / ablation / f"seed-{seed}" / f"{target}.jsonl" for ablation, seed in models
        ]
        for path in predictions:
            path.parent.mkdir(parents=True, exist_ok=True)
        predict(list(models.values()), parts[target], predictions)
        columns = {
            "encoder": "tiny", "task": kind, "source": "qaa", "target": target,
            "source_corpus": "qaa_x", "target_corpus": f"{target}_x", "split": "test",
        }  # fmt: skip
        config = {
            "task": {"kind": kind, "metric": "labels"},
            "files": [{"columns": columns, "models": list(models)}],
        }
        scores.append(folder / f"{target}.parquet")
        score(config, parts[target], predictions, [scores[-1]])
    return kind, folder, scores


def test_predictions_are_the_gold_file_with_other_labels(
    study: tuple[str, Path, list[Path]],
) -> None:
    _, folder, _ = study
    gold = read_relation_sentences(folder / "qab.jsonl")
    found = read_relation_sentences(folder / "none" / "seed-1" / "qab.jsonl")
    assert [one.words for one in found] == [one.words for one in gold]
    assert [list(one.gold_labels()) for one in found] == [list(one.gold_labels()) for one in gold]
    assert [one.mentions for one in found] == [one.mentions for one in gold]


def test_pairs_are_learnt_and_tables_are_made(study: tuple[str, Path, list[Path]]) -> None:
    kind, _, scores = study
    frame = read_scores(scores)
    table = by_target(frame[frame["metric"] == "F1"])
    assert set(table["target"]) == {"qaa", "qab", "X"} and set(table["ablation"]) == set(ABLATIONS)
    whole = table[table["ablation"] == "none"].set_index("target")["mean"]
    # Four labels: a guess has at most a quarter.
    assert whole["qaa"] > 60 and whole["qab"] > 60
    changes = table[table["ablation"] != "none"]
    assert changes["delta_low"].notna().all() and (changes["delta_low"] <= changes["delta"]).all()
    row = parquet.read_table(scores[0]).to_pylist()[0]
    # A macro F1 has the counts of each label: four times the number of sentences.
    assert (row["metric"], len(row["numerators"]), row["sentences"]) == ("F1", 4 * 72, 72)
    metrics = set(frame["metric"])
    assert ("identification_F1" in metrics) == (kind == "roles")


def test_counts_that_contradict_a_score_are_refused(
    study: tuple[str, Path, list[Path]], tmp_path: Path
) -> None:
    _, _, scores = study
    table = parquet.read_table(scores[0])
    frame = table.to_pandas()
    frame["value"] = frame["value"].where(frame.index > 0, 12.5)
    changed = pd.DataFrame(frame)
    damaged = type(table).from_pandas(changed, schema=table.schema, preserve_index=False)
    parquet.write_table(damaged.replace_schema_metadata(table.schema.metadata), tmp_path / "x")
    with pytest.raises(InputError, match=r"F1 of none, seed 1, is 12\.5"):
        read_scores([tmp_path / "x"])
