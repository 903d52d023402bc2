"""From a corpus to a release and a ledger."""

import csv
import gzip
import io
import json
import shutil
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from datasets import Dataset, load_from_disk
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provenance import artifacts, corpora
from provenance.errors import InputError
from provenance.language import pipelines
from provenance.records import Document
from watermark import dealing, detection, embedding, keys, ledger, marking, parts, restoring, sites, variants
from watermark.embedding import Embedding
from watermark.keys import Key
from watermark.rules import SiteRules

KEY = Key(secret=bytes(range(32)), id="test")
OTHER = Key(secret=bytes(32), id="other")
STORY = """\
The whole committee usually began its work early. They required additional help, and the main task was finished quickly.

A large house stood beside the road; nobody had purchased it. The story was difficult to understand, but she frequently
told it. It was an additional burden.
"""
ADVICE = """\
Rapid growth is rare. The author needed sufficient time to verify each answer, and he immediately chose to remove the
incorrect ones. Various modern methods help to obtain precise results."""
UNICODE = """\
Small errors happen often — they are seldom
important… Naïve readers, e.g. my “friend”, will merely ignore them.  The journey was entirely complete; the previous
one had ended badly.\u2028Possibly they attempted it twice."""
PROSE = (STORY, ADVICE, UNICODE)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def jsonl(texts, *, ids=True, end="\n"):
    """Spell texts out as JSON lines."""
    rows = [{"id": f"d{row}", "text": text} if ids else {"text": text} for row, text in enumerate(texts)]
    return "".join(json.dumps(row, ensure_ascii=row["text"].isascii()) + end for row in rows)


def lay(path, content):
    """Write a file, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def files(folder):
    """Give every file under a folder with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def corpus(tmp_path):
    """Lay three documents with many sites on the disk."""
    return lay(tmp_path / "in" / "c.jsonl", jsonl(PROSE))


def test_only_the_sites_change(corpus, tmp_path):
    """Every character outside the sites is the same in every variant, and at a site stands one of its options."""
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m")
    book = ledger.read(made.ledger)
    assert sum(len(document.sites) for document in book.documents) > 20
    for document in book.documents:
        for index in range(document.variants):
            text, at = document.variant(index), 0
            for number, site in enumerate(document.sites):
                before = document.text[document.sites[number - 1].end if number else 0 : site.start]
                assert text.startswith(before, at)
                at += len(before)
                option = site.options[document.chosen[number][index]]
                assert text.startswith(option, at)
                at += len(option)
            assert text[at:] == document.text[document.sites[-1].end :]


def test_the_release_is_variant_0(corpus, tmp_path):
    """What was published is what the ledger renders first, and the alternates are other texts."""
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m")
    released = [entry.document for entry in corpora.read(corpora.open(made.folder))]
    book = ledger.read(made.ledger)
    assert [document.text for document in released] == [document.variant(0) for document in book.documents]
    for document in book.documents:
        assert len({document.variant(index) for index in range(5)}) == 5


