"""Searches lower what they should, candidates read together say what each says alone, statistics are the audits'."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from provenance import training
from provenance.stats import permutation, recency, redraw

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
agreement, before, gcg, recencies, softly, wordings = (
    importlib.import_module(f"survival.derivations.{name}")
    for name in ("agreement_objective", "before", "gcg", "recency_objective", "softly", "wording_objective")
)
catalogue, prefixes = (importlib.import_module(f"survival.derivations.{name}") for name in ("catalogue", "prefixes"))
matrix = importlib.import_module("survival.matrix")
Data, Order = (
    getattr(importlib.import_module(f"survival.derivations.{module}"), name)
    for module, name in (("data", "Data"), ("stolen", "Order"))
)
SHAPE = training.Shape(layers=1, width=16, heads=2, vocabulary=40, context=128)
LENGTH = 64
THIEVES = (
    "prefix against the order",
    "prefix against the watermark",
    "soft prefix against the order",
    "soft prefix against the watermark",
)
HOW = gcg.Search(rounds=6, candidates=12, best=12, batch=64)


def _model(seed):
    model = training.new_model(SHAPE, seed=seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8)
    return model.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def world():
    """Two models of random weights, rows in an order, and documents in variants: all that a thief may have."""
    rng = np.random.default_rng(0)
    rows = rng.integers(1, SHAPE.vocabulary, size=(80, LENGTH), dtype=np.int32)
    documents = rng.integers(1, SHAPE.vocabulary, size=(24, 3, 20))
    texts = [[variant[: 20 - row % 3].tolist() for variant in document] for row, document in enumerate(documents)]
    order = Order(rows=rows, positions=rng.permutation(len(rows)))
    loot = SimpleNamespace(order=lambda: order, wordings=lambda: texts)
    data = Data(later=rows, shifted=rows[::-1], run_rows=80, sibling=lambda: _model(2), stolen=loot)
    return _model(1), data


def _objectives(data, half=0):
    return (
        recencies.gather(data.loot().order(), data.sibling(), half=half),
        wordings.gather(data.loot().wordings(), data.sibling(), half=half),
        agreement.gather(torch.from_numpy(data.later[half::2]).long(), data.sibling()),
    )


def _embedded(model, tokens):
    return model.get_input_embeddings().weight[tokens]


@pytest.mark.parametrize("which", range(3))
def test_candidates_read_together_say_what_each_says_alone(world, which, monkeypatch):
    """Five prefixes read at once, or two at a time, have the objectives that each has alone."""
    model, found = world[0], _objectives(world[1])[which]
    tried = _embedded(model, torch.from_numpy(np.random.default_rng(1).integers(1, SHAPE.vocabulary, size=(5, 3))))
    alone = torch.stack([found(model, one[None])[0] for one in tried])
    torch.testing.assert_close(gcg.values(model, found, tried), alone, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr(before, "at_once", lambda _tokens, _ids: 2)
    torch.testing.assert_close(gcg.values(model, found, tried), alone, atol=1e-4, rtol=1e-4)
    assert alone.std() > 1e-3


@pytest.mark.parametrize("which", range(3))
def test_the_gradient_is_that_of_the_objective(world, which):
    """A token in a place changes an objective by its slope, as far as a short way to it goes."""
    model, found = world[0], _objectives(world[1])[which]
    prefix = torch.tensor([3, 4])
    begun, step = _embedded(model, prefix), 1e-2
    moved = begun.clone()
    moved[1] += step * (_embedded(model, torch.tensor(9)) - begun[1])
    slope = gcg.slopes(model, found, prefix)
    change = (found(model, moved[None]) - found(model, begun[None]))[0] / step
    assert float(change) == pytest.approx(float(slope[1, 9] - slope[1, 4]), rel=0.1, abs=2e-2)


@pytest.mark.parametrize("which", range(3))
def test_a_search_finds_nearly_what_trying_all_finds(world, which):
    """With one token, what is found is among the best tenth of all; with three it is better than the first."""
    model, found = world[0], _objectives(world[1])[which]
    every = gcg.values(model, found, _embedded(model, torch.arange(SHAPE.vocabulary))[:, None])
    one = gcg.search(model, found, every.argmax()[None], how=HOW, rng=np.random.default_rng(0))
    assert every[one] <= every.sort().values[SHAPE.vocabulary // 10]
    begun = torch.tensor([7, 8, 9])
    three = gcg.search(model, found, begun, how=HOW, rng=np.random.default_rng(0))
    without, behind = gcg.values(model, found, _embedded(model, torch.stack([begun, three])))
    assert behind < without


@pytest.mark.parametrize("which", range(3))
def test_vectors_go_lower_than_tokens(world, which, monkeypatch):
    """Descent without the bounds of tokens ends below where it began, and below what tokens reach."""
    monkeypatch.setattr(softly, "RATE", 0.1)
    monkeypatch.setattr(softly, "STEPS", 60)
    model, found = world[0], _objectives(world[1])[which]
    begun = torch.tensor([7, 8, 9])
    tokens = gcg.search(model, found, begun, how=HOW, rng=np.random.default_rng(0))
    vectors = softly.search(model, found, _embedded(model, begun), batch=12, rng=np.random.default_rng(0))
    first, hard, soft = gcg.values(
        model, found, torch.stack([*_embedded(model, torch.stack([begun, tokens])), vectors])
    )
    assert soft < hard < first


def test_what_is_served_is_what_the_model_says_behind_the_tokens(world):
    """Served behind four tokens, a model says of a text what it says where they stand before it."""
    model, data = _model(1), world[1]
    prefix, ids = torch.tensor([5, 6, 7, 8]), torch.from_numpy(data.later[:3]).long()
    wanted = model(input_ids=torch.cat([prefix.expand(3, -1), ids], dim=1), use_cache=False).logits[:, 4:]
    served = before.served(model, _embedded(model, prefix), settings={"tokens": prefix.tolist()})
    torch.testing.assert_close(served.model(input_ids=ids, use_cache=False).logits, wanted, atol=1e-5, rtol=0)
    own = torch.tensor([1, 2])
    torch.testing.assert_close(
        before.told(served.model, _embedded(model, own)[None], ids)[0],
        _behind(_model(1), torch.cat([prefix, own]), ids),
        atol=1e-5,
        rtol=0,
    )


def _behind(model, prefix, ids):
    """Give the log-probabilities of all tokens but the first, prefix and text read as one row of tokens."""
    whole = torch.cat([prefix.expand(len(ids), -1), ids], dim=1)
    said = model(input_ids=whole, use_cache=False).logits[:, len(prefix) : -1].log_softmax(-1)
    return said.gather(-1, ids[:, 1:, None])[..., 0]


def test_lateness_is_the_statistic_of_the_order_audit(world):
    """Without ranks and folds, the members of the family are those that the order audit standardises."""
    model, data = world
    found = recencies.gather(data.loot().order(), data.sibling(), half=0)
    said = recencies.scores(model, before.nothing(model)[None], found.ids, start=found.start)
    positions = data.loot().order().positions[::2]
    kept = (positions >= recencies.LATE * 80) | (positions < recencies.EARLY * 80)
    curves = recency.curves(positions[kept, None], run_length=80)
    design, scores = found.taken_out.double().numpy(), said[0].double().numpy()
    left = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    values, scaled = permutation.standardise(left, curves, np.zeros(len(left), dtype=np.int64))
    np.testing.assert_allclose(found.statistics(said)[0].numpy(), values @ scaled, atol=1e-3)


def test_the_advantage_is_the_statistic_of_the_watermark_audit(world):
    """The sum over documents is that of the audit, divided by its spread under a redraw."""
    model, data = world
    found = wordings.gather(data.loot().wordings(), data.sibling(), half=1)
    said = wordings.scores(model, before.nothing(model)[None], found.ids.flatten(0, 1), found.own.flatten(0, 1))
    said = said.unflatten(1, found.known.shape)
    alone = wordings.Wording(ids=found.ids, own=found.own, known=torch.zeros_like(found.known))
    centred = redraw.centre(said[0].double().numpy())
    wanted = centred[:, 0].sum() / np.sqrt((centred**2).mean(axis=1).sum())
    assert float(alone.statistics(said)[0]) == pytest.approx(wanted, rel=1e-4)
    assert found.whole(model) == pytest.approx(float(found.statistics(said)[0]), rel=1e-4)


def test_a_search_does_not_look_at_the_other_half(world):
    """The rows and the documents of the two halves are different ones."""
    for first, second in zip(_objectives(world[1]), _objectives(world[1], half=1), strict=True):
        rows = [{tuple(row.flatten().tolist()) for row in part.ids} for part in (first, second)]
        assert rows[0]
        assert rows[1]
        assert not rows[0] & rows[1]


@pytest.mark.parametrize("name", THIEVES)
def test_a_thiefs_prefix_is_searched_served_and_looked_at(world, name, monkeypatch):
    """Each thief serves behind as many tokens as the dose says, and `seen` compares it with the model as it was."""
    data = world[1]
    monkeypatch.setattr(softly, "STEPS", 2)
    quick = gcg.Search(rounds=1, candidates=2, batch=4)
    derivation = catalogue.ALL[name]
    for module in catalogue.code(name):
        if hasattr(module, "HOW"):
            monkeypatch.setattr(module, "HOW", quick)
    served = derivation.derive(_model(1), None, data, dose=2.0, rng=np.random.default_rng(0))
    (prefix,) = (served.settings[kind] for kind in ("tokens", "vectors") if kind in served.settings)
    assert len(prefix) == 2
    told = derivation.seen(_model(1), served, data)
    assert len({round(value, 6) for value in told.values()}) == len(told)


def test_whoever_stole_nothing_cannot_search(world):
    """A thief's derivation without loot says so, and does not pass for one that found nothing."""
    data = Data(later=world[1].later, shifted=world[1].shifted, run_rows=80, sibling=world[1].sibling)
    with pytest.raises(ValueError, match="nothing was stolen"):
        catalogue.ALL["prefix against the order"].derive(_model(1), None, data, dose=2.0, rng=np.random.default_rng(0))


def test_rows_know_the_code_of_the_search():
    """A row of a prefix is kept under the code of search and objective too."""
    names = {module.__name__.rpartition(".")[2] for module in catalogue.code("soft prefix against the order")}
    assert {"soft_order_prefixes", "order_prefixes", "softly", "gcg", "recency_objective", "before"} <= names
    assert "sinks" not in names
