"""A time-stamp authority for tests: certificates made on the spot, and a real HTTP server that signs real responses."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
YEAR = timedelta(days=365)
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


class Signer:
    """A certificate with its key."""

    def __init__(self, name, *, issuer=None, usage=None, ends=NOW + YEAR):
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 2 * YEAR)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        )
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        self.certificate = builder.sign((issuer or self).key, hashes.SHA256())

    @property
    def der(self):
        """Spell the certificate for asn1crypto."""
        return asn1.Certificate.load(self.certificate.public_bytes(Encoding.DER))

    @property
    def pem(self):
        """Spell the certificate as a trust store does."""
        return self.certificate.public_bytes(Encoding.PEM)


class Authority:
    """Signs responses; each attribute can be bent before a request comes in."""

    def __init__(self, name="Test Stamps", *, usage=STAMPING, ends=NOW + YEAR):
        self.root = Signer(f"{name} Root")
        self.middle = Signer(f"{name} CA", issuer=self.root)
        self.leaf = Signer(name, issuer=self.middle, usage=usage, ends=ends)
        self.carries = [self.leaf, self.middle]
        self.bend = lambda fields: fields

    def respond(self, query):
        """Answer a request; `bend` may alter what is signed."""
        asked = tsp.TimeStampReq.load(query)
        fields = {
            "version": "v1",
            "policy": "1.2.3.4",
            "message_imprint": asked["message_imprint"],
            "serial_number": 7,
            "gen_time": NOW,
            "nonce": asked["nonce"].native,
        }
        return self._granted(tsp.TSTInfo(self.bend(fields)).dump())

    def _granted(self, info):
        digest = hashlib.sha256(self.leaf.certificate.public_bytes(Encoding.DER)).digest()
        signer = tsp.SigningCertificateV2({"certs": [{"cert_hash": digest}]})
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute({"type": "signing_certificate_v2", "values": [signer]}),
            ]
        )
        name = {"issuer": self.leaf.der.issuer, "serial_number": self.leaf.certificate.serial_number}
        signed = {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": name}),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self.leaf.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        content = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": [signer.der for signer in self.carries],
            "signer_infos": [signed],
        }
        token = {"content_type": "signed_data", "content": cms.SignedData(content)}
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()


def rejection(_query):
    """Refuse, as an authority does that does not know the algorithm."""
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["no such\nalgorithm"]}).dump()
    return b"\x30" + bytes([len(status)]) + status


@contextlib.contextmanager
def serving(*answers):
    """Serve on 127.0.0.1: each answer is a function of the query, a status code, or seconds of silence (a float).

    The last answer is given again for ever. Gives the address and the list of queries that came in.
    """
    queries, lock, closing = [], threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                answer = answers[min(len(queries), len(answers) - 1)]
                queries.append((query, self.headers["Content-Type"]))
            if isinstance(answer, float):
                closing.wait(answer)
            body = answer(query) if callable(answer) else b""
            self.send_response(200 if callable(answer) else int(answer) or 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/stamp", queries
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
