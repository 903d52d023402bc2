"""The watermark audit on a model that was really trained on a release."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from provenance import scoring
from provenance.errors import InputError, MismatchError
from watermark import detection, embedding, keys, ledger, marking


@pytest.fixture(scope="module")
def book(trained):
    """The ledger of the session's release."""
    return ledger.read(trained.release / "ledger.parquet")


@pytest.fixture(scope="module")
def scores(trained, book):
    """What a model of the session says of every variant, by name."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = scoring.score(ledger.records(book), suspect=trained.model(name))
        return known[name]

    return of


def _fake(book, number):
    """Scores with a closed form of (document, variant)."""
    rows = tuple(
        scoring.Score(id=record.id, set=record.set, variant=record.variant, logprob=np.float32([number(record)]))
        for record in ledger.records(book)
    )
    suspect = {"suspect": "fake", "kind": "fake", "weights": "fake"}
    return scoring.Scores(rows=rows, suspect=suspect, rendering="text", window=None, inputs={}, sha256="fake")


def test_a_model_trained_on_the_release_is_found(trained, book, scores):
    """The model that ate the release gives evidence by every number, with the key checking every deal."""
    found = detection.audit(book, scores("with-release"), references=[scores("reference")], key=keys.load(trained.key))
    assert (found.verdict, found.decided_by) == ("evidence", "permutation")
    assert found.bound.log10_pvalue < -2
    assert found.evalue.log10 > 1
    assert found.effect.low > 0
    assert found.auroc.low > 0.5


def test_models_that_never_saw_it_are_not(trained, book, scores):
    """Among twenty models trained on other text p ≤ .05 is as rare as it should be, and none is accused."""
    some = dataclasses.replace(book, documents=book.documents[:60])
    found = []
    for seed in range(20):
        innocent = scoring.score(ledger.records(some), suspect=trained.model(f"independent-{seed}"))
        found.append(_audit_redealt(some, [innocent, scores("reference")], seed=seed))
    assert sum(one.pvalue <= 0.05 for one in found) <= stats.binom.isf(1e-4, 20, 0.05)
    assert not any(one.verdict == "evidence" for one in found)


def _audit_redealt(book, scores, *, seed):
    """Audit a release of another key: audits that share one deal share its luck, and are no twenty."""
    rng = np.random.default_rng(seed)
    drawn = {document.id: int(rng.integers(document.variants)) for document in book.documents}

    def exchanged(row):
        published = drawn.get(row.id, 0)
        return dataclasses.replace(row, variant={0: published, published: 0}.get(row.variant, row.variant))

    suspect, reference = (dataclasses.replace(one, rows=tuple(map(exchanged, one.rows))) for one in scores)
    return detection.audit(book, suspect, references=[reference])


def test_direction(book):
    """A published variant that is less likely than its alternates is no evidence."""
    rising = detection.audit(book, _fake(book, lambda record: float(record.variant == 0)))
    falling = detection.audit(book, _fake(book, lambda record: -float(record.variant == 0)))
    assert (rising.verdict, falling.verdict) == ("evidence", "no-evidence")
    assert falling.pvalue == 1.0
    assert falling.auroc.value == 0.0


def test_one_altered_choice_changes_the_finding(trained, book, scores):
    """With the key an altered ledger is an error that names the document; without it, other texts are asked about."""
    altered = _differing(book)
    with pytest.raises(MismatchError, match="not what the key deals"):
        detection.audit(altered, scores("with-release"), key=keys.load(trained.key))
    again = scoring.score(ledger.records(altered), suspect=trained.model("with-release"))
    before, after = detection.audit(book, scores("with-release")), detection.audit(altered, again)
    assert before.statistic != after.statistic
    assert before.bound.log10_pvalue != after.bound.log10_pvalue


def _differing(book):
    """Give the ledger with one site's published choice exchanged for another."""
    for index, document in enumerate(book.documents):
        for at, choices in enumerate(document.chosen):
            other = next((choice for choice in choices if choice != choices[0]), None)
            if other is not None:
                swapped = tuple({choices[0]: other, other: choices[0]}.get(choice, choice) for choice in choices)
                chosen = (*document.chosen[:at], swapped, *document.chosen[at + 1 :])
                changed = dataclasses.replace(document, chosen=chosen)
                documents = (*book.documents[:index], changed, *book.documents[index + 1 :])
                return dataclasses.replace(book, documents=documents)
    raise AssertionError("no site has two wordings")


def test_missing_and_broken_scores_are_refused(book):
    """A variant without a score is named; NaN is refused with ids."""
    scores = _fake(book, lambda _: 0.0)
    with pytest.raises(MismatchError, match="variant 4"):
        detection.audit(book, dataclasses.replace(scores, rows=scores.rows[:-1]))
    with pytest.raises(InputError, match="NaN"):
        detection.audit(book, _fake(book, lambda _: float("nan")))


def test_documents_that_tie_say_nothing(book):
    """A suspect that says the same of every variant has p = 1 and keeps its stake."""
    found = detection.audit(book, _fake(book, lambda _: -0.3))
    assert (found.pvalue, found.bound.log10_pvalue) == (1.0, 0.0)
    assert found.evalue.log10 == pytest.approx(0, abs=1e-9)


def test_row_order_does_not_matter(book, scores):
    """Scores whose rows stand otherwise give the same evidence."""
    one = scores("independent-0")
    other = dataclasses.replace(one, rows=one.rows[::-1])
    assert detection.audit(book, one) == detection.audit(book, other)


