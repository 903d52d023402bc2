"""What a suspect is asked, and in which order rows are walked."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import ArtifactError, InputError, ProvenanceError, SuspectError
from provenance.records import Window, ends_from, generator, hash_order


@pytest.mark.parametrize("text", ["", "5", "a:b", "5:0", "-1:4", "5:", ":5", "1:2:3"])
def test_bad_windows(text):
    """What is no START:LENGTH is refused with an example."""
    with pytest.raises(InputError, match="such as 32:32"):
        Window.parse(text)


def test_windows_round_trip():
    """A window reads what it prints."""
    assert Window.parse(str(Window(start=3, length=9))) == Window(start=3, length=9)


@given(st.lists(st.text(), unique=True, max_size=20), st.randoms())
def test_hash_order_does_not_know_the_file(ids, random):
    """Whatever order ids come in, they are walked in one."""
    other = ids.copy()
    random.shuffle(other)
    assert [ids[row] for row in hash_order(ids)] == [other[row] for row in hash_order(other)]


def test_ends_count_from_the_token_before():
    """Ends start anew where the first kept token begins."""
    assert ends_from((3, 5, 9), 1, 3) == (2, 6)
    assert ends_from((3, 5, 9), 0, 2) == (3, 5)


def test_randomness_is_named_by_seed_and_digests():
    """The same names give the same numbers; any other name gives others."""
    draws = [
        generator(*names).random() for names in [(0, "a", "b"), (0, "a", "b"), (1, "a", "b"), (0, "ab"), (0, "b", "a")]
    ]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 4


def test_negative_seeds_and_windows_are_refused():
    """A seed from the command line is told in one line; a window before the first token is a caller's mistake."""
    with pytest.raises(InputError, match="seed -1; expected 0 or more"):
        generator(-1, "a")
    for start, length in ((-1, 4), (0, 0)):
        with pytest.raises(ValueError, match="window"):
            Window(start=start, length=length)


def test_messages_have_one_form():
    """Place, what is wrong, what was expected, what to try: one line."""
    error = InputError("no text", path="f.jsonl", line=7, expected="a field 'text'", hint="--text-field body")
    assert str(error) == "f.jsonl:7: no text; expected a field 'text'; try --text-field body"
    assert (error.exit_code, SuspectError("x").exit_code) == (1, 4)
    assert issubclass(ArtifactError, InputError)
    assert issubclass(SuspectError, ProvenanceError)


def test_importing_provenance_is_light():
    """The package itself brings in neither torch nor pyarrow."""
    code = "import provenance, sys; sys.exit(any(name in sys.modules for name in ('torch', 'pyarrow', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
