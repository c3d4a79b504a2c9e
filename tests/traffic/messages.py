"""What goes into payloads: DNS messages, HTTP heads and bodies, TLS hellos.

Builders write what they are told, right or wrong: a length, a pointer or a name may be given as raw bytes where a
test needs a broken one. Randomness (TLS randoms, keys) comes from a seed.
"""
import ipaddress
import random
import struct

# ---- DNS (RFC 1035) --------------------------------------------------------------------------------------

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "DNAME": 39,
         "OPT": 41, "SVCB": 64, "HTTPS": 65, "ANY": 255}
QR, AA, TC, RD, RA, AD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def labels(name):
    """A name as a list of labels: "a.example", [b"any", b"bytes"], or b"raw bytes" (kept raw by put_name)."""
    if isinstance(name, str):
        return [label.encode("latin-1") for label in name.rstrip(".").split(".") if label]
    return list(name)


class DnsWriter:
    """The bytes of one message; remembers where names lie so that later ones can point there."""

    def __init__(self, compress):
        self.bytes = b""
        self.compress = compress
        self.seen = {}

    def put_name(self, name):
        if isinstance(name, bytes):
            self.bytes += name
            return
        rest = labels(name)
        while rest:
            key = tuple(rest)
            if self.compress and key in self.seen:
                self.bytes += struct.pack("!H", 0xc000 | self.seen[key])
                return
            if len(self.bytes) < 0x4000:
                self.seen.setdefault(key, len(self.bytes))
            self.bytes += bytes([len(rest[0])]) + rest[0]
            rest = rest[1:]
        self.bytes += b"\0"

    def put_data(self, rtype, data):
        """RDATA with its length in front. `data` has the shape its type has in a zone file, or is raw bytes."""
        at = len(self.bytes)
        self.bytes += b"\0\0"
        if isinstance(data, bytes):
            self.bytes += data
        elif rtype in ("A", "AAAA"):
            self.bytes += ipaddress.ip_address(data).packed
        elif rtype in ("CNAME", "NS", "PTR", "DNAME"):
            self.put_name(data)
        elif rtype == "MX":
            self.bytes += struct.pack("!H", data[0])
            self.put_name(data[1])
        elif rtype == "SRV":
            self.bytes += struct.pack("!HHH", *data[:3])
            self.put_name(data[3])
        elif rtype == "TXT":
            for text in data:
                self.bytes += bytes([len(text)]) + text.encode()
        elif rtype == "SOA":
            self.put_name(data[0])
            self.put_name(data[1])
            self.bytes += struct.pack("!IIIII", *data[2:])
        elif rtype in ("SVCB", "HTTPS"):
            self.put_service(*data)
        else:
            raise ValueError("no way to write %s" % rtype)
        self.bytes = self.bytes[:at] + struct.pack("!H", len(self.bytes) - at - 2) + self.bytes[at + 2:]

    def put_service(self, priority, target, parameters=b""):
        """RFC 9460 forbids compression in SVCB."""
        compress, self.compress = self.compress, False
        self.bytes += struct.pack("!H", priority)
        self.put_name(target)
        self.bytes += parameters
        self.compress = compress


def record(name, rtype, data, ttl=300, rclass=1):
    return name, rtype, data, ttl, rclass


def opt_record(payload_size=1232):
    """EDNS (RFC 6891)."""
    return record("", "OPT", b"", ttl=0, rclass=payload_size)


def dns_message(questions=(), answers=(), authorities=(), additionals=(), ident=0x1234, flags=RD, compress=True,
                counts=None):
    """`questions` are (name, type) or (name, type, class); records come from record(). `counts` overrides the four
    counts of the header."""
    writer = DnsWriter(compress)
    sections = (answers, authorities, additionals)
    counts = counts or (len(questions),) + tuple(len(section) for section in sections)
    writer.bytes = struct.pack("!HHHHHH", ident, flags, *counts)
    for name, rtype, *rclass in questions:
        writer.put_name(name)
        writer.bytes += struct.pack("!HH", TYPES.get(rtype, rtype), rclass[0] if rclass else 1)
    for name, rtype, data, ttl, rclass in [r for section in sections for r in section]:
        writer.put_name(name)
        writer.bytes += struct.pack("!HHI", TYPES.get(rtype, rtype), rclass, ttl)
        writer.put_data(rtype, data)
    return writer.bytes


def dns_query(name, rtype="A", ident=0x1234, **more):
    return dns_message([(name, rtype)], ident=ident, **more)


