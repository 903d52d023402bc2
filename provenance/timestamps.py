"""Does a time-stamp authority's token (RFC 3161) prove that a commitment's root existed at a certain time?

What is stamped is the root as it is printed, 64 hexadecimal digits, so that anyone can check a token with OpenSSL::

    printf %s ROOT | openssl ts -verify -data /dev/stdin -in FILE.commitment.tsr -CAfile roots.pem

Nothing here touches the network.
"""

from __future__ import annotations

import functools
import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance import der
from provenance.errors import ArtifactError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
LONGEST_CHAIN = 8
UNTRUSTED = "signature valid, authority not in your trust store"
UNANCHORED = "authority not in your trust store, and the token lacks the certificates to check its signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An authority that you trust signed that the root existed at this time."""

    authority: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A token with nothing wrong in it, by an authority that you have no reason to trust."""

    authority: str
    time: datetime
    reason: str


Stamp = Proven | Doubtful


def witness(stamp: Stamp) -> str:
    """Name who vouches for which time."""
    return f"{stamp.authority}, {stamp.time.isoformat(timespec='seconds')}"


def request(root: str) -> TimeStampRequest:
    """Ask for a token over a root, with a nonce and with the authority's certificates."""
    builder = rfc3161_client.TimestampRequestBuilder(data=root.encode())
    return builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()


def read(
    response: bytes,
    *,
    root: str,
    trusted: Sequence[Certificate],
    place: str | os.PathLike[str],
    nonce: int | None = None,
) -> Stamp:
    """Read an authority's response and check all that it claims.

    Parameters
    ----------
    response
        The whole response, as servers send it and ``openssl ts`` keeps it.
    root
        The commitment's root.
    trusted
        Roots that may vouch for an authority, and intermediate certificates that tokens may lack.
    place
        What messages call the response: its file, or the server.
    nonce
        The number sent along, where the request is at hand: it shows that the response is not an old one.

    Raises
    ------
    ArtifactError
        If it is no response, a refusal, for another root or request, or signed by whom may not sign it.
    """
    token = _decoded(response, place)
    try:
        leaf, carried = _certificates(token)
        for fault in (_fault_of_message(token, root, nonce), _fault_of_signer(leaf, token.tst_info.gen_time)):
            if fault:
                raise _bad(fault, place)
        name, time = _name(leaf), token.tst_info.gen_time
        if _leads_to(trusted, leaf, carried):
            _verify(token, root, trusted)
            return Proven(authority=name, time=time)
        if not _leads_to(carried, leaf, carried):
            return Doubtful(authority=name, time=time, reason=UNANCHORED)
        _verify(token, root, carried)
    except (ValueError, rfc3161_client.VerificationError) as error:
        raise _bad("its signature or certificates do not hold", place) from error
    return Doubtful(authority=name, time=time, reason=UNTRUSTED)


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

    return _parsed(httpx.create_ssl_context().get_ca_certs(binary_form=True))


def _decoded(response: bytes, place: str | os.PathLike[str]) -> TimeStampResponse:
    try:
        token = rfc3161_client.decode_timestamp_response(der.order_certificates(response))
        if token.status != rfc3161_client.PKIStatus.GRANTED:
            said = "; ".join(_printable(line) for line in token.status_string) or "no reason given"
            raise _bad(f"the authority refused, status {token.status} ({said})", place)
        _ = token.tst_info, token.signed_data
    except ValueError as error:
        raise _bad("not a time-stamp response", place) from error
    return token


def _fault_of_message(token: TimeStampResponse, root: str, nonce: int | None) -> str | None:
    imprint = token.tst_info.message_imprint
    if (imprint.hash_algorithm, imprint.message) != (SHA256, hashlib.sha256(root.encode()).digest()):
        return "a time stamp of something else than this commitment"
    if nonce is not None and token.tst_info.nonce != nonce:
        return "an answer to another request (its nonce differs)"
    return None


def _fault_of_signer(leaf: Certificate, time: datetime) -> str | None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return "its certificate is not for time-stamping"
    if not usage.critical or ExtendedKeyUsageOID.TIME_STAMPING not in usage.value:
        return "its certificate is not for time-stamping"
    if not leaf.not_valid_before_utc <= time <= leaf.not_valid_after_utc:
        return f"its certificate was not valid at {time.isoformat(timespec='seconds')}"
    return None


def _certificates(token: TimeStampResponse) -> tuple[Certificate, tuple[Certificate, ...]]:
    """Give the signer's certificate and all that the token carries."""
    carried = _parsed(sorted(token.signed_data.certificates))
    signers = [(signer.issuer, signer.serial_number) for signer in token.signed_data.signer_infos]
    leaves = [found for found in carried if [(found.issuer, found.serial_number)] == signers]
    if len(leaves) != 1:
        # Of two that claim to be the signer's, one could be checked and the other have signed.
        raise ValueError("the token does not carry the one certificate of its one signer")
    return leaves[0], carried


def _leads_to(anchors: Iterable[Certificate], leaf: Certificate, carried: Sequence[Certificate]) -> bool:
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


def _verify(token: TimeStampResponse, root: str, roots: Sequence[Certificate]) -> None:
    rfc3161_client.VerifierBuilder(roots=[*roots]).build().verify_message(token, root.encode())


def _parsed(certificates: Iterable[bytes]) -> tuple[Certificate, ...]:
    with warnings.catch_warnings():
        # Trust stores hold old roots whose serial number nobody would grant today.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return tuple(x509.load_der_x509_certificate(certificate) for certificate in certificates)


def _name(leaf: Certificate) -> str:
    """Name an authority by its common name, else by all of its name, in characters that a terminal can show."""
    common = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return (
        _printable(str(common[0].value) if common else leaf.subject.rfc4514_string()) or "an authority without a name"
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _bad(what: str, place: str | os.PathLike[str]) -> ArtifactError:
    return ArtifactError(what, path=place, expected="a time stamp of this commitment (RFC 3161)")
