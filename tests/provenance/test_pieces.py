"""Pieces of records, batches of pieces."""

from hypothesis import given
from hypothesis import strategies as st

from provenance.records import Window
from provenance.suspects import beginnings, pieces
from provenance.suspects.pieces import Encoded


@given(size=st.integers(0, 200), start=st.integers(0, 200), context=st.integers(2, 40))
def test_every_position_is_scored_once_with_half_a_context(size, start, context):
    """Pieces fit the context, follow each other, and give each scored token half a context where there is one."""
    item = pieces.clip(Encoded(ids=tuple(range(size)), start=min(start, size), stop=size, ends=None), None)
    scored = []
    for piece in pieces.cut(0, item, context):
        assert len(piece.ids) <= context
        assert piece.first >= min(context // 2, piece.ids[piece.first])
        scored += piece.ids[piece.first :]
    assert scored == list(range(max(1, start), size))


@given(
    size=st.integers(0, 40),
    start=st.integers(0, 40),
    window=st.none() | st.builds(Window, start=st.integers(0, 40), length=st.integers(1, 40)),
)
def test_clipping_keeps_what_is_asked(size, start, window):
    """What is scored lies in text and window and is never the first token; nothing after it is read."""
    low, high = (window.start, window.start + window.length) if window else (0, size)
    expected = [at for at in range(max(1, min(start, size)), size) if low <= at < high]
    ends = tuple(range(10, 10 + size - min(start, size)))
    item = pieces.clip(Encoded(ids=tuple(range(size)), start=min(start, size), stop=size, ends=ends), window)
    assert list(range(item.start, item.stop)) == expected
    assert len(item.ids) == (item.stop if expected else 0)
    assert item.ends == tuple(range(item.ends[0], item.ends[0] + len(expected))) if expected else item.ends == ()


@given(sizes=st.lists(st.integers(1, 90), max_size=30), budget=st.integers(1, 400))
def test_batches_hold_every_piece_within_the_budget(sizes, budget):
    """Every piece is in one batch, little of it is padding, and only a single piece may exceed the budget."""
    parts = [pieces.Piece(record=row, ids=(0,) * size, first=1) for row, size in enumerate(sizes)]
    batches = list(pieces.batches(parts, budget))
    assert sorted(index for batch in batches for index in batch.rows) == list(range(len(sizes)))
    for batch in batches:
        widths = [sizes[index] for index in batch.rows]
        assert len(widths) * max(widths) - sum(widths) <= pieces.PADDING * len(widths) * max(widths)
        assert len(widths) == 1 or max(widths) * len(widths) <= budget


LETTERS = st.sampled_from([(0,) * 40, (0,) * 33 + (1,) * 40, (1,) * 31, (0, 1) * 30])


@given(
    rows=st.lists(st.tuples(LETTERS, st.lists(st.integers(0, 1), max_size=9)), max_size=12), budget=st.integers(1, 400)
)
def test_batches_that_share_a_beginning_do_share_it(rows, budget):
    """Every piece is in one batch, and all pieces of a batch begin with the tokens that are read once."""
    parts = [pieces.Piece(record=row, ids=(*head, *rest), first=1) for row, (head, rest) in enumerate(rows)]
    batches = list(pieces.batches(parts, budget, sharing=70))
    assert sorted(index for batch in batches for index in batch.rows) == list(range(len(rows)))
    for batch in batches:
        assert len({parts[index].ids[: batch.shared] for index in batch.rows}) == 1
        assert batch.shared == 0 or batch.shared >= beginnings.SHORTEST
        assert batch.shared == 0 or all(len(parts[index].ids) <= 70 for index in batch.rows)


@given(sizes=st.lists(st.integers(1, 90), max_size=30), turn=st.integers(1, 90))
def test_no_batch_crosses_a_turn(sizes, turn):
    """Pieces of up to a length and longer ones are never read together, and none is lost."""
    parts = [pieces.Piece(record=row, ids=(0,) * size, first=1) for row, size in enumerate(sizes)]
    batches = list(pieces.batches(parts, 400, sharing=turn, turn=turn))
    assert sorted(index for batch in batches for index in batch.rows) == list(range(len(sizes)))
    for batch in batches:
        assert len({sizes[index] <= turn for index in batch.rows}) == 1


def test_long_beginnings_are_shared_and_short_ones_are_not():
    """Ten texts with 256 tokens in common are read together; with 20, or 40 of 1,000, each is read by itself."""
    ten = [(*range(256), row, *range(30)) for row in range(10)]
    assert beginnings.groups(ten) == [(256, list(range(10)))]
    assert beginnings.groups([row[236:] for row in ten]) == []
    assert beginnings.groups([(*range(40), row, *[row] * 959) for row in range(5)]) == []
