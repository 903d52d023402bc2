"""Signals whose value can be worked out by hand."""

import math
import zlib

import numpy as np
import pytest

from provenance.audits.membership import attacks, pools, replies, tagging, views
from provenance.errors import InputError
from provenance.records import Document, Score
from provenance.scoring import Scores

TEXTS = ("The quick Vermeer slept.", "A palimpsest is a page. It was scraped by Anna.", "one two", "three four")
LOGPROB = ([-1.0, -2.0, -6.0, -3.0], [-0.5, -4.0], [-2.0, -2.0], [-8.0, -1.0])


def _pool():
    documents = [Document(id=str(row), text=text) for row, text in enumerate(TEXTS)]
    halves = [pools.Side(documents=tuple(part), sha256="0" * 64) for part in (documents[:2], documents[2:])]
    return pools.join(*halves)


def _rows(logprob=LOGPROB, *, view="text", **columns):
    return tuple(
        Score(
            id=str(row),
            set=pools.SETS[row // 2],
            view=view,
            logprob=np.float32(values),
            **{name: column[row] for name, column in columns.items()},
        )
        for row, values in enumerate(logprob)
    )


def _measured(rows, *, references=(), rendering="text", window=None, name, min_k=(20,)):
    """Give a signal by text, in the order of `TEXTS`, or the reason why it was not measured."""
    suspect = {"suspect": "fake", "weights": "fake"}
    scores = [
        Scores(rows=given, suspect=suspect, rendering=rendering, window=window, inputs={}, sha256="")
        for given in (rows, *references)
    ]
    gathered = replies.gather(_pool(), scores[0], scores[1:])
    found = next(one for one in attacks.measure(gathered, min_k=min_k) if one.name == name)
    if isinstance(found, attacks.NotMeasured):
        return found.reason
    by_id = dict(zip(gathered.pool.ids, found.values.tolist(), strict=True))
    return [by_id[str(row)] for row in range(len(TEXTS))]


def test_mean_logprob():
    """Perplexity's logarithm, negated: the mean over tokens."""
    assert _measured(_rows(), name="mean-logprob") == pytest.approx([-3, -2.25, -2, -4.5])


def test_mean_logprob_of_sums():
    """Of one sum a text the mean is over characters; under a window all sums are over as many tokens."""
    sums = _rows([[-12.0], [-4.0], [-4.0], [-9.0]])
    by_character = [total / len(text) for total, text in zip((-12, -4, -4, -9), TEXTS, strict=True)]
    assert _measured(sums, rendering="sum", name="mean-logprob") == pytest.approx(by_character)
    assert _measured(sums, rendering="sum", window="0:9", name="mean-logprob") == pytest.approx([-12, -4, -4, -9])


def test_zlib_ratio():
    """The whole text's log-probability over the bits that zlib needs."""
    bits = [8 * len(zlib.compress(text.encode())) for text in TEXTS]
    assert _measured(_rows(), name="zlib") == pytest.approx([sum(a) / b for a, b in zip(LOGPROB, bits, strict=True)])


@pytest.mark.parametrize(("percent", "values"), [(20, [-6, -4, -2, -8]), (50, [-4.5, -4, -2, -8]), (100, None)])
def test_min_k(percent, values):
    """The mean of the least likely tokens, one at the least; all of them are the mean log-probability."""
    expected = values or [-3, -2.25, -2, -4.5]
    assert _measured(_rows(), name=f"min-k-{percent}", min_k=(percent,)) == pytest.approx(expected)


def test_min_k_plus():
    """Tokens are standardised by the model's own distribution before the least are taken; certainty divides by 1e-3."""
    mean = [np.float32(np.full(len(values), -2)) for values in LOGPROB]
    sd = [np.float32(np.full(len(values), scale)) for values, scale in zip(LOGPROB, (2, 4, 1, 0), strict=True)]
    assert _measured(_rows(mean=mean, sd=sd), name="min-k++-20") == pytest.approx([-2, -0.5, 0, -6000], rel=1e-5)


def test_reference_difference():
    """Log-probability a character beyond the mean of the references."""
    one, other = _rows([[-6.0], [-2.0], [-2.0], [-4.0]]), _rows([[-8.0], [-2.0], [-2.0], [-4.0]])
    found = _measured(_rows(), references=(one, other), name="reference-difference")
    expected = [(-12 + 7) / len(TEXTS[0]), (-4.5 + 2) / len(TEXTS[1]), (-4 + 2) / 7, (-9 + 4) / 10]
    assert found == pytest.approx(expected)


def test_dc_pdd():
    """At a token's first occurrence its probability times −log of its frequency, at most 0.01, averaged."""
    tokens = [(1, 1, 2, 3), (4, 1), (5, 5), (2, 6)]
    low = [[-9.0] * len(values) for values in LOGPROB]
    counts, total = {1: 3, 2: 2, 3: 1, 4: 1, 5: 2, 6: 1}, 10
    calibrated = {token: math.exp(-9) * -math.log((count + 1) / (total + 6)) for token, count in counts.items()}
    expected = [np.mean([calibrated[token] for token in set(row)]) for row in tokens]
    assert _measured(_rows(low, tokens=tokens), name="dc-pdd") == pytest.approx(expected, rel=1e-5)
    assert _measured(_rows([[0.0] * len(row) for row in tokens], tokens=tokens), name="dc-pdd") == [0.01] * 4


def test_tags():
    """The rarest words of each sentence and names inside it, but not the word that merely begins it."""
    tagged = [word.text for word in tagging.tag(TEXTS[1] + " Of all of the things that it is to be on the London bus.")]
    assert {"palimpsest", "scraped", "Anna", "London"} <= set(tagged)
    assert {"of", "the", "it", "to"}.isdisjoint(tagged[6:])


def test_tag_and_tab():
    """Only tokens that share a character with a tagged word count; the first token, never scored, shifts them all."""
    text = "It is on the palimpsest and so is it. Then the Anna came up."
    ends = np.array([3, 6, 10, 15, 21, 25, 28, 31, 34, 35, 40, 44, 49, 54, 57])
    logprob = np.arange(1.0, 16.0)
    shift = len(text) - ends[-1]
    tagged = {at for word in tagging.tag(text) for at in range(word.start, word.end)}
    inside = [
        value
        for value, low, high in zip(logprob, [0, *ends[:-1]], ends, strict=True)
        if tagged & set(range(low + shift, high + shift))
    ]
    score = Score(id="a", logprob=-np.float32(logprob), ends=tuple(ends.tolist()))
    assert 0 < len(inside) < len(ends)
    assert tagging.tab(score, text) == pytest.approx(-np.mean(inside))
    assert math.isnan(tagging.tab(score, "... " * 20))


def test_signals_of_other_views():
    """Lower case and prefix are ratios of means, neighbours a difference; larger is always the member."""
    names = (views.LOWER, *(views.neighbour_view(number) for number in range(2)))
    half = [[value / 2 for value in values] for values in LOGPROB]
    rows = _rows() + tuple(row for name in names for row in _rows(half, view=name))
    assert _measured(rows, name="lower-case") == pytest.approx([0.5] * 4)
    assert _measured(rows, name="neighbourhood") == pytest.approx([-1.5, -1.125, -1, -2.25])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("min-k-20", "not a number a token"),
        ("min-k++-20", "mean and spread"),
        ("dc-pdd", "token ids"),
        ("tag-and-tab", "which characters"),
        ("reference-difference", "no reference"),
        ("lower-case", "--signal lower-case"),
        ("recall", "--signal recall"),
        ("neighbourhood", "--signal neighbourhood"),
    ],
)
def test_what_sums_cannot_give_is_not_measured(name, reason):
    """A suspect that gives one sum a text leaves most signals unmeasured, each with its reason."""
    assert reason in _measured(_rows([[-12.0], [-4.0], [-4.0], [-9.0]]), rendering="sum", name=name)


