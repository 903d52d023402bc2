"""How many documents a watermark audit needs, and how many variants of each."""

import dataclasses
import math
from pathlib import Path

import pytest

from provenance.audits import sizing
from provenance.errors import InputError
from provenance.evidence import Auroc, Effect, Evidence, Statistic
from watermark import planning
from watermark.ledger import Ledger, Marked
from watermark.sites import Site

GOAL = sizing.Goal(family=("theirs",), power=0.9, alpha=0.001)


def _ledger(documents, *, variants=5):
    """A ledger of documents of 800 characters with one site each."""
    site = Site(start=0, end=1, word="a", options=("a", "b"))
    marked = tuple(
        Marked(id=str(row), text="a" * 800, sites=(site,), chosen=((0, 1, 0, 1, 0)[:variants],))
        for row in range(documents)
    )
    return Ledger(
        path=Path("l.parquet"),
        sha256="a" * 64,
        documents=marked,
        release="r",
        key_id="k",
        recipient=None,
        settings={},
    )


def _trial(*, win_rate=0.7, low=0.6, documents=60, pvalue=1e-3, **changes):
    plain = {
        "audit": "watermark",
        "claim": "c",
        "null": "n",
        "verdict": "no-evidence",
        "alpha": 0.001,
        "n": documents,
        "pvalue": pvalue,
        "log10_pvalue": math.log10(pvalue),
        "pvalue_method": "redraw(resamples=9999)",
        "decided_by": "permutation",
        "statistic": Statistic(name="published-minus-alternates", value=9.0),
        "effect": Effect(name="nats-per-document", value=0.3, low=0.2, high=0.4, level=0.95),
        "auroc": Auroc(value=win_rate, low=low, high=0.8, level=0.95, positives=documents, negatives=4 * documents),
        "gates": (),
        "caveats": (),
        "commitments": (),
        "inputs": {"ledger": "a" * 64, "scores": "b" * 64},
        "suspect": {"suspect": "hf:theirs"},
        "references": (),
        "seed": 4,
    }
    return sizing.Trial(evidence=Evidence(**{**plain, **changes}), sha256="c" * 64, path="pilot.json")


def test_pairs_while_there_are_documents():
    """Enough documents: one alternate each, so two texts a document, of 200 tokens at four characters a token."""
    plan = planning.watermark(GOAL, effect=0.6, books=[_ledger(1000)])
    assert (plan.alternates, plan.queries, plan.units) == (1, 2 * plan.needed, plan.needed)
    assert plan.tokens == 200 * plan.queries
    assert plan.inputs == {"ledger": "a" * 64}
    assert planning.sites([_ledger(1000)], plan.units) == plan.units


def test_more_variants_where_documents_run_out():
    """Too few documents for pairs: as many more alternates as suffice, at a higher price in texts."""
    pairs = planning.watermark(GOAL, effect=0.6)
    plan = planning.watermark(GOAL, effect=0.6, books=[_ledger(pairs.needed * 3 // 4)])
    assert 1 < plan.alternates < 4
    assert plan.needed <= plan.units == pairs.needed * 3 // 4
    assert plan.queries == plan.units * (plan.alternates + 1) > pairs.queries


def test_what_all_there_is_would_reach():
    """Where all variants of all documents do not suffice the plan says which chance they give."""
    plan = planning.watermark(GOAL, effect=0.55, books=[_ledger(100)])
    assert (plan.alternates, plan.units, plan.queries) == (4, 100, 500)
    assert 0 < plan.reached < 0.5


def test_no_fewer_documents_than_the_smallest_p_needs():
    """However large the effect, 2^−n must be able to reach the level: thirty documents for 1e-9."""
    assert planning.watermark(dataclasses.replace(GOAL, alpha=1e-9), effect=0.999).needed >= 30


def test_a_pilot():
    """A pilot's win rate is the effect, its interval the lower end; one of the same ledger leaves a bet."""
    plan = planning.watermark(GOAL, pilot=_trial(inputs={"ledger": "d" * 64}), books=[_ledger(1000)])
    stated = planning.watermark(GOAL, effect=0.7, books=[_ledger(1000)])
    assert (plan.needed, plan.decided_by, plan.effect.low) == (stated.needed, "permutation", 0.6)
    assert plan.needed_if_low > plan.needed
    same = planning.watermark(GOAL, pilot=_trial(), books=[_ledger(1000)])
    assert (same.stop_early, same.decided_by, same.seed) == (True, "evalue", 4)
    assert (same.units, same.queries) == (1000, 5000)


def test_a_pilot_that_won_throughout():
    """Sixty wins of sixty are planned as if half a document had been lost: nothing is infinite."""
    plan = planning.watermark(GOAL, pilot=_trial(win_rate=1.0, low=0.95))
    assert plan.effect.value == pytest.approx(59.5 / 60)
    assert plan.needed >= 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audit": "order"}, "pilot of order; expected evidence of an audit of watermark"),
        ({"win_rate": 0.45}, "no better than chance"),
        ({"auroc": None}, "no better than chance"),
        ({"pvalue": 0.3}, "the pilot saw no effect"),
    ],
)
def test_pilots_that_tell_nothing(changes, message):
    """A pilot of another audit, or one that saw nothing, is refused by name."""
    with pytest.raises(InputError, match=message):
        planning.watermark(GOAL, pilot=_trial(**changes))


@pytest.mark.parametrize("effect", [None, 0.5, 0.3, 1.0, math.nan])
def test_effects_that_are_none(effect):
    """A win rate that is not above ½, its null value, and below 1 is refused."""
    with pytest.raises(InputError, match="win rate"):
        planning.watermark(GOAL, effect=effect)


def test_no_alternate():
    """A ledger without alternates has nothing to compare with."""
    with pytest.raises(InputError, match="no document has an alternate"):
        planning.watermark(GOAL, effect=0.6, books=[_ledger(20, variants=1)])
