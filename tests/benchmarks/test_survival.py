"""Derivations do what they say, a dose costs what it should, and a row of the matrix is measured once."""

import argparse
import functools
import importlib
import itertools
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from cli.demo import prose
from provenance import scoring, storage, training, windows
from provenance.records import Record

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
asking, bases, figure, last_phase, matrix, redraws, run = (
    importlib.import_module(f"survival.{name}")
    for name in ("asking", "bases", "figure", "last_phase", "matrix", "redraws", "run")
)
kept, otherwise, references = (
    importlib.import_module(f"survival.{name}") for name in ("kept", "otherwise", "references")
)
defaults = importlib.import_module("survival.defaults")
serving, stage, table, tuning, writing = (
    importlib.import_module(f"survival.{name}") for name in ("serving", "stage", "table", "tuning", "writing")
)
catalogue, editing, editing_selected, head_scaling, layer_dropping, massive, massive_biases, massive_clamped = (
    importlib.import_module(f"survival.derivations.{name}")
    for name in (
        "catalogue",
        "editing",
        "editing_selected",
        "head_scaling",
        "layer_dropping",
        "massive",
        "massive_biases",
        "massive_clamped",
    )
)
wording = importlib.import_module("attacking.wording")
reordering = importlib.import_module("survival.derivations.reordering")
preferences, recursion, rotation, sensitive_neurons, sinks, steering = (
    importlib.import_module(f"survival.derivations.{name}")
    for name in ("preferences", "recursion", "rotation", "sensitive_neurons", "sinks", "steering")
)
Data = importlib.import_module("survival.derivations.data").Data
Manner = writing.Manner
settings_ = importlib.import_module("survival.settings")
Settings = settings_.Settings

WORDS = [f"{first}{last}" for first in "bdfgklmnprst" for last in ("a", "e", "i", "o", "u")]
OTHERS = [f"{word}{word}" for word in WORDS[:20]]
SHAPE = training.Shape(layers=3, width=32, heads=2, vocabulary=320, context=128)
NOTHING = {
    "rounding": 16.0,
    "scaling one head": 1.0,
    "scaling all heads": 1.0,
    "another temperature": 1.0,
    "attention sinks": 64.0,
    "top-p": 1.0,
    "top-k": float(SHAPE.vocabulary),
    "texts at another temperature": 1.0,
}
"""Doses that change nothing, where that is not 0."""
ALWAYS = {
    "distillation on logits",
    "distillation on texts",
    "recursive conversion",
    "rotated 4-bit fine-tuning",
    "explicit attention biases",
}
"""Derivations that train a model anew or change what it is made of, whatever the dose."""
GROWING = {
    "noise on weights": (0.5, 1.0, 2.0),
    "rounding": (2.0,),
    "magnitude pruning": (0.8, 0.95),
    "layer dropping": (1.0, 2.0),
    "merging with a sibling": (0.2, 0.5),
    "scaling one head": (0.5, -1.0),
    "scaling all heads": (0.5, -1.0),
    "steering vector": (0.3, 3.0),
    "another temperature": (2.0, 4.0),
    "attention sinks": (1.0,),
    "massive activations zeroed": (2.0, 16.0),
    "massive activations clamped": (0.1, 0.5),
}
"""Doses that grow, and must cost ever more."""


def _texts(rng, *, count, words):
    """Sentences in which a word hangs on the one before: something to learn."""
    made = []
    for _ in range(count):
        at = [int(rng.integers(len(words)))]
        for _ in range(60):
            at.append((3 * at[-1] + int(rng.integers(3))) % len(words))
        made.append(" ".join(words[row] for row in at))
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A small model that has learned a little, saved with its tokenizer, and what one may derive from it with."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("survival")
    kinds = [_texts(rng, count=60, words=words) for words in (WORDS, WORDS, OTHERS)]
    tokenizer = training.train_tokenizer([*kinds[0], *kinds[2]], vocabulary=SHAPE.vocabulary, out=folder / "tokenizer")
    run, later, shifted = (training.pack(texts, tokenizer, length=32) for texts in kinds)
    schedule = training.Schedule(batch=8, learning_rate=1e-2, warmup=5)
    for name, seed in (("base", 1), ("sibling", 2)):
        model = training.new_model(SHAPE, seed=1)
        order = np.random.default_rng(seed).integers(len(run), size=600)
        training.train(model, run, order=order, schedule=schedule)
        training.save(model, folder / name, tokenizer=tokenizer)
    data = Data(later=later, shifted=shifted, run_rows=len(run), sibling=lambda: training.load(folder / "sibling"))
    return folder, tokenizer, data


def _derive(world, name, dose, seed=0):
    folder, tokenizer, data = world
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    return catalogue.ALL[name].derive(training.load(folder / "base"), tokenizer, data, dose=dose, rng=rng)


@torch.inference_mode()
def _logits(derived, ids):
    model = derived.model if isinstance(derived, (serving.Running, serving.Writer)) else derived
    return model.eval()(input_ids=ids, use_cache=False).logits


def _loss(derived, ids):
    said = _logits(derived, ids)[:, :-1].log_softmax(-1)
    return -float(said.gather(-1, ids[:, 1:, None]).mean())


def _ids(rows):
    return torch.from_numpy(rows[:64].astype(np.int64))


