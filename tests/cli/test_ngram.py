"""``provtool ngram``."""

from provenance.suspects import ngram


def test_a_corpus_is_counted_as_bytes(run, corpus, tmp_path):
    """The model stands where it was asked for, and its name as a reference is said."""
    done = run("ngram", corpus, "--out", "n.parquet", "--order", 2)
    assert done.code == 0
    assert done.err.endswith("n-grams in n.parquet; as a reference: --reference ngram:n.parquet\n")
    model = ngram.load(str(tmp_path / "n.parquet"))
    assert (model.order, model.tokenizer) == (2, None)


def test_a_transcript_with_tokens_is_counted_as_tokens(run, trained, tmp_path):
    """Token ids are counted where the run recorded them."""
    assert run("ngram", trained.transcript, "--out", "n.parquet").code == 0
    assert ngram.load(str(tmp_path / "n.parquet")).tokenizer is not None


def test_streams(run, corpus, tmp_path):
    """A corpus from standard input, a model to standard output, whole."""
    run("ngram", corpus, "--out", "n.parquet")
    done = run("ngram", "-", "--out", "-", stdin=corpus.read_bytes())
    (tmp_path / "piped.parquet").write_bytes(done.raw)
    one, other = (ngram.load(str(tmp_path / name)) for name in ("n.parquet", "piped.parquet"))
    assert one.counts.tolist() == other.counts.tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.jsonl", "n.parquet", "piped.parquet"]
