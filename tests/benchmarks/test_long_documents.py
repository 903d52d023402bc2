"""``benchmarks/long_documents.py``: the ways of reading a long text are what they are called."""

import dataclasses
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from provenance import scoring, suspects, training
from provenance.records import Record

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
long_documents = importlib.import_module("long_documents")
readings, workshop = (importlib.import_module(f"lengths.{name}") for name in ("readings", "workshop"))

TEXT = "The old harbour was quiet, and the boats lay still in the grey water of the morning. "
LETTERS = "".join(np.random.default_rng(0).choice([*"zqxjvkbfgm"], size=200))
"""Text of about as many tokens as it has letters."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model with random weights and a context of 32."""
    place = tmp_path_factory.mktemp("model")
    tokenizer = training.train_tokenizer([TEXT] * 5, vocabulary=320, out=place)
    model = training.new_model(training.Shape(layers=2, width=32, heads=2, vocabulary=320, context=32), seed=0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    training.save(model, place, tokenizer=tokenizer)
    return place


@torch.inference_mode()
def _plain(model, ids):
    return model.base_model(input_ids=ids[None]).last_hidden_state[0]


def test_windows_move_on_and_are_read_again(folder):
    """Beyond the context each token has all that fits before it, with the text's beginning in front where asked."""
    model, ids = training.load(folder).eval(), torch.arange(50) + 100
    with torch.inference_mode():
        found = readings.windows(model, ids, context=32, step=12)
        sunk = readings.windows(model, ids, context=32, step=12, sinks=4)
    torch.testing.assert_close(found[:32], _plain(model, ids[:32]))
    torch.testing.assert_close(found[32:44], _plain(model, ids[12:44])[-12:])
    torch.testing.assert_close(found[44:], _plain(model, ids[18:50])[-6:])
    torch.testing.assert_close(sunk[44:], _plain(model, torch.cat([ids[:4], ids[22:50]]))[-6:])
    assert len(found) == len(sunk) == 50


def test_all_ways_agree_on_a_text_within_the_window(folder):
    """Whatever the way, a text that fits is scored as provtool scores it; a longer one is scored to its end."""
    short, long = (Record(id="a", text=LETTERS[:count]) for count in (25, 80))
    for name, suspect in long_documents.ways(folder, 32).items():
        if name.endswith("1/2") and name.startswith("streamed"):
            continue
        said = scoring.score([short], suspect=suspect).rows[0]
        wanted = scoring.score([short], suspect=suspects.load(str(folder))).rows[0]
        assert said.logprob == pytest.approx(wanted.logprob, abs=1e-4), name
        assert (said.tokens, said.ends) == (wanted.tokens, wanted.ends)
        assert len(scoring.score([long], suspect=suspect).rows[0].logprob) > 32


def test_ways_have_names_of_their_own(folder):
    """Scores of two ways are not taken for each other."""
    found = long_documents.ways(folder, 16)
    identities = {name: {**suspect.identity} for name, suspect in found.items()}
    readers = [one["reading"] for name, one in identities.items() if name != long_documents.TODAY]
    assert len(set(readers)) == len(found) - 1


def test_the_loss_is_told_up_to_the_window_and_beyond(folder):
    """With 16 tokens in sight, the mean of all is between the means of both parts."""
    suspect = dataclasses.replace(suspects.load(str(folder)), context=16)
    records = [Record(id=str(row), text=LETTERS[row : row + 40]) for row in range(2)]
    told = long_documents._loss(records, suspect, 16)
    rows = scoring.score(records, suspect=suspect).rows
    assert told["beyond"] == pytest.approx(-float(np.concatenate([row.logprob[15:] for row in rows]).mean()))
    assert min(told["up to the window"], told["beyond"]) < told["loss"] < max(told["up to the window"], told["beyond"])


def test_neighbours_are_joined_until_they_are_long_enough():
    """Documents keep the order of the prose, and each has as many tokens as were drawn, and no whole text too many."""
    texts = [f"text {number}" for number in range(300)]
    settings = workshop.Settings(least=50, most=100)
    found = workshop.joined(texts, [10] * 300, settings=settings, rng=np.random.default_rng(0))
    parts = [document.split("\n\n") for document in found]
    assert [part for document in parts for part in document] == texts[: sum(map(len, parts))]
    assert {len(document) for document in parts} <= set(range(5, 11))
    assert len({len(document) for document in parts}) > 2


def test_the_table_has_a_cell_for_every_number():
    """Rows that lack a number show a dash."""
    told = long_documents._table([{"reading": "streamed", "loss": 4.56789}, {"reading": "windows", "auroc": None}])
    assert told.splitlines()[0] == "| reading | loss | auroc |"
    assert told.splitlines()[2:] == ["| streamed | 4.568 | – |", "| windows | – | – |"]
