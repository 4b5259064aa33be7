"""Scores against sizes and compute: counts, the table, the figure, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import EMBEDDED_ENCODER, ROOT
from encoders import make_encoder
from torch.utils.flop_counter import FlopCounterMode
from transformers import XLMRobertaConfig
from xltransfer.analyses.plots import save_figure
from xltransfer.analyses.randominit import CHANGES, Cell
from xltransfer.analyses.scaling import Training, scaling_table, trainings_of_models
from xltransfer.analyses.scaling_figure import scaling_figure
from xltransfer.encoders.encoder_sizes import NetworkSize, network_size
from xltransfer.encoders.transformer import load_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.stages.scaling_table import read_published_scores
from xltransfer.study import Study
from xltransfer.study.estimate import EncoderSize
from xltransfer.study.training_memory import training_bytes
from xltransfer.training.operations import reading_operations, training_operations

PUBLISHED = ROOT / "resources" / "published" / "scaling" / "mlqa.tsv"
HEADER = PUBLISHED.read_text(encoding="utf-8").partition("\n")[0]


def test_parameters_are_counted_without_weights(tmp_path: Path) -> None:
    # 6,000 subwords, 128 positions and 2 segments of 64; a layer has 12 · 64² + 13 · 64.
    body = 12 * (12 * 64**2 + 13 * 64) + 2 * 64
    assert network_size(EMBEDDED_ENCODER) == NetworkSize(6130 * 64 + body, body, 12, 64)
    for architecture in ("xlm-roberta", "distilbert", "mt5"):
        directory = make_encoder(tmp_path / architecture, architecture)
        found, network = network_size(directory), load_encoder(directory)
        assert found.parameters == sum(weight.numel() for weight in network.parameters())
        assert 0 < found.without_embeddings < found.parameters
    large = tmp_path / "large"
    large.mkdir()
    config = XLMRobertaConfig(
        vocab_size=250002, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
        intermediate_size=4096, max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    (large / "config.json").write_text(json.dumps(config.to_dict()))
    found = network_size(large)
    # XLM-R large has 559,890,432 weights, of which 1,049,600 are its pooler's.
    assert found.parameters == 559_890_432 - 1_049_600
    assert found.without_embeddings == 24 * (12 * 1024**2 + 13 * 1024) + 2 * 1024


def cell(*values: float) -> Cell:
    """Scores of seeds in percent on four sentences that are all as hard."""
    of_seeds = pd.Series(values, index=range(1, len(values) + 1))
    return Cell(of_seeds, np.zeros((len(values), 4)), np.arange(4))


def cells(source: str = "a", *others: str) -> dict[tuple[str, ...], Cell]:
    """Cells of two encoders; ``others`` are names of the target languages but the first."""
    first, second = others or ("a", "b")
    return {
        ("big", "pos", "accuracy", source, first, "none"): cell(89.0, 91.0),
        ("big", "pos", "accuracy", source, second, "none"): cell(58.0, 62.0),
        ("big", "pos", "accuracy", source, "X", "none"): cell(58.0, 62.0),
        ("big", "pos", "accuracy", source, "X", "random-init-1-2"): cell(10.0, 10.0),
        ("big", "pos", "UAS", source, first, "none"): cell(1.0, 1.0),
        ("small", "pos", "accuracy", source, first, "none"): cell(80.0, 80.0),
        ("small", "pos", "accuracy", source, second, "none"): cell(28.0, 32.0),
        ("small", "pos", "accuracy", source, "X", "none"): cell(28.0, 32.0),
    }


SIZES = {
    name: dict(zip(("layers", "width", "parameters", "parameters_without_embeddings"), values,
                   strict=True))
    for name, values in {"big": (12, 64, 1000, 600), "small": (2, 32, 200, 50)}.items()
}  # fmt: skip


TRAININGS = {(name, "pos", "a"): Training(100, 40_000) for name in SIZES}


def test_operations_by_hand() -> None:
    """A forward pass is 2 operations per weight and subword, a backward pass 4 (Kaplan et al.)."""
    assert reading_operations(50, 1000) == 2 * 50 * 1000
    assert training_operations(50, 1000) == 6 * 50 * 1000
    assert training_operations(50, 1000, recomputed=True) == 8 * 50 * 1000


def test_operations_are_nearly_those_that_torch_counts() -> None:
    """Of all matrix products of a step, which include those of attention."""
    network = load_encoder(EMBEDDED_ENCODER)
    ids = torch.randint(5, 6000, (4, 25), generator=torch.Generator().manual_seed(1))
    with FlopCounterMode(display=False) as counter:
        network(input_ids=ids).last_hidden_state.sum().backward()
    expected = training_operations(network_size(EMBEDDED_ENCODER).without_embeddings, ids.numel())
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.1)


def report(folder: Path, model: str, steps: object, batch: object = 400, **training) -> Path:
    path = folder / model / "training.json"
    path.parent.mkdir(parents=True)
    settings = {"training": {"batch_pieces": batch, **training}}
    path.write_text(json.dumps({"steps": steps, "config": {"settings": settings}}))
    return path


def test_the_length_of_trainings_is_the_mean_of_seeds(tmp_path: Path) -> None:
    reports = [
        report(tmp_path, "big/pos/a_x/none/seed-1", 100),
        report(tmp_path, "big/pos/a_x/none/seed-2", 50),
        report(tmp_path, "big/pos/a_x/random-init-1-2/seed-1", 7),
        report(tmp_path, "small/pos/a_x/none/seed-1", 10, batch=60),
        # A discriminator reads as many sentences of each of its texts.
        report(
            tmp_path,
            "small/game/a_x/none/seed-1",
            10,
            batch=60,
            adversarial={"texts": {"raw_text": ["b_text"], "treebanks": ["c_x", "d_x"]}},
        ),
    ]
    assert trainings_of_models(reports) == {
        ("big", "pos", "a_x"): Training(75, 30_000),
        ("small", "pos", "a_x"): Training(10, 600),
        ("small", "game", "a_x"): Training(10, 2400),
    }


@pytest.mark.parametrize(("steps", "batch"), [(None, 400), (10, "400"), (1.5, 400)])
def test_damaged_reports_are_refused(steps: object, batch: object, tmp_path: Path) -> None:
    path = report(tmp_path, "big/pos/a_x/none/seed-1", steps, batch)
    with pytest.raises(InputError, match=r"training\.json:1: not a report of a training; delete"):
        trainings_of_models([path])


def test_the_table_has_scores_gaps_and_sizes(tmp_path: Path) -> None:
    published = read_published_scores(PUBLISHED)
    table = scaling_table(cells(), {"pos": "accuracy"}, SIZES, TRAININGS, published)
    ours = table[table["reference"] == ""]
    assert ours["score_sd"].tolist() == pytest.approx([0, 2**0.5, 8**0.5, 8**0.5])
    assert ours[["encoder", "source_target", "score", "gap", "layers"]].to_numpy().tolist() == [
        ["small", "A-A", 80.0, 0.0, 2],
        ["big", "A-A", 90.0, 0.0, 12],
        ["small", "A-X", 30.0, -50.0, 2],
        ["big", "A-X", 60.0, -30.0, 12],
    ]
    assert ours["training_steps"].tolist() == [100] * 4
    # 6 · 50 · 40,000 and 6 · 600 · 40,000 operations.
    assert ours["training_gigaflops"].tolist() == pytest.approx([0.012, 0.144] * 2)
    rest = table[table["reference"] != ""]
    assert rest[["training_steps", "training_gigaflops"]].isna().all(axis=None)
    assert rest["score"].tolist() == [57.7, 70.7, 73.4, 74.8]
    widths, layers = rest["width"], rest["layers"]
    formula = layers * (12 * widths**2 + 13 * widths)
    assert rest["parameters_without_embeddings"].tolist() == formula.tolist()
    assert (rest["parameters"] > formula).all()
    figure = scaling_figure({"study": "test"}, table)
    assert [ax.get_title() for ax in figure.axes] == ["pos, A", "published: MLQA"]
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    drawn = [container.lines[0] for container in figure.axes[0].containers]
    assert [line.get_ydata().tolist() for line in drawn] == [[80.0, 90.0], [30.0, 60.0]]
    assert drawn[0].get_xdata().tolist() == [50, 600] and lines
    # As many subwords, so compute is proportional to the parameters.
    (top,) = figure.axes[0].child_axes
    assert top.get_xlabel() == "FLOPs of a fine-tuning"
    figure.canvas.draw()
    assert top.get_xlim() == pytest.approx(
        [6 * 40_000 * limit for limit in figure.axes[0].get_xlim()]
    )
    save_figure(figure, tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").stat().st_size > 5000


def test_compute_of_unequal_trainings_has_a_panel() -> None:
    trainings = {**TRAININGS, ("big", "pos", "a"): Training(25, 10_000)}
    table = scaling_table(cells(), {"pos": "accuracy"}, SIZES, trainings, [])
    size, compute = scaling_figure({"study": "test"}, table).axes
    assert (size.get_xlabel(), compute.get_xlabel()) == (
        "parameters without embeddings",
        "FLOPs of a fine-tuning",
    )
    assert not size.child_axes
    places = compute.containers[0].lines[0].get_xdata().tolist()
    assert places == pytest.approx([6 * 50 * 40_000, 6 * 600 * 10_000])


def of_set(source: str = "a+b") -> dict:
    return {(name, task, source): length for (name, task, _), length in TRAININGS.items()}


def test_changes_are_from_the_next_smaller_encoder() -> None:
    """Of two seeds and sentences without variance, the interval is Student's t over seeds."""
    found = scaling_table(cells(), {"pos": "accuracy"}, SIZES, TRAININGS, [])
    changes = found.set_index(["source_target", "encoder"])
    assert changes.loc[("A-A", "small"), list(CHANGES)].isna().all()
    row = changes.loc[("A-A", "big")]
    # Differences of 9 and 11: mean 10, standard error 1, one degree of freedom.
    half = 12.706205
    assert (row["change"], row["change_sd"]) == (10, pytest.approx(2**0.5))
    assert [row["change_low"], row["change_high"]] == pytest.approx([10 - half, 10 + half])
    assert row["change_p"] == pytest.approx(2 * (0.5 - np.arctan(10) / np.pi))
    assert changes.loc[("A-X", "big"), "change"] == 30


