"""The lexicon: WordNet's facts, quickly and by rank."""

import importlib.util
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watermark import lexicon

ROOT = Path(lexicon.__file__).parent.parent
WORDNET = Path("/usr/share/wordnet")


def test_senses_come_in_rank_order_with_counts():
    """The first sense of "large" is the one it shares with "big", and is the most tagged."""
    found = lexicon.senses("large", "a")
    assert [sense.rank for sense in found] == sorted(sense.rank for sense in found)
    assert found[0].members == ("large", "big")
    assert found[0].count == max(sense.count for sense in found) > 0


def test_relations_lead_to_synsets():
    """The antonym of the first sense of "large" is the first of "small"."""
    (opposite,) = lexicon.senses("large", "a")[0].synset.relations[lexicon.ANTONYM]
    assert "small" in lexicon.synset(opposite).members


def test_markers_are_no_part_of_a_word():
    """The word "asleep" stands bare, and its marker says that it stands in the predicate."""
    synset = lexicon.senses("asleep", "a")[0].synset
    assert dict(zip(synset.members, synset.markers, strict=True))["asleep"] == "p"


def test_counts_are_by_part_of_speech():
    """The lemma "run" is tagged as a verb more than as a noun, and never as an adverb."""
    counts = lexicon.tag_counts("run")
    assert counts["v"] > counts["n"] > 0
    assert "r" not in counts


def test_compounds_are_found_by_underscore():
    """Compounds are lemmas; halves of words are not."""
    assert lexicon.contains("high_school")
    assert not lexicon.contains("high_schoo")


@given(st.text(max_size=12))
def test_any_string_may_be_asked_for(word):
    """A word that is not there has no senses, whatever its letters."""
    assert isinstance(lexicon.senses(word, "n"), tuple)
    assert isinstance(lexicon.contains(word), bool)


def test_the_licence_stands_beside_the_table():
    """WordNet's licence travels with its facts."""
    assert "WordNet 3.0 Copyright" in files("watermark").joinpath("data", "WORDNET-LICENSE").read_text("utf-8")


def test_loading_is_light():
    """A fresh process reads the table in less than 100 MB more than it had."""
    code = (
        "import resource; from watermark import lexicon; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; lexicon.senses('large', 'a'); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) < 100_000


def test_the_builder_reads_wordnets_lines(tmp_path):
    """From four hand-made files the builder spells members, relations, counts, and leaves names out."""
    script = _script()
    for name in ("verb", "adj", "adv"):
        (tmp_path / f"data.{name}").write_text("")
        (tmp_path / f"index.{name}").write_text("")
    (tmp_path / "data.noun").write_text(
        "  1 licence\n00000001 03 n 02 ship 0 vessel 0 001 @ 00000002 n 0000 | a thing that floats\n"
        "00000002 03 n 01 craft 0 000 | made\n00000003 03 n 01 Titanic 0 000 | sank\n"
    )
    (tmp_path / "index.noun").write_text(
        "craft n 1 0 1 0 00000002  \nship n 2 1 @ 2 1 00000003 00000001  \ntitanic n 1 0 1 0 00000003  \n"
    )
    (tmp_path / "cntlist.rev").write_text("ship%1:06:00:: 2 7\n")
    assert script.table(tmp_path).split("\n") == ["ship vessel\t@ 1", "craft", "", "craft\tn\t1", "ship\tn\t-\t0:7"]


@pytest.mark.parametrize("there", [WORDNET.is_dir()])
def test_the_table_is_what_the_builder_makes(there):
    """Where WordNet is installed, building again gives the same table; elsewhere the builder says what to install."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_lexicon.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "the same" in done.stdout) == ((0, True) if there else (1, False))
    assert there or "apt-get install wordnet-base" in done.stderr


def _script():
    spec = importlib.util.spec_from_file_location("build_lexicon", ROOT / "scripts" / "build_lexicon.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
