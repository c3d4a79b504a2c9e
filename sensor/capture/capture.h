#pragma once
/* Where packets come from: capture files and interfaces. The one door to libpcap. */
#include "base/err.h"
#include "base/input.h"
#include "sensor/decode/decode.h"

struct capture; /* one thread at a time */

/* pcap (both byte orders, micro- and nanoseconds) and pcapng, plain or compressed; "-" is standard input. NULL and *err (where = path)
 * when it can't be opened or is neither. */
struct capture *capture_open_file(const char *path, struct err *err);

struct capture_live_options {
    const char *filter;      /* BPF expression, NULL for none */
    int snaplen;             /* bytes, 262144 by default */
    int buffer_mib;          /* the kernel's ring */
    bool is_promiscuous;
};
struct capture *capture_open_live(const char *interface, const struct capture_live_options *o, struct err *err);
void capture_close(struct capture *c);

enum link_type capture_link(const struct capture *c);
/* What the capture calls its link type ("EN10MB", "USB_LINUX"), for messages. */
const char *capture_link_name(const struct capture *c);

typedef void packet_fn(void *to, const struct packet *pkt);

/* Hand on up to `max` packets (files) or what one read of the ring brings (live; returns after at most about 100 ms). The packet and its
 * bytes die when the function returns. `source` and the running number are put into each packet.
 * Returns how many; 0 at the end of a file (or when an interface was quiet); -1 and *err when the file ends in the middle of a record
 * or is damaged: all packets before that point were handed on, and the message tells the packet's number and the offset. */
int capture_read(struct capture *c, int max, uint32_t source, packet_fn *fn, void *to, struct err *err);
/* The same in runs of at least one packet, for whoever looks ahead: as many as lie in memory side by side (files), or one (live). */
typedef void packets_fn(void *to, const struct packet *packets, size_t n);
int capture_read_many(struct capture *c, int max, uint32_t source, packets_fn *fn, void *to, struct err *err);
/* Make a capture_read() in progress return soon: for signal handlers. */
void capture_interrupt(struct capture *c);

/* For a progress line: bytes read of the file itself, and its size (0: not known). */
uint64_t capture_position(const struct capture *c);
uint64_t capture_size(const struct capture *c);

/* Live: packets the kernel had no room for, and the interface dropped, since the start. */
bool capture_drops(struct capture *c, uint64_t *out_kernel, uint64_t *out_interface);

/* "libpcap version 1.10.3 ..." */
const char *capture_library_version(void);