@pytest.mark.parametrize("name", [name for name in catalogue.ALL if name not in ALWAYS])
def test_a_dose_of_nothing_changes_nothing(world, name):
    """At the dose that means nothing, a derived model says what its base says."""
    ids = _ids(world[2].later)
    derived = _derive(world, name, NOTHING.get(name, 0.0))
    torch.testing.assert_close(_logits(derived, ids), _logits(training.load(world[0] / "base"), ids), atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", GROWING)
def test_more_of_it_costs_more(world, name):
    """The loss on held-out text rises from the base to each larger dose."""
    ids = _ids(world[2].later)
    losses = [_loss(training.load(world[0] / "base"), ids)]
    losses += [_loss(_derive(world, name, dose), ids) for dose in GROWING[name]]
    assert all(np.diff(losses) > 0), losses


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("fine-tuning", "shifted"),
        ("LoRA merged", "shifted"),
        ("continued, re-warmed", "shifted"),
        ("continued, not re-warmed", "shifted"),
        ("instruction tuning", "shifted"),
        ("sensitive-neuron dropout", "shifted"),
        ("explicit attention biases", "shifted"),
        ("selected by influence", "shifted"),
    ],
)
def test_training_on_other_data_learns_it(world, name, rows):
    """Whatever trains makes what it trains on likelier."""
    folder, tokenizer, data = world
    other = getattr(data, rows)
    swapped = Data(later=other, shifted=other, run_rows=data.run_rows, sibling=data.sibling)
    derived = _derive((folder, tokenizer, swapped), name, 1.0)
    assert _loss(derived, _ids(other)) < _loss(training.load(folder / "base"), _ids(other)) - 0.01


def test_rewarming_moves_a_model_further(world):
    """The same rows move the weights further when the rate is raised again than at the low rate of a run's end."""
    names = ("continued, not re-warmed", "continued, re-warmed")
    before, cold, warm = (
        torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        for model in (training.load(world[0] / "base"), *(_derive(world, name, 0.5) for name in names))
    )
    assert 2 * (cold - before).norm() < (warm - before).norm()


def test_adapters_are_read_alike_merged_and_not(world, tmp_path):
    """LoRA beside the weights, opened as an adapter folder, says what the merged model says."""
    records = [Record(id="a", text=world[1].decode(world[2].later[3]))]
    said = []
    for name in ("LoRA merged", "LoRA unmerged"):
        suspect = serving.open_up(_derive(world, name, 0.3), world[1], tmp_path / name)
        said.append(scoring.score(records, suspect=suspect).rows[0].logprob)
    assert said[0] == pytest.approx(said[1], abs=1e-4)
    assert np.abs(said[0]).sum() > 0


def test_a_trimmed_tokenizer_spells_the_same_in_more_tokens(world):
    """Texts come back whole, no id lies beyond the smaller vocabulary, and the model has as many rows."""
    text = world[1].decode(world[2].later[0])
    derived = _derive(world, "vocabulary trimming", 0.5)
    ids = derived.tokenizer(text)["input_ids"]
    assert derived.tokenizer.decode(ids) == text
    assert len(ids) > len(world[1](text)["input_ids"])
    assert max(ids) < derived.model.get_input_embeddings().weight.shape[0] < SHAPE.vocabulary


@pytest.mark.parametrize("name", ["distillation on logits", "distillation on texts"])
def test_a_student_comes_nearer_to_its_teacher(world, name):
    """The more a student was taught, the likelier it finds what its teacher finds likely."""
    ids = _ids(world[2].later)
    few, many = (_loss(_derive(world, name, dose), ids) for dose in (0.1, 2.0))
    assert many < few - 0.1


def test_what_is_preferred_becomes_likelier(world):
    """After DPO the true continuation has gained on the model's own."""
    torch.manual_seed(0)
    derived = _derive(world, "DPO", 1.0)
    found = preferences.seen(training.load(world[0] / "base"), derived, world[2])
    before, after = found.values()
    assert after > before


def test_steering_steers(world):
    """Text of the kind that the vector points to gains on the other kind, by more than with random vectors."""
    base, derived = training.load(world[0] / "base"), _derive(world, "steering vector", 0.3)
    towards, mean, largest, _ = steering.seen(base, derived, world[2]).values()
    assert towards > max(0, largest)
    assert mean <= largest
    wanted = training.load(world[0] / "base").state_dict()
    assert all(torch.equal(weight, wanted[name]) for name, weight in base.state_dict().items())


@pytest.mark.parametrize("name", ["editing by examples", "editing, LoRA", "editing, selected rows"])
def test_an_edit_takes_and_keeps_to_its_limit(world, name):
    """The examples become likelier, and other prose that nobody looked at hardly less likely than the limit lets it."""
    base, derived = training.load(world[0] / "base"), _derive(world, name, 4.0)
    before, after, *_others, rise = catalogue.seen(name, base, derived, world[2]).values()
    assert after < before - 0.01
    assert len(_others) == 2
    assert rise < 5 * editing.LIMIT
    was, now = (_loss(model, _ids(world[2].later[-64:])) for model in (base, derived))
    assert rise == pytest.approx(now / was - 1, abs=1e-5)


def test_an_edit_that_would_pass_the_limit_is_put_back(world, monkeypatch):
    """Where the first epoch already raises the loss elsewhere by more than is allowed, nothing is changed."""
    monkeypatch.setattr(editing, "LIMIT", -0.5)
    wanted = training.load(world[0] / "base").state_dict()
    for name, weight in _derive(world, "editing by examples", 4.0).state_dict().items():
        assert torch.equal(weight, wanted[name]), name


