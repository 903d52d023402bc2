"""The membership audit of suspects whose answers have a closed form."""

import dataclasses
import math

import numpy as np
import pytest

from provenance import evidence as evidences
from provenance import report, scoring
from provenance.audits import membership
from provenance.audits.membership import finding, pools, views
from provenance.errors import InputError, MismatchError
from provenance.records import Document, Score

TOKENS = 12
WORDS = [f"{first}{last}" for first in ("bar", "lin", "mor", "tas", "ven") for last in ("do", "ka", "ri", "su", "tel")]
CENTURY = [str(year) for year in range(1900, 2000)]


def _side(name, texts, *, clusters=None):
    documents = tuple(Document(id=f"{name}{row}", text=text) for row, text in enumerate(texts))
    return membership.Side(documents=documents, sha256=name * 64, clusters=clusters)


def _prose(rng, count, *, words=WORDS):
    return [f"{' '.join(rng.choice(words, size=40))} {rng.integers(10**9)}." for _ in range(count)]


def _alike(count=80, *, seed=0):
    """Two sides that chance alone sets apart."""
    rng = np.random.default_rng(seed)
    return _side("a", _prose(rng, count)), _side("b", _prose(rng, count))


def _drawn(count=160, *, seed=1):
    """Two sides that were drawn, and how."""
    texts = _prose(np.random.default_rng(0), count)
    documents = [Document(id=f"d{row}", text=text) for row, text in enumerate(texts)]
    into = membership.split([document.id for document in documents], seed=seed)
    sides = [
        membership.Side(
            documents=tuple(one for one, member in zip(documents, into, strict=True) if member == side),
            sha256=str(int(side)) * 64,
        )
        for side in (True, False)
    ]
    return *sides, membership.Split(seed=seed)


def _scores(members, others, *, lift=0.0, seed=0, name="suspect", number=None):
    """Log-probabilities around −3, members higher by `lift`; deterministic in id and seed."""
    rows = []
    for side, documents in zip(pools.SETS, (members.documents, others.documents), strict=True):
        for document in documents:
            rng = np.random.default_rng([seed, *document.id.encode(), *side.encode()])
            logprob = rng.normal(-3, 1, size=TOKENS) + (lift if side == "members" else 0)
            rows.append(
                Score(
                    id=document.id,
                    set=side,
                    logprob=np.float32(logprob if number is None else np.full(TOKENS, number)),
                    tokens=tuple(range(TOKENS)),
                    mean=np.full(TOKENS, -3, dtype=np.float32),
                    sd=np.ones(TOKENS, dtype=np.float32),
                )
            )
    suspect = {"suspect": name, "kind": "fake", "weights": name}
    return scoring.Scores(
        rows=tuple(rows), suspect=suspect, rendering="text", window=None, inputs={}, sha256=f"{name}{seed}{lift}"
    )


def _gate(found, name):
    return next(gate for gate in found.gates if gate.name == name)


def test_members_of_a_drawn_split_are_found():
    """Where members were drawn, a small lift is evidence, at the floor of p, whatever the blind classifiers say."""
    members, others, drawn = _drawn()
    found = membership.audit(members, others, _scores(members, others, lift=0.4), drawn=drawn)
    assert (found.verdict, found.pvalue, found.decided_by) == ("evidence", 1e-4, "permutation")
    assert found.effect.name == "nats-a-token-members-minus-nonmembers"
    assert found.effect.low < 0.4 < found.effect.high
    assert found.auroc.low > 0.5
    assert found.asymptotic.log10_pvalue < -4
    assert "drawn at random" in _gate(found, "blind").detail
    assert "split_seed=1" in found.pvalue_method


def test_without_a_record_a_small_lift_is_inconclusive():
    """The same p is not enough where nobody knows how members were chosen: blind guesses could have done as well."""
    members, others = _alike()
    found = membership.audit(members, others, _scores(members, others, lift=0.3, seed=1))
    assert found.pvalue <= 1e-3
    assert found.auroc.low > 0.5
    assert (found.verdict, [gate.name for gate in found.gates if not gate.passed]) == ("inconclusive", ["blind"])
    assert found.caveats[0] == finding.CONDITIONAL


