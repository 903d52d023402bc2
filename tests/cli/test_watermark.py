"""``provtool watermark``."""

import json
import re
import stat

import pytest

from provenance import artifacts
from watermark import dealing, keys, ledger


def test_it_says_what_was_made_and_what_to_do_with_it(run, corpus, tmp_path):
    """Counts, what to publish, what to keep and the next step; all files where it says."""
    run("key", "new", "r.key")
    done = run("watermark", corpus, "--key", "r.key", "--out", "m")
    assert done.code == 0
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[0].startswith("40 of 40 documents marked; ")
    assert lines[1].startswith("fidelity: acceptability 0.")
    assert lines[2:] == [
        "croissant.json does not say what Croissant asks for: license, url, creator, datePublished (--about JSON)",
        "  publish      m/release",
        "  publish      m/certificate.json",
        "  publish      m/croissant.json",
        "  keep secret  m/ledger.parquet",
        "  look at      m/fidelity.html (secret)",
        "next: provtool commit m/ledger.parquet, then publish",
    ]
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) & 0o700 == 0o700
    made = {path.name for path in (tmp_path / "m").iterdir()}
    assert made == {"release", "ledger.parquet", "certificate.json", "croissant.json", "fidelity.html"}


def test_what_the_publisher_says_reaches_the_description(run, corpus, tmp_path):
    """License and address stand in croissant.json as they were given, and what is still wanted is said."""
    (tmp_path / "about.json").write_text('{"license": "https://example.org/terms", "name": "Forty documents"}')
    run("key", "new", "r.key")
    done = run("watermark", corpus, "--key", "r.key", "--out", "m", "--about", "about.json")
    assert "Croissant asks for: url, creator, datePublished (--about JSON)" in done.err
    told = json.loads((tmp_path / "m" / "croissant.json").read_text())
    assert (told["license"], told["name"]) == ("https://example.org/terms", "Forty documents")


def test_options_reach_the_ledger(run, corpus, tmp_path):
    """Alternates, sites a sentence, recipient and release name are those that were asked for."""
    run("key", "new", "r.key")
    options = ["--alternates", 2, "--per-sentence", 1, "--recipient", "acme", "--release-name", "v1"]
    assert run("watermark", corpus, "--key", "r.key", "--out", "m", *options).code == 0
    book = ledger.read(tmp_path / "m" / "ledger.parquet")
    assert (book.release, book.recipient, book.documents[0].variants) == ("v1", "acme", 3)
    assert "per_sentence=1" in book.settings["rules"]
    dealing.check_deals(book, keys.load(tmp_path / "r.key"))


def test_quotations_are_spared_on_request(run, tmp_path):
    """With --spare-quotations a quoted word is no site, and the ledger says that it was asked for."""
    (tmp_path / "q.jsonl").write_text(json.dumps({"text": "He said, “the large house”, and bought a small boat."}))
    run("key", "new", "r.key")
    words = {}
    for name, options in (("m", []), ("n", ["--spare-quotations"])):
        assert run("watermark", "q.jsonl", "--key", "r.key", "--out", name, *options).code == 0
        book = ledger.read(tmp_path / name / "ledger.parquet")
        words[name] = {site.word for site in book.documents[0].sites}
    assert "spare_quotations=True" in book.settings["rules"]
    assert words["m"] - words["n"] == {"large"}


def test_the_key_may_come_from_the_environment(run, corpus, monkeypatch, tmp_path):
    """PROVTOOL_KEY deals what the file deals."""
    run("key", "new", "r.key")
    run("watermark", corpus, "--key", "r.key", "--out", "m")
    monkeypatch.setenv("PROVTOOL_KEY", (tmp_path / "r.key").read_text())
    assert run("watermark", corpus, "--out", "n").code == 0
    assert (tmp_path / "m" / "ledger.parquet").read_bytes() == (tmp_path / "n" / "ledger.parquet").read_bytes()


