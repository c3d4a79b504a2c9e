#pragma once
/* A pcap file with nanoseconds (magic 0xa1b23c4d), link type Ethernet, in this machine's byte order. Large writes; hot but for those. */
#include "base/err.h"
#include "sensor/packet.h"

struct capture_out;

/* Writes to `fd`, which stays the caller's; `path` is what errors call it, borrowed. NULL when memory is short (*err). */
struct capture_out *capture_out_new(int fd, const char *path, struct err *err);
/* What is still in the buffer is lost: capture_out_flush() first. */
void capture_out_free(struct capture_out *c);

/* False once writing has failed: then nothing more is written, and capture_out_flush() tells why. Times before 1970 are written as 0. */
bool capture_out_packet(struct capture_out *c, const struct packet *pkt);
bool capture_out_flush(struct capture_out *c, struct err *err);
/* So far, header and all. */
uint64_t capture_out_bytes(const struct capture_out *c);