def test_changes_between_encoders_of_one_size_have_no_meaning() -> None:
    """Two encoders of 100 parameters are compared with the one of 10, and the largest with none."""
    sizes = {
        name: {**SIZES["small"], "parameters": number}
        for name, number in (("small", 10), ("adapted", 100), ("base", 100), ("large", 1000))
    }
    scores = {"small": 40.0, "adapted": 93.0, "base": 62.0, "large": 91.0}
    found = {
        (name, "pos", "accuracy", "a", "a", "none"): cell(score, score)
        for name, score in scores.items()
    }
    trainings = {(name, "pos", "a"): Training(100, 40_000) for name in scores}
    for order in (list(found), list(reversed(found))):
        table = scaling_table(
            {key: found[key] for key in order}, {"pos": "accuracy"}, sizes, trainings, []
        )
        changes = table.set_index("encoder")["change"]
        assert changes[["adapted", "base"]].tolist() == [53, 22]
        assert changes[["small", "large"]].isna().all()


def test_a_set_of_sources_has_a_row_for_each_language() -> None:
    found = scaling_table(cells("a+b"), {"pos": "accuracy"}, SIZES, of_set(), [])
    gaps = found[found["encoder"] == "big"].set_index("source_target")["gap"]
    assert gaps.to_dict() == {"A+B-A": 15, "A+B-B": -15, "A+B-X": -15}


