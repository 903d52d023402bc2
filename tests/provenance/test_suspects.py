"""Who is asked, by one string; and what the package hands on."""

import subprocess
import sys

import pytest

import provenance
from provenance import suspects
from provenance.errors import InputError
from provenance.records import Record, Tokenizer
from provenance.suspects import causal_lm, column, ngram


def test_every_kind_has_its_string(trained, tmp_path):
    """Each prefix opens its own kind, a bare folder means hf:, and each says who it is and what it weighs."""
    counted, losses = tmp_path / "m.parquet", tmp_path / "f.jsonl"
    named = Tokenizer(name="t", sha256="0" * 64)
    ngram.count([Record(id="a", tokens=(1, 2))], out=counted, tokenizer=named, inputs={})
    losses.write_text('{"id": "a", "loss": 1.0}\n')
    folder = trained.model("ours").removeprefix("hf:")
    for name, kind in (
        (f"hf:{folder}", causal_lm.CausalLM),
        (folder, causal_lm.CausalLM),
        (f"ngram:{counted}", ngram.NgramModel),
        (f"column:{losses}:-loss", column.Column),
    ):
        suspect = suspects.load(name)
        assert isinstance(suspect, kind)
        assert suspect.identity["suspect"].endswith(name)
        assert suspect.identity["kind"] in suspects.KINDS
        assert len(suspect.identity["weights"]) == 64
    assert suspects.load(f"ngram:{counted}").tokenizer == named


@pytest.mark.parametrize("name", ["gpt9", "oracle:x", "nowhere/at/all"])
def test_an_unknown_string_names_the_kinds(name):
    """What names no suspect is told with the kinds there are."""
    with pytest.raises(
        InputError, match=r"unknown suspect .*expected hf:…, ngram:…, column:…, openai:…, text-only:…; try hf:"
    ):
        suspects.load(name)


def test_public_names_are_handed_on():
    """Every public name is there, is the one of its module, and no other is."""
    for name in provenance.__all__:
        assert getattr(provenance, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = provenance.nothing


def test_records_and_counting_models_need_no_torch():
    """Asking a counting model, or reading scores and evidence, never waits for torch."""
    code = (
        "import provenance, sys; from provenance import scoring, evidence, commitments, suspects\n"
        "from provenance.suspects import ngram, column\n"
        "provenance.score; provenance.Evidence; provenance.Window(start=0, length=1)\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
