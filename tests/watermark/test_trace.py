"""The trace audit: whose copy a text carries, also from excerpts and edited copies."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from scipy import stats

from provenance import artifacts, storage
from provenance import evidence as evidences
from provenance.errors import ArtifactError, InputError, MismatchError
from provenance.records import Document
from provenance.report import render
from provenance.stats import betting, coins
from watermark import agreements, flows, ledger, locating, readings, trace, variants
from watermark.keys import Key
from watermark.sites import Site


def texts(*parts):
    """Make documents of strings."""
    return [Document(id=f"t{number}", text=part) for number, part in enumerate(parts)]


def published(book, some=slice(None)):
    """Give the text of a copy."""
    return "\n\n".join(one.variant(0) for one in book.documents[some])


def edited(text, rng, *, rate):
    """Delete a word, insert one, or replace one, each at a third of the rate; lower-cased and wrapped anew."""
    kept = []
    for word in text.lower().split():
        drawn = rng.random()
        if drawn < rate / 3:
            continue
        kept += ["quite", word] if drawn < 2 * rate / 3 else ["other"] if drawn < rate else [word]
    return "\n".join(" ".join(kept[at : at + 9]) for at in range(0, len(kept), 9))


@pytest.fixture(scope="module")
def acme(deal_copy):
    """Acme's copy."""
    return deal_copy("acme")


@pytest.fixture(scope="module")
def bell(deal_copy):
    """Bell's copy of the same documents."""
    return deal_copy("bell")


def test_a_whole_copy_is_traced(acme):
    """Every coin agrees: evidence by every number, all documents found, each with all its coins."""
    found = trace.audit(acme, texts(published(acme)))
    assert (found.audit, found.verdict, found.decided_by) == ("trace", "evidence", "permutation")
    assert found.pvalue == 1 / 1_000_000
    assert found.bound.log10_pvalue < -80
    assert found.evalue.log10 > 80
    assert found.effect.value == 1.0
    assert found.n > 250
    assert len({row["document"] for row in found.found}) == 40
    assert all(row["coins"] == row["agreeing"] for row in found.found)
    assert "acme" in found.claim


def test_where_it_stands_is_said(acme):
    """The span of a document found is where its words begin and end in the text."""
    one = acme.documents[3]
    found = trace.audit(acme, texts("Unrelated. " * 5 + one.variant(0) + " More of the same."))
    (row,) = found.found
    assert (row["document"], row["text"]) == (one.id, "t0")
    assert 55 <= row["start"] < row["end"] <= 55 + len(one.variant(0))


def test_an_excerpt_is_enough(acme):
    """A few sentences of three documents, under 150 words, are evidence by the exact tail and the e-value alike."""
    parts = [" ".join(one.variant(0).split()[20:66]) for one in acme.documents[10:13]]
    found = trace.audit(acme, texts(*parts))
    assert found.verdict == "evidence"
    assert 0.9 <= found.effect.value <= 1.0
    assert found.evalue.log10 > 3


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_an_edited_copy_is_traced(acme, rate):
    """Every tenth or fifth word edited, case and lines changed: fewer coins are read, and those agree."""
    found = trace.audit(acme, texts(edited(published(acme), np.random.default_rng(0), rate=rate)))
    assert found.verdict == "evidence"
    assert found.n > 350 * (1 - rate) ** 12
    assert found.effect.value > 0.95


def test_originals_and_other_copies_are_no_evidence(acme, bell):
    """The originals carry nobody's coins; another recipient's copy carries that one's and no one else's."""
    originals = texts("\n".join(one.text for one in acme.documents))
    assert trace.audit(acme, originals).verdict == "no-evidence"
    assert trace.audit(bell, originals).verdict == "no-evidence"
    assert trace.audit(acme, texts(published(bell))).verdict == "no-evidence"
    assert trace.audit(bell, texts(published(bell))).verdict == "evidence"


def test_a_private_alternate_speaks_against(acme):
    """A text that carries an alternate never agrees more than chance: options are dealt out among the variants."""
    found = trace.audit(acme, texts("\n".join(one.variant(1) for one in acme.documents)))
    assert found.verdict == "no-evidence"
    assert found.effect.value < 0


def test_two_copies_mixed_name_both(deal_copy, acme, bell):
    """Where two recipients choose at random wherever their copies differ, both are found, and a third is not."""
    rng = np.random.default_rng(0)
    mixed = []
    for one, other in zip(acme.documents, bell.documents, strict=True):
        picks = [
            choices[0] if rng.random() < 0.5 else others[0]
            for choices, others in zip(one.chosen, other.chosen, strict=True)
        ]
        mixed.append(variants.render(one.text, one.sites, picks))
    suspects = texts("\n".join(mixed))
    both = [trace.audit(book, suspects) for book in (acme, bell)]
    assert [one.verdict for one in both] == ["evidence", "evidence"]
    assert all(0.35 < one.effect.value < 0.65 for one in both)
    assert trace.audit(deal_copy("cole"), suspects).verdict == "no-evidence"


def test_nothing_found_is_inconclusive(acme):
    """A text that follows no document is no error: p is 1, and the gate says that no coin was found."""
    found = trace.audit(acme, texts("Nothing of this stands anywhere in the book, not a single word of it."))
    assert (found.verdict, found.pvalue, found.n, found.found) == ("inconclusive", 1.0, 0, ())
    assert not found.gates[0].passed
    assert "no coin was found" in found.gates[0].detail


def test_too_few_coins_are_inconclusive(acme):
    """Some four coins can give no p of .001, however well they agree."""
    short = texts(" ".join(acme.documents[10].variant(0).split()[20:50]))
    found = trace.audit(acme, short)
    assert 0 < found.n < 7
    assert found.verdict == "inconclusive"
    assert not next(gate for gate in found.gates if gate.name == "within-reach").passed


