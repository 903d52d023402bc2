"""The secret, and numbers drawn from it."""

import hashlib
import hmac
import itertools
import logging
import os
import stat
import traceback
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from provenance.errors import InputError
from watermark import keys
from watermark.keys import Key

KEY = Key(secret=bytes(range(32)), id="test")


def test_a_new_key_is_private_and_read_back(tmp_path):
    """Only the owner can read the file, and loading gives the same key."""
    made = keys.new(tmp_path / "deep" / "a.key")
    assert stat.S_IMODE((tmp_path / "deep" / "a.key").stat().st_mode) == 0o600
    assert keys.load(tmp_path / "deep" / "a.key") == made
    assert len(made.secret) == 32


def test_keys_differ(tmp_path):
    """No two keys are the same, nor are their names."""
    made = [keys.new(tmp_path / name) for name in "abc"]
    assert len({key.secret for key in made}) == len({key.id for key in made}) == 3


@pytest.mark.parametrize("link", [False, True])
def test_a_key_is_never_overwritten(tmp_path, link):
    """A name that is taken, even by a link to nowhere, is refused, and what stood there stays."""
    path = tmp_path / "a.key"
    if link:
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_text("precious")
    with pytest.raises(InputError, match="never overwritten; try another name"):
        keys.new(path)
    assert link or path.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_that_cannot_be_written_is_one_line(tmp_path):
    """A parent that is a file is named for what it is."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"a\.key: cannot be written"):
        keys.new(tmp_path / "file" / "a.key")


def test_the_environment_holds_a_key(tmp_path, monkeypatch):
    """Where no file is given, PROVTOOL_KEY is taken."""
    made = keys.new(tmp_path / "a.key")
    monkeypatch.setenv("PROVTOOL_KEY", f"  {(tmp_path / 'a.key').read_text()}")
    assert keys.load() == made


def test_no_key_at_all_says_what_to_do(monkeypatch):
    """Neither file nor variable is one line with the command to run."""
    monkeypatch.delenv("PROVTOOL_KEY", raising=False)
    with pytest.raises(InputError, match=r"no key was given; expected --key FILE or PROVTOOL_KEY; try provtool key"):
        keys.load()


WRONG = [
    b"",
    b"\n",
    b"5ec2e7" * 11,
    b"provtool-key-1:",
    b"provtool-key-1:5ec2e75ec2e7\n",
    b"provtool-key-1:" + b"5ec2e7" * 11,
    b"provtool-key-1:" + b"5ec2e7zz" * 8,
    b"provtool-key-1:" + b"5e " * 32,
    b"provtool-key-2:" + b"5e" * 32,
    b"provtool-key-1:" + b"5e" * 32 + b"\nprovtool-key-1:" + b"5e" * 32,
    bytes(range(256)) + b"5ec2e7",
]


@pytest.mark.parametrize("content", WRONG)
def test_what_is_no_key_is_refused_without_being_shown(tmp_path, monkeypatch, content):
    """Damaged, short, long, foreign or binary content is one line that names the place and shows nothing of it."""
    path = tmp_path / "a.key"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        keys.load(path)
    assert str(caught.value).startswith(f"{path}: not a provtool key")
    assert "5e" not in str(caught.value).removeprefix(str(path))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    if content.isascii():
        monkeypatch.setenv("PROVTOOL_KEY", content.decode())
        with pytest.raises(InputError, match="environment variable PROVTOOL_KEY: not a provtool key"):
            keys.load()


def test_a_missing_file_and_a_folder_are_one_line(tmp_path):
    """What cannot be read is refused at once."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=r"cannot be read \(.*\); expected a key file"):
            keys.load(path)


def test_an_endless_file_is_not_read_to_its_end():
    """A device named by mistake is refused, not swallowed."""
    with pytest.raises(InputError, match="not a provtool key"):
        keys.load("/dev/zero")


def test_a_key_never_shows_its_secret(tmp_path, caplog):
    """Neither repr, str, a format, a log line nor an error shows the secret, in any spelling."""
    key = keys.new(tmp_path / "a.key")
    logging.getLogger().warning("%s %r", key, key)
    with pytest.raises(AttributeError) as caught:
        _ = key.nothing
    shown = [repr(key), str(key), f"{key}", caplog.text, str(caught.value)]
    spellings = [key.secret.hex(), repr(key.secret)[2:-1], str(list(key.secret))]
    assert not any(spelling in text for spelling in spellings for text in shown)
    assert key.id in repr(key)
    assert key.id not in key.secret.hex()


def test_subkeys_differ_from_each_other_and_from_their_parent():
    """Every purpose has a key of its own, always the same, whose secret and name are new."""
    made = [keys.subkey(KEY, purpose) for purpose in ("a", "b", "ab", "")]
    assert len({KEY.secret, *(key.secret for key in made)}) == 5
    assert len({key.id for key in made}) == 4
    assert keys.subkey(KEY, "a") == made[0]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_permutation_is_equally_likely(size):
    """Chi-square over all permutations and many subjects, with one key that is fixed."""
    count = 600 * max(2, len(list(itertools.permutations(range(size)))))
    drawn = Counter(tuple(keys.permutation(KEY, size, about=(str(subject),))) for subject in range(count))
    assert set(drawn) == set(itertools.permutations(range(size)))
    assert size == 1 or stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_numbers_have_no_modulo_bias():
    """A bound just above half of the range, where a remainder would favour small numbers two to one, is fair."""
    bound = (1 << 31) + (1 << 30)
    draws = keys._words(KEY, ("bias",))
    low = sum(keys._below(bound, draws) < 1 << 30 for _ in range(6000))
    assert stats.binomtest(low, 6000, 1 / 3).pvalue > 1e-3