def dns_response(name, rtype, answers=(), ident=0x1234, rcode=NOERROR, **more):
    more.setdefault("flags", QR | RD | RA | rcode)
    return dns_message([(name, rtype)], answers, ident=ident, **more)


def dns_over_tcp(*messages):
    return b"".join(struct.pack("!H", len(message)) + message for message in messages)


# ---- HTTP/1 (RFC 9112) -----------------------------------------------------------------------------------

def http_request(target="/", host=None, method="GET", headers=(), body=b"", version="HTTP/1.1"):
    """`headers` are whole lines without their end. A body gets its Content-Length; say "Transfer-Encoding: ..." to
    have it left out."""
    lines = ["%s %s %s" % (method, target, version)]
    if host is not None:
        lines.append("Host: " + host)
    return http_message(lines + list(headers), body)


def http_response(status=200, reason="OK", headers=(), body=b"", version="HTTP/1.1"):
    return http_message(["%s %d %s" % (version, status, reason)] + list(headers), body, always_length=True)


def http_message(lines, body, always_length=False):
    has_framing = any(line.lower().startswith(("transfer-encoding:", "content-length:", "connection: close"))
                      for line in lines)
    if (body or always_length) and not has_framing:
        lines = lines + ["Content-Length: %d" % len(body)]
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


def http_chunked(*chunks, trailers=(), extension=""):
    """The body as chunks. An `extension` follows each chunk size ("name=value")."""
    extension = ";" + extension if extension else ""
    parts = [b"%x%s\r\n%s\r\n" % (len(chunk), extension.encode(), chunk) for chunk in chunks]
    return b"".join(parts) + b"0\r\n" + "".join(line + "\r\n" for line in trailers).encode() + b"\r\n"


# ---- TLS (RFC 8446) --------------------------------------------------------------------------------------

TLS10, TLS11, TLS12, TLS13 = 0x0301, 0x0302, 0x0303, 0x0304
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
X25519, X25519MLKEM768 = 29, 4588
GREASE = 0x5a5a


def vector(data, size):
    """`data` with its length in `size` bytes before it."""
    return len(data).to_bytes(size, "big") + data


def u16s(values):
    return b"".join(struct.pack("!H", value) for value in values)


def extension(number, data):
    return struct.pack("!H", number) + vector(data, 2)


def server_name(*names):
    entries = b"".join(b"\0" + vector(name if isinstance(name, bytes) else name.encode(), 2) for name in names)
    return extension(0, vector(entries, 2))


def alpn(*protocols):
    return extension(16, vector(b"".join(vector(p.encode(), 1) for p in protocols), 2))


def supported_versions(*versions):
    return extension(43, vector(u16s(versions), 1))


def key_share(rng, *groups):
    """Client key shares; X25519MLKEM768 is what makes hellos of today outgrow one segment."""
    sizes = {X25519: 32, X25519MLKEM768: 1184 + 32, GREASE: 1}
    return extension(51, vector(b"".join(struct.pack("!H", g) + vector(rng.randbytes(sizes[g]), 2) for g in groups), 2))


def tls_handshake(kind, body):
    return bytes([kind]) + vector(body, 3)


def tls_records(handshake, sizes=(), version=TLS10):
    """Records around a handshake message: cut after each of `sizes` bytes, the rest in a last one."""
    records, at = b"", 0
    for size in list(sizes) + [len(handshake)]:
        piece, at = handshake[at:at + size], at + size
        if piece:
            records += b"\x16" + struct.pack("!H", version) + vector(piece, 2)
    return records


