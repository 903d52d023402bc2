"""Likelihoods computed elsewhere."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import suspects
from provenance.errors import InputError
from provenance.records import Record, Window
from provenance.suspects import column, listings

ROWS = [{"id": "a", "loss": 2.5, "each": [-1.0, -2.0]}, {"id": "b", "loss": 0.5, "each": [-0.5]}]


def _quiet(_done, _total):
    """Show nothing."""


def _write(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        flat = [{key: value for key, value in row.items() if key != "each"} for row in rows]
        path.write_text("\n".join(",".join(map(str, line)) for line in [flat[0], *(row.values() for row in flat)]))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _ask(name, records):
    return list(suspects.load(name).score(records, window=None, progress=_quiet))


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_scalars_from_any_format(tmp_path, suffix):
    """A loss read with a minus is a log-likelihood, in the order asked, whatever the order of the file."""
    path = _write(tmp_path / f"f{suffix}", ROWS)
    found = _ask(f"column:{path}:-loss", [Record(id="b"), Record(id="a")])
    assert [score.logprob.tolist() for score in found] == [[-0.5], [-2.5]]


def test_lists_have_one_number_a_token(tmp_path):
    """A list stays a list."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    assert _ask(f"column:{path}:each", [Record(id="a")])[0].logprob.tolist() == [-1.0, -2.0]


def test_variants_are_joined_where_the_file_has_them(tmp_path):
    """With a column ``variant`` each variant has its own number."""
    rows = [{"id": "a", "variant": index, "ll": -float(index)} for index in range(3)]
    path = _write(tmp_path / "f.parquet", rows)
    found = _ask(f"column:{path}:ll", [Record(id="a", variant=2), Record(id="a", variant=0)])
    assert [score.logprob[0] for score in found] == [-2.0, 0.0]


def test_two_texts_never_share_a_number(tmp_path):
    """A file that cannot tell variants, views or sets apart is refused where they are asked for."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    for change in ({"variant": 1}, {"view": "lower"}, {"set": "members"}):
        with pytest.raises(InputError, match=f"id 'a' is asked with .*; expected a column '{next(iter(change))}'"):
            _ask(f"column:{path}:-loss", [Record(id="a"), Record(id="a", **change)])
    assert len(_ask(f"column:{path}:-loss", [Record(id="a", variant=2), Record(id="b", variant=1)])) == 2


def test_sets_and_views_are_joined(tmp_path):
    """The same id in two sets or views has a number each."""
    rows = [{"id": "a", "set": s, "view": v, "ll": -float(i)} for i, (s, v) in enumerate(["xt", "yt", "xl"])]
    path = _write(tmp_path / "f.csv", rows)
    found = _ask(f"column:{path}:ll", [Record(id="a", set=s, view=v) for s, v in ("xl", "xt", "yt")])
    assert [score.logprob[0] for score in found] == [-2.0, 0.0, -1.0]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("name", ["007", "2020-01-01", "1e3"])
def test_ids_stay_as_they_are(tmp_path, suffix, name):
    """An id that looks like a number or a date is still text."""
    path = _write(tmp_path / f"f{suffix}", [{"id": name, "ll": -1.5}])
    assert _ask(f"column:{path}:ll", [Record(id=name)])[0].logprob.tolist() == [-1.5]


def test_windows_and_progress(tmp_path):
    """The window is the caller's word for what the numbers cover, and every record is reported."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    seen = []
    found = suspects.load(f"column:{path}:each").score(
        [Record(id="a"), Record(id="b")],
        window=Window(start=3, length=2),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [score.start for score in found] == [3, 3]
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_damaged_files_are_one_line(tmp_path, suffix):
    """What cannot be read is told in one line that names the file."""
    (tmp_path / f"f{suffix}").write_bytes(b'id,ll\n"a\xff",1,2\n{')
    with pytest.raises(InputError, match=r"(cannot be read|not JSON)") as caught:
        suspects.load(f"column:{tmp_path / 'f'}{suffix}:ll")
    assert len(str(caught.value).splitlines()) == 1


def test_missing_rows_are_counted_and_named(tmp_path):
    """A record without a row is an error with count and first ids."""
    path = _write(tmp_path / "f.jsonl", ROWS)
    with pytest.raises(InputError, match="4 of 5 records have no row: c, d, e, …"):
        _ask(f"column:{path}:-loss", [Record(id=name) for name in "acdef"])


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (ROWS, "nothing", "no column 'nothing'; expected one of id, loss, each$"),
        (ROWS, "los", "no column 'los'; expected one of id, loss, each; try column:.*f.jsonl:loss"),
        ([ROWS[0], {"id": "b", "loss": [1.0]}], "loss", "f.jsonl:2: loss is a list in one row and a number in another"),
        ([{"id": "a", "loss": float("nan")}], "loss", "f.jsonl:1: loss of id 'a' is nan; expected a finite number"),
        ([{"id": "a", "loss": [-1.0, None]}], "loss", "is .-1.0, None.; expected a finite number"),
        ([{"id": "a", "loss": True}], "loss", "is True; expected a finite number"),
        ([{"id": "a", "loss": "2.5"}], "loss", "is '2.5'; expected a finite number"),
        ([{"id": None, "loss": 1}], "loss", "id is None; expected text"),
        ([{"id": "a", "loss": 1, "variant": "x"}], "loss", "variant of id 'a' is 'x'; expected a whole number"),
        ([5], "loss", "f.jsonl:1: not a JSON object"),
        ([{"x": 1}], "x", "no column 'id'"),
        ([ROWS[0], ROWS[0]], "loss", "f.jsonl:2: id 'a' stands twice"),
        ([ROWS[0], {"id": "b", "loss": None, "each": []}], "loss", "f.jsonl:2: loss of id 'b' is null"),
    ],
)
def test_bad_files(tmp_path, rows, name, message):
    """Wrong columns, repeats, nulls and words are one clear line each."""
    path = _write(tmp_path / "f.jsonl", rows)
    with pytest.raises(InputError, match=message):
        _ask(f"column:{path}:{name}", [Record(id="a")])


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_losses_whose_sign_was_forgotten_are_refused(tmp_path, suffix):
    """No probability is above 1: numbers that are all positive are losses, and the message gives the name that fits."""
    path = _write(tmp_path / f"f{suffix}", ROWS)
    message = r"every number of loss is above 0; expected log-probabilities, .*; try column:.*:-loss$"
    with pytest.raises(InputError, match=message):
        suspects.load(f"column:{path}:loss")
    if suffix != ".csv":
        with pytest.raises(InputError, match=r"every number of each is above 0 once negated; .*; try column:.*:each$"):
            suspects.load(f"column:{path}:-each")