def test_force_replaces_a_release(run, marked, corpus, refused):
    """Without --force an existing folder is refused; with it the release is replaced."""
    assert refused("watermark", corpus, "--key", "r.key", "--out", marked).startswith(
        "m: exists; expected a new folder"
    )
    assert run("watermark", corpus, "--key", "r.key", "--out", marked, "--force", "--alternates", 1).code == 0
    assert ledger.read(marked / "ledger.parquet").documents[0].variants == 2


def test_nothing_to_mark_is_said(run, tmp_path):
    """A corpus without sites is released as it is, and the user learns that nothing can be proven."""
    (tmp_path / "c.jsonl").write_text('{"text": "x y z"}\n')
    run("key", "new", "r.key")
    done = run("watermark", "c.jsonl", "--key", "r.key", "--out", "m")
    assert done.code == 0
    assert "no site was found: the release is the corpus, unmarked, and nothing can be proven" in done.err


def test_files_in_no_known_format_are_named(run, corpus, tmp_path):
    """What was not read was not released, and is said."""
    (tmp_path / "in").mkdir()
    corpus.rename(tmp_path / "in" / "c.jsonl")
    (tmp_path / "in" / "[a] photo.png").write_bytes(b"x")
    run("key", "new", "r.key")
    done = run("watermark", "in", "--key", "r.key", "--out", "m")
    assert "not read and not released, in no known format: [a] photo.png\n" in done.err


def test_leximark_takes_no_key(run, corpus, tmp_path):
    """The published strategy runs without a key, and refuses one it would ignore."""
    assert run("watermark", corpus, "--strategy", "leximark", "--out", "m").code == 0
    assert json.loads((tmp_path / "m" / "certificate.json").read_text())["key_id"] is None
    run("key", "new", "r.key")
    done = run("watermark", corpus, "--strategy", "leximark", "--key", "r.key", "--out", "n")
    assert done.code == 2
    assert "deals without a key: leave out --key" in done.err


def test_a_spacy_pipeline_is_asked_for_by_name(run, corpus, refused, tmp_path):
    """--spacy-model takes a folder, records it, and refuses what is none."""
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("tagger").add_label("NN")
    pipeline.initialize()
    pipeline.to_disk(tmp_path / "small")
    run("key", "new", "r.key")
    done = run("watermark", corpus, "--key", "r.key", "--out", "m", "--spacy-model", tmp_path / "small")
    assert done.code == 0
    settings = artifacts.read_header(tmp_path / "m" / "ledger.parquet", ledger.LEDGER).settings
    assert settings["tagger"].startswith("spacy(")
    message = refused("watermark", corpus, "--key", "r.key", "--out", "n", "--spacy-model", "xx_none")
    assert message.startswith("no spaCy pipeline 'xx_none'; expected an installed package or a folder")


def test_a_wrong_field_is_answered_with_the_likely_one(run, corpus, refused):
    """The fields that there are stand in the message, and the nearest is offered."""
    run("key", "new", "r.key")
    message = refused("watermark", corpus, "--key", "r.key", "--out", "m", "--text-field", "txt")
    assert message == (
        "c.jsonl:1: no field 'txt'; expected one of id, text; try --text-field text (did you mean 'text'?)"
    )


def test_a_preview_brackets_every_change_and_writes_nothing(run, tmp_path):
    """A sentence is shown on one line, old and new in brackets with their acceptability; no file is made."""
    (tmp_path / "c.jsonl").write_text(json.dumps({"id": "a", "text": "Hm. She bought\na large house."}) + "\n")
    done = run("watermark", "c.jsonl", "--preview", 5, "--strategy", "leximark", "--encoder", "none")
    assert done.code == 0
    assert re.fullmatch(r"a: She \[bought → purchased 0\.\d\d\] a \[large → \w+ 0\.\d\d\] house\.\n", done.out)
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]
