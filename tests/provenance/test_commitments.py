"""Commitments to files."""

import json
import os
import stat
from dataclasses import replace

import pytest

from provenance import authorities, commitments, timestamps
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


def test_an_opening_is_private_under_any_umask(tmp_path):
    """Where a umask forbids nothing, the salt is still for its owner alone."""
    (tmp_path / "f").write_bytes(b"x")
    before = os.umask(0)
    try:
        commitments.commit(tmp_path / "f")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f.opening.json").stat().st_mode) == 0o600


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


@pytest.fixture
def direct(monkeypatch):
    """Reach this machine without a proxy, and ask impatiently."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return authorities.Patience(attempts=2, timeout=5, pause=0.01)


@pytest.fixture
def trusted(authority):
    """Trust the test's own authority and no other."""
    return [authority.root.certificate]


WITNESS = "Test Stamps, 2026-03-04T05:06:07+00:00"


def test_a_stamped_commitment_has_a_witness(committed, direct, trusted, authority, stamping):
    """The token is kept beside the commitment, which names the witness that the token proves."""
    path, commitment = committed
    with stamping.serving(500, authority.respond) as (url, queries):
        found = commitments.stamp(path, url=url, trusted=trusted, patience=direct)
    assert found == timestamps.Proven(authority="Test Stamps", time=stamping.NOW)
    assert len(queries) == 2
    assert json.loads(path.with_name("run.parquet.commitment.json").read_text())["witness"] == WITNESS
    assert path.with_name("run.parquet.commitment.tsr").read_bytes()
    assert commitments.find([path], trusted=trusted) == (replace(commitment, witness=WITNESS),)


def test_an_authority_that_nobody_trusts_is_no_witness(committed, direct, trusted, authority, stamping):
    """Its token is kept and can be proven later, by whoever trusts it; until then nobody vouches."""
    path, commitment = committed
    with stamping.serving(authority.respond) as (url, _):
        assert isinstance(commitments.stamp(path, url=url, patience=direct), timestamps.Doubtful)
    assert commitments.find([path]) == (commitment,)
    assert isinstance(commitments.open_beside(path).stamp, timestamps.Doubtful)
    assert commitments.find([path], trusted=trusted)[0].witness == WITNESS


def test_a_failed_request_loses_nothing(committed, direct, trusted, authority, stamping):
    """Whatever the server does, the commitment stays as it was, without a witness, and can be stamped later."""
    path, commitment = committed
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    for answer in (503, stamping.rejection, lambda _query: b"<html>", lambda query: query):
        with stamping.serving(answer) as (url, _), pytest.raises(InputError, match=url):
            commitments.stamp(path, url=url, trusted=trusted, patience=direct)
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    assert commitments.find([path], trusted=trusted) == (commitment,)
    with stamping.serving(authority.respond) as (url, _):
        commitments.stamp(path, url=url, trusted=trusted, patience=direct)
    assert commitments.find([path], trusted=trusted)[0].witness == WITNESS


def test_a_stamp_is_given_once(committed, direct, trusted, authority, stamping):
    """Asking again asks nobody, keeps the token, and names a witness that a kill had kept from being named."""
    path, _ = committed
    token, public = (path.with_name(f"run.parquet.commitment.{ending}") for ending in ("tsr", "json"))
    unnamed = public.read_text()
    with stamping.serving(authority.respond) as (url, queries):
        for _ in range(2):
            commitments.stamp(path, url=url, trusted=trusted, patience=direct)
        first, named = token.read_bytes(), public.read_text()
        public.write_text(unnamed)
        assert commitments.find([path], trusted=trusted)[0].witness == WITNESS
        commitments.stamp(path, url=url, trusted=trusted, patience=direct)
    assert (token.read_bytes(), public.read_text(), len(queries)) == (first, named, 1)


def test_a_changed_file_is_not_stamped(committed, direct, stamping, authority):
    """Only what was committed to gets a time stamp."""
    path, _ = committed
    path.write_bytes(b"the Order")
    with stamping.serving(authority.respond) as (url, queries):
        with pytest.raises(MismatchError, match="not the file that was committed to"):
            commitments.stamp(path, url=url, patience=direct)
        assert not queries
    with pytest.raises(InputError, match=r"none\.commitment\.json: cannot be read"):
        commitments.stamp(path.with_name("none"), url="http://127.0.0.1:1/", patience=direct)


@pytest.mark.parametrize(
    "forged",
    [
        ("a notary", True, "names another witness than its time stamp"),
        (WITNESS.replace("2026", "2020"), True, "names another witness than its time stamp"),
        ([WITNESS], True, "names another witness than its time stamp"),
        (WITNESS, False, "names a witness, and nothing proves one"),
        (WITNESS, b"garbage", r"commitment\.tsr: not a time-stamp response"),
    ],
)
def test_no_witness_is_taken_at_its_word(committed, direct, trusted, authority, stamping, forged):
    """A name or a time that the token does not prove is refused, even beside a good token, trusted or not."""
    path, (witness, token, message) = committed[0], forged
    with stamping.serving(authority.respond) as (url, _):
        commitments.stamp(path, url=url, trusted=trusted, patience=direct)
    public, kept = path.with_name("run.parquet.commitment.json"), path.with_name("run.parquet.commitment.tsr")
    public.write_text(json.dumps({**json.loads(public.read_text()), "witness": witness}))
    if token is False:
        kept.unlink()
    elif token is not True:
        kept.write_bytes(token)
    for roots in (trusted, []):
        with pytest.raises(ArtifactError, match=message):
            commitments.find([path], trusted=roots)


def test_another_files_token_is_told(committed, direct, trusted, authority, stamping):
    """A token moved here from another commitment proves nothing."""
    path, _ = committed
    other = path.with_name("other")
    other.write_bytes(b"x")
    commitments.commit(other)
    with stamping.serving(authority.respond) as (url, _):
        commitments.stamp(other, url=url, trusted=trusted, patience=direct)
    path.with_name("other.commitment.tsr").rename(path.with_name("run.parquet.commitment.tsr"))
    with pytest.raises(ArtifactError, match="a time stamp of something else than this commitment"):
        commitments.find([path], trusted=trusted)