def test_a_few_positive_numbers_are_taken(tmp_path):
    """A zero or a sum above 0 among others may be rounding, or a difference: only what is all positive is refused."""
    path = _write(tmp_path / "f.jsonl", [{"id": "a", "ll": 0.0}, {"id": "b", "ll": 0.5}])
    assert [score.logprob[0] for score in _ask(f"column:{path}:ll", [Record(id="a"), Record(id="b")])] == [0.0, 0.5]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_rows_are_found_across_parts(tmp_path, monkeypatch, suffix):
    """However few rows are read or looked up at once, each record gets its own number; what stands twice is told."""
    monkeypatch.setattr(listings, "AT_ONCE", 7)
    monkeypatch.setattr(column, "AT_ONCE", 5)
    rows = [{"id": f"r{row}", "ll": -float(row), "each": [-float(row)] * (row % 3)} for row in range(40)]
    path, order = _write(tmp_path / f"f{suffix}", rows), [*range(39, -1, -2), *range(0, 40, 2)]
    for name in ("ll", "each"):
        found = _ask(f"column:{path}:{name}", [Record(id=f"r{row}") for row in order])
        expected = [[-float(row)] * (1 if name == "ll" else row % 3) for row in order]
        assert [score.logprob.tolist() for score in found] == expected
    line = 37 if suffix == ".parquet" else 38
    again = _write(tmp_path / f"g{suffix}", [*rows[: line - 1], rows[3], *rows[30:]])
    with pytest.raises(InputError, match=f"g{suffix}:{line}: id 'r3' stands twice"):
        suspects.load(f"column:{again}:ll")


def test_bad_names():
    """A name without a column, a missing file and an unknown kind are said."""
    for name, message in (
        ("column:x", "column:FILE:NAME"),
        ("column:nowhere.jsonl:x", "no such file"),
        ("column:x.txt:y", "unknown kind of file"),
        ("oracle:x", "unknown suspect"),
    ):
        with pytest.raises(InputError, match=message):
            suspects.load(name)
