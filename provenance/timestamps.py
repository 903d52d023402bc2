"""Does a time-stamp authority's token (RFC 3161) prove that a commitment's root existed at a certain time?

What is stamped is the root as it is printed, 64 hexadecimal digits, so that anyone can check a token with OpenSSL::

    printf %s ROOT | openssl ts -verify -data /dev/stdin -in FILE.commitment.tsr -CAfile roots.pem

Nothing here touches the network.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance import der, trust
from provenance.errors import ArtifactError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
MALFORMED = (
    ValueError,
    KeyError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    rfc3161_client.VerificationError,
)
"""What the libraries say of a token that does not hold, or of a certificate in it that is damaged."""
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
    try:
        with warnings.catch_warnings():
            # Old certificates have serial numbers that nobody would grant today.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return _judged(_decoded(response, place), root=root, trusted=trusted, place=place, nonce=nonce)
    except MALFORMED as error:
        raise _bad("its signature or certificates do not hold", place) from error


def _judged(
    token: TimeStampResponse,
    *,
    root: str,
    trusted: Sequence[Certificate],
    place: str | os.PathLike[str],
    nonce: int | None,
) -> Stamp:
    leaf, carried = _certificates(token)
    for fault in (_fault_of_message(token, root, nonce), _fault_of_signer(leaf, token.tst_info.gen_time)):
        if fault:
            raise _bad(fault, place)
    name, time = _name(leaf), token.tst_info.gen_time
    if trust.leads_to(trusted, leaf, carried):
        _verify(token, root, trusted)
        return Proven(authority=name, time=time)
    if not trust.leads_to(carried, leaf, carried):
        return Doubtful(authority=name, time=time, reason=UNANCHORED)
    _verify(token, root, carried)
    return Doubtful(authority=name, time=time, reason=UNTRUSTED)


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
    carried = trust.parse(sorted(token.signed_data.certificates))
    signers = [(signer.issuer, signer.serial_number) for signer in token.signed_data.signer_infos]
    leaves = [found for found in carried if [(found.issuer, found.serial_number)] == signers]
    if len(leaves) != 1:
        # Of two that claim to be the signer's, one could be checked and the other have signed.
        raise ValueError("the token does not carry the one certificate of its one signer")
    return leaves[0], carried


def _verify(token: TimeStampResponse, root: str, roots: Sequence[Certificate]) -> None:
    rfc3161_client.VerifierBuilder(roots=[*roots]).build().verify_message(token, root.encode())


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
