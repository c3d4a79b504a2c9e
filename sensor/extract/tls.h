#pragma once
/* TLS hellos: records (RFC 8446 section 5.1), ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246
 * section 7.4.1), Certificate (RFC 5246 section 7.4.2), encrypted_client_hello (RFC 9849 section 5), server_name (RFC 6066 section 3), ALPN (RFC 7301), supported_versions (RFC 8446 section 4.2.1).
 * SSL 3.0 to TLS 1.3, and SSLv2-framed ClientHellos (RFC 5246 appendix E.2). Hot and pure: spans borrow from the
 * input, nothing is allocated. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum tls_content { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION_DATA = 23,
                   TLS_HEARTBEAT = 24 };
enum tls_handshake_type { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };
enum { TLS_RECORD_MAX = 16384 + 2048, TLS_NAMES_MAX = 8, TLS_ALPN_MAX = 16, TLS_EMPTY_MAX = 32 };

struct tls_record {
    uint8_t type;         /* enum tls_content */
    uint16_t version;     /* as sent */
    struct span fragment; /* as much of it as `in` holds */
    size_t record_len;    /* header included; > in.len when cut */
};

/* The record at the start of `in`. FIELD_FOUND: all of it is there. FIELD_PARTIAL: header good as far as it
 * goes; with 5 bytes or more *out is set and the fragment is what there is. FIELD_MALFORMED: type, version
 * (major must be 3; receivers ignore the rest, so any minor does) or length can't be TLS. */
enum verdict tls_record_read(struct span in, struct tls_record *out);

/* Could `in` start a TLS conversation of a client (server)? As http_sniff_request, decides on as little as one
 * byte and is as strict as the bytes allow (record type 22, version, handshake type 1 or 2 and a length it can
 * have, hello version); more may follow the hello in its record. A client may also send an SSLv2-framed hello. FIELD_FOUND, FIELD_PARTIAL while it
 * still could be, FIELD_MALFORMED when it can't be. A server may also start with an alert record (FIELD_ABSENT
 * then: TLS, but no hello). A hello cut into several records is recognised, be they of one byte. */
enum verdict tls_sniff_client(struct span in);
enum verdict tls_sniff_server(struct span in);

/* The first handshake message that `in`, a run of records, carries, whatever records cut it into. If one record
 * holds it whole, *out_message borrows from `in`; else its bytes are gathered in `scratch` (room bytes).
 * *out_message has the 4-byte handshake header and the whole body.
 * *out_used is set to the bytes of the records that hold its parts, the last one included whole, or as much of it
 * as `in` holds; more messages may follow in that one.
 * FIELD_PARTIAL sets *out_want to a length of `in` below which it is useless to call again, and *out_message to
 * what is there so far. FIELD_ABSENT: the first record is not a handshake record. FIELD_MALFORMED: a record is
 * broken, another content type cuts in, or the message (header included) is longer than `room`, borrowed or not.
 * Empty fragments are passed over, up to TLS_EMPTY_MAX of them: more are FIELD_MALFORMED, which also bounds the
 * work of a caller that calls again at each *out_want. On FIELD_ABSENT and FIELD_MALFORMED the outputs are
 * untouched; `scratch` may be written to in any case. */
enum verdict tls_handshake_gather(struct span in, uint8_t *scratch, size_t room, struct span *out_message,
                                  size_t *out_used, size_t *out_want);

/* The next handshake message of a stream whose earlier ones were taken. `in` starts in the midst of a handshake record of which `left` bytes are
 * still to come, or, if `left` is 0, with a record. As tls_handshake_gather(), but:
 * - FIELD_FOUND sets *out_used to the bytes up to the message's end, not its record's, and *out_left to what is left of that record, to
 *   be handed back with the bytes that follow;
 * - a message longer than `room` is not refused: it is never FIELD_FOUND, and *out_message is as much of it as there is and has room. */
enum verdict tls_handshake_next(struct span in, size_t left, uint8_t *scratch, size_t room, struct span *out_message,
                                size_t *out_used, size_t *out_left, size_t *out_want);

/* Could `in` start a Certificate message that begins its record? For streams that are joined after the ServerHello, so it is strict: the message's, the
 * list's and the first certificate's lengths have to agree and that certificate has to be a DER SEQUENCE of its very length. A client's
 * looks the same. Decides on as little as one byte. */
enum verdict tls_sniff_certificate(struct span in);

/* What a hello says of a name that it does not show.
 *
 * A hello with an outer encrypted_client_hello may hide another, whose name nobody but the server can read; then server_name is that of whoever
 * fronts for it. Or the extension is GREASE (RFC 9849, section 6.2), the client had nothing to encrypt with, and server_name is the name it goes to.
 * Clients send both alike, on purpose: config_id is random, enc is a valid key and the payload as long as a real one. Two things tell, and only
 * they are believed: an empty enc, which is in no hello but the second one after a server has accepted (section 6.1.5), and a server_name known
 * to be a front that nobody goes to for itself. That GREASE comes again unchanged after a HelloRetryRequest tells too, but too late: by then the
 * first hello is reported. What an ECHConfig in a DNS answer says is not asked: it is another flow's, and often not seen. */
