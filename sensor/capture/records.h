#pragma once
/* The records of a pcap file, read in large pieces and handed on where they lie: to read one through libpcap and a FILE costs several
 * times what decoding it does. For the usual files (version 2.4, either byte order, micro- or nanoseconds); all others are
 * libpcap's. What is wrong with a file is said in libpcap's words. Hot. (draft-ietf-opsawg-pcap, section 5) */
#include "base/err.h"
#include "base/input.h"
#include "sensor/packet.h"

enum { PCAP_HEADER_BYTES = 24 };

/* A file header of the kind that is read here? */
bool records_are_read(const uint8_t header[static PCAP_HEADER_BYTES]);

struct records; /* one thread at a time */

/* `in` (borrowed) has delivered the file header and nothing more. Packets are cut to `snaplen` bytes. NULL when memory is short. */
struct records *records_new(struct input *in, const uint8_t header[static PCAP_HEADER_BYTES], uint32_t snaplen);
void records_free(struct records *r);

/* The next packets, at most `max` and at least one, as many as are there without waiting. Each is made `like` (its link and source; number
 * is that of the last packet before); their bytes live until the next call. 0 at the end of the file; -1 and *err (where = path) when it
 * ends within a record, is damaged or can't be read: all packets before that were delivered. */
int records_next(struct records *r, const struct packet *like, struct packet *out, int max, const char *path, struct err *err);
/* How many bytes of the file have been looked at: after an error, where it is. */
uint64_t records_position(const struct records *r);