def client_hello(name=None, protocols=("h2", "http/1.1"), versions=(TLS13, TLS12), post_quantum=False, seed=1,
                 more_extensions=b""):
    """A ClientHello message (no record around it). `name` may be bytes; None leaves server_name out. With
    `post_quantum` it is shaped as a browser's of today: about 1.8 KB."""
    rng = random.Random(seed)
    ciphers = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8]
    extensions = extension(GREASE, b"") if post_quantum else b""
    if name is not None:
        extensions += server_name(name)
    extensions += extension(23, b"") + extension(0xff01, b"\0")
    extensions += extension(10, vector(u16s([X25519MLKEM768, X25519, 23, 24] if post_quantum else [X25519, 23]), 2))
    extensions += extension(11, b"\1\0") + extension(13, vector(u16s([0x0403, 0x0804, 0x0401, 0x0503]), 2))
    if protocols:
        extensions += alpn(*protocols)
    if TLS13 in versions:
        extensions += supported_versions(*((GREASE,) if post_quantum else ()) + tuple(versions))
        extensions += key_share(rng, *([GREASE, X25519MLKEM768, X25519] if post_quantum else [X25519]))
    if post_quantum:
        ciphers = [GREASE] + ciphers
        extensions += extension(0xfe0d, b"\0\0\1\0\1" + b"\x2a" + vector(rng.randbytes(32), 2) + vector(rng.randbytes(208), 2))
    extensions += more_extensions
    body = struct.pack("!H", min(TLS12, max(versions))) + rng.randbytes(32) + vector(rng.randbytes(32), 1)
    body += vector(u16s(ciphers), 2) + b"\1\0" + vector(extensions, 2)
    return tls_handshake(1, body)


def server_hello(version=TLS13, cipher=0x1301, protocol=None, retry=False, seed=2):
    rng = random.Random(seed)
    extensions = b""
    if version == TLS13:
        extensions += extension(43, struct.pack("!H", TLS13))
        extensions += extension(51, struct.pack("!H", X25519) + (b"" if retry else vector(rng.randbytes(32), 2)))
    if protocol:
        extensions += alpn(protocol)
    fill = RETRY_RANDOM if retry else rng.randbytes(32)
    body = struct.pack("!H", min(TLS12, version)) + fill + vector(rng.randbytes(32), 1)
    return tls_handshake(2, body + struct.pack("!HB", cipher, 0) + vector(extensions, 2))


def sslv2_client_hello(version=TLS10, seed=3):
    """A ClientHello in SSLv2 framing (RFC 5246, appendix E.2)."""
    challenge, ciphers = random.Random(seed).randbytes(16), bytes.fromhex("0700c0010080000035")
    body = struct.pack("!BHHHH", 1, version, len(ciphers), 0, len(challenge)) + ciphers + challenge
    return struct.pack("!H", 0x8000 | len(body)) + body


# ---- certificates (RFC 5280), and the message that carries them before TLS 1.3 (RFC 5246, section 7.4.2) ----------

OIDS = {"CN": "550403", "C": "550406", "O": "55040a", "OU": "55040b"}


def der(tag, *parts):
    body = b"".join(parts)
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 + size]) + len(body).to_bytes(size, "big")) + body


def distinguished_name(*attributes):
    """From (short name, value) pairs; a value given as bytes is put as they are, else it is UTF-8."""
    return der(0x30, *(der(0x31, der(0x30, der(6, bytes.fromhex(OIDS[name])),
                                     der(0x0c, value if isinstance(value, bytes) else value.encode())))
                       for name, value in attributes))


def certificate(subject=(("CN", "www.evil.example"),), issuer=(("C", "XX"), ("O", "Example CA")), serial=0x9a01,
                valid=("260101000000Z", "270101000000Z"), names=(), seed=4):
    """A certificate that nobody signed. `names` are DNS names (text or bytes) and addresses (ipaddress objects)."""
    rng = random.Random(seed)
    algorithm = der(0x30, der(6, bytes.fromhex("2a8648ce3d040302")))
    key = der(0x30, der(0x30, der(6, bytes.fromhex("2a8648ce3d0201")), der(6, bytes.fromhex("2a8648ce3d030107"))),
              der(3, b"\0\4" + rng.randbytes(64)))
    general = [der(0x87, name.packed) if hasattr(name, "packed") else
               der(0x82, name if isinstance(name, bytes) else name.encode()) for name in names]
    extensions = [der(0x30, der(6, bytes.fromhex("551d13")), der(1, b"\xff"), der(4, der(0x30)))]
    if general:
        extensions.append(der(0x30, der(6, bytes.fromhex("551d11")), der(4, der(0x30, *general))))
    body = der(0x30, der(0xa0, der(2, b"\2")), der(2, serial.to_bytes(serial.bit_length() // 8 + 1, "big")), algorithm,
               distinguished_name(*issuer),
               der(0x30, *(der(0x17 if len(t) == 13 else 0x18, t.encode()) for t in valid)),
               distinguished_name(*subject), key, der(0xa3, der(0x30, *extensions)))
    return der(0x30, body, algorithm, der(3, b"\0" + rng.randbytes(70)))


def certificate_message(*ders):
    return tls_handshake(11, vector(b"".join(vector(one, 3) for one in ders), 3))
