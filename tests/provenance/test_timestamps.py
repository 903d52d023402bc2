"""Time-stamp tokens."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import timestamps
from provenance.errors import ArtifactError

ROOT = "ab" * 32


def stamped(authority, *, root=ROOT, trusted=None, nonce=True, asked=ROOT):
    """Ask an authority, without a network, and read what it says."""
    query = timestamps.request(asked)
    trusted = [authority.root.certificate] if trusted is None else trusted
    return timestamps.read(
        authority.respond(query.as_bytes()),
        root=root,
        trusted=trusted,
        place="x.tsr",
        nonce=query.nonce if nonce else None,
    )


@pytest.fixture
def bent(stamping):
    """Give an authority that a test may bend."""
    return stamping.Authority("Bent")


def test_a_trusted_authority_proves_the_time(authority, stamping):
    """A token over the root, by an authority below a trusted root, names who vouches for which time."""
    found = stamped(authority)
    assert found == timestamps.Proven(authority="Test Stamps", time=stamping.NOW)
    assert timestamps.witness(found) == "Test Stamps, 2026-03-04T05:06:07+00:00"


def test_the_request_asks_for_what_is_needed():
    """SHA-256 of the printed root, the authority's certificates, and another nonce each time."""
    one, other = timestamps.request(ROOT), timestamps.request(ROOT)
    assert one.cert_req
    assert one.nonce != other.nonce
    assert one.message_imprint.hash_algorithm == timestamps.SHA256
    assert one.message_imprint.message == other.message_imprint.message


def test_another_root_is_told(authority):
    """A token over another commitment proves nothing of this one, whoever signed it."""
    for trusted in (None, []):
        with pytest.raises(ArtifactError, match=r"x\.tsr: a time stamp of something else than this commitment"):
            stamped(authority, root="cd" * 32, trusted=trusted)


@pytest.mark.parametrize("nonce", [5, None])
def test_an_old_answer_is_told(bent, nonce):
    """An answer to another request, or to none, is not taken for the answer to this one; later none is asked for."""
    bent.bend = lambda fields: {name: value for name, value in {**fields, "nonce": nonce}.items() if value is not None}
    with pytest.raises(ArtifactError, match="an answer to another request"):
        stamped(bent)
    assert isinstance(stamped(bent, nonce=False), timestamps.Proven)


def test_a_certificate_that_had_expired_is_told(stamping):
    """What counts is whether the certificate was valid at the signed time."""
    late = stamping.Authority(ends=stamping.NOW - timedelta(seconds=1))
    for trusted in (None, []):
        with pytest.raises(ArtifactError, match="its certificate was not valid at 2026-03-04T05:06:07"):
            stamped(late, trusted=trusted)


def test_a_certificate_for_something_else_is_told(stamping):
    """A web server's certificate stamps no time, even below a trusted root."""
    web = stamping.Authority(usage=stamping.ExtendedKeyUsageOID.SERVER_AUTH)
    for trusted in (None, []):
        with pytest.raises(ArtifactError, match="its certificate is not for time-stamping"):
            stamped(web, trusted=trusted)


def test_an_authority_outside_the_trust_store_proves_nothing(stamping, bent):
    """Its token is kept and doubted, whether it brings its own root or leaves the signature unchecked."""
    other = [stamping.Signer("Bent Root").certificate]
    doubted = stamped(bent, trusted=other)
    assert doubted == timestamps.Doubtful(authority="Bent", time=stamping.NOW, reason=timestamps.UNANCHORED)
    bent.carries = [bent.leaf, bent.middle, bent.root]
    assert stamped(bent, trusted=other).reason == timestamps.UNTRUSTED


def test_the_trust_store_may_bring_the_certificate_between(bent):
    """A token that carries its signer's certificate only is proven by a store that has the rest."""
    bent.carries = [bent.leaf]
    assert isinstance(stamped(bent), timestamps.Doubtful)
    trusted = [bent.middle.certificate, bent.root.certificate]
    assert isinstance(stamped(bent, trusted=trusted), timestamps.Proven)
    assert isinstance(stamped(bent, trusted=trusted[:1]), timestamps.Doubtful)


def test_a_signature_by_another_key_is_told(stamping, bent):
    """Whoever shows the authority's certificates without having its key is refused, trusted or not."""
    bent.carries = [bent.leaf, bent.middle, bent.root]
    bent.leaf.key = stamping.Signer("thief").key
    for trusted in (None, []):
        with pytest.raises(ArtifactError, match="its signature or certificates do not hold"):
            stamped(bent, trusted=trusted)


def test_a_twin_of_the_certificate_is_told(stamping, authority, bent):
    """A second certificate with the signer's number could be looked at in place of the one that signed."""
    bent.carries = [bent.leaf, bent.leaf, bent.middle]
    assert isinstance(stamped(bent), timestamps.Proven)
    twin = stamping.Signer("twin", usage=stamping.STAMPING)
    issuer, number = bent.leaf.certificate.issuer, bent.leaf.certificate.serial_number
    builder = stamping.x509.CertificateBuilder(
        issuer, twin.certificate.subject, twin.key.public_key(), number, stamping.NOW, stamping.NOW + stamping.YEAR
    )
    twin.certificate = builder.sign(twin.key, stamping.hashes.SHA256())
    bent.carries = [bent.leaf, twin, bent.middle]
    with pytest.raises(ArtifactError, match="do not hold"):
        stamped(bent)
    bent.carries = [authority.leaf]
    with pytest.raises(ArtifactError, match="do not hold"):
        stamped(bent)


def test_a_refusal_is_passed_on_in_one_line(stamping):
    """The authority's own words are shown, without what a terminal could take for a command."""
    with pytest.raises(ArtifactError, match=r"x\.tsr: the authority refused, status 2 \(no such\?algorithm\)"):
        timestamps.read(stamping.rejection(b""), root=ROOT, trusted=[], place="x.tsr")


@given(st.binary(max_size=40))
def test_garbage_is_no_response(content):
    """Whatever bytes a server sends, they are a response or one line."""
    with pytest.raises(ArtifactError, match=r"x\.tsr: not a time-stamp response; expected a time stamp of this"):
        timestamps.read(content, root=ROOT, trusted=[], place="x.tsr")


@given(place=st.integers(0, 1 << 16), flip=st.integers(1, 255))
def test_no_altered_byte_is_believed(authority, place, flip):
    """One changed byte anywhere leaves what is proven as it was, or proves nothing."""
    query = timestamps.request(ROOT)
    whole = authority.respond(query.as_bytes())
    at = place % len(whole)
    altered = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
    kept = timestamps.read(whole, root=ROOT, trusted=[authority.root.certificate], place="x.tsr")
    try:
        found = timestamps.read(altered, root=ROOT, trusted=[authority.root.certificate], place="x.tsr")
    except ArtifactError:
        return
    assert found == kept or isinstance(found, timestamps.Doubtful)


def test_an_authority_is_named_in_letters_that_can_be_shown(stamping):
    """A name with control characters reaches no terminal."""
    assert stamped(stamping.Authority("A\x1b[31mB")).authority == "A?[31mB"
