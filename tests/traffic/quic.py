"""QUIC Initial packets (RFC 9000, RFC 9001, RFC 9369), sealed with AES-128-GCM (NIST SP 800-38D) in plain Python.

Builders write what they are told, right or wrong; nothing here is fast or safe enough for anything but tests.
"""
import hashlib
import hmac
import struct

V1, V2 = 1, 0x6b3343cf
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)
PADDING, PING = b"\0", b"\1"
SALTS = {V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9", V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
         29: "afbfec289993d24c9e9786f19c6111e04390a899", 23: "c3eef712c72ebb5a11a7d2432bb46365bef9f502"}

# ---- AES-128 and GCM -------------------------------------------------------------------------------------


def double(x):
    return (x << 1) ^ (0x11b if x & 0x80 else 0)


def substitutions():
    """The S-box, walked through by 3 and its inverse."""
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= double(p) & 0xff
        for shift in (1, 2, 4):
            q ^= (q << shift) & 0xff
        q ^= 0x09 if q & 0x80 else 0
        box[p] = 0x63 ^ q
        for shift in (1, 2, 3, 4):
            box[p] ^= ((q << shift) | (q >> (8 - shift))) & 0xff
        if p == 1:
            box[0] = 0x63
            return box


BOX = substitutions()


def round_keys(key):
    words, constant = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
    while len(words) < 44:
        word = words[-1]
        if len(words) % 4 == 0:
            word = [BOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = double(constant) & 0xff
        words.append([a ^ b for a, b in zip(words[-4], word)])
    return [sum(words[i:i + 4], []) for i in range(0, 44, 4)]


def mix(column):
    every = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [column[i] ^ every ^ (double(column[i] ^ column[(i + 1) % 4]) & 0xff) for i in range(4)]


def aes(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 10:
            state = sum((mix(state[i:i + 4]) for i in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash(subkey, data):
    y = 0
    for at in range(0, len(data), 16):
        x, v = y ^ int.from_bytes(data[at:at + 16], "big"), subkey
        y = 0
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                y ^= v
            v = (v >> 1) ^ (0xe1 << 120 if v & 1 else 0)
    return y


def blocks(data):
    return data + bytes(-len(data) % 16)


def gcm_seal(key, iv, header, plain):
    keys = round_keys(key)
    stream = b"".join(aes(keys, iv + struct.pack("!I", i)) for i in range(2, 2 + (len(plain) + 15) // 16))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))
    sums = blocks(header) + blocks(sealed) + struct.pack("!QQ", 8 * len(header), 8 * len(sealed))
    tag = ghash(int.from_bytes(aes(keys, bytes(16)), "big"), sums) ^ int.from_bytes(aes(keys, iv + b"\0\0\0\1"), "big")
    return sealed + tag.to_bytes(16, "big")


# ---- Keys (RFC 9001, section 5.2) ------------------------------------------------------------------------

def expand(secret, label, length):
    label = b"tls13 " + label.encode()
    info = struct.pack("!HB", length, len(label)) + label + b"\0\1"
    return hmac.new(secret, info, hashlib.sha256).digest()[:length]


def draft(number):
    return 0xff000000 | number


def salt_of(version):
    if version >> 8 == 0xff0000 and version < draft(33):
        version = 29 if version >= draft(29) else 23
    return bytes.fromhex(SALTS.get(version, SALTS[V1]))


def initial_keys(version, dcid, is_server=False):
    """key, iv, header protection key"""
    initial = hmac.new(salt_of(version), dcid, hashlib.sha256).digest()
    secret = expand(initial, "server in" if is_server else "client in", 32)
    prefix = "quicv2 " if version == V2 else "quic "
    return expand(secret, prefix + "key", 16), expand(secret, prefix + "iv", 12), expand(secret, prefix + "hp", 16)


# ---- Packets ---------------------------------------------------------------------------------------------

def varint(value, size=None):
    size = size or (1 if value < 64 else 2 if value < 16384 else 4 if value < 1 << 30 else 8)
    return (value | {1: 0, 2: 1, 4: 2, 8: 3}[size] << (8 * size - 2)).to_bytes(size, "big")


def crypto(data, offset=0):
    return b"\6" + varint(offset) + varint(len(data)) + data


def ack(largest=0):
    return b"\2" + varint(largest) + varint(20) + varint(0) + varint(0)


def first_byte(version, kind, low=0):
    return 0xc0 | ((kind + 1) % 4 if version == V2 else kind) << 4 | low


def long_header(version, kind, dcid, scid, low=0):
    return struct.pack("!BI", first_byte(version, kind, low), version) + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid


def initial(frames, dcid=b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", version=V1, number=0, key_id=None, token=b"", scid=b"", number_size=4,
            is_server=False, pad_to=0):
    """An Initial packet with these frames; key_id is the identifier its keys follow from, if that is not dcid. pad_to: bytes of the
    whole packet, made up with PADDING."""
    header = long_header(version, INITIAL, dcid, scid, number_size - 1) + varint(len(token)) + token
    frames += PADDING * max(pad_to - len(header) - 2 - number_size - len(frames) - 16, 4 - number_size)
    header += varint(number_size + len(frames) + 16, 2) + number.to_bytes(8, "big")[8 - number_size:]
    key, iv, hp = initial_keys(version, dcid if key_id is None else key_id, is_server)
    nonce = bytes(a ^ b for a, b in zip(iv, bytes(4) + number.to_bytes(8, "big")))
    packet = bytearray(header + gcm_seal(key, nonce, header, frames))
    at = len(header) - number_size
    mask = aes(round_keys(hp), packet[at + 4:at + 20])
    packet[0] ^= mask[0] & 0x0f
    for i in range(number_size):
        packet[at + i] ^= mask[1 + i]
    return bytes(packet)


def other(kind, dcid=b"12345678", scid=b"", version=V1, size=60, fill=b"\x5a"):
    """A 0-RTT or Handshake packet that nobody can open."""
    return long_header(version, kind, dcid, scid) + varint(size, 2) + fill * size


def retry(dcid, scid, token=b"token", version=V1):
    return long_header(version, RETRY, dcid, scid) + token + bytes(16)


def negotiation(dcid, scid, versions=(V1,)):
    return b"\xca\0\0\0\0" + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + b"".join(struct.pack("!I", v) for v in versions)
