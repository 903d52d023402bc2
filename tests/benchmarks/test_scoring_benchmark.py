"""``benchmarks/scoring.py``: what is compared gives the same numbers, and what is counted is counted right."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
made, measuring, sides = (importlib.import_module(f"asking.{name}") for name in ("made", "measuring", "sides"))

SHAPE = made.Shape(layers=2, width=32, heads=2, vocabulary=600, context=600)


def test_both_loops_give_the_same_sums():
    """Ours and the published loop sum up the same tokens of the same texts."""
    model, encoder, texts = made.model(SHAPE), made.tokenizer(SHAPE), made.texts(7, SHAPE)
    one, other = (side(model, encoder, SHAPE)(texts) for side in (sides.ours, sides.published))
    assert one == pytest.approx(other, abs=1e-2)
    assert [len(ids) for ids in encoder(texts)["input_ids"]] == [len(text.split()) + 1 for text in texts]


def test_texts_that_begin_alike_give_the_same_numbers():
    """The comparison of shared beginnings compares equal numbers."""
    found = measuring.shared(SHAPE, count=3, prefix=64, rest=5)
    assert found["shared_prefix_max_abs_diff"] < 1e-4
    assert found["shared_prefix_speedup"] > 0


def test_windows_are_measured_on_any_device():
    """What a GPU would be asked can be asked of a CPU, smaller."""
    found = measuring.windows(SHAPE, device="cpu", count=20, length=16)
    assert found["windows_tokens_per_s"] > 0
    assert found["windows_mfu"] > 0


def test_operations_are_those_that_torch_counts():
    """Linear layers and head are what torch's own counter says; attention, half a square, it does not count here."""
    from torch.utils.flop_counter import FlopCounterMode

    model, size = made.model(SHAPE), 40
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(input_ids=torch.zeros((1, size), dtype=torch.long))
    attention = 4 * SHAPE.layers * SHAPE.width * size * (size + 1) / 2
    assert made.flops([size], SHAPE, scored=size) == counter.get_total_flops() + attention
