"""Bloom filters as DCSO's tools write them, version 1, for tests: by the book, value by value."""
import math
import struct

P, G = 18446744073709551557, 18446744073709550147


def fnv1(value):
    h = 0xcbf29ce484222325
    for byte in value:
        h = h * 0x100000001b3 % 2 ** 64 ^ byte
    return h


def bits_of(value, k, m):
    """The bits that stand for a value."""
    h = fnv1(value) % P
    for _ in range(k):
        h = h * G % 2 ** 64 % P
        yield h % m


def bloom(values, n=100, p=1e-6, data=b"", k=None, m=None, version=1, entered=None):
    """The file: of texts, made for n of them and a rate p of false positives."""
    m = m or -math.ceil(n * math.log(p) / math.log(2) ** 2)
    k = k or math.ceil(math.log(2) * m / n)
    words = [0] * -(-m // 64)
    for value in values:
        for bit in bits_of(value.encode(), k, m):
            words[bit // 64] |= 1 << bit % 64
    head = struct.pack("<QQdQQQ", version, n, p, k, m, len(values) if entered is None else entered)
    return head + struct.pack("<%dQ" % len(words), *words) + data
