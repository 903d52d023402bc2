"""``-`` stands for a stream wherever a file is."""

import gzip
import io
import sys
from pathlib import Path

import click
import pytest
import zstandard

from cli import streams
from provenance.errors import InputError


@pytest.fixture
def stdin(monkeypatch):
    """Give a function that lays bytes on standard input."""

    def lay(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return lay


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"text": "x"}\n', "stdin.jsonl"),
        (b"", "stdin.jsonl"),
        (gzip.compress(b"{}", mtime=0), "stdin.jsonl.gz"),
        (zstandard.compress(b"{}"), "stdin.jsonl.zst"),
        (b"PAR1...", "stdin.parquet"),
    ],
)
def test_a_stream_is_told_by_its_first_bytes(stdin, content, name):
    """Standard input becomes a file of the right kind, and is gone afterwards."""
    stdin(content)
    with streams.readable(Path("-")) as path:
        assert path.name == name
        assert path.read_bytes() == content
    assert not path.parent.exists()


def test_messages_call_the_stream_by_its_name(stdin):
    """A mistake in line 7 of standard input is at ``-:7``, not at some temporary file."""
    stdin(b"x")
    with pytest.raises(InputError) as caught, streams.readable(Path("-")) as path:
        raise InputError("wrong", path=path, line=7)
    assert str(caught.value) == "-:7: wrong"


def test_a_file_is_itself(tmp_path):
    """Any other name is handed on."""
    for opened in (streams.readable(tmp_path / "a"), streams.writable(tmp_path / "a", suffix=".b")):
        with opened as path:
            assert path == tmp_path / "a"


def test_output_is_sent_whole_or_not_at_all(capfdbinary):
    """Bytes reach standard output when the block ends well, and only then."""
    with pytest.raises(InputError):  # noqa: SIM117, PT012 - the block itself is under test
        with streams.writable(Path("-"), suffix=".x") as path:
            path.write_bytes(b"half")
            raise InputError("wrong")
    with streams.writable(Path("-"), suffix=".x") as path:
        path.write_bytes(b"\0whole")
    assert capfdbinary.readouterr().out == b"\0whole"


def test_a_table_is_not_poured_over_a_terminal(monkeypatch):
    """Binary output to a terminal is a mistake of usage."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(click.UsageError, match="redirect"), streams.writable(Path("-"), suffix=".x"):
        pass
