"""``benchmarks/activations.py``: what is said of activations is what was planted, and checkpoints are of the run."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from provenance import training

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
activations = importlib.import_module("activations")
bases, settings_ = importlib.import_module("survival.bases"), importlib.import_module("survival.settings")

SMALL = settings_.Settings(layers=3, width=32, heads=2, vocabulary=300, context=32, length=16)
ROWS = np.random.default_rng(0).integers(0, 300, size=(240, 16), dtype=np.int32)


def _planted(seed, dimensions):
    shape = training.Shape(layers=3, width=32, heads=2, vocabulary=300, context=32)
    model = training.new_model(shape, seed=seed)
    with torch.no_grad():
        model.base_model.layers[0].mlp.dense_4h_to_h.bias[dimensions] += 50.0
    return activations.seen("derived", str(seed), model, ROWS[:8])


def test_planted_dimensions_are_found_and_shared():
    """Eight large dimensions are named in every layer; models share those that both have."""
    one, like, half, other = (
        _planted(seed, dimensions)
        for seed, dimensions in enumerate(([*range(8)], [*range(8)], [*range(4, 12)], [*range(16, 24)]))
    )
    assert one.dimensions == (tuple(range(8)),) * 2
    assert min(one.ratios) > 20
    assert activations.shared(one, like) == 1.0
    assert activations.shared(one, half) == 0.5
    assert activations.shared(one, other) == 0.0


LOOKS = [
    activations.Look(kind="checkpoint", name="1", ratios=(4.0, 5.0), dimensions=((0, 1), (2, 3))),
    activations.Look(kind="checkpoint", name="end", ratios=(8.0, 9.0), dimensions=((4, 1), (2, 3))),
    activations.Look(kind="independent", name="null-1", ratios=(7.0, 7.0), dimensions=((8, 9), (2, 9))),
]


def test_the_table_compares_with_the_end_of_the_run():
    """Of two layers with two dimensions, three of four and one of four are the run's."""
    assert activations.markdown(LOOKS).splitlines()[2:] == [
        "| checkpoint 1 | 4.0 / 5.0 | 0.75 |",
        "| checkpoint end | 8.0 / 9.0 | 1.00 |",
        "| independent null-1 | 7.0 / 7.0 | 0.25 |",
    ]


def test_the_figure_is_the_same_again(tmp_path):
    """Two drawings of the same looks are the same bytes."""
    for name in ("one.svg", "two.svg"):
        activations.draw(LOOKS, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert first == second
    assert b"<svg" in first


def test_checkpoints_are_of_the_run_and_of_no_other(tmp_path, monkeypatch):
    """The run made again ends in the same weights and leaves its steps; where it ends elsewhere, that is an error."""
    monkeypatch.chdir(tmp_path)
    training.train_tokenizer(["one two three four five " * 20], vocabulary=300, out=tmp_path / "tokenizer")
    np.save("run.npy", ROWS)
    np.save("order.npy", np.random.default_rng(1).permutation(len(ROWS)))
    bases.train(bases.OURS, Path(), SMALL)
    found = activations._checkpoints(tmp_path / "steps", SMALL)
    assert list(found) == [1, 25]
    first, later = (training.load(place).state_dict() for place in found.values())
    assert not all(torch.equal(first[name], later[name]) for name in first)
    np.save("order.npy", np.arange(len(ROWS)))
    with pytest.raises(RuntimeError, match="another end"):
        activations._checkpoints(tmp_path / "again", SMALL)
