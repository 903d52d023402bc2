"""Root certificates, and what they may vouch for."""

import pytest

from provenance import trust
from provenance.errors import InputError


def test_roots_come_from_a_file_or_the_system(tmp_path, authority):
    """A PEM file's certificates, or those that HTTPS trusts here."""
    (tmp_path / "roots.pem").write_bytes(authority.middle.pem + authority.root.pem)
    expected = (authority.middle.certificate, authority.root.certificate)
    assert trust.load_roots(tmp_path / "roots.pem") == expected
    assert len(trust.default_roots()) > 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"roots\.pem: cannot be read \(No such file"),
        (b"", r"roots\.pem: no certificates in it; expected a PEM file of root certificates"),
        (b"\xff\x00", r"roots\.pem: no certificates in it"),
    ],
)
def test_a_file_without_roots_is_told(tmp_path, content, message):
    """A trust store that cannot vouch for anybody is a mistake."""
    if content is not None:
        (tmp_path / "roots.pem").write_bytes(content)
    with pytest.raises(InputError, match=message):
        trust.load_roots(tmp_path / "roots.pem")


def test_a_file_of_other_certificates_is_told(tmp_path, authority):
    """Certificates that others vouch for are no roots."""
    (tmp_path / "roots.pem").write_bytes(authority.leaf.pem)
    with pytest.raises(InputError, match="no root among its certificates; expected a self-signed certificate"):
        trust.load_roots(tmp_path / "roots.pem")


def test_issuers_lead_to_a_root(stamping, authority):
    """The chain is followed to its end, by signatures and not by names alone, and stops at what is no root."""
    leaf, middle, root = (signer.certificate for signer in (authority.leaf, authority.middle, authority.root))
    namesake = stamping.Signer("Test Stamps Root").certificate
    assert trust.leads_to([root], leaf, [leaf, middle])
    assert trust.leads_to([root, middle], leaf, [leaf])
    assert not trust.leads_to([root], leaf, [leaf])
    assert not trust.leads_to([middle], leaf, [leaf, middle])
    assert not trust.leads_to([namesake], leaf, [leaf, middle])
    assert not trust.leads_to([], leaf, [leaf, middle, root])
