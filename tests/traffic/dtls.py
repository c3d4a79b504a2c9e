"""DTLS records around the hellos of messages.py (RFC 6347)."""
from messages import vector

DTLS10, DTLS12 = 0xfeff, 0xfefd
CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST = 1, 2, 3


def body_of(handshake, cookie=None):
    """The body of a TLS hello as DTLS has it: its version, and in a client's the cookie after the session id."""
    body = DTLS12.to_bytes(2, "big") + handshake[6:]
    if cookie is None:
        return body
    at = 34 + 1 + body[34]
    return body[:at] + vector(cookie, 1) + body[at:]


def record(fragment, kind=22, version=DTLS12, epoch=0, number=0):
    return bytes([kind]) + version.to_bytes(2, "big") + epoch.to_bytes(2, "big") + number.to_bytes(6, "big") + vector(fragment, 2)


def fragment(kind, body, start=0, end=None, sequence=0):
    """Bytes [start, end) of a handshake message, as a fragment of it."""
    part = body[start:end]
    return (bytes([kind]) + len(body).to_bytes(3, "big") + sequence.to_bytes(2, "big") + start.to_bytes(3, "big")
            + len(part).to_bytes(3, "big") + part)