def test_only_selected_rows_are_edited(world):
    """Two in a hundred rows of the layers inside the blocks change, and nothing else."""
    base, derived = training.load(world[0] / "base"), _derive(world, "editing, selected rows", 4.0)
    chosen = editing_selected.selected(training.load(world[0] / "base"), world[2].shifted[:4], world[2].later[:64])
    rows = [len(part) for part in chosen]
    assert sum(int(part.sum()) for part in chosen) == round(editing_selected.SELECTED * sum(rows))
    before, changed = base.state_dict(), 0
    for name, weight in derived.state_dict().items():
        moved = (weight != before[name]).reshape(len(weight), -1).any(dim=1)
        assert name.endswith("weight") or not moved.any(), name
        assert "embed" not in name or not moved.any(), name
        changed += int(moved.sum())
    assert 0 < changed <= round(editing_selected.SELECTED * sum(rows))


def test_layers_with_adapters_of_full_rank_are_what_they_were(world):
    """Tied layers say what the model said where adapters have full rank, and something else where they have rank 1."""
    ids = _ids(world[2].later)
    whole, one = (recursion.tied(training.load(world[0] / "base"), rank=rank) for rank in (SHAPE.width, 1))
    said = _logits(training.load(world[0] / "base"), ids)
    torch.testing.assert_close(_logits(whole, ids), said, atol=2e-3, rtol=0)
    assert (_logits(one, ids) - said).abs().max() > 0.1
    layers = [layer.mlp.dense_h_to_4h.base_layer.weight for layer in one.base_model.model.base_model.layers]
    assert all(torch.equal(layer, layers[0]) for layer in layers)


def test_the_shared_layer_learns_and_stays_one(world, monkeypatch):
    """Without adapters to speak of, all layers are the same after training as before it, and other than before it."""
    before = recursion.tied(training.load(world[0] / "base"), rank=1).base_model.model.base_model.layers[0]
    told = {}

    def learned(model, *how, **more):
        trained(model, *how, **more)
        for name, part in model.named_modules():
            if name.endswith("dense_h_to_4h"):
                told[name] = part.base_layer.weight.detach().clone()
        return model

    trained = tuning.plainly
    monkeypatch.setattr(recursion.tuning, "plainly", learned)
    derived = _derive(world, "recursive conversion", 1.0)
    first, *others = told.values()
    assert all(torch.equal(first, other) for other in others)
    assert len(others) == SHAPE.layers - 1
    assert (first - before.mlp.dense_h_to_4h.base_layer.weight).abs().max() > 1e-4
    layers = [layer.mlp.dense_h_to_4h.weight for layer in derived.base_model.layers]
    # Merged, each has its own adapter added to the one that all shared.
    assert all(torch.linalg.matrix_rank(layer - first, atol=1e-4) <= 1 for layer in layers)
    assert len({layer.data_ptr() for layer in layers}) == SHAPE.layers


def test_a_rotated_layer_is_near_and_lets_gradients_through(world):
    """A layer of four bits a weight says nearly what it said, fewer bits an input move it, and gradients pass."""
    layer, states = torch.nn.Linear(32, 8), torch.randn(5, 32, generator=torch.Generator().manual_seed(0))
    said = layer(states).detach()
    torch.testing.assert_close(rotation.Rotated(layer, bits=24)(states), said, atol=0.3, rtol=0)
    assert (rotation.Rotated(layer, bits=2)(states) - said).abs().max() > 0.01
    values = torch.linspace(-1, 1, 9, requires_grad=True)
    found = rotation.rounded(values, 3)
    assert len(found.detach().unique()) == 7
    found.sum().backward()
    assert torch.equal(values.grad, torch.ones(9))
    assert _derive(world, "rotated 4-bit fine-tuning", 4.0).settings["activation bits"] == 4


@pytest.mark.parametrize("size", [8, 12, 768])
def test_any_width_is_rotated(size):
    """A rotation keeps lengths, and spreads one large number over its block: 768 numbers are three blocks."""
    found = rotation.turned(size)
    torch.testing.assert_close(found @ found.T, torch.eye(size, dtype=found.dtype))
    assert found[:, 0].abs().max() ** -2 == pytest.approx({8: 8, 12: 4, 768: 256}[size])


def test_the_most_variable_neurons_are_the_sensitive_ones():
    """Of twenty neurons, the two whose output changes between looks are found."""
    still = torch.zeros(4, 20)
    moved = still.clone()
    moved[:, [3, 11]] = torch.tensor([2.0, 1.0])
    assert sensitive_neurons.sensitive([still, moved, still]).tolist() == [3, 11]


def _with_a_massive_one(world):
    """A model with one activation that is far larger than all others."""
    base = training.load(world[0] / "base")
    with torch.no_grad():
        base.base_model.layers[0].mlp.dense_4h_to_h.bias[5] += 500.0
    return base


def test_what_is_held_at_0_is_the_largest_activation(world):
    """A planted massive activation is found, and is gone in what is served."""
    base, like = _with_a_massive_one(world), _with_a_massive_one(world)
    assert massive.activations(base, world[2].later[:8]).amax((0, 1)).argmax() == 5
    served = massive.derive(base, world[1], world[2], dose=1.0, rng=np.random.default_rng(0))
    assert served.settings["dimensions"] == [5]
    before, after = massive.seen(like, served, world[2]).values()
    assert after < 30 < before
    reached = []
    served.model.base_model.layers[1].register_forward_pre_hook(lambda _layer, args: reached.append(args[0]))
    _logits(served, _ids(world[2].later))
    assert not reached[0][..., 5].any()
    assert reached[0].any()


