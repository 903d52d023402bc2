"""Folders that appear whole or not at all."""

from pathlib import Path

import pytest

from provenance import folders
from provenance.errors import InputError


@pytest.mark.parametrize("relative", [False, True])
def test_a_folder_appears_when_the_block_ends(tmp_path, monkeypatch, relative):
    """Before, there is nothing under its name; afterwards nothing beside it, wherever one stands."""
    monkeypatch.chdir(tmp_path)
    target = Path("x/y/out") if relative else tmp_path / "x" / "y" / "out"
    with folders.whole(target) as work:
        (work / "a").write_text("1")
        assert not target.exists()
    assert sorted(path.as_posix() for path in Path().rglob("*")) == ["x", "x/y", "x/y/out", "x/y/out/a"]
    assert target.stat().st_mode & 0o777 == 0o777 & ~folders._umask()


@pytest.mark.parametrize("relative", [False, True])
def test_nothing_stays_of_a_block_that_fails(tmp_path, monkeypatch, relative):
    """Neither the folder, nor a temporary one, nor the parents that were made for it; others stay."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    target = Path("x/y/z/out") if relative else tmp_path / "x" / "y" / "z" / "out"
    with pytest.raises(ZeroDivisionError), folders.whole(target) as work:  # noqa: PT012 - the block itself is under test
        (work / "deep").mkdir()
        raise ZeroDivisionError
    assert sorted(path.as_posix() for path in Path().rglob("*")) == ["x"]


def test_a_folder_is_replaced_only_if_it_holds_what_it_must(tmp_path):
    """One that does goes when the new one is whole; one that does not, a file or a link, is refused."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mark").write_text("old")
    with folders.whole(tmp_path / "out", replaces=["mark"]) as work:
        (work / "mark").write_text("new")
        assert (tmp_path / "out" / "mark").read_text() == "old"
    assert (tmp_path / "out" / "mark").read_text() == "new"
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for name, needed in (("out", ["mark", "other"]), ("link", ["mark"]), ("out/mark", [])):
        with pytest.raises(InputError, match="not replaced"), folders.whole(tmp_path / name, replaces=needed):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out"]


def test_what_cannot_be_written_is_one_line(tmp_path):
    """A parent that is a file is a mistake of the user, not a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"out: cannot be written"), folders.whole(tmp_path / "file" / "deep" / "out"):
        pass
