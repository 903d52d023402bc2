"""Marking in `datasets.Dataset.map`, and the ledger that comes of it."""

import json
import pickle
import subprocess
import sys

import pytest
from datasets import Dataset, disable_progress_bars
from datasets.fingerprint import Hasher

import watermark
from provenance import corpora, scoring
from provenance.checks import Held
from provenance.errors import InputError, MismatchError
from watermark import keys, ledger, restoring, verification
from watermark.keys import Key
from watermark.marking import Embedding
from watermark.verification import Means

KEY = Key(secret=bytes(range(32)), id="test")
SENTENCES = (
    "She bought a large house beside the road.",
    "The whole committee usually began its work early.",
    "Rapid growth is rare, and the author needed sufficient time to verify each answer.",
    "The journey was entirely complete; the previous one had ended badly.",
)
ROWS = [{"id": f"d{row}", "text": f"{SENTENCES[row % 4]} Number {row}.", "year": 2000 + row} for row in range(24)]
ODD = [{"id": "odd", "text": "Hm.", "year": 1}, {"id": "fr", "text": "Les négociations ont échoué hier.", "year": 2}]


@pytest.fixture(autouse=True)
def _quiet():
    disable_progress_bars()


@pytest.fixture
def key_file(tmp_path):
    """Give a file with a key."""
    keys.keep(bytes(range(32)), tmp_path / "r.key")
    return tmp_path / "r.key"


@pytest.fixture
def dataset():
    """Give rows in memory, two of which can't be marked."""
    return Dataset.from_list(ROWS + ODD)


def released(tmp_path, key_file):
    """Mark the same rows as `provtool watermark` does."""
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS + ODD)
    (tmp_path / "c.jsonl").write_text(content)
    how = Embedding(release="r")
    return watermark.release(tmp_path / "c.jsonl", key=keys.load(key_file), out=tmp_path / "m", embedding=how)


@pytest.mark.parametrize("how", [{"batched": True, "num_proc": 2}, {"batched": True, "batch_size": 5}, {}])
def test_it_marks_as_the_command_does(tmp_path, key_file, dataset, how):
    """Two processes, odd batches, or row by row: the texts and the ledger's rows are those of a release."""
    made = released(tmp_path, key_file)
    mark = watermark.marker(key=key_file, release="r")
    marked = dataset.map(mark, **how)
    found = watermark.collect(marked, marker=mark, out=tmp_path / "ledger.parquet")
    published = [entry.document.text for entry in corpora.read(corpora.open(made.folder))]
    assert marked["text"] == published != dataset["text"]
    assert ledger.read(found.ledger).documents == ledger.read(made.ledger).documents
    assert found.counts == made.counts
    assert marked["year"] == dataset["year"]


def test_a_stream_is_marked_as_it_passes(tmp_path, key_file, dataset):
    """An iterable dataset gives the same texts and the same ledger, and is never held."""
    mark = watermark.marker(key=key_file, release="r")
    whole = dataset.map(mark, batched=True)
    stream = dataset.to_iterable_dataset().map(mark, batched=True, batch_size=7)
    first, second = (
        watermark.collect(rows, marker=mark, out=tmp_path / name) for rows, name in ((whole, "1"), (stream, "2"))
    )
    assert ledger.read(first.ledger).documents == ledger.read(second.ledger).documents


