"""``provtool undo``."""

import gzip


def test_the_corpus_comes_back_and_is_checked(run, marked, corpus, tmp_path):
    """Byte for byte, and the user is told that digests agree."""
    done = run("undo", marked / "release", "--ledger", marked / "ledger.parquet", "--out", "back")
    assert done.code == 0
    assert done.err == "40 documents restored in back\nevery file has the digest of the one that was marked\n"
    assert (tmp_path / "back" / "c.jsonl").read_bytes() == corpus.read_bytes()


def test_packed_files_come_back_with_equal_content(run, corpus, tmp_path):
    """A .gz file is packed anew, and the user is told why digests differ."""
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(corpus.read_bytes(), compresslevel=1))
    run("key", "new", "r.key")
    run("watermark", "z.jsonl.gz", "--key", "r.key", "--out", "m")
    done = run("undo", "m/release", "--ledger", "m/ledger.parquet", "--out", "back")
    assert "digests differ from those of what was marked: right for .gz" in done.err
    assert gzip.decompress((tmp_path / "back" / "z.jsonl.gz").read_bytes()) == corpus.read_bytes()


def test_fields_are_remembered(run, tmp_path):
    """Undo reads the fields that were marked without being told."""
    (tmp_path / "c.csv").write_text("body,n\nShe usually bought a large house.,1\nHe began early.,2\n")
    run("key", "new", "r.key")
    assert run("watermark", "c.csv", "--key", "r.key", "--out", "m", "--text-field", "body").code == 0
    assert run("undo", "m/release", "--ledger", "m/ledger.parquet", "--out", "back").code == 0
    assert (tmp_path / "back" / "c.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_an_edited_release_is_refused(marked, refused):
    """The edited document is named by its place and id, and no folder is left."""
    path = marked / "release" / "c.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:4], lines[4].replace("Number 4", "Number 5"), *lines[5:]]))
    message = refused("undo", marked / "release", "--ledger", marked / "ledger.parquet", "--out", "x/back")
    assert message.startswith("m/release/c.jsonl:5: document 'd4' is missing from the release or was edited")


def test_the_wrong_folder_is_refused(marked, refused):
    """The folder around the release, a missing ledger and an existing target are one line each."""
    ledger = marked / "ledger.parquet"
    assert "try m/release" in refused("undo", marked, "--ledger", ledger, "--out", "back")
    assert refused("undo", marked / "release", "--ledger", "none", "--out", "b") == "none: no such file"
    assert refused("undo", marked / "release", "--ledger", ledger, "--out", marked).startswith("m: exists")
