"""Whose copy was read: each by its own alternates, and a screen beside."""

import dataclasses

import numpy as np
import pytest

from provenance import scoring
from provenance.errors import MismatchError
from watermark import copies, ledger, recipients

SCREEN = "screen:wins-against-other-copies"


@pytest.fixture
def books(deal_copy):
    """Three recipients' copies of one book."""
    return copies.apart([deal_copy(name) for name in ("acme", "globex", "initech")])


def _scores(books, read):
    """A suspect that likes the published texts of the copies it read, by two nats a document."""
    rng = np.random.default_rng(0)
    liked = {document.variant(0) for book in books if book.recipient in read for document in book.documents}
    rows = tuple(
        scoring.Score(
            id=record.id,
            set=record.set,
            variant=record.variant,
            logprob=np.float32([rng.normal() + 3.0 * (record.text in liked)]),
        )
        for book in books
        for record in ledger.records(book)
    )
    suspect = {"suspect": "m", "kind": "fake", "weights": "m"}
    return scoring.Scores(rows=rows, suspect=suspect, rendering="text", window=None, inputs={}, sha256="s")


def test_the_reader_of_one_copy_points_at_its_recipient(books):
    """Only the copy that was read is evidence; every finding names the family of three."""
    found = recipients.audit(books, _scores(books, {"globex"}))
    assert [one.verdict for one in found] == ["no-evidence", "evidence", "no-evidence"]
    assert found[0].family == ("m, copy of acme", "m, copy of globex", "m, copy of initech")
    assert "for 'globex'" in found[1].claim


def test_the_screen_decides_nothing_and_fails_where_all_leaked(books):
    """With every copy read each own test still finds it, while the screen has nothing left to show."""
    one, all_of_them = (
        recipients.audit(books, _scores(books, read)) for read in ({"acme"}, {"acme", "globex", "initech"})
    )
    screens = [[effect.value for effect in found[0].effects if effect.name == SCREEN] for found in (one, all_of_them)]
    assert screens[0][0] > 0.8
    assert abs(screens[1][0] - 0.5) < 0.2
    assert [found.verdict for found in all_of_them] == ["evidence"] * 3
    assert any("decides nothing" in note for note in one[0].caveats)


def test_several_readers_are_all_found(books):
    """Two copies were read, one was not: each is judged by its own alternates, whatever became of the others."""
    found = recipients.audit(books, _scores(books, {"acme", "initech"}))
    assert [one.verdict for one in found] == ["evidence", "no-evidence", "evidence"]


def test_without_answers_about_other_copies_there_is_no_screen(books):
    """The screen takes no query: what was not asked is not shown."""
    scores = _scores(books, {"acme"})
    own = dataclasses.replace(scores, rows=tuple(row for row in scores.rows if row.set == books[0].set))
    assert recipients.audit(books[:1], own)[0].effects is None


def test_copies_have_sets_of_their_own(deal_copy):
    """Copies of one release are told apart; a lone ledger keeps the release's name, and no copy counts twice."""
    acme, globex = deal_copy("acme"), deal_copy("globex")
    assert [book.set for book in copies.apart([acme, globex])] == ["r for acme", "r for globex"]
    assert copies.apart([acme]) == (acme,)
    assert copies.apart(copies.apart([acme, globex])) == copies.apart([acme, globex])
    mixed = copies.apart([acme, deal_copy("acme", release="s")])
    assert list(copies.by_recipient(mixed)) == ["acme"]
    with pytest.raises(MismatchError, match="both of release 'r' for 'acme'"):
        copies.apart([acme, acme])