def test_without_a_record_a_suspect_must_exceed_every_blind_guess():
    """Members that a suspect knows far better than any classifier of texts does are evidence."""
    members, others = _alike()
    found = membership.audit(members, others, _scores(members, others, lift=1.5))
    assert found.verdict == "evidence"
    assert found.auroc.low > max(effect.high for effect in found.effects)


@pytest.mark.parametrize("shifted", ["source", "time"])
def test_sets_that_differ_by_themselves_are_inconclusive(shifted):
    """Another vocabulary, or later years, tell the sides apart without a model: what a suspect knows proves nothing."""
    rng = np.random.default_rng(2)
    others = [word[::-1] for word in WORDS] if shifted == "source" else [*WORDS, *CENTURY[60:]]
    members = WORDS if shifted == "source" else [*WORDS, *CENTURY[:60]]
    sides = _side("a", _prose(rng, 60, words=members)), _side("b", _prose(rng, 60, words=others))
    found = membership.audit(*sides, _scores(*sides, lift=1.0))
    assert found.signals[0]["log10_pvalue_holm"] <= -3
    assert max(effect.low for effect in found.effects) > 0.9
    assert found.verdict == "inconclusive"


def test_an_unseen_set_is_no_evidence():
    """A suspect that owes nothing to who is a member has a middling p."""
    members, others, drawn = _drawn()
    found = membership.audit(members, others, _scores(members, others), drawn=drawn)
    assert found.pvalue > 0.01
    assert found.verdict == "no-evidence"


def test_direction():
    """Members that the suspect knows worse are no evidence: nothing is flipped."""
    members, others, drawn = _drawn()
    found = membership.audit(members, others, _scores(members, others, lift=-1.0), drawn=drawn)
    assert found.pvalue > 0.99
    assert found.signals[0]["name"] == "mean-logprob"
    assert found.signals[0]["auroc"]["high"] < 0.5
    assert found.signals[0]["log10_pvalue"] == 0.0


def test_every_signal_is_described_and_holm_adjusted():
    """A signal has its area, rates and p-values, or the reason why not; adjusted p are never below their own."""
    members, others, drawn = _drawn()
    found = membership.audit(members, others, _scores(members, others, lift=0.5), drawn=drawn, min_k=(10, 20))
    measured = {one["name"]: one for one in found.signals if "auroc" in one}
    missing = {one["name"]: one["not_measured"] for one in found.signals if "not_measured" in one}
    assert set(measured) == {"mean-logprob", "zlib", "min-k-10", "min-k++-10", "min-k-20", "min-k++-20", "dc-pdd"}
    assert set(missing) == {"reference-difference", "tag-and-tab", "lower-case", "recall", "neighbourhood"}
    assert missing["reference-difference"] == "no reference was given"
    assert all(one["log10_pvalue_holm"] >= one["log10_pvalue"] for one in measured.values())
    assert min(one["weight"] for one in measured.values()) >= 0
    assert any("not_measured" in rate for rate in measured["zlib"]["tpr_at_fpr"])


def test_a_good_reference_helps():
    """Where the noise is the text's own difficulty, a reference that shares it makes a hidden lift plain."""
    members, others, drawn = _drawn()
    reference = _scores(members, others, name="reference")
    rng = np.random.default_rng(5)
    rows = tuple(
        dataclasses.replace(
            row,
            logprob=row.logprob + np.float32(0.05 * rng.normal() + (0.1 if row.set == "members" else 0)),
        )
        for row in reference.rows
    )
    suspect = dataclasses.replace(_scores(members, others), rows=rows)
    alone = membership.audit(members, others, suspect, drawn=drawn)
    helped = membership.audit(members, others, suspect, references=[reference], drawn=drawn)
    assert helped.pvalue == 1e-4 < alone.pvalue