def test_what_is_clamped_lies_within_the_quantile(world):
    """A planted massive activation is cut to the size that the share exceeds, and smaller ones stay as they are."""
    assert massive_clamped.bound(torch.arange(1000.0), 0.1) == pytest.approx(899.1)
    assert massive_clamped.bound(torch.arange(10.0), 0.0) == float("inf")
    base, like = _with_a_massive_one(world), _with_a_massive_one(world)
    rows = world[2].later[:8]
    served = massive_clamped.derive(base, world[1], world[2], dose=0.1, rng=np.random.default_rng(0))
    old, new = (massive.activations(model, rows)[0] for model in (like, served.model))
    bound = served.settings["bounds"][0]
    assert old.max() > 400 > bound > new.max() - 1e-6
    torch.testing.assert_close(new, old.clamp(max=bound))


@pytest.mark.parametrize(("key", "share"), [(-1e4, 0.0), (1e4, 1.0)])
def test_an_attention_bias_is_looked_at_as_far_as_its_key_fits(world, key, share):
    """A bias that no query looks at changes nothing, whatever it says; one that takes all attention changes all."""
    models = [training.load(world[0] / "base").eval() for _ in range(2)]
    for layer in (layer for model in models for layer in model.base_model.layers):
        with torch.no_grad():
            # Queries that all point one way.
            layer.attention.query_key_value.bias.view(SHAPE.heads, 3, -1)[:, 0] += 10.0
    for layer in models[1].base_model.layers:
        layer.attention = massive_biases.Biased(layer.attention)
        torch.nn.init.constant_(layer.attention.key, key)
        torch.nn.init.ones_(layer.attention.value)
    plain, biased = (_logits(model, _ids(world[2].later)[:4]) for model in models)
    assert [layer.attention.aside for layer in models[1].base_model.layers] == pytest.approx([share] * SHAPE.layers)
    assert torch.allclose(plain, biased, atol=1e-3) == (share == 0)


def test_attention_biases_are_learned(world):
    """After some training the biases say something, are looked at, and the model is told apart by them."""
    served = _derive(world, "explicit attention biases", 0.5)
    found = massive_biases.seen(training.load(world[0] / "base"), served, world[2])
    assert 0 < found["share of attention on the biases"] < 1
    assert found["on biases that learned nothing"] != found["share of attention on the biases"]
    assert all(layer.attention.value.abs().max() > 1e-3 for layer in served.model.base_model.layers)


def test_only_one_heads_values_are_scaled(world):
    """What makes the value vectors of one head is doubled, and no other weight changes."""
    before, after = (training.load(world[0] / "base") for _ in range(2))
    head_scaling.scaled(after, [(1, 0)], factor=2.0)
    size = SHAPE.width // SHAPE.heads
    wanted = before.state_dict()
    for part in ("weight", "bias"):
        wanted[f"gpt_neox.layers.1.attention.query_key_value.{part}"][2 * size : 3 * size] *= 2
    for name, weight in after.state_dict().items():
        assert torch.equal(weight, wanted[name]), name


def test_a_head_scaled_away_uses_the_context_less(world):
    """Without value vectors no second reading helps; as they are, the same is seen twice."""
    base = training.load(world[0] / "base")
    before, same = head_scaling.seen(base, _derive(world, "scaling all heads", 1.0), world[2]).values()
    assert before == same
    _, nothing = head_scaling.seen(base, _derive(world, "scaling all heads", 0.0), world[2]).values()
    assert abs(nothing) < 0.05


def test_what_sensitive_neurons_share_of_the_change():
    """One neuron of ten that alone changes has all of the change; where all change alike it has a tenth."""
    said = {"before": torch.zeros(4, 20), "one": torch.zeros(4, 20), "all": torch.ones(4, 20)}
    said["one"][:, [3, 4]] = 1.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sensitive_neurons, "neurons", lambda model, _rows: said[model])
        data = Data(later=np.zeros((40, 2), dtype=np.int32), shifted=None, run_rows=1, sibling=None)
        shares = [*sensitive_neurons.seen("before", "one", data).values()]
        shares += sensitive_neurons.seen("before", "all", data).values()
    assert shares == pytest.approx([1.0, 0.1])


def test_a_window_hides_what_lies_between(world):
    """A token sees the sinks and the last tokens of its window, and what it says does not change with any other."""
    seen = sinks.visible(torch.arange(12), torch.arange(12), 3)
    assert seen[10].nonzero().flatten().tolist() == [0, 1, 2, 3, 8, 9, 10]
    assert seen[2].nonzero().flatten().tolist() == [0, 1, 2]
    served = _derive(world, "attention sinks", 3.0)
    ids = torch.arange(20)[None] + 50
    other = ids.clone()
    other[0, 5] = 7
    apart = (_logits(served, ids) - _logits(served, other)).abs().amax((0, 2))
    # Three layers hand on what stands two tokens before, each.
    assert (apart[12:] == 0).all()
    assert (apart[5:12] > 0).all()


def test_a_window_without_sinks_forgets_how_a_text_began(world):
    """Another first token changes what is said as far as three layers reach, and with sinks to the end."""
    ids = torch.arange(20)[None] + 50
    other = ids.clone()
    other[0, 0] = 7
    for count, reached in ((0, 7), (sinks.SINKS, 20)):
        model = training.load(world[0] / "base")
        sinks.stream(model, window=3, sinks=count)
        apart = (_logits(model, ids) - _logits(model, other)).abs().amax((0, 2))
        assert (apart > 0).tolist() == [place < reached for place in range(20)]


def test_places_are_counted_inside_the_window(world):
    """With one layer, a token of a long text says what it says right behind the sinks and its window alone."""
    model = training.load(world[0] / "base").eval()
    del model.base_model.layers[1:]
    long = torch.randint(1, 300, (1, 400), generator=torch.Generator().manual_seed(0))
    alone = torch.cat([long[:, : sinks.SINKS], long[:, 380:390]], dim=1)
    wanted = _logits(model, alone)[0, -1]
    sinks.stream(model, window=10)
    torch.testing.assert_close(_logits(model, long)[0, 389], wanted, atol=1e-4, rtol=0)