@pytest.mark.parametrize("options", [("big", "large"), ("aid", "assist", "help")])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_published_side_is_uniform(options, size):
    """Over 3,000 keys variant 0 has every option equally often, whatever the number of variants."""
    site = Site(start=0, end=1, word=options[0], options=options)
    keys = [Key(secret=number.to_bytes(32, "big"), id="") for number in range(3000)]
    dealt = [variants.deal(key, site, release="r", document="d", variants=size)[0] for key in keys]
    assert stats.chisquare(np.bincount(dealt, minlength=len(options))).pvalue > 1e-4


def test_coins_of_one_document_are_independent():
    """Over 3,000 keys two coins of one document, alike but for the word, fall independently."""
    first = Site(start=0, end=1, word="big", options=("big", "large"))
    second = Site(start=2, end=3, word="large", options=("large", "big"))
    keys = [Key(secret=number.to_bytes(32, "big"), id="") for number in range(3000)]
    dealt = [
        [variants.deal(key, site, release="r", document="d", variants=3)[0] for site in (first, second)] for key in keys
    ]
    table = np.histogram2d(*np.transpose(dealt), bins=2)[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4


def test_2000_null_deals_of_a_fixed_text(bell):
    """Against a text of originals and another's copy, 2,000 deals reject as often as they may, and bets stay fair."""
    mixed = texts(published(bell, slice(3)), "\n".join(one.text for one in bell.documents[2:4]))
    flow = flows.read(mixed)
    located = [
        readings.Located(document=one, passages=found)
        for one in bell.documents
        if (found := tuple(locating.find(one.text, one.sites, flow)))
    ]
    seen = readings.sightings(located, flow)
    pvalues, tails, capital = [], [], []
    for number in range(2000):
        agreement = agreements.compare(_redealt(seen, number), flow)
        rng = np.random.default_rng(number)
        pvalues.append(coins.coin_test(agreement.sides, agreement.agree, resamples=999, rng=rng).pvalue)
        tails.append(10 ** coins.tail_log10(agreement.sides, agreement.agree))
        capital.append(betting.coin_capital(agreement.sides, agreement.agree).log10_max)
    for alpha, measured in itertools.product((0.1, 0.05, 0.01), (np.array(pvalues), np.array(tails), capital)):
        hits = np.sum(10 ** -np.array(measured) <= alpha) if measured is capital else np.sum(measured <= alpha)
        assert hits <= stats.binom.isf(1e-4, 2000, alpha)
    assert np.sum(np.array(pvalues) <= 0.1) > 100


def _redealt(seen, number):
    """Put a deal of another key into what was seen; what was read stays."""
    key = Key(secret=number.to_bytes(32, "big"), id="")

    def dealt(document):
        sites = document.sites
        chosen = tuple(variants.deal(key, site, release="r", document=document.id, variants=3) for site in sites)
        return dataclasses.replace(document, chosen=chosen)

    return [dataclasses.replace(one, document=dealt(one.document)) for one in seen]


def test_a_file_and_what_was_read_from_it_are_audited_alike(acme, tmp_path):
    """A ledger on the disk is streamed, and gives the same numbers as one in memory."""
    path = tmp_path / "acme.parquet"
    header = artifacts.Header(inputs={}, settings=dict(acme.settings))
    rows = [ledger.to_row(one, recipient="acme") for one in acme.documents]
    artifacts.write(path, rows, kind=ledger.LEDGER, header=header)
    suspects = texts(published(acme, slice(5)))
    streamed = trace.audit(path, suspects)
    assert streamed == trace.audit(ledger.read(path), suspects)
    assert streamed.found == trace.audit(acme, suspects).found
    artifacts.write(path, [*rows, rows[0]], kind=ledger.LEDGER, header=header)
    with pytest.raises(ArtifactError, match="stands twice"):
        trace.audit(path, suspects)


def test_what_cannot_be_audited_is_refused(acme):
    """No key, no documents, no words, or another key: each is said."""
    suspects = texts(published(acme, slice(2)))
    with pytest.raises(InputError, match="no exact null"):
        trace.audit(dataclasses.replace(acme, settings={**acme.settings, "key_id": None}), suspects)
    with pytest.raises(InputError, match="no document of this ledger"):
        trace.audit(dataclasses.replace(acme, documents=()), suspects)
    with pytest.raises(InputError, match="no word"):
        trace.audit(acme, texts(" — ", "…"))
    with pytest.raises(MismatchError, match="dealt by key acme"):
        trace.audit(acme, suspects, key=Key(secret=bytes(32), id="other"))


def test_evidence_is_read_back_and_laid_out(acme):
    """JSON gives the finding back; the page names the documents found and says whose copy."""
    found = trace.audit(acme, texts(published(acme, slice(4))), name="leak.txt")
    assert evidences.from_json(json.loads(storage.dump_json(evidences.to_json(found)))) == found
    page = render([found]).html
    assert "Documents found" in page
    assert "Texts read" in page
    assert "provtool audit trace LEDGER TEXTS" in page


def test_the_seed_names_the_draw(acme):
    """The same inputs and seed give the same finding, whatever the order of the documents."""
    suspects = texts(published(acme, slice(3)))
    backwards = dataclasses.replace(acme, documents=acme.documents[::-1])
    assert trace.audit(acme, suspects) == trace.audit(backwards, suspects)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.0, float("nan")])
def test_a_level_that_is_none_is_refused(alpha):
    """Alpha must lie strictly between 0 and 1; it is looked at before anything is read."""
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        trace.audit("gone.parquet", [], alpha=alpha)
