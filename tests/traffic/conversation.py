"""A TCP conversation as a list of segments that a test may put in any order, drop, repeat or cut.

    talk = Conversation(("192.0.2.10", 40000), ("198.51.100.80", 80))
    talk.open()
    talk.client(http_request("/", "evil.example"))
    talk.server(http_response())
    talk.close()
    talk.segments            # a plain list: reorder or delete as you like
    talk.datagrams()         # IP datagrams, in the order of the list
"""
import dataclasses

from frames import ACK, FIN, PSH, RST, SYN, tcp

MSS_OPTION = b"\x02\x04\x05\xb4"


@dataclasses.dataclass(frozen=True)
class Segment:
    from_client: bool
    seq: int
    ack: int
    flags: int
    data: bytes = b""
    options: bytes = b""

    def part(self, start, end=None):
        """Bytes [start, end) of it, at their place in the stream: for retransmissions and overlaps."""
        return dataclasses.replace(self, seq=self.seq + start, data=self.data[start:end])

    def with_data(self, data):
        """The same place in the stream, other bytes."""
        return dataclasses.replace(self, data=data)


class Conversation:
    """Both sides' sequence numbers, and the segments so far."""

    def __init__(self, client, server, client_seq=1000, server_seq=500000, mss=1460):
        self.client_end, self.server_end = client, server
        self.next_seq = {True: client_seq, False: server_seq}
        self.mss = mss
        self.segments = []

    def open(self):
        self._add(True, SYN, options=MSS_OPTION)
        self._add(False, SYN | ACK, options=MSS_OPTION)
        self._add(True, ACK)
        return self

    def client(self, data, sizes=None):
        """Send `data` in segments: of `sizes` bytes each (the last repeats), or as large as they may be."""
        return self._send(True, data, sizes)

    def server(self, data, sizes=None):
        return self._send(False, data, sizes)

    def close(self):
        self._add(True, FIN | ACK)
        self._add(False, FIN | ACK)
        self._add(True, ACK)
        return self

    def reset(self, from_client=True):
        self._add(from_client, RST | ACK)
        return self

    def only(self, from_client):
        """Forget the other side's segments, as at a point that sees one direction."""
        self.segments = [s for s in self.segments if s.from_client == from_client]
        return self

    def data_indexes(self, from_client=True):
        """Where the segments with data of one side stand in the list."""
        return [i for i, s in enumerate(self.segments) if s.data and s.from_client == from_client]

    def datagrams(self):
        return [self._datagram(s) for s in self.segments]

    def _send(self, from_client, data, sizes):
        sizes, at = list(sizes or [self.mss]), 0
        while at < len(data):
            size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
            at += len(self._add(from_client, PSH | ACK, data[at:at + size]).data)
        return self

    def _add(self, from_client, flags, data=b"", options=b""):
        ack = self.next_seq[not from_client] if flags & ACK else 0
        segment = Segment(from_client, self.next_seq[from_client], ack, flags, data, options)
        self.segments.append(segment)
        self.next_seq[from_client] += len(data) + bool(flags & SYN) + bool(flags & FIN)
        return segment

    def _datagram(self, s):
        ends = (self.client_end, self.server_end) if s.from_client else (self.server_end, self.client_end)
        return tcp(*ends, s.seq, s.ack, s.flags, s.data, s.options)