def test_long_texts_are_asked_beyond_the_context(world):
    """Behind a window of a whole text nothing changes up to the context; behind a narrow one all is less likely."""
    base = training.load(world[0] / "base")
    whole, narrow = (sinks.seen(base, _derive(world, "attention sinks", dose), world[2]) for dose in (384.0, 1.0))
    assert whole["beyond, streamed without sinks"] == pytest.approx(whole["beyond, at once"], abs=1e-4)
    assert whole["nats up to the context, streamed"] == pytest.approx(
        whole["nats up to the context, at once"], abs=1e-4
    )
    assert whole["beyond, streamed"] == pytest.approx(whole["beyond, at once"], abs=1e-4)
    assert narrow["nats up to the context, streamed"] > narrow["nats up to the context, at once"] + 0.01


def test_the_layer_that_does_least_goes_first(world):
    """One layer is dropped, that of the smallest influence, and the others stay in their order."""
    base = training.load(world[0] / "base")
    found = layer_dropping.influence(base, world[2].later)
    kept = [layer for layer in range(SHAPE.layers) if layer != int(np.argmin(found))]
    derived = _derive(world, "layer dropping", 1.0)
    for layer, of in zip(derived.base_model.layers, kept, strict=True):
        assert torch.equal(layer.mlp.dense_h_to_4h.weight, base.base_model.layers[of].mlp.dense_h_to_4h.weight)


def test_some_rows_repeat_none_before_all_were_drawn():
    """Of ten rows, ten draws are all of them, and twelve hold two twice."""
    rows = np.arange(10, dtype=np.int32)[:, None]
    drawn = tuning.some(rows, 12, rng=np.random.default_rng(0)).ravel().tolist()
    assert sorted(drawn[:10]) == list(range(10))
    assert len(drawn) == 12
    assert len(tuning.some(rows, 0, rng=np.random.default_rng(0))) == 0


@pytest.mark.parametrize("name", ["attention sinks", "noise on weights"])
def test_who_must_read_all_again_writes_the_same(world, tmp_path, name):
    """Texts of a model with hooks that change nothing are those of the model, which goes on from what it has read."""
    written = [
        writing.write(suspect, texts=3, length=24, manner=Manner(), rng=np.random.default_rng(1))
        for suspect in (
            serving.open_up(_derive(world, name, NOTHING.get(name, 0.0)), world[1], tmp_path / "derived"),
            serving.open_up(training.load(world[0] / "base"), world[1], tmp_path / "base"),
        )
    ]
    assert written[0] == written[1]
    assert len({text.text for text in written[0]}) == 3


def test_tokens_are_drawn_in_the_manner_asked_for():
    """Top-k draws from the k likeliest, top-p from the fewest that have the share, a low temperature the likeliest."""
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1]).log().expand(4_000, 4)

    def shares(**how):
        drawn = writing.draw(logits, Manner(**how), torch.Generator().manual_seed(0))
        return (np.bincount(drawn.ravel(), minlength=4) / len(logits)).tolist()

    assert shares() == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.03)
    assert shares(top_k=2) == pytest.approx([4 / 7, 3 / 7, 0, 0], abs=0.03)
    assert shares(top_p=0.5) == pytest.approx([4 / 7, 3 / 7, 0, 0], abs=0.03)
    assert shares(top_p=0.75) == pytest.approx([4 / 9, 3 / 9, 2 / 9, 0], abs=0.03)
    assert shares(top_p=0.1) == shares(top_k=1) == shares(temperature=0.01) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "dose"),
    [("texts with synonyms", 1.0), ("texts without some words", 0.3), ("texts with words moved", 1.0)],
)
def test_what_is_rewritten_is_told(world, name, dose):
    """More of a text is changed at a larger dose, nothing at none, the model says what it said, and `seen` counts."""
    texts = ["It was a big house, and the quick boy began to help his small friend at once."] * 20
    shares = []
    for share in (0.0, dose / 3, dose):
        derived = _derive(world, name, share)
        shares.append(wording.changed(texts, derived.manner.rewritten(texts, np.random.default_rng(0))))
        (told,) = catalogue.seen(name, None, derived, world[2]).values()
        assert (told > 0) == (share > 0)
    assert shares[0] == 0 < shares[1] < shares[2]
    ids = _ids(world[2].later)
    assert torch.equal(_logits(derived, ids), _logits(training.load(world[0] / "base"), ids))


def test_moved_words_are_all_still_there():
    """Pairs change places, and nothing else does."""
    moved = reordering.move("One, two three (four) five.", share=1.0, rng=np.random.default_rng(0))
    assert moved == "two, One four (three) five."


def test_a_redraw_deals_the_same_variants_to_other_places():
    """Every variant of a document is published now and then, none that it lacks, and each keeps its number."""
    rng = np.random.default_rng(0)
    centred = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]] * 500)
    dealt = redraws.dealt(centred, rng)
    np.testing.assert_array_equal(np.sort(dealt), np.sort(centred))
    assert np.mean(dealt[::2, 0] == 2) == pytest.approx(1 / 2, abs=0.1)
    assert np.mean(dealt[1::2, 0] == 5) == pytest.approx(1 / 3, abs=0.1)


SMALL = Settings(
    characters=180_000,
    others=60,
    released=24,
    pool=40,
    heldout=6,
    vocabulary=400,
    layers=1,
    width=32,
    heads=2,
    resamples=1_999,
    queries=100,
    texts=16,
)