def test_a_reference_never_gets_a_negative_weight(book):
    """A reference that speaks against the suspect is left out."""
    suspect = _fake(book, lambda record: float(record.variant == 0))
    reference = _fake(book, lambda record: -float(record.variant == 0))
    suspect = dataclasses.replace(suspect, suspect={**suspect.suspect, "tokenizer": "t"})
    reference = dataclasses.replace(reference, suspect={**suspect.suspect, "weights": "other"})
    assert "[0.0000]" in detection.audit(book, suspect, references=[reference]).pvalue_method


def test_a_reference_that_is_the_suspect_fails_its_gate(book, scores):
    """The suspect as its own reference is inconclusive."""
    own = scores("with-release")
    renamed = dataclasses.replace(own, suspect={**own.suspect, "weights": "saved anew"})
    for reference in (own, renamed):
        found = detection.audit(book, own, references=[reference])
        assert found.verdict == "inconclusive"
        assert "reference-is-not-suspect" in {gate.name for gate in found.gates if not gate.passed}


def test_leximark_has_no_exact_null(tmp_path, trained):
    """A ledger that no key dealt is refused, and the message says why."""
    how = marking.Embedding(strategy="leximark")
    made = embedding.release(trained.folder / "corpus.jsonl", key=None, out=tmp_path / "out", embedding=how)
    with pytest.raises(InputError, match="no exact null"):
        detection.audit(ledger.read(made.ledger), _fake(ledger.read(made.ledger), lambda _: 0.0))


def test_several_releases_of_one_owner_are_one_audit(tmp_path, trained, book):
    """Ledgers are joined by release and document, whatever their ids."""
    how = marking.Embedding(release="second", alternates=2)
    made = embedding.release(
        trained.folder / "corpus.jsonl", key=keys.load(trained.key), out=tmp_path / "out", embedding=how
    )
    second = ledger.read(made.ledger)
    rows = [row for one in (book, second) for row in _fake(one, lambda record: float(record.variant == 0)).rows]
    scores = dataclasses.replace(_fake(book, lambda _: 0.0), rows=tuple(rows))
    found = detection.audit([book, second], scores)
    assert found.n == len(book.documents) + len(second.documents)
    assert set(found.inputs) >= {"ledger-1", "ledger-2"}


def test_a_document_counts_once(book, scores):
    """The same ledger given twice would double the evidence: it is refused, and so is a copy under another path."""
    for other in (book, dataclasses.replace(book, path=book.path.with_name("copy.parquet"))):
        with pytest.raises(MismatchError, match="are both of release"):
            detection.audit([book, other], scores("with-release"))


def test_too_few_marks_are_inconclusive(book):
    """Ten documents of which nine tie could have given no p-value below .2, however sure the suspect."""
    few = dataclasses.replace(book, documents=book.documents[:10])
    sure = few.documents[0].id
    found = detection.audit(few, _fake(few, lambda record: float(record.id == sure and record.variant == 0)))
    assert found.verdict == "inconclusive"
    assert not next(gate for gate in found.gates if gate.name == "within-reach").passed


def test_nine_documents_are_inconclusive(book):
    """Fewer than ten documents are no audit, even where every one favours the published variant."""
    few = dataclasses.replace(book, documents=book.documents[:9])
    assert detection.audit(few, _fake(few, lambda record: float(record.variant == 0))).verdict == "inconclusive"


def test_other_views_of_a_text_stay_out(book, scores):
    """Scores of a lower-cased text beside those of the text change nothing."""
    plain = scores("with-release")
    lower = tuple(dataclasses.replace(row, view="lower", logprob=0 * row.logprob) for row in plain.rows)
    assert detection.audit(book, plain) == detection.audit(book, dataclasses.replace(plain, rows=plain.rows + lower))


def test_references_that_say_the_same_do_no_harm(book, scores):
    """A reference given twice, or one that says the same of every variant, leaves a finding where it was."""
    suspect, reference = scores("with-release"), scores("reference")
    flat = dataclasses.replace(
        reference, rows=tuple(dataclasses.replace(row, logprob=np.float32([-1])) for row in reference.rows)
    )
    once, twice, with_flat = (
        detection.audit(book, suspect, references=given).bound.log10_pvalue
        for given in ([reference], [reference, reference], [reference, flat])
    )
    assert (twice, with_flat) == pytest.approx((once, once), rel=1e-6)


def test_what_a_finding_owes_to_a_forged_reference_is_said(book):
    """A reference made to dislike what was published accuses an innocent; the same test without it says so."""
    rng = np.random.default_rng(5)
    hard = {(record.id, record.variant): float(rng.normal()) for record in ledger.records(book)}
    innocent = _fake(book, lambda record: hard[record.id, record.variant] + 0.1 * float(rng.normal()))
    forged = _fake(book, lambda record: hard[record.id, record.variant] - 0.5 * (record.variant == 0))
    forged = dataclasses.replace(forged, suspect={**forged.suspect, "weights": "forged"}, sha256="forged")
    found = detection.audit(book, innocent, references=[forged])
    assert found.pvalue < 0.001
    assert found.unreferenced.log10_pvalue > -1.3
    assert any(caveat.startswith("The finding rests on its references") for caveat in found.caveats)


def test_a_finding_that_stands_alone_is_not_doubted(book, scores):
    """With an honest reference the finding stands without it too, and where there is none nothing is said."""
    found = detection.audit(book, scores("with-release"), references=[scores("reference")])
    alone = detection.audit(book, scores("with-release"))
    assert alone.unreferenced is None
    assert abs(found.unreferenced.log10_pvalue - alone.log10_pvalue) < 0.5
