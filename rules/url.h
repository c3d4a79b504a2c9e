#pragma once
/* URLs: canonical form, for lists and for requests on the wire alike (RFC 3986, section 6.2).
 *
 * As text (what alerts show): scheme and host lower case, host as rules/name.h has it, userinfo and the ports 80 and 443
 * cut, empty path made "/", escapes of unreserved characters decoded and other escapes in upper-case hex, fragment cut.
 * For matching the scheme is dropped: traffic shows host, port and target, and a URL listed with https that is fetched
 * in the clear is the same URL. So the key is "host[:port]/path?query", with 80 and 443 being no port. */
#include "base/buf.h"
#include "rules/value.h"

/* `url` has a scheme. Appends to `scratch`; *out lies there. Blanks and control characters are REJECT_BAD_URL, hosts fail as
 * in name_canonical(), and nothing is appended on failure. `url` may itself lie in `scratch` when the caller has reserved
 * 3 * url.len + 300 bytes behind it. */
enum reject url_canonical(struct span url, struct buf *scratch, struct span *out, uint32_t *out_col);
/* "evil.example/a/b?c", no scheme. */
enum reject hostpath_canonical(struct span hostpath, struct buf *scratch, struct span *out, uint32_t *out_col);

/* "/gate.php?id=", on whatever host. "/" alone is REJECT_BAD_URL: it is on every one. */
enum reject url_path_canonical(struct span path, struct buf *scratch, struct span *out, uint32_t *out_col);

/* Does it start with "scheme://", whatever the scheme? */
bool url_has_scheme(struct span text);
/* 1 to 65535, at most five digits. */
bool url_port_parse(struct span digits, uint16_t *out);

/* The part of a canonical URL or hostpath that is matched: after "scheme://". */
struct span url_match_key(struct span canonical);

/* Append a request target (or the path and query of a listed URL) in canonical escapes: hot, no allocation beyond `out`'s
 * own growth. Escapes of unreserved characters (ALPHA DIGIT - . _ ~) are decoded, hex digits of others made upper case, bytes
 * outside 0x21-0x7e escaped; a '%' that starts no escape becomes "%25"; the fragment is cut; nothing else changes. */
void url_put_target(struct buf *out, struct span target);

/* The host of "host", "host:port", "[v6]:port", as HTTP's Host header has it; *out_port is 0 if none is written. Hot and pure. The host
 * ends at the ':' whatever follows, as it does for servers that choose by name: "evil.example:000080" has port 80, "evil.example:99999" and
 * "evil.example:x" have none. A second ':' behind what could be the first group of an IPv6 address makes all of it an address without
 * brackets, and without port; with nothing before the ':' all is host too. */
struct span url_host(struct span authority, uint16_t *out_port);

/* Decode the escapes of unreserved characters in `n` bytes of a host where they lie (RFC 3986, section 3.2.2); others stay as they are, for what they
 * would make is no host: "evil%2Eexample", but not "evil.example%2F". Returns how many bytes are left. Hot and pure. */
size_t url_decode_host(uint8_t *bytes, size_t n);
