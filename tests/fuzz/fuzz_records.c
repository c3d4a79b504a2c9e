/* Fuzz target for sensor/capture/records.h, beside libpcap on the same bytes. The first byte tells into pieces of what size the file
 * comes. What must hold beyond not crashing: the same packets, the same words about what is wrong, and the same place where it is. */
#include "sensor/capture/records.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 2048, PIPE_BYTES = 1 << 20, HEAD_BYTES = 16, RUN = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* A pipe that gives the file in pieces (O_DIRECT keeps them apart); the first two as large as what is asked for first, for a piece is given or lost. */
static struct input *open_pieces(struct span file, size_t piece)
{
    struct err err = {0};
    int ends[2];
    check(pipe2(ends, O_DIRECT) == 0 && fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES) >= 0);
    for (size_t at = 0, n; at < file.len; at += n) {
        n = at == 0 ? HEAD_BYTES : at == HEAD_BYTES ? PCAP_HEADER_BYTES - HEAD_BYTES : piece;
        n = n < file.len - at ? n : file.len - at;
        check(write(ends[1], file.ptr + at, n) == (ssize_t)n);
    }
    close(ends[1]);
    struct input *in = input_open_fd(ends[0], "pieces", &err);
    check(in != NULL);
    return in;
}

static void read_header(struct input *in)
{
    uint8_t header[PCAP_HEADER_BYTES];
    struct err err = {0};
    check(input_read(in, header, HEAD_BYTES, &err) == HEAD_BYTES);
    check(input_read(in, header, sizeof header - HEAD_BYTES, &err) == (ssize_t)sizeof header - HEAD_BYTES);
}

static int64_t time_of(const struct pcap_pkthdr *h)
{
    if (h->ts.tv_usec < 0 || h->ts.tv_usec >= 1000000000)
        return 0;
    return (int64_t)(uint32_t)h->ts.tv_sec * 1000000000 +
           h->ts.tv_usec; /* seconds are signed there in one of the orders */
}

static void check_packet(pcap_t *pcap, const struct packet *p)
{
    struct pcap_pkthdr *h;
    const u_char *bytes;
    check(pcap_next_ex(pcap, &h, &bytes) == 1);
    check(p->bytes.len == h->caplen && p->wire_len == h->len && p->ts_ns == time_of(h));
    check(h->caplen == 0 || memcmp(p->bytes.ptr, bytes, h->caplen) == 0);
}

/* Of a record beyond the snapshot length libpcap 1.10.3 names that as what it tried to read, or as the bound; later versions say what we
 * say. */
static bool is_same_fault(const char *theirs, const char *ours, unsigned snaplen)
{
    static const char cut[] = "truncated dump file; tried to read %u captured bytes, only got %u",
                      lengthy[] = "invalid packet capture length %u";
    unsigned wanted[2], got[2];
    if (sscanf(theirs, cut, &wanted[0], &got[0]) == 2 && sscanf(ours, cut, &wanted[1], &got[1]) == 2)
        return got[0] == got[1] && wanted[0] == snaplen && wanted[1] > snaplen;
    return sscanf(theirs, lengthy, &wanted[0]) == 1 && sscanf(ours, lengthy, &wanted[1]) == 1 &&
           wanted[0] == wanted[1] && wanted[0] > snaplen;
}

static void check_end(pcap_t *pcap, const struct records *all, FILE *file, int status, const struct err *err)
{
    struct pcap_pkthdr *h;
    const u_char *bytes;
    int theirs = pcap_next_ex(pcap, &h, &bytes);
    check(theirs == (status == 0 ? PCAP_ERROR_BREAK : PCAP_ERROR));
    check(status == 0 || strcmp(pcap_geterr(pcap), err->what) == 0 ||
          is_same_fault(pcap_geterr(pcap), err->what, (unsigned)pcap_snapshot(pcap)));
    check((uint64_t)ftell(file) == records_position(all));
}

static void compare(struct span bytes, FILE *file, pcap_t *pcap, size_t piece)
{
    struct packet run[RUN], like = {.source = 1};
    struct err err = {0};
    struct input *in = open_pieces(bytes, piece);
    read_header(in);
    struct records *all = records_new(in, bytes.ptr, (uint32_t)pcap_snapshot(pcap));
    check(all != NULL);
    int n;
    while ((n = records_next(all, &like, run, 1 + (int)(piece % RUN), "pieces", &err)) > 0)
        for (int i = 0; i < n; i++) {
            check(run[i].number == ++like.number);
            check_packet(pcap, &run[i]);
        }
    check_end(pcap, all, file, n, &err);
    records_free(all);
    input_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char why[PCAP_ERRBUF_SIZE];
    if (len < 1 + PCAP_HEADER_BYTES || len > INPUT_MAX || !records_are_read(data + 1))
        return 0;
    struct span bytes = span_of(data + 1, len - 1);
    FILE *file = fmemopen((void *)(uintptr_t)bytes.ptr, bytes.len, "r");
    check(file != NULL);
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!pcap) {
        fclose(file);
        return 0;
    }
    compare(bytes, file, pcap, data[0] < 16 ? 16 + data[0] : data[0]); /* a pipe holds 256 pieces */
    pcap_close(pcap);
    return 0;
}