def test_the_ledger_serves_as_any_other(tmp_path, key_file, dataset):
    """It is audited with the key, and undoes the release that was saved."""
    mark = watermark.marker(key=key_file, release="r")
    marked = dataset.map(mark, batched=True)
    made = watermark.collect(marked, marker=mark, out=tmp_path / "ledger.parquet")
    marked.remove_columns(mark.column).save_to_disk(tmp_path / "release")
    restoring.undo(tmp_path / "release", ledger_path=made.ledger, out=tmp_path / "restored")
    assert list(Dataset.load_from_disk(tmp_path / "restored")) == ROWS + ODD
    book = ledger.read(made.ledger)
    lines = [
        json.dumps({"id": record.id, "set": record.set, "variant": record.variant, "nll": float(record.variant > 0)})
        for record in ledger.records(book)
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    suspect = f"column:{tmp_path / 's.jsonl'}:-nll"
    scores = scoring.score(ledger.records(book), suspect=suspect, inputs={"ledger": book.sha256})
    assert watermark.audit(book, scores, key=keys.load(key_file)).verdict == "evidence"


def test_a_folder_is_made_as_by_the_command(tmp_path, key_file, dataset):
    """Release and ledger put together get certificate and description, and all of it verifies."""
    mark = watermark.marker(key=key_file, release="r")
    marked, key = dataset.map(mark, batched=True), keys.load(key_file)
    made = watermark.collect(marked, marker=mark, out=tmp_path / "m" / "ledger.parquet")
    marked.remove_columns(mark.column).save_to_disk(tmp_path / "m" / "release")
    watermark.certify(tmp_path / "m", counts=made.counts, key=key)
    found = verification.verify(tmp_path / "m", means=Means(key=key))
    assert found.holds
    assert len([check for check in found.checks if isinstance(check, Held)]) == 7
    told, same = (json.loads((place / "certificate.json").read_text()) for place in (tmp_path / "m", _again(tmp_path)))
    assert {name: told[name] for name in ("counts", "fidelity", "rules")} == {
        name: same[name] for name in ("counts", "fidelity", "rules")
    }
    with pytest.raises(InputError, match=r"certificate\.json: exists"):
        watermark.certify(tmp_path / "m", counts=made.counts, key=key)


def _again(tmp_path):
    """Mark the same rows by the command, in another folder."""
    (tmp_path / "again").mkdir()
    return released(tmp_path / "again", tmp_path / "r.key").certificate.parent


@pytest.mark.parametrize("by_file", [True, False])
def test_caches_hold_neither_key_nor_original(tmp_path, key_file, by_file):
    """What `map` leaves on the disk has no key and no original text in it; nor has a pickle, where a file was named."""
    rows = [{"id": str(row), "text": f"{SENTENCES[0]} Number {row}."} for row in range(50)]
    Dataset.from_list(rows).save_to_disk(tmp_path / "source")
    mark = watermark.marker(key=key_file if by_file else keys.load(key_file), release="r")
    cache = tmp_path / "cache" / "c.arrow"
    cache.parent.mkdir()
    marked = Dataset.load_from_disk(tmp_path / "source").map(mark, batched=True, cache_file_name=str(cache))
    content = b"".join(path.read_bytes() for path in cache.parent.iterdir()) + (pickle.dumps(mark) if by_file else b"")
    secret = keys.load(key_file).secret
    assert secret not in content
    assert secret.hex().encode() not in content
    book = ledger.read(watermark.collect(marked, marker=mark, out=tmp_path / "l.parquet").ledger)
    changed = [document for document in book.documents if document.variant(0) != document.text]
    assert len(changed) > 10
    assert not any(document.text.encode() in content for document in changed)
    assert marked[0]["text"].encode() in content


def test_the_fingerprint_is_that_of_the_settings(key_file):
    """Another process computes the same one, so that caches are found again; another release has another."""
    code = (
        "import sys, watermark\nfrom datasets.fingerprint import Hasher\n"
        "print(Hasher.hash(watermark.marker(key=sys.argv[1], release='r')))"
    )
    done = subprocess.run([sys.executable, "-c", code, key_file], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Hasher.hash(watermark.marker(key=key_file, release="r"))
    assert done.stdout.strip() != Hasher.hash(watermark.marker(key=key_file, release="s"))


def test_an_opted_out_row_is_left_alone(tmp_path, key_file, dataset):
    """Its text stays, and it is counted."""
    asked = dataset.map(lambda row: {"no": row["id"] == "d3"})
    mark = watermark.marker(key=key_file, release="r", opt_out_field="no")
    marked = asked.map(mark, batched=True)
    assert marked[3]["text"] == ROWS[3]["text"]
    counts = watermark.collect(marked, marker=mark, out=tmp_path / "l.parquet").counts
    assert (counts.documents, counts.opted_out, counts.foreign) == (26, 1, 1)


def test_rows_of_another_marker_do_not_open(tmp_path, key_file, dataset):
    """Another key, another release name or other rules: one line, and no ledger."""
    marked = dataset.map(watermark.marker(key=key_file, release="r"), batched=True)
    keys.keep(bytes(32), tmp_path / "other.key")
    for other in (
        watermark.marker(key=tmp_path / "other.key", release="r"),
        watermark.marker(key=key_file, release="s"),
        watermark.marker(key=key_file, release="r", embedding=Embedding(alternates=2)),
    ):
        with pytest.raises(MismatchError, match="row 0: not sealed by this marker"):
            watermark.collect(marked, marker=other, out=tmp_path / "l.parquet")
    assert not (tmp_path / "l.parquet").exists()


@pytest.mark.parametrize("content", [None, b"", b"x" * 40, "text"])
def test_what_was_never_sealed_does_not_open(tmp_path, key_file, content):
    """A row that no marker has seen is told by its number, whatever stands in the column."""
    mark = watermark.marker(key=key_file, release="r")
    rows = [{**ROWS[0], **mark(ROWS[0])}, {**ROWS[1], mark.column: content}]
    with pytest.raises(MismatchError, match="row 1: not sealed by this marker"):
        watermark.collect(rows, marker=mark, out=tmp_path / "l.parquet")


def test_texts_changed_after_marking_are_told(tmp_path, key_file, dataset):
    """A step that lower-cases behind the marker would make a ledger that undoes nothing."""
    mark = watermark.marker(key=key_file, release="r")
    marked = dataset.map(mark, batched=True).map(lambda row: {"text": row["text"].lower()})
    with pytest.raises(MismatchError, match="row 0: the text of document 'd0' is not the one that was marked"):
        watermark.collect(marked, marker=mark, out=tmp_path / "l.parquet")


def test_an_id_comes_once(tmp_path, key_file):
    """Equal texts without ids would share their coins: they are refused when the ledger is made."""
    mark = watermark.marker(key=key_file, release="r")
    marked = Dataset.from_list([{"text": SENTENCES[0]}] * 2).map(mark, batched=True)
    with pytest.raises(InputError, match="row 1: duplicate id"):
        watermark.collect(marked, marker=mark, out=tmp_path / "l.parquet")


def test_a_ledger_is_not_overwritten(tmp_path, key_file, dataset):
    """The first one may be the only proof."""
    mark = watermark.marker(key=key_file, release="r")
    (tmp_path / "l.parquet").write_text("x")
    with pytest.raises(InputError, match=r"l\.parquet: exists"):
        watermark.collect(dataset.map(mark, batched=True), marker=mark, out=tmp_path / "l.parquet")


@pytest.mark.parametrize(
    ("embedding", "release", "message"),
    [
        (Embedding(strategy="leximark"), "r", "look beyond one document"),
        (Embedding(entropy="corpus"), "r", "look beyond one document"),
        (Embedding(), "", "the release has no name"),
    ],
)
def test_what_needs_the_whole_corpus_is_refused(embedding, release, message):
    """A marker sees one batch at a time."""
    with pytest.raises(InputError, match=message):
        watermark.marker(key=KEY, release=release, embedding=embedding)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"body": "x"}, "rows to mark: no field 'text'; expected one of body"),
        ({"text": None}, "field 'text' is null"),
        ({"text": keys.PREFIX}, "a secret key stands in the corpus"),
        ({"text": "x", "provtool_sealed": b""}, "a column 'provtool_sealed' is there already"),
    ],
)
def test_rows_that_cannot_be_marked_are_told(row, message):
    """As in a file: what is wrong, and what was expected."""
    with pytest.raises(InputError, match=message):
        watermark.marker(key=KEY, release="r")(row)


def test_the_ledger_is_its_owners_alone(tmp_path, key_file, dataset):
    """Nobody else on the machine can read it."""
    mark = watermark.marker(key=key_file, release="r")
    made = watermark.collect(dataset.map(mark, batched=True), marker=mark, out=tmp_path / "l.parquet")
    assert (made.ledger.stat().st_mode & 0o777) == 0o600


def test_a_key_file_that_was_replaced_is_told(key_file):
    """A worker that reads another key than the one that the marker was made with does not mark with it."""
    mark = watermark.marker(key=key_file, release="r")
    key_file.unlink()
    keys.new(key_file)
    with pytest.raises(MismatchError, match=r"r\.key: now holds key"):
        mark(ROWS[0])