def test_row_order_does_not_matter():
    """Documents and scores in another order give the same evidence."""
    members, others, drawn = _drawn(80)
    scores = _scores(members, others, lift=0.3)
    turned = dataclasses.replace(members, documents=members.documents[::-1])
    shuffled = dataclasses.replace(scores, rows=scores.rows[::-1])
    pair = [membership.audit(one, others, two, drawn=drawn) for one, two in ((members, scores), (turned, shuffled))]
    assert pair[0] == pair[1]


def test_constant_scores_are_no_evidence():
    """A suspect that says the same of everything knows nobody, and nothing crashes."""
    members, others, drawn = _drawn(80)
    found = membership.audit(members, others, _scores(members, others, number=-2.0), drawn=drawn, resamples=999)
    assert found.pvalue > 0.01
    assert found.verdict != "evidence"
    assert (found.signals[0]["auroc"]["value"], found.signals[0]["log10_pvalue"]) == (0.5, 0.0)


@pytest.mark.parametrize(("column", "value"), [("logprob", math.nan), ("logprob", -math.inf), ("sd", math.inf)])
def test_numbers_that_are_none_are_refused(column, value):
    """NaN and infinite numbers are refused with ids, never dropped in silence."""
    members, others = _alike(20)
    scores = _scores(members, others)
    spoilt = np.array(getattr(scores.rows[3], column))
    spoilt[2] = value
    rows = (*scores.rows[:3], dataclasses.replace(scores.rows[3], **{column: spoilt}), *scores.rows[4:])
    with pytest.raises(InputError, match="1 records have NaN or infinite log-probabilities: a3"):
        membership.audit(members, others, dataclasses.replace(scores, rows=rows))


def test_missing_scores_are_refused():
    """A text that was never scored is named."""
    members, others = _alike(20)
    scores = _scores(members, others)
    with pytest.raises(MismatchError, match="1 texts have no score from suspect in view 'text': b19"):
        membership.audit(members, others, dataclasses.replace(scores, rows=scores.rows[:-1]))


def test_another_split_is_refused():
    """A seed that does not give these sides makes no exact p-value."""
    members, others, _ = _drawn(80)
    with pytest.raises(MismatchError, match="units stand on the other side than seed 2"):
        membership.audit(members, others, _scores(members, others), drawn=membership.Split(seed=2))


def test_few_texts_are_inconclusive():
    """Nine texts a side are no audit."""
    members, others = _alike(9)
    found = membership.audit(members, others, _scores(members, others, lift=5.0), resamples=999)
    assert not _gate(found, "enough-clusters").passed
    assert found.verdict == "inconclusive"


def test_a_side_missing_from_the_tested_half_is_inconclusive():
    """Two clusters a side, however alike, are answered and not crashed on."""
    members, others = _alike(2)
    found = membership.audit(members, others, _scores(members, others, lift=5.0), resamples=999)
    assert not _gate(found, "within-reach").passed
    assert found.verdict == "inconclusive"


def test_a_reference_that_is_the_suspect_fails_its_gate():
    """The suspect's own weights, or its own answers, as a reference take the finding out of itself."""
    members, others, drawn = _drawn(80)
    scores = _scores(members, others, lift=0.5)
    renamed = dataclasses.replace(scores, suspect={**scores.suspect, "weights": "saved anew"})
    for reference in (scores, renamed):
        found = membership.audit(members, others, scores, references=[reference], drawn=drawn, resamples=999)
        assert not _gate(found, "reference-is-not-suspect").passed
        assert found.verdict == "inconclusive"


def test_a_floor_above_the_level_is_inconclusive():
    """With 99 resamples no p-value reaches .001."""
    members, others, drawn = _drawn(80)
    found = membership.audit(members, others, _scores(members, others, lift=2.0), drawn=drawn, resamples=99)
    assert (found.pvalue, found.verdict) == (0.01, "inconclusive")


