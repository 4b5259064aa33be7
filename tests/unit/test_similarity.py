"""From vectors of parallel sentences to tables of similarity and correlation."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from encoders import make_encoder
from pyarrow import parquet
from safetensors import safe_open
from safetensors.numpy import save_file
from test_cka import reference
from xltransfer.analyses.similarity.correlation_table import (
    correlation_table,
    transfer_gap,
    with_mean_layer,
)
from xltransfer.analyses.vectors import read_vectors
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.records import paths
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.stages.represent import represent
from xltransfer.stages.score import with_sentence_ids
from xltransfer.stages.similarity import similarity as similarities
from xltransfer.stages.similarity_tables import similarity_tables
from xltransfer.tasks.registry import make_task
from xltransfer.training.model import WordModel, save_model, untrained_head

STATES = [
    {"path": "pretrained", "kind": "pretrained", "task": "", "ablation": "", "seed": None,
     "sources": ["en"]},
    {"path": "never-pretrained/seed-1", "kind": "never-pretrained", "task": "", "ablation": "",
     "seed": 1, "sources": ["en"]},
]  # fmt: skip
CONFIG = {
    "states": STATES,
    "sources": {"en": "en_pud"},
    "language": "fr",
    "split": "test",
    "as_published": True,
}


def write_vectors(
    results: Path, state: str, corpus: str, names: list[str], seed: int
) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(2, len(names), 6)).astype(np.float32)
    path = Path(paths.representations(str(results), "enc", state, f"{corpus}-test"))
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"vectors": vectors}, path, {"identifiers": json.dumps(names)})
    return vectors


@pytest.fixture
def vectors(tmp_path: Path) -> dict[str, np.ndarray]:
    """English in order, French backwards."""
    names = [f"s{number}" for number in range(40)]
    found = {}
    for state in STATES:
        found["en"] = write_vectors(tmp_path, state["path"], "en_pud", names, 1)
        found["fr"] = write_vectors(tmp_path, state["path"], "fr_pud", names[::-1], 2)
    return found


def test_sentences_are_aligned_by_identifier(tmp_path: Path, vectors: dict) -> None:
    output = tmp_path / "fr.parquet"
    similarities(CONFIG, str(tmp_path), "enc", "fr_pud", output)
    table = pd.read_parquet(output).set_index(["kind", "layer", "kernel", "estimator"])
    assert len(table) == 2 * 2 * 5
    for kernel in ("linear", "rbf"):
        for estimator in ("biased", "unbiased"):
            row = table.loc[("pretrained", 1, kernel, estimator)]
            expected = reference(
                vectors["en"][1].astype(float), vectors["fr"][1, ::-1].astype(float), kernel,
                estimator,
            )  # fmt: skip
            assert row["cka"] == pytest.approx(expected, abs=1e-6)
            assert row["sentences"] == 40
            if estimator == "unbiased":
                assert row["cka_low"] < row["cka"] < row["cka_high"]
            else:
                assert np.isnan(row["cka_low"]) and np.isnan(row["cka_high"])
    assert np.isnan(table.loc[("pretrained", 0, "rbf", "as-published"), "cka_low"])


def test_other_sentences_are_refused_by_name(tmp_path: Path, vectors: dict) -> None:
    names = [f"s{number}" for number in range(39)] + ["other"]
    write_vectors(tmp_path, "pretrained", "fr_pud", names, 2)
    with pytest.raises(InputError, match=r"en_pud.*fr_pud.*not parallel.*'s39'"):
        similarities(CONFIG, str(tmp_path), "enc", "fr_pud", tmp_path / "fr.parquet")
    assert not (tmp_path / "fr.parquet").exists()


def test_a_source_is_not_compared_with_itself(tmp_path: Path, vectors: dict) -> None:
    config = {**CONFIG, "language": "en"}
    similarities(config, str(tmp_path), "enc", "en_pud", tmp_path / "en.parquet")
    assert pd.read_parquet(tmp_path / "en.parquet").empty


def test_models_of_one_job_are_represented_as_if_each_were_alone(tmp_path: Path) -> None:
    pretrained = make_encoder(tmp_path / "encoder", "bert")
    models = [tmp_path / name for name in ("one", "two")]
    task, labels = make_task({"kind": "tagging", "head_dropout": 0.0}), ["NOUN", "VERB"]
    for directory in models:
        encoder = load_encoder(pretrained)
        for weights in encoder.parameters():
            torch.nn.init.normal_(weights)
        head = untrained_head(task, encoder.config.hidden_size, labels)
        save_model(directory, WordModel(encoder, head), pretrained, task, labels)
    treebank = tmp_path / "test.conllu"
    treebank.write_text("# sent_id = a\n1\tthe\t_\t_\t_\t_\t0\troot\t_\t_\n\n")
    directories = [models[0], pretrained, models[1]]
    outputs = [tmp_path / f"{n}.safetensors" for n in range(4)]
    represent(treebank, outputs, directories, [1], redrawn_from=pretrained)
    found = [read_vectors(path)[1] for path in outputs]
    for one, other in combinations(found, 2):
        assert np.abs(one - other).max() > 0.01
    for directory, vectors in zip(directories, found, strict=False):
        represent(treebank, outputs[:1], [directory])
        np.testing.assert_array_equal(read_vectors(outputs[0])[1], vectors)


def test_redrawn_encoders_are_others_and_the_published_script_doubles(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", "bert")
    rows = "1\tthe\t_\t_\t_\t_\t0\troot\t_\t_\n"
    treebank = tmp_path / "test.conllu"
    treebank.write_text("".join(f"# sent_id = {n}\n# text = the cat {n}\n{rows}\n" for n in "abc"))
    outputs = [tmp_path / f"{n}.safetensors" for n in range(3)]
    represent(treebank, outputs, [directory], [1, 2])
    plain, one, two = (read_vectors(path)[1] for path in outputs)
    assert np.abs(plain - one).max() > 0.01 and np.abs(one - two).max() > 0.01
    # Without an encoder beside them, as where a job has seeds to draw alone.
    represent(treebank, outputs[:1], [], [2], redrawn_from=directory)
    np.testing.assert_array_equal(read_vectors(outputs[0])[1], two)
    represent(treebank, outputs[:1], [directory], as_published=True)
    doubled = read_vectors(outputs[0])[1]
    # By hand: the embedding layer of a doubled row, without its outermost tokens.
    encoder, tokenizer = load_encoder(directory).eval(), WordTokenizer(directory)
    row = tokenizer.rows(["the cat a"], 64)[0]
    twice = torch.tensor([[*tokenizer.prefix, *row, *tokenizer.suffix]])
    states = encoder(input_ids=twice, output_hidden_states=True).hidden_states
    for layer, state in enumerate(states):
        expected = state[0, 1:-1].mean(dim=0).detach().numpy()
        np.testing.assert_allclose(doubled[layer, 0], expected, atol=1e-5)


def score_rows() -> pd.DataFrame:
    rows = []
    for seed in (1, 2):
        for target, value in (("en", 90), ("fr", 80 + seed), ("de", 70), ("ru", 50), ("zh", 40)):
            for ablation in ("none", "random-init-1-2"):
                rows.append(
                    {"encoder": "enc", "task": "pos", "metric": "accuracy", "source": "en",
                     "target": target, "ablation": ablation, "seed": seed, "value": value}
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_gap_is_the_target_less_the_source() -> None:
    gaps = transfer_gap(score_rows(), {"pos": "accuracy"}).set_index(["target", "seed"])["gap"]
    assert gaps.to_dict() == {
        ("fr", 1): -9, ("fr", 2): -8, ("de", 1): -20, ("de", 2): -20,
        ("ru", 1): -40, ("ru", 2): -40, ("zh", 1): -50, ("zh", 2): -50,
    }  # fmt: skip


FAMILIES = {"fr": "one", "de": "one", "ru": "two", "zh": "three"}


def cka_rows(**values: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"encoder": "enc", "state": "pretrained", "kind": "pretrained", "task": float("nan"),
         "ablation": float("nan"), "seed": float("nan"), "source": "en", "target": target,
         "kernel": "rbf", "estimator": "unbiased", "layer": layer, "cka": cka}
        for target, by_layer in values.items()
        for layer, cka in enumerate(by_layer)
    )  # fmt: skip


def test_correlation_by_layer_and_over_the_mean_of_layers() -> None:
    table = cka_rows(fr=(0.9, 0.4), de=(0.8, 0.9), ru=(0.7, 0.1), zh=(0.5, 0.2))
    gaps = transfer_gap(score_rows(), {"pos": "accuracy"})
    found = correlation_table(table, gaps, FAMILIES).set_index("layer")
    assert found["spearman"].to_dict() == pytest.approx({"0": 1, "1": 0.6, "mean": 0.8})
    assert (found["targets"] == 4).all() and (found["seeds"] == 2).all()
    assert found["headline"].to_dict() == {"0": "no", "1": "no", "mean": "yes"}
    mean = with_mean_layer(table).set_index(["target", "layer"])["cka"]
    assert mean["fr", "mean"] == pytest.approx(0.65)


def test_undefined_similarities_are_not_averaged_away() -> None:
    """A mean over fewer layers or seeds has another level; such a target is left out."""
    table = cka_rows(fr=(0.9, 0.4), de=(0.8, float("nan")), ru=(0.7, 0.1), zh=(0.5, 0.2))
    mean = with_mean_layer(table).set_index(["target", "layer"])["cka"]
    assert np.isnan(mean["de", "mean"]) and mean["fr", "mean"] == pytest.approx(0.65)
    gaps = transfer_gap(score_rows(), {"pos": "accuracy"})
    found = correlation_table(table, gaps, FAMILIES).set_index("layer")
    assert found["targets"].to_dict() == {"0": 4, "1": 3, "mean": 3}
    assert found["spearman"].notna().to_dict() == {"0": True, "1": False, "mean": False}


def test_too_few_targets_are_said() -> None:
    table = cka_rows(fr=(0.9, 0.4), de=(0.8, 0.9), ru=(0.7, 0.1))
    found = correlation_table(table, transfer_gap(score_rows(), {"pos": "accuracy"}), FAMILIES)
    assert found["spearman"].isna().all() and (found["targets"] == 3).all()


def test_tables_are_written_and_the_long_one_is_shown_in_part(tmp_path: Path) -> None:
    table = cka_rows(fr=(0.9, 0.4), de=(0.8, 0.9), ru=(0.7, 0.1), zh=(0.5, 0.2))
    biased = table.assign(estimator="biased")
    similarity, scores = tmp_path / "similarity.parquet", tmp_path / "scores.parquet"
    table = pd.concat([table, biased]).assign(cka_low=0.0, cka_high=1.0)
    table.to_parquet(similarity)
    content = score_rows().assign(target_corpus="a", sentences=1)
    content["numerators"] = [[value] for value in content["value"]]
    content["denominators"] = [[100]] * len(content)
    parquet.write_table(with_sentence_ids(pa.Table.from_pandas(content), ["s1"]), scores)
    config = {
        "families": FAMILIES, "precision": "float32",
        "study": "a study", "config": "0123", "seeds": [1, 2], "encoders": ["enc"],
        "metrics": {"pos": "accuracy"},
        "parallel": [
            {"corpus": f"{code}_pud", "language": code} for code in ("en", "ru", "fr", "zh", "de")
        ],
    }  # fmt: skip
    similarity_tables(config, [similarity], [scores], tmp_path)
    written = pd.read_csv(tmp_path / "cka.csv")
    assert len(written) == 16 and list(dict.fromkeys(written["target"])) == ["ru", "fr", "zh", "de"]
    assert (tmp_path / "cka.md").read_text().count("unbiased") == 8
    assert "| biased" not in (tmp_path / "cka.md").read_text()
    provenance = json.loads((tmp_path / "correlation.provenance.json").read_text())
    assert provenance["seeds"] == [1, 2]
    assert "Vectors of sentences: float32" in (tmp_path / "cka.md").read_text()
    similarity.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"similarity.parquet: not a file of similarities"):
        similarity_tables(config, [similarity], [scores], tmp_path)


def test_seeds_are_no_further_evidence() -> None:
    """The same means over more seeds give the same ρ, interval and p-value."""
    draws = np.random.default_rng(1)
    languages = [f"l{number}" for number in range(12)]
    families = {name: f"family {number % 6}" for number, name in enumerate(languages)}
    values = {name: (value,) for name, value in zip(languages, draws.normal(size=12), strict=True)}
    gap = draws.normal(size=12)
    tables = []
    for seeds in ([1], [1, 2, 3, 4, 5]):
        gaps = pd.DataFrame(
            {"encoder": "enc", "task": "pos", "source": "en", "target": name, "seed": seed,
             "gap": value + seed - np.mean(seeds)}
            for name, value in zip(languages, gap, strict=True) for seed in seeds
        )  # fmt: skip
        tables.append(correlation_table(cka_rows(**values), gaps, families))
    columns = ["spearman", "spearman_low", "spearman_high", "p_value", "targets", "families"]
    pd.testing.assert_frame_equal(tables[0][columns], tables[1][columns])
    assert tables[0]["spearman_low"].notna().all() and (tables[0]["families"] == 6).all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_vectors_have_the_precision_that_is_asked_for(precision: str, tmp_path: Path) -> None:
    """And their record says which that was."""
    directory = make_encoder(tmp_path / "encoder", "bert")
    treebank, output = tmp_path / "test.conllu", tmp_path / "v.safetensors"
    treebank.write_text("# sent_id = a\n1\tthe\t_\t_\t_\t_\t0\troot\t_\t_\n\n")
    represent(treebank, [output], [directory], precision=precision)
    _, found = read_vectors(output)
    represent(treebank, [tmp_path / "plain.safetensors"], [directory])
    _, plain = read_vectors(tmp_path / "plain.safetensors")
    assert (np.abs(found - plain).max() > 0) == (precision == "bfloat16")
    np.testing.assert_allclose(found, plain, atol=0.1)
    assert json.loads(record_path(output).read_text())["precision"] == precision
    # Several keys of metadata would be in another order each time: not the same bytes.
    with safe_open(output, framework="numpy") as file:
        assert list(file.metadata()) == ["identifiers"]