def test_the_same_key_writes_the_same_bytes(corpus, tmp_path):
    """Release, ledger and certificate are the same to the byte on a second run; another key chooses otherwise."""
    for name, key in (("one", KEY), ("two", KEY), ("other", OTHER)):
        embedding.release(corpus, key=key, out=tmp_path / name)
    one, two, other = (files(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert set(one) == {"release/c.jsonl", "ledger.parquet", "certificate.json", "croissant.json", "fidelity.html"}
    assert one["release/c.jsonl"] != other["release/c.jsonl"]


@pytest.mark.parametrize("how", [{"release": "second"}, {"recipient": "acme"}])
def test_another_release_or_recipient_chooses_otherwise(corpus, tmp_path, how):
    """Sites are the same, deals are not."""
    one = embedding.release(corpus, key=KEY, out=tmp_path / "one")
    other = embedding.release(corpus, key=KEY, out=tmp_path / "other", embedding=Embedding(**how))
    first, second = ledger.read(one.ledger).documents, ledger.read(other.ledger).documents
    assert [document.sites for document in first] == [document.sites for document in second]
    assert [document.chosen for document in first] != [document.chosen for document in second]
    dealing.check_deals(ledger.read(other.ledger), KEY)


def test_sites_are_fixed_before_the_key_is_looked_at():
    """Where a document may be edited, and how, is the same whoever holds the key."""
    one, other = (marking.mark(Document(id="a", text=PROSE[0]), key=key) for key in (KEY, OTHER))
    assert one.sites == other.sites == sites.find(PROSE[0], rules=SiteRules())
    assert one.chosen != other.chosen


def test_a_word_is_replaced_consistently():
    """The same word with the same options gets one wording in the whole document."""
    text = "The large house was large. " + PROSE[0] + " A Large dog. Large houses stood there."
    marked = marking.mark(Document(id="a", text=text), key=KEY)
    coins = {}
    for site, chosen in zip(marked.sites, marked.chosen, strict=True):
        named = tuple(site.options[choice].casefold() for choice in chosen)
        coin = (site.word, frozenset(option.casefold() for option in site.options))
        assert coins.setdefault(coin, named) == named
    assert len(coins) < len(marked.sites)


def undone(made, out):
    """Undo a release."""
    return restoring.undo(made.folder, ledger_path=made.ledger, out=out)


def spelt(texts, form):
    """Spell texts out in one of the formats that are text."""
    rows = [{"text": text, "id": f"d{row}", "n": row} for row, text in enumerate(texts)]
    match form:
        case "jsonl":
            return jsonl(texts)
        case "escaped":
            return "".join(json.dumps(row) + "\r\n" for row in rows)
        case "bom":
            return "\ufeff" + "\n\n".join(json.dumps({"a": [1.50], **row}, ensure_ascii=False) for row in rows)
        case "nameless":
            return jsonl([*texts, *texts], ids=False)
        case _:
            stream = io.StringIO(newline="")
            writer = csv.DictWriter(stream, ["id", "text", "n"], delimiter="\t" if form == "tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
            return stream.getvalue()


FORMS = {
    "jsonl": "c.jsonl",
    "escaped": "c.ndjson",
    "bom": "c.json",
    "nameless": "c.jsonl",
    "csv": "c.csv",
    "tsv": "c.tsv",
}
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)


@pytest.mark.parametrize("form", FORMS)
@QUICK
@given(texts=TEXTS, mixed=st.booleans())
@example(texts=list(PROSE), mixed=False)
@example(texts=["", '"', "\\", "a,b", "\u2028x\x85y\x0b"], mixed=True)
def test_undo_gives_any_corpus_back(tmp_path, form, texts, mixed):
    """Release, then undo: the same bytes, for texts of any characters, alone or among prose."""
    if mixed:
        texts = [one + other for one, other in zip(PROSE, [*texts, *texts, *texts], strict=False)]
    if form in {"csv", "tsv"}:
        texts = [text.replace("\0", "") or "x" for text in texts]
    for name in ("in", "m", "back"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    path = lay(tmp_path / "in" / FORMS[form], spelt(texts, form))
    made = embedding.release(path, key=KEY, out=tmp_path / "m")
    restored = undone(made, tmp_path / "back")
    assert files(tmp_path / "back") == files(tmp_path / "in")
    assert restored.identical
    assert restored.documents == made.counts.marked


@pytest.mark.parametrize("form", FORMS)
def test_every_text_format_is_really_edited(tmp_path, form):
    """The prose has edits in every format, and undoing takes them all back."""
    path = lay(tmp_path / "in" / FORMS[form], spelt(PROSE, form))
    made = embedding.release(path, key=KEY, out=tmp_path / "m")
    assert made.counts.edits > 10
    assert (made.folder / FORMS[form]).read_bytes() != path.read_bytes()
    assert undone(made, tmp_path / "back").identical


def everything(root):
    """Lay a folder with one file of every format that is no plain JSON lines or CSV; give its table."""
    lay(root / "a" / "one.txt", PROSE[0])
    lay(root / "a" / "two.md", PROSE[2])
    lay(root / "b.jsonl.gz", gzip.compress(jsonl(PROSE).replace('"d', '"z').encode()))
    lay(root / "c.jsonl.zst", zstandard.compress(jsonl(PROSE).encode()))
    table = pa.table({"id": ["p0", "p1", "p2"], "text": PROSE, "n": [1.5, None, 2]}).replace_schema_metadata({"a": "b"})
    pq.write_table(table, root / "d.parquet", row_group_size=2)
    Dataset.from_dict({"id": ["s0", "s1"], "text": PROSE[:2]}).save_to_disk(root / "e")
    return table


def test_a_folder_of_everything_is_given_back(tmp_path):
    """Text files, compressed files, Parquet and a datasets folder come back; packed ones with equal content."""
    table, back = everything(tmp_path / "in"), tmp_path / "back"
    made = embedding.release(tmp_path / "in", key=KEY, out=tmp_path / "m")
    assert made.counts.documents == made.counts.marked == 13
    restored = undone(made, back)
    assert restored.documents == 13
    assert not restored.identical
    assert [(back / "a" / name).read_bytes() for name in ("one.txt", "two.md")] == [
        PROSE[0].encode(),
        PROSE[2].encode(),
    ]
    assert gzip.decompress((back / "b.jsonl.gz").read_bytes()) == jsonl(PROSE).replace('"d', '"z').encode()
    unpacked = zstandard.ZstdDecompressor().decompressobj().decompress((back / "c.jsonl.zst").read_bytes())
    assert unpacked == jsonl(PROSE).encode()
    assert pq.read_table(back / "d.parquet").equals(table, check_metadata=True)
    assert pq.ParquetFile(back / "d.parquet").num_row_groups == 2
    assert load_from_disk(back / "e")["text"][:] == list(PROSE[:2])


def test_nothing_is_left_when_a_line_is_malformed(tmp_path):
    """A mistake in line 7 is one message with its number; neither folder nor parents nor temporary files stay."""
    lay(tmp_path / "c.jsonl", jsonl([*PROSE, *PROSE]) + '{"text": \n')
    before = files(tmp_path)
    with pytest.raises(InputError, match=r"c\.jsonl:7: malformed JSON"):
        embedding.release(tmp_path / "c.jsonl", key=KEY, out=tmp_path / "x" / "y" / "m")
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]


def test_an_existing_folder_is_refused_and_force_replaces_a_release_only(corpus, tmp_path):
    """Without force nothing is replaced; with it an earlier release is, and nothing else ever."""
    out = tmp_path / "m"
    embedding.release(corpus, key=KEY, out=out)
    first = files(out)
    with pytest.raises(InputError, match="m: exists; expected a new folder"):
        embedding.release(corpus, key=OTHER, out=out)
    embedding.release(corpus, key=OTHER, out=out, force=True)
    assert files(out) != first
    lay(tmp_path / "photos" / "one.png", b"x")
    lay(tmp_path / "file", b"x")
    for name in ("photos", "file"):
        with pytest.raises(InputError, match=r"not replaced: it holds no ledger\.parquet and certificate\.json"):
            embedding.release(corpus, key=KEY, out=tmp_path / name, force=True)
    assert (tmp_path / "photos" / "one.png").read_bytes() == b"x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "in", "m", "photos"]


def test_force_keeps_the_old_release_when_the_new_run_fails(corpus, tmp_path):
    """The old folder goes only when the new one is whole."""
    embedding.release(corpus, key=KEY, out=tmp_path / "m")
    before = files(tmp_path / "m")
    corpus.write_text(jsonl(PROSE) + "[]\n")
    with pytest.raises(InputError, match=r"c\.jsonl:4"):
        embedding.release(corpus, key=KEY, out=tmp_path / "m", force=True)
    assert files(tmp_path / "m") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "m"]


def test_a_committed_ledger_is_not_replaced(corpus, tmp_path):
    """A commitment that was published could never be opened again."""
    embedding.release(corpus, key=KEY, out=tmp_path / "m")
    lay(tmp_path / "m" / "ledger.parquet.commitment.json", "{}")
    with pytest.raises(InputError, match="the ledger was committed to and is not replaced"):
        embedding.release(corpus, key=KEY, out=tmp_path / "m", force=True)


def interrupted(corpus, out, monkeypatch):
    """Begin a release in parts of one document, and stop after two."""
    monkeypatch.setattr(parts, "MOST_DOCUMENTS", 1)

    def interrupt(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedding.release(corpus, key=KEY, out=out, progress=interrupt)
    return out.with_name(f".{out.name}.unfinished")


def test_an_interrupt_loses_nothing(corpus, tmp_path, monkeypatch):
    """Ctrl-C half way: no output, but what was done, for its owner's eyes; resumed, the same bytes as undisturbed."""
    whole = embedding.release(corpus, key=KEY, out=tmp_path / "whole").folder.parent
    left = interrupted(corpus, tmp_path / "m", monkeypatch)
    assert not (tmp_path / "m").exists()
    assert left.stat().st_mode & 0o777 == 0o700
    done = {path.name: path.stat().st_mtime_ns for path in left.glob("part-*.parquet")}
    assert len(done) == 2
    embedding.release(corpus, key=KEY, out=tmp_path / "m", resume=True)
    assert files(tmp_path / "m") == files(whole)
    assert not left.exists()


def test_an_interrupted_run_is_not_forgotten_unasked(corpus, tmp_path, monkeypatch):
    """Without resume or force it is refused; with force it starts again."""
    left = interrupted(corpus, tmp_path / "m", monkeypatch)
    with pytest.raises(InputError, match=r"an interrupted run left its work.*--resume"):
        embedding.release(corpus, key=KEY, out=tmp_path / "m")
    embedding.release(corpus, key=KEY, out=tmp_path / "m", force=True)
    assert not left.exists()


@pytest.mark.parametrize("change", ["key", "rules", "corpus"])
def test_a_run_with_other_settings_does_not_go_on(corpus, tmp_path, monkeypatch, change):
    """Parts of two keys, rules or corpora never end in one release."""
    interrupted(corpus, tmp_path / "m", monkeypatch)
    how = marking.Embedding(rules=SiteRules(per_sentence=1)) if change == "rules" else None
    if change == "corpus":
        corpus.write_text(jsonl([*PROSE, "One more document."]))
    with pytest.raises(InputError, match=rf"another {'key_id' if change == 'key' else change}"):
        embedding.release(corpus, key=OTHER if change == "key" else KEY, out=tmp_path / "m", embedding=how, resume=True)


def test_a_damaged_part_is_marked_again(corpus, tmp_path, monkeypatch):
    """A part cut short, or changed, or without its digest does not count as done."""
    whole = embedding.release(corpus, key=KEY, out=tmp_path / "whole").folder.parent
    left = interrupted(corpus, tmp_path / "m", monkeypatch)
    first, second = sorted(left.glob("part-*.parquet"))
    first.write_bytes(first.read_bytes()[:-20])
    second.with_suffix(".sha256").unlink()
    embedding.release(corpus, key=KEY, out=tmp_path / "m", resume=True)
    assert files(tmp_path / "m") == files(whole)


def test_a_secret_in_the_corpus_is_never_published(corpus, tmp_path):
    """A ledger or a key that lies among the files is refused by name, and the key is not shown."""
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m")
    shutil.copy(made.ledger, tmp_path / "in" / "notes.parquet")
    with pytest.raises(InputError, match=r"notes\.parquet: this is a ledger of provtool's, not a corpus"):
        embedding.release(tmp_path / "in", key=KEY, out=tmp_path / "n")
    (tmp_path / "in" / "notes.parquet").unlink()
    secret = keys.new(tmp_path / "in" / "key.txt").secret.hex()
    with pytest.raises(InputError, match=r"key\.txt: a secret key stands in the corpus") as caught:
        embedding.release(tmp_path / "in", key=KEY, out=tmp_path / "n")
    assert secret not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "m"]


def test_release_and_corpus_do_not_lie_in_each_other(corpus, tmp_path):
    """A release among the files of its corpus would be marked again; a corpus in the target would be replaced."""
    lay(corpus.with_name("d.jsonl"), jsonl(["Other."], ids=False))
    with pytest.raises(InputError, match="lies inside the corpus; expected a folder beside it"):
        embedding.release(corpus.parent, key=KEY, out=corpus.parent / "m")
    for out in (corpus.parent, tmp_path, corpus):
        with pytest.raises(InputError, match="the corpus itself lies in this folder"):
            embedding.release(corpus, key=KEY, out=out, force=True)
    assert len(files(tmp_path)) == 2


def test_text_without_sites_is_released_as_it_is(tmp_path):
    """Nothing to mark: the release is the corpus, the ledger is empty, counts are 0."""
    path = lay(tmp_path / "c.jsonl", jsonl(["x y z", "12 34", "日本語"]))
    made = embedding.release(path, key=KEY, out=tmp_path / "m")
    assert (made.folder / "c.jsonl").read_bytes() == path.read_bytes()
    assert (made.counts.documents, made.counts.marked, made.counts.sites, made.counts.edits) == (3, 0, 0, 0)
    assert ledger.read(made.ledger).documents == ()
    assert undone(made, tmp_path / "back").identical


def test_leximark_replaces_everywhere_without_a_key(corpus, tmp_path):
    """The published strategy takes the rarest wording at every site, and no exact audit takes its ledger."""
    how = Embedding(strategy="leximark")
    made = embedding.release(corpus, key=None, out=tmp_path / "m", embedding=how)
    book = ledger.read(made.ledger)
    assert made.counts.edits == made.counts.sites > 20
    assert all(
        chosen == (variants.rarest(site),)
        for document in book.documents
        for site, chosen in zip(document.sites, document.chosen, strict=True)
    )
    assert json.loads(made.certificate.read_text())["ledger_commitment"] is None
    with pytest.raises(InputError, match="has no exact null"):
        dealing.check_exact(book)
    with pytest.raises(InputError, match="has no exact null"):
        detection.audit(book, None)
    assert undone(made, tmp_path / "back").identical


def test_the_ledger_says_how_it_was_made(corpus, tmp_path):
    """Release name, rules, tagger, fields and the corpus's digest stand in its header."""
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m", embedding=Embedding(alternates=2))
    header = artifacts.read_header(made.ledger, ledger.LEDGER)
    assert header.inputs == {"corpus": corpora.digest(corpora.open(corpus))}
    assert header.settings["release"] == "c.jsonl"
    assert header.settings["alternates"] == 2
    assert header.settings["tagger"] == pipelines.default().method
    assert header.settings["rules"] == SiteRules().method
    assert (header.settings["text_field"], header.settings["id_field"]) == ("text", None)


def test_a_spacy_pipeline_tags_and_is_recorded(corpus, tmp_path):
    """A pipeline that calls every word an adjective leaves adjectives' sites only, and stands in the ledger."""
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("tagger").add_label("JJ")
    pipeline.add_pipe("sentencizer")
    pipeline.initialize()
    pipeline.to_disk(tmp_path / "small")
    how = Embedding(spacy_model=str(tmp_path / "small"))
    made = embedding.release(corpus, key=KEY, out=tmp_path / "m", embedding=how)
    settings_ = artifacts.read_header(made.ledger, ledger.LEDGER).settings
    assert settings_["tagger"] == pipelines.load(str(tmp_path / "small")).method
    assert settings_["tagger"].startswith("spacy(")
    assert "began" not in {site.word for document in ledger.read(made.ledger).documents for site in document.sites}
    with pytest.raises(InputError, match="no spaCy pipeline 'xx_none'"):
        embedding.release(corpus, key=KEY, out=tmp_path / "n", embedding=Embedding(spacy_model="xx_none"))
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"strategy": "rot13"}, "unknown strategy 'rot13'; expected keyed or leximark"),
        ({"alternates": 0}, "0 alternates; expected at least 1"),
        ({"recipient": ""}, "the recipient has no name"),
        ({"recipient": "a\nb"}, "expected printable characters"),
        ({"release": "\udcff"}, "expected printable characters"),
        ({"recipient": "acme", "strategy": "leximark"}, "a recipient's copy of strategy 'leximark'"),
    ],
)
def test_wrong_settings_are_refused_at_the_door(how, message):
    """What cannot be done is said before a document is read."""
    with pytest.raises(InputError, match=message):
        Embedding(**how)


def test_keyed_marks_need_a_key(corpus, tmp_path):
    """Without a key there is nothing to deal from."""
    with pytest.raises(InputError, match="strategy 'keyed' needs a key; expected --key FILE; try provtool key new"):
        embedding.release(corpus, key=None, out=tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_long_corpus_streams(tmp_path):
    """Six hundred more documents of 1,200 bytes need no 720,000 bytes more: no list of them is ever made."""
    peaks = []
    for count in (1, 600, 1200):  # the first loads what is used
        path = lay(tmp_path / f"{count}.jsonl", jsonl([" " * 1200] * count, ids=False))
        tracemalloc.start()
        embedding.release(path, key=KEY, out=tmp_path / f"m{count}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 200_000
