"""Laws of reading and splicing, for every format that is text."""

import csv
import gzip
import io
import json
import re
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import corpora
from provenance.corpora import rows
from provenance.corpora.splice import Passage, Run, splice
from provenance.errors import InputError

# What a text file may hold: every character but NUL and halves of surrogate pairs.
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
AWKWARD = st.text(st.sampled_from('ab é😀\u2028"\\,;\t\r\n/'), max_size=30)
WORDS = st.text(st.sampled_from("wordé 'ñ-"), min_size=1, max_size=6)
TEXTS = st.lists(st.one_of(TEXT, AWKWARD), min_size=1, max_size=4)
# Files are written in each example, and the machine may be busy.
LAW = settings(deadline=None)
PACKINGS = {
    "": (lambda raw: raw, lambda raw: raw),
    ".gz": (gzip.compress, gzip.decompress),
    ".zst": (zstandard.ZstdCompressor().compress, lambda raw: zstandard.ZstdDecompressor().decompress(raw, 1 << 20)),
}


@st.composite
def jsonl(draw):
    """Lay texts out as JSON lines by json itself, in any of its spellings."""
    texts = draw(TEXTS)
    ascii_, gap, end = draw(st.booleans()), draw(st.sampled_from([":", " : ", ": "])), draw(st.sampled_from("\n\r"))
    end = {"\r": "\r\n"}.get(end, end)
    lines = []
    for number, text in enumerate(texts):
        before = {"n": 1.50, "text": "not this one"} if draw(st.booleans()) else {"nested": {"text": [1, "}"]}}
        pairs = [*before.items(), ("text", text), ("id", number), ('q"\\é', {"a": "\u2028"})]
        body = gap.replace(":", ",").join(
            json.dumps(key, ensure_ascii=ascii_) + gap + json.dumps(value, ensure_ascii=ascii_) for key, value in pairs
        )
        lines.append(draw(st.sampled_from(["", " ", "\t"])) + "{" + body + "}" + draw(st.sampled_from(["", " "])))
        lines += [""] * draw(st.integers(0, 1))
    return ".jsonl", texts, draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end]))


@st.composite
def delimited(draw):
    """Lay texts out as CSV by csv itself, in several dialects."""
    texts = draw(TEXTS)
    delimiter, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    if draw(st.booleans()):
        quoting, texts = csv.QUOTE_MINIMAL, [text.replace("\r", "") for text in texts]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(["id", "text", "note"])
    for number, text in enumerate(texts):
        writer.writerow([f"row{number}", text, 'a "note"'])
        stream.write(end * draw(st.integers(0, 1)))
    raw = draw(st.sampled_from(["", "\ufeff"])) + stream.getvalue()
    return draw(st.sampled_from([".csv", ".tsv"])), texts, raw.removesuffix(end) if draw(st.booleans()) else raw


@st.composite
def plain(draw):
    """Lay one text out as itself."""
    text = draw(st.one_of(TEXT, AWKWARD).filter(lambda text: text and not text.startswith("\ufeff")))
    return ".txt", [text], draw(st.sampled_from(["", "\ufeff"])) + text


CORPUS = st.one_of(jsonl(), delimited(), plain())


@st.composite
def edits_for(draw, entry):
    """Draw edits that replace, delete nothing whole, and keep off opaque spans."""
    text, found, at = entry.document.text, [], 0
    for point in sorted(draw(st.sets(st.integers(0, len(text)), max_size=4))):
        end = min(len(text), point + draw(st.integers(0, 3)))
        if point >= at and not any(a < end and b > point for a, b in entry.opaque):
            found.append(corpora.Edit(start=point, end=end, replacement=draw(WORDS)))
            at = end + 1
    return found


def applied(text, edits):
    """Edit a text the plain way, as the oracle."""
    for edit in reversed(edits):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def inverse(text, edits):
    """Give the edits that undo `edits`."""
    found, shift = [], 0
    for edit in edits:
        start = edit.start + shift
        end = start + len(edit.replacement)
        found.append(corpora.Edit(start=start, end=end, replacement=text[edit.start : edit.end]))
        shift += len(edit.replacement) - (edit.end - edit.start)
    return found


def written(folder, name, raw, packing):
    """Put a corpus on disk."""
    path = folder / (name + packing)
    path.write_bytes(PACKINGS[packing][0](raw.encode()))
    return path


def unpacked(path, packing):
    """Read a corpus's bytes back."""
    return PACKINGS[packing][1](path.read_bytes())


@LAW
@given(CORPUS)
def test_reading_agrees_with_json_and_csv(case):
    """Texts that json or csv wrote are read back as they were given to them, whatever the spelling."""
    suffix, texts, raw = case
    with tempfile.TemporaryDirectory() as name:
        path = written(Path(name), f"c{suffix}", raw, "")
        assert [entry.document.text for entry in corpora.read(corpora.open(path))] == texts