@given(
    st.lists(st.text(max_size=3), max_size=4).map(tuple),
    st.lists(st.text(max_size=3), max_size=4).map(tuple),
)
def test_no_two_subjects_are_spelt_alike(one, other):
    """("ab", "c") is not ("a", "bc"): different subjects give different numbers, equal ones the same."""
    first, second = (list(itertools.islice(keys._words(KEY, about), 9)) for about in (one, other))
    assert (first == second) == (one == other)


def test_counter_and_subject_do_not_run_into_each_other():
    """A later block of one subject is no block of a longer one, nor of ("a", "bc") for ("ab", "c")."""
    later = list(itertools.islice(keys._words(KEY, ("a",)), 8, 24))
    longer = list(itertools.islice(keys._words(KEY, ("a", "")), 0, 24))
    assert not set(later) & set(longer)
    assert keys.permutation(KEY, 99, about=("ab", "c")) != keys.permutation(KEY, 99, about=("a", "bc"))


def test_a_keyed_digest_needs_key_purpose_and_content():
    """Change any of the three and the digest is another."""
    other = Key(secret=bytes(32), id="other")
    asked = [(KEY, b"x", "a"), (other, b"x", "a"), (KEY, b"y", "a"), (KEY, b"x", "b")]
    digests = {keys.keyed_digest(key, content, purpose=purpose) for key, content, purpose in asked}
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)


def test_a_secret_from_elsewhere_is_kept(tmp_path):
    """A secret of the right length is written and read back; another length is a caller's mistake."""
    kept = keys.keep(bytes(range(32)), tmp_path / "hardware.key")
    assert keys.load(tmp_path / "hardware.key") == kept
    with pytest.raises(ValueError, match="31 bytes"):
        keys.keep(bytes(31), tmp_path / "short.key")
    assert not (tmp_path / "short.key").exists()


def test_a_subkey_is_what_rfc_5869_says():
    """Extract and expand, done by hand with HMAC, give the secret, its public name and the digests."""

    def derive(secret, info):
        extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
        return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()

    made = keys.subkey(KEY, "recipient acme")
    assert made.secret == derive(KEY.secret, b"provtool subkey recipient acme")
    assert made.id == derive(made.secret, b"provtool key id").hex()[:16]
    mac = hmac.new(derive(KEY.secret, b"provtool digest ledger"), b"x", hashlib.sha256)
    assert keys.keyed_digest(KEY, b"x", purpose="ledger") == mac.hexdigest()


def test_derivation_agrees_with_the_published_vector():
    """RFC 5869, test case 3 (SHA-256, no salt, no info), as far as our 32 bytes go."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert keys._derive(b"\x0b" * 22, "").hex() == expected


def test_numbers_are_those_of_hmac_in_counter_mode():
    """The words that deal are HMAC-SHA256 (subject, each part after its length; then the counter), by hand."""
    subject = b"".join(len(part).to_bytes(8, "big") + part for part in (b"r", b"d"))
    blocks = [hmac.new(KEY.secret, subject + count.to_bytes(8, "big"), hashlib.sha256).digest() for count in range(2)]
    expected = [int.from_bytes(block[at : at + 4], "big") for block in blocks for at in range(0, 32, 4)]
    assert list(itertools.islice(keys._words(KEY, ("r", "d")), 16)) == expected


def test_a_subkey_shows_nothing_of_its_parent():
    """Neither secret nor name of the parent, nor any four bytes of them, stand in a recipient's key."""
    parent, made = keys._named(KEY.secret), keys.subkey(KEY, "recipient acme")
    pieces = {parent.secret[at : at + 4] for at in range(29)}
    assert not any(piece in made.secret for piece in pieces)
    assert parent.id not in {made.id, made.secret.hex()[:16], keys.subkey(made, "recipient acme").id}


@pytest.mark.parametrize("umask", [0, 0o777])
def test_a_key_is_private_under_any_umask(tmp_path, umask):
    """Not even a umask that forbids nothing opens the file to others, and one that forbids all does no harm."""
    before = os.umask(umask)
    try:
        keys.new(tmp_path / "a.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600 & ~umask


def test_spaces_around_a_key_do_no_harm(monkeypatch):
    """What an editor or a shell adds to the variable is not part of the key; case does not matter."""
    plain = f"{keys.PREFIX}{KEY.secret.hex()}"
    found = set()
    for content in (plain, f"{plain}\n", f" \t{plain}\r\n\n", plain.upper()):
        monkeypatch.setenv("PROVTOOL_KEY", content)
        found.add(keys.load())
    assert {key.secret for key in found} == {KEY.secret}


def test_no_traceback_shows_a_secret(tmp_path, monkeypatch):
    """A refused key, seen with every frame's locals, is not shown by what our functions hold under any name."""
    secret = KEY.secret.hex()[:-2]
    monkeypatch.setenv("PROVTOOL_KEY", f"{keys.PREFIX}{secret}")
    (tmp_path / "a.key").write_text(f"{keys.PREFIX}{secret}\n")
    for path in (None, tmp_path / "a.key"):
        with pytest.raises(InputError) as caught:
            keys.load(path)
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
        shown = [
            f"{name}={value}"
            for frame in frames
            if frame.filename == keys.__file__
            for name, value in frame.locals.items()
        ]
        assert shown
        assert not any(secret[:8] in line for line in shown)


def test_a_key_given_as_a_file_name_is_not_shown():
    """Whoever types the key itself is told so, without an echo of it."""
    with pytest.raises(InputError, match="a key itself was given in place of its file's name") as caught:
        keys.load(f"{keys.PREFIX}{KEY.secret.hex()}")
    assert KEY.secret.hex()[:8] not in str(caught.value)
    assert caught.value.__context__ is None
