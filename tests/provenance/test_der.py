"""Certificates in the order that DER demands."""

import pytest
import rfc3161_client
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from provenance import der, timestamps

ROOT = "ab" * 32


@pytest.fixture(scope="module")
def unordered(stamping):
    """Make a response with its certificates in the wrong order; gives it, in the right order too, and the authority."""
    authority = stamping.Authority()
    authority.carries = [authority.leaf, authority.middle, authority.root]
    right = authority.respond(timestamps.request(ROOT).as_bytes())
    carried = sorted(signer.certificate.public_bytes(Encoding.DER) for signer in authority.carries)
    assert b"".join(carried) in right
    return right.replace(b"".join(carried), b"".join(reversed(carried))), right, authority


def test_a_response_as_openssl_sends_it_is_read(unordered):
    """The order is not signed: what a strict reader refuses is proven once it is mended."""
    wrong, right, authority = unordered
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        rfc3161_client.decode_timestamp_response(wrong)
    assert der.order_certificates(wrong) == der.order_certificates(right) == right
    found = timestamps.read(wrong, root=ROOT, trusted=[authority.root.certificate], place="x")
    assert isinstance(found, timestamps.Proven)


@given(content=st.binary(max_size=30), cut=st.integers(0, 3000), at=st.integers(0, 3000))
def test_anything_else_comes_back_with_the_same_bytes(unordered, content, cut, at):
    """Cut, altered or foreign responses lose no byte and raise nothing; a reader says what is wrong."""
    wrong, _, _ = unordered
    for given_bytes in (content, wrong[:cut], wrong[:at] + content + wrong[at:], content + wrong):
        assert sorted(der.order_certificates(given_bytes)) == sorted(given_bytes)
