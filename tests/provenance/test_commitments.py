"""Commitments to files."""

import json
import stat

import pytest

from provenance import commitments
from provenance.errors import ArtifactError, InputError, MismatchError


@pytest.fixture
def committed(tmp_path):
    """A file that was committed to."""
    path = tmp_path / "run.parquet"
    path.write_bytes(b"the order")
    return path, commitments.commit(path)


def test_found_beside_the_file(committed):
    """An unchanged file's commitment opens, unwitnessed."""
    path, commitment = committed
    assert commitments.find([path]) == (commitment,)
    assert (commitment.artifact, commitment.witness) == ("run.parquet", None)
    assert commitments.find([path.with_name("other")]) == ()


def test_the_public_part_says_nothing_of_the_file(committed):
    """The same bytes have another root each time, and the salt is for the owner's eyes."""
    path, commitment = committed
    opening = path.with_name("run.parquet.opening.json")
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    assert json.loads(opening.read_text())["salt"] not in path.with_name("run.parquet.commitment.json").read_text()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    assert commitments.commit(copy).root != commitment.root


def test_a_commitment_is_never_written_over(committed):
    """A second commitment to the same file would lose the salt that opens the first."""
    path, commitment = committed
    with pytest.raises(InputError, match="never written over"):
        commitments.commit(path)
    path.with_name("run.parquet.commitment.json").rename(path.with_name("published.json"))
    with pytest.raises(InputError, match=r"opening\.json: exists"):
        commitments.commit(path)
    path.with_name("published.json").rename(path.with_name("run.parquet.commitment.json"))
    assert commitments.find([path]) == (commitment,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"root": 5}, "'root' is damaged"),
        ({"root": "né"}, "'root' is damaged"),
        ({"witness": "a notary"}, "names a witness, and nothing proves one"),
        ({"schema": "other/1"}, "schema is 'other/1'"),
    ],
)
def test_an_altered_commitment_is_told(committed, change, message):
    """What was changed by hand is refused; a witness that nobody can check is not taken for one."""
    path, _ = committed
    public = path.with_name("run.parquet.commitment.json")
    public.write_text(json.dumps({**json.loads(public.read_text()), **change}))
    with pytest.raises(ArtifactError, match=message):
        commitments.find([path])


def test_a_changed_file_is_told(committed):
    """One changed byte, or the root of another file, is an error."""
    path, _ = committed
    path.write_bytes(b"the Order")
    with pytest.raises(MismatchError, match="not the file that was committed to"):
        commitments.find([path])


def test_a_lost_or_damaged_opening_is_told(committed):
    """Without its opening a commitment cannot be checked, and that is said."""
    path, _ = committed
    opening = path.with_name("run.parquet.opening.json")
    opening.write_text(json.dumps({"schema": commitments.OPENING_SCHEMA, "root": "x"}))
    with pytest.raises(ArtifactError, match="damaged"):
        commitments.find([path])
    opening.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        commitments.find([path])


def test_a_missing_file_cannot_be_committed_to(tmp_path):
    """Nothing is written for a file that is not there."""
    with pytest.raises(InputError, match="cannot be read"):
        commitments.commit(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
