"""What a scoring will cost is counted as the suspect counts, and timed on a first batch."""

import dataclasses

import numpy as np
import pytest

from provenance import estimates, questions, tokenizers, training
from provenance.records import Record, Score, Window
from provenance.suspects import causal_lm, ngram


@dataclasses.dataclass(frozen=True)
class Paced:
    """A real suspect that takes ten milliseconds a letter by its own clock, and a second to begin with."""

    clock: list
    tokenizer: None = None
    identity: dict = dataclasses.field(default_factory=lambda: {"suspect": "paced", "kind": "fake"})

    def score(self, records, *, window, progress):
        """Let the clock go on."""
        del window, progress
        self.clock[0] += 0 if self.clock[1:] else 1
        self.clock[1:] = ["begun"]
        for record in records:
            self.clock[0] += len(record.text) / 100
            yield Score(id=record.id, logprob=np.float32([0]))


@dataclasses.dataclass(frozen=True)
class Counted(Paced):
    """One that counts letters."""

    def count(self, records, *, window):
        """Count them."""
        del window
        return sum(len(record.text) for record in records)


RECORDS = [Record(id=str(row), text=f"{row:04}" * 10) for row in range(100)]


@pytest.mark.parametrize(("kind", "tokens", "exact"), [(Counted, 4000, True), (Paced, 1000, False)])
def test_time_is_that_of_the_first_batches(monkeypatch, kind, tokens, exact):
    """What only the first question costs is not reckoned; the rest is, by tokens or else by letters."""
    suspect = kind([0.0])
    monkeypatch.setattr(estimates, "TRIED", 100)
    monkeypatch.setattr(estimates.time, "perf_counter", lambda: suspect.clock[0])
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    found = estimates.estimate(asked, suspect, [0], tried=True)
    assert (found.texts, found.tokens, found.exact) == (100, tokens, exact)
    assert found.seconds == pytest.approx(40)
    assert suspect.clock[0] == pytest.approx(1 + 2 * 4)
    assert found.price(2.5) == tokens * 2.5e-6


def test_of_little_all_is_tried():
    """Where one batch holds everything its time is what there is to go by."""
    suspect = Counted([0.0])
    asked = questions.prepare(RECORDS[:1], suspect, window=None, tokenizer=None)
    assert estimates.estimate(asked, suspect, [0], tried=True).seconds < 1


def test_nothing_is_asked_unless_tried():
    """Counting asks the suspect nothing, and of nothing to do there is nothing to try."""
    suspect = Counted([0.0])
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    assert estimates.estimate(asked, suspect, [0], tried=False).seconds is None
    assert estimates.estimate(asked, suspect, [], tried=True).seconds is None
    assert suspect.clock == [0.0]


def test_of_very_much_a_part_is_counted(monkeypatch):
    """Beyond a limit the rest is reckoned by what the first shards had, and that is said."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 10)
    monkeypatch.setattr(estimates, "COUNTED", 250)
    suspect = Counted([0.0])
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    found = estimates.estimate(asked, suspect, range(10), tried=False)
    assert (found.tokens, found.exact) == (4000, False)


def test_models_count_what_they_read(tmp_path):
    """A Hugging Face model counts the tokens of its windows, a counting model its bytes."""
    training.train_tokenizer(["some words and other words, again and again"] * 9, vocabulary=300, out=tmp_path)
    shape = training.Shape(layers=1, width=16, heads=2, vocabulary=300, context=16)
    training.new_model(shape, seed=0).save_pretrained(tmp_path)
    model, encoder = causal_lm.load(str(tmp_path)), tokenizers.load(str(tmp_path))
    texts = [Record(id="a", text="some words"), Record(id="b", text="again and other")]
    lengths = [len(encoder(record.text)["input_ids"]) for record in texts]
    assert model.count(texts, window=None) == sum(lengths)
    assert model.count(texts, window=Window(start=1, length=1)) == 4
    long = Record(id="c", tokens=tuple(range(40)))
    assert model.count([long], window=None) == 16 * 4
    ngram.count(texts, out=tmp_path / "n.parquet", inputs={})
    assert ngram.load(str(tmp_path / "n.parquet")).count(texts, window=None) == 25
