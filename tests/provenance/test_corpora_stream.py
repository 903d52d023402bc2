"""Ids, folders, lock-step rewriting, and memory."""

import gzip
import hashlib
import json
import subprocess
import sys
import tracemalloc

import pytest

from provenance import corpora, storage
from provenance.corpora import ids
from provenance.corpora.splice import Passage
from provenance.errors import InputError


def lay(folder, **files):
    """Write files whose names have ``__`` for a dot and ``___`` for a slash."""
    for name, raw in files.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def names(path, **options):
    """Give the ids of a corpus."""
    return [entry.document.id for entry in corpora.read(corpora.open(path, **options))]


def test_ids_come_from_the_field_id_or_the_text(tmp_path):
    """A record without an id is named by its text; the same text again gets .2, .3."""
    one = hashlib.sha256(b"one").hexdigest()[:16]
    lay(tmp_path, a__jsonl=b'{"text":"one"}\n{"id":7,"text":"one"}\n{"text":"one"}\n{"id":null,"text":"one"}\n')
    assert names(tmp_path / "a.jsonl") == [one, "7", f"{one}.2", f"{one}.3"]
    assert corpora.text_id("one") == one


def test_ids_come_from_a_named_field(tmp_path):
    """A named id field, nested or not, takes the place of ``id``."""
    lay(tmp_path, a__jsonl=b'{"id":1,"meta":{"key":"x"},"text":"one"}\n', b__csv=b"id,meta.key,text\n1,y,one\n")
    assert names(tmp_path, id_field="meta.key") == ["x", "y"]


def test_a_folder_is_read_in_order_of_names_and_its_texts_are_called_by_them(tmp_path):
    """Files are found recursively and sorted; text files are named relative to the folder; hidden ones are left out."""
    lay(
        tmp_path,
        b__txt=b"two",
        a___z__md=b"one",
        c__jsonl=b'{"text":"three","id":"c"}',
        __git___x__txt=b"no",
        d__png=b"x",
    )
    corpus = corpora.open(tmp_path)
    assert names(tmp_path) == ["a/z.md", "b.txt", "c"]
    assert corpus.skipped == ("d.png",)


def test_a_folder_is_rewritten_under_the_same_names(tmp_path):
    """Every file of a folder appears under its own name, empty ones too, and untouched ones unchanged."""
    lay(tmp_path / "in", a___b__txt=b"one", c__jsonl=b'{"text":"two"}\r\n', d__csv=b"text\nthree\n", e__txt=b"")
    corpus = corpora.open(tmp_path / "in")
    corpora.rewrite(corpus, [[], [corpora.Edit(start=0, end=3, replacement="2")], []], out=tmp_path / "out")
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in corpora_files(tmp_path / "out")
    }
    assert found == {"a/b.txt": b"one", "c.jsonl": b'{"text":"2"}\r\n', "d.csv": b"text\nthree\n", "e.txt": b""}


def corpora_files(folder):
    """List all files under a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_last_of_equal_keys_is_the_text(tmp_path):
    """Where a record repeats a key, the last one is read and edited, as json reads it."""
    lay(tmp_path, a__jsonl=b'{"text":"one","m":{"text":"no"},"text" :  "two"}')
    corpus = corpora.open(tmp_path / "a.jsonl")
    corpora.rewrite(corpus, [[corpora.Edit(start=0, end=1, replacement="T")]], out=tmp_path / "out")
    assert (tmp_path / "out/a.jsonl").read_bytes() == b'{"text":"one","m":{"text":"no"},"text" :  "Two"}'


def test_a_dotted_name_reaches_inside_unless_a_field_has_that_name(tmp_path):
    """``meta.text`` is the field of that name where there is one, and else the nested one."""
    lay(tmp_path, a__jsonl=b'{"meta":{"x":{}, "text":"in"}}\n{"meta.text":"out","meta":{"text":"no"}}\n')
    corpus = corpora.open(tmp_path / "a.jsonl", text_field="meta.text")
    assert [entry.document.text for entry in corpora.read(corpus)] == ["in", "out"]
    edits = [[corpora.Edit(start=0, end=1, replacement="I")], [corpora.Edit(start=0, end=1, replacement="O")]]
    corpora.rewrite(corpus, edits, out=tmp_path / "out")
    assert b'"text":"In"}}' in (tmp_path / "out/a.jsonl").read_bytes()
    assert b'{"meta.text":"Out","meta":{"text":"no"}}' in (tmp_path / "out/a.jsonl").read_bytes()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_csv_rows_end_as_csv_says(tmp_path, end):
    """Rows end at each of the three line ends; a quoted cell may hold any of them."""
    lay(tmp_path, a__csv=end.join([b"text;n", b'"a\rb\nc\r\nd";1', b"", b"e;2", b'"""";3']))
    assert [entry.document.text for entry in corpora.read(corpora.open(tmp_path / "a.csv"))] == [
        "a\rb\nc\r\nd",
        "e",
        '"',
    ]


def test_the_delimiter_is_the_one_that_shows_the_text_field(tmp_path):
    """A header that holds other marks is split where the text field appears."""
    lay(tmp_path, a__csv=b"id;text;a,b,c,d\n1;x,y;z\n", b__tsv=b"a,b,c\ttext\n1\tx,y\n", c__csv=b"text\nx;y\n")
    assert [entry.document.text for entry in corpora.read(corpora.open(tmp_path))] == ["x,y", "x,y", "x;y"]


def test_gzip_is_written_the_same_every_time(tmp_path):
    """Compressed releases do not depend on the clock or the folder."""
    lay(tmp_path, a__txt__gz=gzip.compress(b"one"))
    for out in ("x", "y"):
        corpora.rewrite(corpora.open(tmp_path / "a.txt.gz"), [[]], out=tmp_path / out)
    assert (tmp_path / "x/a.txt.gz").read_bytes() == (tmp_path / "y/a.txt.gz").read_bytes()