enum tls_ech {
    TLS_ECH_NONE,
    TLS_ECH_POSSIBLE, /* outer: encrypted or GREASE */
    TLS_ECH_REAL,     /* outer, and it is encrypted: the names are those of the front */
    TLS_ECH_INNER,    /* a hello that was hidden, on its way behind the server that opened it: the names are those meant */
    TLS_ECH_ESNI,     /* an extension of one of the drafts before the outer hello got its form: what else it says may be a front's */
};

struct tls_client_hello {
    uint16_t legacy_version;  /* ClientHello.legacy_version, e.g. 0x0303 */
    uint16_t version;         /* the highest offered: supported_versions without GREASE and other non-versions,
                               * drafts of TLS 1.3 ranking below it; else legacy_version */
    struct span sni;          /* first host_name as sent; .len 0 if none */
    struct span names[TLS_NAMES_MAX]; /* every host_name of every server_name extension, first one = sni */
    uint8_t n_names;
    struct span alpn[TLS_ALPN_MAX]; /* protocol names as offered */
    uint8_t n_alpn;
    uint8_t ech;              /* enum tls_ech, of the first such extension */
    bool is_sslv2;            /* came in SSLv2 framing: no extensions */
    bool is_cut;              /* it ended before its lengths said: fields are those before the cut */
    struct span ciphers;      /* list of u16 as sent; of 3 bytes each in SSLv2 framing */
    struct span extensions;   /* the extension block as sent, without its length */
    struct span session_id, random; /* SSLv2's challenge is the random, of any length */
};

/* The name that is meant is not the one in the hello, or there is none, and what hides it is known. */
static inline bool tls_name_is_hidden(const struct tls_client_hello *h)
{
    return h->ech == TLS_ECH_REAL || (h->ech == TLS_ECH_ESNI && h->sni.len == 0);
}

struct tls_server_hello {
    uint16_t legacy_version;
    uint16_t version;      /* supported_versions' selected_version, else legacy_version */
    uint16_t cipher;
    bool is_retry;         /* HelloRetryRequest, by its random (RFC 8446, section 4.1.3) */
    bool is_cut;           /* it ended before its lengths said: fields are those before the cut */
    struct span alpn;      /* .len 0 if none */
    struct span extensions, random;
};

/* `message` has its 4-byte handshake header (as tls_handshake_gather gives it, or one QUIC or DTLS will give).
 * Reads as far as the bytes go: FIELD_FOUND (complete), FIELD_PARTIAL (cut short, is_cut: the fields before
 * the cut are set, so a name seen in a cut capture still counts), FIELD_ABSENT (another handshake type),
 * FIELD_MALFORMED (lengths that contradict each other before the extension block). Only extensions that are
 * there whole are read. A broken extension is passed over where its length allows, and ends the reading where
 * not (FIELD_FOUND with is_cut); server_name entries are read leniently: unknown name types are passed over by
 * their length, empty names too, as are empty ALPN names. *out is always set: all zero but for what was read.
 * A DTLS hello has its cookie passed over. */
enum verdict tls_client_hello_read(struct span message, struct tls_client_hello *out);
enum verdict tls_server_hello_read(struct span message, struct tls_server_hello *out);

/* A ClientHello in SSLv2 framing at the start of `in`, its 2-byte record header included. Verdicts as above;
 * FIELD_ABSENT: another framing or message type. */
enum verdict tls_sslv2_hello_read(struct span in, struct tls_client_hello *out);

/* The certificates of a Certificate message of TLS 1.2 or older, its 4-byte handshake header included; later ones are encrypted. *out_list is for
 * tls_certificate_take(). FIELD_PARTIAL: the message is cut short, the list is as much of it as there is. FIELD_ABSENT: another
 * handshake type. FIELD_MALFORMED: lengths contradict each other. */
enum verdict tls_certificates_read(struct span message, struct span *out_list);
/* The next certificate of the list, in the order sent (the server's own comes first), empty ones passed over. False when none is there whole. */
bool tls_certificate_take(struct span *list, struct span *out_der);

/* The extension at the start of the block, which moves past it; false, and nothing is moved, when it is not there whole. */
bool tls_extension_take(struct span *block, uint16_t *out_type, struct span *out_data);

/* Is this GREASE (RFC 8701)? */
static inline bool tls_is_grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

/* As EVE's tls.version says it: "SSLv2", "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3", "TLS 1.3 draft-28"
 * and the like, "DTLS 1.0", "DTLS 1.2", "DTLS 1.3", "UNDETERMINED" for 0; others as "0x0305" written to `scratch`. */
const char *tls_version_name(uint16_t version, char scratch[static 8]);