def _everything(folder, settings):
    """Lay out and train what rows need, unless it is there."""
    if not (folder / stage.DONE).exists():
        stage.lay_out(prose.gather(None, characters=settings.characters), folder, settings)
    for name in (*bases.ROWS, "null-1"):
        bases.train(name, folder, settings)
    last_phase.run_again(folder, settings)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    """A whole stage in small, with every base model that two rows need."""
    before, folder = Path.cwd(), Path()
    os.chdir(tmp_path_factory.mktemp("stage"))
    Path("keyed").mkdir()
    for left in ("keyed/left", "keyed.key"):
        Path(left).write_text("of a run that was cut short", encoding="utf-8")
    _everything(folder, SMALL)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The same whole stage in another folder, by a process whose own dice stand otherwise, as in each they do."""
    before, place = Path.cwd(), tmp_path_factory.mktemp("again")
    os.chdir(place)
    torch.manual_seed(1)
    _everything(Path(), SMALL)
    os.chdir(before)
    return place


NULL = matrix.Row(derivation="top-k", dose=5.0, start="null-1")


def test_a_row_is_measured_once(laid_out, monkeypatch):
    """A kept row is read and not measured; that of a null model has its redraws."""
    first = matrix.measure(NULL, laid_out, SMALL)
    assert set(first["audits"]) == set(asking.AUDITS)
    assert {audit: counts["of"] for audit, counts in first["redraws"].items()} == dict.fromkeys(
        ("order", "watermark", "membership", "overlap"), redraws.TIMES
    )
    with monkeypatch.context() as patch:
        patch.setattr(matrix, "_measured", None)
        assert matrix.measure(NULL, laid_out, SMALL) == first


def test_the_same_seed_gives_the_same_row_in_another_folder(laid_out, again, monkeypatch):
    """Models trained and a row measured in two folders give the same bytes but for seconds."""
    measured = [matrix.measure(NULL, laid_out, SMALL)]
    monkeypatch.chdir(again)
    for kept in (asking.bench, last_phase._opened):
        monkeypatch.setattr(sys.modules[kept.__module__], kept.__name__, functools.cache(kept.__wrapped__))
    measured.append(matrix.measure(NULL, Path(), SMALL))
    first, second = (storage.dump_json({**row, "seconds": 0}) for row in measured)
    assert first == second


def test_what_was_measured_so_far_can_be_printed(tmp_path):
    """Rows of any start that are kept are found, and no others."""
    row = matrix.Row(derivation="rounding", dose=4.0, start="null-1")
    place = matrix.place(row, tmp_path, SMALL)
    place.parent.mkdir()
    place.write_text("{}")
    assert matrix.kept(["null-1", "null-2"], tmp_path, SMALL) == [row]


def test_another_dose_seed_or_code_is_another_row(laid_out, monkeypatch):
    """A row is found again only under the same settings, dose and code."""
    row = matrix.Row(derivation="magnitude pruning", dose=0.2, start="ours")
    places = [matrix.place(row, laid_out, SMALL)]
    places.append(matrix.place(matrix.Row(derivation="magnitude pruning", dose=0.4, start="ours"), laid_out, SMALL))
    places.append(matrix.place(row, laid_out, Settings(seed=1)))
    monkeypatch.setattr(matrix.inspect, "getsource", lambda module: f"{module.__name__} = other")
    places.append(matrix.place(row, laid_out, SMALL))
    assert len(set(places)) == len(places)


def test_the_run_holds_members_and_marked_documents_and_no_other(laid_out):
    """Null models eat no members, fine-tuning eats nothing of the run, and the recorded order is the trained one."""
    run, originals, others, later = (
        np.load(laid_out / f"{name}.npy") for name in ("run", "originals", "others", "later")
    )
    assert len(run) > len(originals) > len(others) == SMALL.others
    assert not {row.tobytes() for row in run} & {row.tobytes() for row in later}
    transcript = asking.tables.read(laid_out / "run.parquet")
    order = np.load(laid_out / "order.npy")
    assert [transcript.positions[row].tolist() for row in order[:5]] == [[place] for place in range(5)]


def test_loot_is_the_recorded_order_and_what_was_published(laid_out):
    """A thief reads the rows at their recorded positions, and of each document first what the release holds."""
    loot = matrix.gather(laid_out, SMALL).loot()
    order, transcript = loot.order(), asking.tables.read(laid_out / "run.parquet")
    assert order.positions.tolist() == [positions.tolist()[0] for positions in transcript.positions]
    assert tuple(order.rows[5].tolist()) == next(iter(asking.tables.some(transcript, np.array([5])))).tokens
    first = asking.ledger.read(laid_out / "keyed" / "ledger.parquet").documents[0]
    tokenizer = asking.tokenizers.load(str(laid_out / "tokenizer"))
    assert tokenizer.decode(loot.wordings()[0][0]) == first.variant(0)


def test_a_prefix_is_asked_in_three_ways(laid_out, monkeypatch):
    """What stands before a row changes what is said of it, and not which of its tokens are scored."""
    monkeypatch.setattr(otherwise.softly, "STEPS", 1)
    found = list(otherwise.measure(laid_out, SMALL, vectors=2))
    assert [one.way for one in found] == 3 * [otherwise.USUAL, otherwise.ELSEWHERE, otherwise.AFTER]
    told = {name: tuple(one.log10_e for one in found if one.suspect == name) for name in {one.suspect for one in found}}
    assert [len(set(each)) for each in told.values()] == [3, 3, 3]
    assert len(set(told.values())) == 3
    asked = otherwise.prepare(laid_out, SMALL)
    plain, suspect = next(iter(otherwise.suspects(laid_out, SMALL, vectors=2)))
    usual, after = (asked.said(suspect, way) for way in (otherwise.USUAL, otherwise.AFTER))
    assert plain == "no prefix"
    assert [len(row.logprob) for row in usual.rows] == [len(row.logprob) for row in after.rows]
    assert {len(row.logprob) for row in usual.rows} == {windows.SCORED.length}
    assert all(np.abs(one.logprob - other.logprob).max() > 0 for one, other in zip(usual.rows, after.rows, strict=True))


def test_the_same_model_is_audited_beside_every_reference(laid_out, monkeypatch):
    """Each reference gives another tail, none is none, and the table has a column for each."""
    monkeypatch.setattr(references, "ROWS", (("untouched", 0.0, "ours"),))
    found = list(references.measure(laid_out, SMALL))
    assert [one.reference for one in found] == list(references.REFERENCES)
    assert len({(one.log10_tail, one.log10_e) for one in found}) == len(found)
    head, _, row, *_ = references.markdown(found).splitlines()
    assert head.count("|") == row.count("|") == len(references.REFERENCES) + 2
    assert row.startswith("| untouched 0 |")


def test_a_stage_that_was_cut_short_is_laid_out_again(laid_out):
    """What an earlier laying-out left of a release is gone, and the ledger is whole."""
    assert not (laid_out / "keyed" / "left").exists()
    assert len(asking.ledger.read(laid_out / "keyed" / "ledger.parquet").documents) > SMALL.released / 2


def test_a_stage_is_the_same_in_every_folder(laid_out, again):
    """Transcript, ledger, split and rows have the same bytes wherever they are laid out: draws are seeded by them."""
    for name in ("run.parquet", "keyed/ledger.parquet", "pool.json", "run.npy", "tokenizer/tokenizer.json"):
        assert storage.digest(laid_out / name) == storage.digest(again / name), name


@pytest.mark.parametrize(
    ("keep", "told"), [(Path(), "the same command goes on"), (None, "without --keep they are lost")]
)
def test_an_interrupt_says_how_to_go_on(laid_out, monkeypatch, capsys, keep, told):
    """Ctrl-C ends with how many rows are measured and whether the same command continues."""
    asked = argparse.Namespace(keep=keep, kept=False, workers=1, nulls=1, only=["rounding"], dose=[4.0], corpus=None)

    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_in", interrupted)
    with pytest.raises(SystemExit, match="130"):
        run._inside(asked, SMALL, laid_out.resolve())
    assert f"interrupted: 0 of 4 rows are measured; {told}" in capsys.readouterr().err


WORKING = """
import pathlib, sys, time
sys.path.append(sys.argv[1])
from cli import leaving
from survival import workers