def test_edits_are_pulled_in_step(tmp_path):
    """No document is asked for before the one before it has been written."""
    lay(tmp_path, a__jsonl=b'{"text":"x"}\n' * 3)
    corpus, pulled = corpora.open(tmp_path / "a.jsonl"), []

    def edits():
        for entry in corpora.read(corpus):
            pulled.append(entry.document.id)
            yield []
            assert len(list((tmp_path / "out").glob(".a.jsonl.*.part"))) == 1

    corpora.rewrite(corpus, edits(), out=tmp_path / "out")
    assert len(pulled) == 3


@pytest.mark.parametrize("count", [0, 1, 3])
def test_edits_for_another_number_of_documents_write_nothing(tmp_path, count):
    """Too few or too many sequences of edits are the caller's mistake, and leave no file."""
    lay(tmp_path, in___a__txt=b"one", in___b__txt=b"two")
    with pytest.raises(ValueError, match=r"(fewer|more) sequences"):
        corpora.rewrite(corpora.open(tmp_path / "in"), [[]] * count, out=tmp_path / "out")
    assert corpora_files(tmp_path / "out") == []


def test_a_mistake_in_the_last_file_leaves_no_file(tmp_path):
    """A corpus is rewritten as a whole: when a later file is malformed, no earlier one appears."""
    lay(tmp_path, in___a__txt=b"one", in___b__jsonl=b"{")
    corpus = corpora.open(tmp_path / "in")
    with pytest.raises(InputError, match="malformed"):
        corpora.rewrite(corpus, ([] for _ in corpora.read(corpus)), out=tmp_path / "out")
    assert corpora_files(tmp_path / "out") == []


def test_a_corpus_is_not_written_over_itself(tmp_path):
    """The original is never the target."""
    lay(tmp_path, a__txt=b"one")
    with pytest.raises(InputError, match="would be overwritten"):
        corpora.rewrite(corpora.open(tmp_path / "a.txt"), [[]], out=tmp_path)


def test_a_digest_rests_on_names_and_bytes(tmp_path):
    """Another byte or another name gives another digest; another folder does not."""
    lay(tmp_path, x___a__txt=b"one", y___a__txt=b"one", z___b__txt=b"one", w___a__txt=b"two")
    digests = [corpora.digest(corpora.open(tmp_path / folder)) for folder in "xyzw"]
    assert digests[0] == digests[1] == storage.digest_json([["a.txt", hashlib.sha256(b"one").hexdigest()]])
    assert len(set(digests)) == 3


def test_ids_are_remembered_while_the_table_grows():
    """Thirty thousand names are each new once and known ever after."""
    name = ids.naming()
    for number in range(30_000):
        name(Passage(text="", id=str(number), place="x", raw=""))
    for number in range(0, 30_000, 997):
        with pytest.raises(InputError, match=f"duplicate id '{number}'"):
            name(Passage(text="", id=str(number), place="x", raw=""))


def test_an_id_of_a_record_may_be_that_of_a_text():
    """A text whose digest was given as an id already takes the next name."""
    name = ids.naming()
    assert name(Passage(text="", id=ids.text_id("one"), place="x", raw="")) == ids.text_id("one")
    assert name(Passage(text="one", id=None, place="x", raw="")) == ids.text_id("one") + ".2"


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "csv"])
def test_memory_does_not_grow_with_the_corpus(tmp_path, suffix):
    """Reading and rewriting a corpus of 16 MB holds less than 2 MB."""
    line = b'{"text": "' + b"word " * 1600 + b'"}\n' if "jsonl" in suffix else b'"' + b"word " * 1600 + b'",1\n'
    raw = (b"" if "jsonl" in suffix else b"text,n\n") + line * 2000
    (tmp_path / f"a.{suffix}").write_bytes(gzip.compress(raw, 1) if suffix.endswith("gz") else raw)
    corpus = corpora.open(tmp_path / f"a.{suffix}")
    del raw
    tracemalloc.start()
    corpora.rewrite(corpus, ([] for _ in corpora.read(corpus)), out=tmp_path / "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_first_document_comes_before_the_file_is_read(tmp_path):
    """A mistake at the end of a large file does not keep its first document back."""
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "word"}\n' * 100_000 + b"{")
    assert next(corpora.read(corpora.open(tmp_path / "a.jsonl"))).document.text == "word"


def test_a_long_cell_costs_no_square(tmp_path):
    """A quoted cell of 200,000 lines is read at once, not again for every line."""
    (tmp_path / "a.csv").write_bytes(b'text\n"' + b"a line\n" * 200_000 + b'"\n')
    (entry,) = corpora.read(corpora.open(tmp_path / "a.csv"))
    assert len(entry.document.text) == 1_400_000


def test_listing_a_corpus_imports_no_model_library():
    """Reading JSON lines needs neither torch nor `datasets`."""
    code = (
        "import sys; from provenance import corpora; corpora.open; corpora.read;"
        "print(sorted({'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_package_has_no_other_names():
    """A name that the package does not hand on is an AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = corpora.nothing


def test_a_folder_that_links_back_to_itself_is_read_once(tmp_path):
    """A linked folder is listed as skipped; a linked file is read."""
    lay(tmp_path, in___a__txt=b"one", b__txt=b"two")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/c.txt").symlink_to(tmp_path / "b.txt")
    corpus = corpora.open(tmp_path / "in")
    assert names(tmp_path / "in") == ["a.txt", "c.txt"]
    assert corpus.skipped == ("loop",)
