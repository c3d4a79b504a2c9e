"""HTTP/2 in the clear (RFC 9113) with HPACK (RFC 7541), for captures: frames as they are told, right or wrong.

    client = Encoder()
    PREFACE + settings() + headers(1, client.block(request_fields("/", "evil.example")))
"""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 0x20
TABLE_BYTES, ENTRY_BYTES = 4096, 32

STATIC = [(":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
          (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
          (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
          ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
          ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
          ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
          ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
          ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
          ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
          ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
          ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
          ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
          ("www-authenticate", "")]

# How long each byte's code is, 0 to 255, and the end-of-string symbol's (RFC 7541, appendix B); the codes follow from it.
CODE_LENGTHS = (
    [13, 23] + [28] * 7 + [24, 30, 28, 28, 30] + [28] * 8 + [30] + [28] * 9
    + [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10]
    + [13, 6] + [7] * 22 + [8, 7, 8, 13, 19, 13, 14, 6]
    + [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28]
    + [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24]
    + [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23]
    + [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27]
    + [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26]
    + [30])


def huffman_codes():
    codes, code, before = {}, 0, 0
    for symbol in sorted(range(257), key=lambda s: (CODE_LENGTHS[s], s)):
        code <<= CODE_LENGTHS[symbol] - before
        before = CODE_LENGTHS[symbol]
        codes[symbol] = code
        code += 1
    return codes


CODES = huffman_codes()


def huffman(text):
    value, bits = 0, 0
    for byte in text:
        value, bits = value << CODE_LENGTHS[byte] | CODES[byte], bits + CODE_LENGTHS[byte]
    padding = -bits % 8
    return (value << padding | (1 << padding) - 1).to_bytes((bits + padding) // 8, "big")


def integer(value, prefix, first=0):
    """RFC 7541, section 5.1; `first` are the bits above the prefix."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    out, value = bytes([first | limit]), value - limit
    while value >= 0x80:
        out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
    return out + bytes([value])


def string(text, is_huffman=True):
    raw = text if isinstance(text, bytes) else text.encode()
    return integer(len(huffman(raw)), 7, 0x80) + huffman(raw) if is_huffman else integer(len(raw), 7) + raw


class Encoder:
    """One direction's compression. Fields are indexed wherever they can be and added to the table."""

    def __init__(self, is_huffman=True):
        self.table, self.is_huffman, self.size = [], is_huffman, TABLE_BYTES

    def block(self, fields, never_added=()):
        return b"".join(self.field(name, value, name in never_added) for name, value in fields)

    def resize(self, size):
        """A size update; it has to stand at a block's front."""
        self.size = size
        self.evict()
        return integer(size, 5, 0x20)

    def field(self, name, value, is_never_added=False):
        entries = STATIC + self.table
        if (name, value) in entries:
            return integer(entries.index((name, value)) + 1, 7, 0x80)
        index = next((i + 1 for i, entry in enumerate(entries) if entry[0] == name), 0)
        literal = integer(index, 4, 0x10) if is_never_added else integer(index, 6, 0x40)
        if not is_never_added:
            self.table.insert(0, (name, value))
            self.evict()
        return literal + (b"" if index else string(name, self.is_huffman)) + string(value, self.is_huffman)

    def evict(self):
        while sum(len(n) + len(v) + ENTRY_BYTES for n, v in self.table) > self.size:
            self.table.pop()


def request_fields(path="/", authority=None, method="GET", more=()):
    fields = [(":method", method), (":scheme", "http"), (":path", path)]
    return fields + ([(":authority", authority)] if authority is not None else []) + list(more)


def response_fields(status=200, more=()):
    return [(":status", str(status))] + list(more)


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + struct.pack("!BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack("!HI", *pair) for pair in pairs))


def settings_ack():
    return frame(SETTINGS, ACK, 0)


def headers(stream, block, flags=END_STREAM, sizes=(), padding=None, priority=None):
    """HEADERS and, where `sizes` says how to cut the block, CONTINUATION frames."""
    front = b"" if priority is None else struct.pack("!IB", *priority)
    flags |= (HAS_PRIORITY if front else 0) | (PADDED if padding is not None else 0)
    pieces, at = [], 0
    for size in list(sizes) + [len(block)]:
        if at < len(block) or not pieces:
            pieces.append(block[at:at + size])
        at += size
    first = (b"" if padding is None else bytes([padding])) + front + pieces[0] + bytes(padding or 0)
    out = frame(HEADERS, flags | (END_HEADERS if len(pieces) == 1 else 0), stream, first)
    for i, piece in enumerate(pieces[1:], 2):
        out += frame(CONTINUATION, END_HEADERS if i == len(pieces) else 0, stream, piece)
    return out


def push_promise(stream, promised, block):
    return frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack("!I", promised) + block)


def data(stream, payload, flags=0):
    return frame(DATA, flags, stream, payload)