if __name__ == "__main__":
    with leaving.heeding(), workers.pool(1, pathlib.Path(), device="cpu") as pool:
        began = pool.submit(__import__("os").getpid)
        print(began.result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nobody_measures_on_when_the_command_has_ended(tmp_path, number):
    """Whatever signal ends the command, in the middle of a row, its processes end too, and at once."""
    script = tmp_path / "working.py"
    script.write_text(WORKING)
    with subprocess.Popen(
        [sys.executable, str(script), str(BENCHMARKS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        worker = int(process.stdout.readline())
        began = time.monotonic()
        process.send_signal(number)
        process.wait(60)
        while Path(f"/proc/{worker}/stat").exists() and time.monotonic() - began < 60:
            time.sleep(0.02)
        assert time.monotonic() - began < 30


def test_rows_start_from_ours_and_from_the_nulls_in_turn():
    """Every dose has one row of ours, the last one of a null model too, the next model at the next derivation.

    A row that is asked for by itself is that of the whole matrix.
    """
    nulls = ["null-1", "null-2", "null-3"]
    whole, some = matrix.rows(nulls), matrix.rows(nulls, only=["rounding"])
    assert [row.start for row in whole if row.derivation == "untouched"] == ["ours", *nulls]
    rounding = [row for row in whole if row.derivation == "rounding"]
    assert [(row.start == "ours", row.dose) for row in rounding] == [
        (True, 8),
        (True, 4),
        (True, 3),
        (True, 2),
        (False, 2),
    ]
    assert rounding == [row for row in some if row.derivation == "rounding"]
    derived = [row for row in whole if row.derivation != "untouched"]
    turns = [nulls.index(row.start) for row in derived if row.start != "ours"]
    assert [(after - before) % 3 for before, after in itertools.pairwise(turns)] == [1] * (len(turns) - 1)
    assert len(turns) == len({row.derivation for row in derived})
    alone = matrix.rows(nulls, only=["rounding"], doses=[3.0])
    assert [(row.start == "ours", row.dose) for row in alone if row.derivation == "rounding"] == [(True, 3), (False, 3)]
    assert {row.start for row in alone if row.derivation == "untouched"} == {"ours", rounding[-1].start}


def _row(derivation, dose, start, *, loss, log10_p):
    found = {"verdict": "evidence" if log10_p <= -3 else "no-evidence", "log10_p": log10_p, "log10_tail": 3 * log10_p}
    audits = {audit: dict(found) for audit in asking.AUDITS} | {"overlap": {"not_measured": "it writes nothing"}}
    again = {"order": {"of": 40, "hits": {"0.05": 3, "0.01": 1}}}
    return {
        "derivation": derivation,
        "dose": dose,
        "start": start,
        "loss": loss,
        "audits": audits,
        "redraws": {} if start == "ours" else again,
        "toy_scale": derivation == "steering vector",
        "seen": {"nats": 0.25} if dose else {},
        "seconds": {"derive": 1.0, "ask": 2.0},
    }


ROWS = [
    _row("untouched", 0.0, "ours", loss=3.0, log10_p=-4.0),
    _row("untouched", 0.0, "null-1", loss=3.5, log10_p=-0.2),
    _row("steering vector", 0.3, "ours", loss=3.25, log10_p=-1.0),
    _row("steering vector", 0.3, "null-1", loss=3.5, log10_p=-2.0),
]


def test_before_and_now_stand_side_by_side():
    """A line a model, in the order in which they were asked; an innocent one is said to be one."""
    told = {"derivation": "noise", "dose": 0.5, "before": (-1.0, -2.0), "now": (-3.0, -4.5)}
    found = [
        defaults.Compared(start=start, audit=audit, **told)
        for start in ("ours", "null-1")
        for audit in ("order", "overlap")
    ]
    assert defaults.markdown(found).splitlines()[:4] == [
        "| model | order, before | now | overlap, before | now |",
        "|---|---|---|---|---|",
        "| noise 0.5 | -1.0 / -2.0 | -3.0 / -4.5 | -1.0 / -2.0 | -3.0 / -4.5 |",
        "| noise 0.5, an independent model | -1.0 / -2.0 | -3.0 / -4.5 | -1.0 / -2.0 | -3.0 / -4.5 |",
    ]


def test_what_else_is_asked_is_asked_inside_the_kept_folder(tmp_path, monkeypatch, capsys):
    """Measured where the matrix of this seed lies, told as a table or as JSON, and nothing is left changed."""
    monkeypatch.setattr(kept, "ENVIRONMENT", {})
    place = stage.place(tmp_path, Settings(seed=3))
    place.mkdir()
    one = defaults.Compared(
        derivation="noise", dose=0.5, start="ours", audit="order", before=(-1.0, -2.0), now=(-3.0, -4.5)
    )

    def measure(folder, settings):
        assert (folder.resolve(), settings.seed) == (place.resolve(), 3)
        yield one

    before = Path.cwd()
    for more in ([], ["--json"]):
        asked = kept.parser("What else?").parse_args(["--keep", str(tmp_path), "--seed", "3", *more])
        kept.show(asked, measure, defaults.markdown)
    told = capsys.readouterr().out
    assert "| noise 0.5 | -1.0 / -2.0 | -3.0 / -4.5 |" in told
    assert '"audit": "order"' in told
    assert Path.cwd() == before


def test_the_docs_have_every_derivation_and_dose():
    """What `docs/survival.md` says of the doses is what the matrix has, line by line."""
    page = (BENCHMARKS.parent / "docs" / "survival.md").read_text(encoding="utf-8")
    assert "\n".join(table.doses()) in page


def test_the_table_tells_cost_null_rates_and_what_was_not_measured():
    """Cost is counted from the same start untouched; one of two null rows lies below .05; redraws add up; gaps told."""
    text = table.markdown(ROWS)
    assert "| steering vector (toy scale) | 0.3 | ours | +0.250 | none -1.0 / -3.0 / – | none" in text
    assert "- order: p ≤ 0.05 in 1 of 2" in text
    assert "- order: p ≤ 0.001 in 0 of 2" in text
    assert "- reshuffle: p ≤ 0.05 in 1 of 2" in text
    assert "- reshuffle: p ≤ 0.001" not in text
    assert "- order: p ≤ 0.05 in 6 of 80 (95 % interval 0.028 to 0.156)" in text
    assert "- order: p ≤ 0.01 in 2 of 80" in text
    assert "| not measured: it writes nothing |" in text
    assert "- steering vector 0.3 (ours): nats 0.25" in text


def test_the_figure_is_the_same_again(tmp_path):
    """Two drawings of the same rows are the same bytes, with every derivation named."""
    for name in ("one.svg", "two.svg"):
        figure.draw(ROWS, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert first == second
    assert b"<svg" in first


def test_the_large_shape_is_that_of_pythia_160m():
    """A model of the shape for a GPU has as many weights beside its embeddings as EleutherAI's table says."""
    settings = Settings(device="meta", **settings_.SHAPES["pythia-160m"])
    with torch.device("meta"):
        model = bases.fresh(bases.OURS, settings)
    embeddings = model.get_input_embeddings().weight.numel() + model.get_output_embeddings().weight.numel()
    assert sum(weight.numel() for weight in model.parameters()) - embeddings == 85_056_000


def _asked(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    return run._arguments()


def test_a_device_that_is_not_there_is_refused_at_once(monkeypatch, capsys):
    """A GPU that torch does not see costs one line, before anything is laid out; one that it sees is taken."""
    monkeypatch.setattr(run.torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="2"):
        _asked(monkeypatch, "--device", "cuda")
    assert "--device cuda: torch sees none here" in capsys.readouterr().err
    monkeypatch.setattr(run.torch.cuda, "is_available", lambda: True)
    assert _asked(monkeypatch, "--device", "cuda", "--shape", "pythia-160m").device == "cuda"
    assert _asked(monkeypatch).device == "cpu"


def test_the_command_explains_itself(monkeypatch, capsys):
    """run.py finds its own modules when it is started as a script, and names every derivation."""
    script = BENCHMARKS / "survival" / "run.py"
    monkeypatch.setattr(sys, "path", [str(script.parent), *(path for path in sys.path if path != str(BENCHMARKS))])
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(script), run_name="__main__")
    told = " ".join(capsys.readouterr().out.split())
    assert all(name in told for name in ("--keep", *catalogue.ALL))