@pytest.mark.parametrize("cell", ["-1", "x", "1e9"])
def test_published_numbers_are_checked(cell: str, tmp_path: Path) -> None:
    row = ["a", "qa", "F1", "MLQA", "50.1", "12", "768", "100", "90", "paper"]
    path = tmp_path / "p.tsv"
    for place in (4, 6):
        changed = [*row[:place], cell, *row[place + 1 :]]
        path.write_text(f"{HEADER}\n" + "\t".join(changed) + "\n")
        with pytest.raises(InputError, match=rf"p\.tsv:2: .* '{cell}' is no number"):
            read_published_scores(path)


def study(**changes: object) -> Study:
    text = (ROOT / "resources" / "studies" / "embedded-scale.yaml").read_text(encoding="utf-8")
    return Study({**yaml.safe_load(text), **changes}, ROOT)


def test_a_study_compares_sizes_only_if_it_says_so() -> None:
    assert "scaling" in study().tables and "scaling" in study().figures
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert "scaling" not in config and "scaling" not in Study(config, ROOT).tables
    with pytest.raises(InputError, match="config: scaling: one encoder has one size"):
        study(transfer_encoders=["scale-2x32"])
    text = (ROOT / "resources" / "studies" / "embedded-adapters.yaml").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="scaling: 'language-qaa' has a language adapter, and"):
        Study({**yaml.safe_load(text), "scaling": True}, ROOT)
    with pytest.raises(InputError, match="scaling: True was expected"):
        study(scaling=False)


def test_memory_of_a_training_by_hand() -> None:
    size = EncoderSize(vocabulary=100, positions=10, hidden=8, layers=4, intermediate=32)
    whole = training_bytes(size, {"batch_pieces": 60})
    assert whole == size.parameters * 18 + 60 * 8 * 34 * 4
    parts = training_bytes(size, {"batch_pieces": 60, "accumulation": 3, "checkpointing": True})
    assert parts == size.parameters * 18 + 20 * 8 * (2 * 4 + 34)
    single = {"batch_pieces": 60, "precision": "float32"}
    assert training_bytes(size, single) == size.parameters * 16 + 60 * 8 * 66 * 4
    recomputed = training_bytes(size, {**single, "checkpointing": True})
    assert recomputed == size.parameters * 16 + 60 * 8 * (4 * 4 + 66)


def test_the_figure_has_a_line_for_each_language_of_a_set_of_sources() -> None:
    table = scaling_table(
        cells("a+c", "a", "c"), {"pos": "accuracy"}, SIZES, of_set(source="a+c"), []
    )
    (ax,) = scaling_figure({"study": "test"}, table).axes
    drawn = [one.lines[0].get_ydata().tolist() for one in ax.containers]
    assert drawn == [[80.0, 90.0], [30.0, 60.0], [30.0, 60.0]]
