"""Which root certificates may vouch for others, and do issuers lead from a certificate to one of them?"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from provenance.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from cryptography.x509 import Certificate

LONGEST_CHAIN = 8


def load_roots(path: str | os.PathLike[str]) -> tuple[Certificate, ...]:
    """Read the certificates of a PEM file that may vouch for authorities.

    Raises
    ------
    InputError
        If it cannot be read, or holds no self-signed certificate.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error
    except ValueError as error:
        raise InputError("no certificates in it", path=path, expected="a PEM file of root certificates") from error
    if not any(_is_root(certificate) for certificate in found):
        raise InputError("no root among its certificates", path=path, expected="a self-signed certificate in PEM")
    return found


@functools.cache
def default_roots() -> tuple[Certificate, ...]:
    """Give the roots that HTTPS trusts here: ``SSL_CERT_FILE`` where it is set, else those of certifi."""
    import httpx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return parse(httpx.create_ssl_context().get_ca_certs(binary_form=True))


def parse(certificates: Iterable[bytes]) -> tuple[Certificate, ...]:
    """Read certificates in DER."""
    return tuple(x509.load_der_x509_certificate(certificate) for certificate in certificates)


def leads_to(anchors: Iterable[Certificate], leaf: Certificate, carried: Sequence[Certificate]) -> bool:
    """Say whether issuers lead from a certificate to a root among `anchors`; whether all of them hold is not asked."""
    known = [*anchors, *carried]
    roots, reached = {found for found in anchors if _is_root(found)}, {leaf}
    for _ in range(LONGEST_CHAIN):
        reached |= {above for above in known for below in reached if _issued(below, above)}
    return bool(roots & reached)


def _issued(below: Certificate, above: Certificate) -> bool:
    if below.issuer != above.subject:
        return False
    try:
        below.verify_directly_issued_by(above)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def _is_root(certificate: Certificate) -> bool:
    return certificate.subject == certificate.issuer
