"""Small models in a recorded order."""

import numpy as np
import pytest
import torch

from provenance import tokenizers, training

SHAPE = training.Shape(layers=1, width=32, heads=2, vocabulary=300, context=32)


@pytest.fixture(scope="module")
def sequences():
    """Token ids with something to learn: each is the one before plus three."""
    return ((np.arange(16)[None, :] * 3 + np.arange(160)[:, None]) % 290).astype(np.int32)


def _loss(model, sequences):
    ids = torch.from_numpy(sequences.astype(np.int64))
    with torch.inference_mode():
        return float(model(input_ids=ids, labels=ids).loss)


def test_loss_falls(sequences):
    """A trained model finds its data likelier than an untrained one."""
    before = _loss(training.new_model(SHAPE, seed=0).eval(), sequences)
    model = training.train(training.new_model(SHAPE, seed=0), sequences, order=np.tile(np.arange(160), 4))
    assert _loss(model, sequences) < before - 0.5


def test_same_seed_and_order_same_weights(sequences):
    """Seed and order determine the weights, and another order gives others."""
    orders = [np.arange(160), np.arange(160), np.arange(160)[::-1]]
    states = [
        training.train(training.new_model(SHAPE, seed=1), sequences, order=order).state_dict() for order in orders
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_new_models_leave_the_randomness_of_others_alone():
    """Making a model from a seed does not move torch's own generator."""
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two = (training.new_model(SHAPE, seed=1).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_steps_are_counted(sequences):
    """Every row of the order is reported once its step is done, the last short batch too."""
    seen = []
    order = np.arange(21)
    training.train(training.new_model(SHAPE, seed=1), sequences, order=order, after_step=seen.append)
    assert seen == [8, 8, 5]


def test_tokenizers_round_trip(tmp_path):
    """A trained tokenizer is the same after it was saved and loaded, and gives any text back."""
    text = "An unusual café — naïve, but  well-spaced.\n"
    training.train_tokenizer([text] * 3, vocabulary=300, out=tmp_path)
    loaded = tokenizers.load(str(tmp_path))
    assert loaded.decode(loaded(text)["input_ids"]) == text
    loaded.save_pretrained(tmp_path / "again")
    again = tokenizers.load(str(tmp_path / "again"))
    assert tokenizers.tokenizer_digest(again) == tokenizers.tokenizer_digest(loaded)


def test_packing_keeps_every_token(tmp_path):
    """Texts stand one after the other with an end mark between, cut into equal rows."""
    tokenizer = training.train_tokenizer(["a few words"] * 3, vocabulary=300, out=tmp_path)
    packed = training.pack(["a few words", "words"] * 4, tokenizer, length=6)
    expected = [token for text in ["a few words", "words"] * 4 for token in [*tokenizer(text)["input_ids"], 0]]
    assert packed.shape[1] == 6
    assert packed.ravel().tolist() == expected[: packed.size]
    assert len(expected) - packed.size < 6