def test_views_are_made_of_texts_alone():
    """Every view has every text; neighbours keep length in words and most words; a prefix is of non-members."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["red", "green", "blue", "tall", "Small"], size=30)) + f" {row}" for row in range(40)]
    documents = [Document(id=str(row), text=text) for row, text in enumerate(texts)]
    halves = [pools.Side(documents=tuple(part), sha256="0" * 64) for part in (documents[:20], documents[20:])]
    pool = pools.join(*halves)
    records = views.records(pool, passes=views.PASSES)
    assert len(records) == 40 * (3 + views.NEIGHBOURS)
    assert views.cost(records)[0] == 40 * (2 + views.NEIGHBOURS)
    before = views.prefix(pool)
    assert np.count_nonzero(before.rows & ~pool.sides) == views.SHOTS
    assert before.rows.tolist() == sorted(before.rows.tolist(), reverse=True)
    assert not pool.sides[np.flatnonzero(before.rows)[-1]]
    assert {record.context for record in records if record.view == before.view} == {before.text}
    near = {record.id: record.text for record in records if record.view == views.neighbour_view(0)}
    changed = [
        np.mean([one != other for one, other in zip(text.split(), near[id_].split(), strict=True)])
        for id_, text in zip(pool.ids, pool.texts, strict=True)
    ]
    assert 0 < np.mean(changed) < 0.3


def test_a_pass_that_is_none_is_refused():
    """Only signals that need a pass of their own can be asked for."""
    with pytest.raises(InputError, match="'zlib' needs no pass"):
        views.records(_pool(), passes=["zlib"])


def test_too_few_non_members_for_a_prefix():
    """A prefix that would leave no non-members is refused."""
    with pytest.raises(InputError, match="2 clusters of non-members; expected at least 9"):
        views.prefix(_pool())