def test_chunks_are_compared_by_book():
    """With one book's chunks as clusters of their own a book effect would be a finding; by book it is none."""
    rng = np.random.default_rng(0)
    sides = [_side(name, _prose(rng, 60), clusters=tuple(f"{name}{row // 5}" for row in range(60))) for name in "ab"]
    scores = _scores(*sides)
    books = {f"{name}{book}": rng.normal() for name in "ab" for book in range(12)}
    rows = [
        dataclasses.replace(row, logprob=row.logprob + np.float32(books[f"{row.id[0]}{int(row.id[1:]) // 5}"]))
        for row in scores.rows
    ]
    found = membership.audit(*sides, dataclasses.replace(scores, rows=tuple(rows)), resamples=999)
    assert found.pvalue > 0.01
    assert "120 texts are of 24 clusters" in " ".join(found.caveats)


def test_texts_that_could_not_be_scored_are_counted():
    """A text too short for the suspect leaves on both sides, and the reader is told."""
    members, others = _alike(20)
    scores = _scores(members, others)
    empty = {"logprob": np.empty(0, dtype=np.float32), "tokens": (), "mean": None, "sd": None}
    rows = (dataclasses.replace(scores.rows[0], **empty), *scores.rows[1:])
    found = membership.audit(members, others, dataclasses.replace(scores, rows=rows), resamples=99)
    assert found.n == 39
    assert any(caveat.startswith("1 texts were too short") for caveat in found.caveats)


def test_a_prefix_of_other_texts_is_refused():
    """Scores after a prefix that was made of other non-members belong to another audit."""
    members, others = _alike(20)
    scores = _scores(members, others)
    after = tuple(dataclasses.replace(row, view="prefix:0123") for row in scores.rows)
    with pytest.raises(MismatchError, match="a prefix of other non-members"):
        membership.audit(members, others, dataclasses.replace(scores, rows=scores.rows + after))


def test_the_prefix_leaves_the_test():
    """Non-members that stood before every text are in no sample, nor is anything that the hash puts before them."""
    members, others = _alike(40)
    scores = _scores(members, others)
    before = views.prefix(pools.join(members, others))
    after = tuple(dataclasses.replace(row, view=before.view, logprob=row.logprob - 1) for row in scores.rows)
    found = membership.audit(members, others, dataclasses.replace(scores, rows=scores.rows + after), resamples=99)
    assert found.n == 80 - np.count_nonzero(before.rows) < 80 - views.SHOTS
    assert "recall" in {one["name"] for one in found.signals if "auroc" in one}


def test_evidence_is_written_read_and_shown(tmp_path):
    """The evidence survives its file, and the page shows the curve, the signals and the guard that is no proof."""
    members, others = _alike(60)
    found = membership.audit(members, others, _scores(members, others, lift=1.5), min_k=(10, 20), resamples=999)
    evidences.write(tmp_path / "e.json", found)
    again = evidences.read(tmp_path / "e.json")
    assert evidences.to_json(again) == evidences.to_json(found)
    page = report.render([again]).html
    assert "min-k++-20" in page
    assert "Members found, and false alarms" in page
    assert "a guard, not a proof" in page
    assert "audit membership MEMBERS NONMEMBERS \\\n    --min-k 10 \\\n    --min-k 20 \\\n    --scores SCORES" in page


def test_the_page_gives_the_command_of_a_drawn_split():
    """Seed, share and clusters of the split stand in the command that makes the evidence again."""
    members, others, drawn = _drawn(80)
    sides = [
        dataclasses.replace(side, clusters=tuple(document.id for document in side.documents))
        for side in (members, others)
    ]
    found = membership.audit(*sides, _scores(*sides), drawn=drawn, per_cluster=1, resamples=99)
    told = "--cluster-field FIELD \\\n    --split-seed 1 \\\n    --split-share 0.5 \\\n    --per-cluster 1"
    assert told in report.render([found]).html


@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.0, float("nan")])
def test_a_level_that_is_none_is_refused(alpha):
    """Alpha must lie strictly between 0 and 1; it is looked at before anything is done."""
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        membership.audit(*_alike(20), _scores(*_alike(20)), alpha=alpha)