@settings(LAW, max_examples=400)
@given(st.text(st.sampled_from('a",\n\r \u2028'), max_size=20), st.sampled_from(",;"))
def test_rows_are_those_of_csv_whatever_the_file(raw, delimiter):
    """Any text splits into the rows that a strict csv reader sees, or is refused as that reader refuses it."""
    try:
        expected = [row for row in csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error:
        expected = None
    lines = rows.physical(enumerate(re.findall(r"[^\n]*\n|[^\n]+", raw), 1))
    try:
        found = list(rows.rows(lines, delimiter=delimiter, path=Path("a.csv")))
    except InputError:
        assert expected is None
        return
    assert "".join(row.raw for row in found) == raw
    assert [[row.value(index) for index in range(len(row.cells))] for row in found if not row.blank] == expected


@LAW
@given(CORPUS, st.sampled_from(list(PACKINGS)))
def test_no_edits_give_the_same_bytes(case, packing):
    """A rewrite without edits gives the same bytes, also inside a compressed file."""
    suffix, texts, raw = case
    with tempfile.TemporaryDirectory() as name:
        path = written(Path(name), f"c{suffix}", raw, packing)
        corpora.rewrite(corpora.open(path), [[]] * len(texts), out=Path(name) / "out")
        assert unpacked(Path(name) / "out" / path.name, packing) == raw.encode()


@settings(LAW, max_examples=300)
@given(CORPUS, st.sampled_from(list(PACKINGS)), st.data())
def test_edits_and_their_inverse_give_the_original_back(case, packing, data):
    """The rewritten file reads as the edited texts, and the inverse edits restore every byte."""
    suffix, texts, raw = case
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = corpora.open(written(folder, f"c{suffix}", raw, packing))
        edits = [data.draw(edits_for(entry)) for entry in corpora.read(corpus)]
        corpora.rewrite(corpus, edits, out=folder / "out")
        release = corpora.open(folder / "out" / corpus.files[0].name)
        expected = [applied(text, some) for text, some in zip(texts, edits, strict=True)]
        assert [entry.document.text for entry in corpora.read(release)] == expected
        undo = [inverse(text, some) for text, some in zip(texts, edits, strict=True)]
        corpora.rewrite(release, undo, out=folder / "back")
        assert unpacked(folder / "back" / corpus.files[0].name, packing) == raw.encode()


@LAW
@given(jsonl(), st.data())
def test_only_the_edited_spans_differ(case, data):
    """Between two edits, the file's characters are those of the original in the same order."""
    suffix, _, raw = case
    with tempfile.TemporaryDirectory() as name:
        corpus = corpora.open(written(Path(name), f"c{suffix}", raw, ""))
        mark = "\N{SNOWMAN}"
        edits = [
            [corpora.Edit(start=edit.start, end=edit.start, replacement=mark) for edit in data.draw(edits_for(entry))]
            for entry in corpora.read(corpus)
        ]
        marked = raw.count(mark) + sum(map(len, edits))
        corpora.rewrite(corpus, edits, out=Path(name) / "out")
        result = (Path(name) / "out" / corpus.files[0].name).read_bytes().decode()
        assert result.count(mark) == marked
        assert result.replace(mark, "") == raw.replace(mark, "")


def test_inserted_text_is_escaped_where_the_format_needs_it(tmp_path):
    """Quotes, backslashes and line ends that are inserted come back as themselves from json and csv."""
    (tmp_path / "a.jsonl").write_text('{"text": "ab"}\n', encoding="utf-8")
    (tmp_path / "b.csv").write_text('text,n\n"ab",1\n', encoding="utf-8")
    corpus = corpora.open(tmp_path)
    edit = corpora.Edit(start=1, end=1, replacement='"\\\n')
    corpora.rewrite(corpus, [[edit], [edit]], out=tmp_path / "out")
    texts = [entry.document.text for entry in corpora.read(corpora.open(tmp_path / "out"))]
    assert texts == ['a"\\\nb', 'a"\\\nb']
    assert json.loads((tmp_path / "out/a.jsonl").read_text(encoding="utf-8")) == {"text": 'a"\\\nb'}


@pytest.mark.parametrize("character", [",", '"', "\n", "\r"])
def test_a_field_without_quotes_takes_no_character_that_needs_them(tmp_path, character):
    """Inserting a delimiter, quote or line end in a bare CSV field is the caller's mistake, and writes nothing."""
    (tmp_path / "b.csv").write_text("text,n\nab,1\n", encoding="utf-8")
    edit = corpora.Edit(start=1, end=1, replacement=character)
    with pytest.raises(ValueError, match="cannot stand in a field without quotes"):
        corpora.rewrite(corpora.open(tmp_path / "b.csv"), [[edit]], out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


PASSAGE = Passage(
    text="aéb", id=None, place="x:1", raw='"a\\u00e9b"', start=1, runs=(Run(start=1, end=2, raw_start=2, raw_end=8),)
)


@pytest.mark.parametrize(
    "spans",
    [[(1, 2)], [(0, 2)], [(1, 3)], [(0, 3)], [(2, 1)], [(0, 4)], [(-1, 0)], [(2, 3), (0, 1)], [(0, 1), (0, 1)]],
)
def test_edits_that_cannot_be_undone_are_refused(spans):
    """An edit inside an escape, out of order, overlapping or out of range raises ValueError."""
    with pytest.raises(ValueError, match="x:1"):
        splice(PASSAGE, [corpora.Edit(start=start, end=end, replacement="z") for start, end in spans])


def test_edits_beside_an_escape_leave_it_alone():
    """Insertions at both borders of an escape, and replacements up to it, keep its spelling."""
    edits = [corpora.Edit(start=0, end=1, replacement="x"), corpora.Edit(start=2, end=2, replacement="y")]
    assert splice(PASSAGE, edits) == '"x\\u00e9yb"'
    assert splice(PASSAGE, [corpora.Edit(start=1, end=1, replacement="y")]) == '"ay\\u00e9b"'
