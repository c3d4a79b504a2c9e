/* See capture.h. */
#include "sensor/capture/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/capture/pcapng.h"
#include "sensor/capture/records.h"

enum { READ_TIMEOUT_MS = 100, READ_BYTES = 256 * 1024, RUN_PACKETS = 64 };
#define TIME_MAX_S INT64_C(9000000000) /* the year 2255; beyond it a clock was broken */

struct capture {
    pcap_t *pcap;        /* owned */
    struct input *input; /* owned; NULL for live */
    struct records *records; /* owned; NULL where libpcap reads */
    uint8_t header[PCAP_HEADER_BYTES]; /* the file's first bytes */
    volatile sig_atomic_t is_interrupted;
    struct pcapng_filter filter;
    struct err read_err; /* what broke reading the file, if anything */
    const char *path;    /* borrowed */
    enum link_type link; /* of the capture, or its first interface */
    bool is_nano;
    uint64_t n_packets;
    uint64_t dropped_kernel, dropped_interface; /* sums over the 32-bit counters' wraps */
    uint32_t last_drop, last_ifdrop;
    struct {
        uint32_t source;
        packets_fn *fn;
        void *to;
    } now; /* of the read in progress */
};

enum { DLT_PKTAP_AS_WRITTEN = 258, DLT_PKTAP_USER2 = 149 }; /* Apple's, by its number in files and by the one its systems gave it first */

static enum link_type link_of(int dlt)
{
    static const struct {
        int dlt;
        enum link_type link;
    } known[] = {
        {DLT_EN10MB, LINK_ETHERNET},
        {DLT_RAW, LINK_RAW},
        {DLT_IPV4, LINK_RAW},
        {DLT_IPV6, LINK_RAW},
        {DLT_NULL, LINK_NULL},
        {DLT_LOOP, LINK_NULL},
        {DLT_LINUX_SLL, LINK_SLL},
        {DLT_LINUX_SLL2, LINK_SLL2},
        {DLT_PPP, LINK_PPP},
        {DLT_PPP_SERIAL, LINK_PPP},
        {DLT_PPP_ETHER, LINK_PPPOE},
        {DLT_C_HDLC, LINK_CHDLC},
        {DLT_FRELAY, LINK_FRAME_RELAY},
        {DLT_ATM_RFC1483, LINK_LLC},
        {DLT_MPLS, LINK_MPLS},
        {DLT_IEEE802_11, LINK_80211},
        {DLT_IEEE802_11_RADIO, LINK_RADIOTAP},
        {DLT_PRISM_HEADER, LINK_PRISM},
        {DLT_IEEE802_11_RADIO_AVS, LINK_PRISM},
        {DLT_PPI, LINK_PPI},
        {DLT_ARCNET, LINK_ARCNET},
        {DLT_ARCNET_LINUX, LINK_ARCNET_LINUX},
        {DLT_NFLOG, LINK_NFLOG},
        {DLT_PKTAP_AS_WRITTEN, LINK_PKTAP},
        {DLT_PKTAP_USER2, LINK_PKTAP},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].dlt == dlt)
            return known[i].link;
    return LINK_OTHER;
}

/* Files number the types that differ between systems in a way of their own. */
static enum link_type link_in_file(uint16_t linktype)
{
    enum { LINKTYPE_ATM_RFC1483 = 100, LINKTYPE_RAW = 101 };
    return linktype == LINKTYPE_RAW ? LINK_RAW : linktype == LINKTYPE_ATM_RFC1483 ? LINK_LLC : link_of(linktype);
}

/* libpcap reads a FILE; behind it is our input, and the filter for pcapng. The header of a pcap file comes alone, so that its records
 * are still to be read when libpcap has judged it. */
static ssize_t read_filtered(void *cookie, char *to, size_t n)
{
    struct capture *c = cookie;
    uint64_t at = input_position(c->input);
    if (at < PCAP_HEADER_BYTES && n > PCAP_HEADER_BYTES - at)
        n = PCAP_HEADER_BYTES - (size_t)at;
    ssize_t got = input_read(c->input, to, n, &c->read_err);
    if (got > 0 && at < PCAP_HEADER_BYTES)
        memcpy(c->header + at, to, (size_t)got);
    if (got > 0)
        pcapng_filter(&c->filter, (uint8_t *)to, (size_t)got);
    return got;
}

/* Only tells where we are: ftello() takes off what the FILE has buffered, and so knows where libpcap is. */
static int tell(void *cookie, off64_t *offset, int whence)
{
    const struct capture *c = cookie;
    if (whence != SEEK_CUR || *offset != 0)
        return -1;
    *offset = (off64_t)input_position(c->input);
    return 0;
}

/* pcap_close() closes the FILE, which leaves the input to us. */
static bool open_pcap(struct capture *c, struct err *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    FILE *file = fopencookie(c, "r", (cookie_io_functions_t){.read = read_filtered, .seek = tell});
    if (!file)
        return err_set(err, ERR_MEMORY, c->path, "out of memory");
    setvbuf(file, NULL, _IOFBF, READ_BYTES);
    c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (c->pcap) {
        c->link = link_of(pcap_datalink(c->pcap));
        return true;
    }
    fclose(file);
    if (c->read_err.kind != ERR_NONE) {
        *err = c->read_err;
        return false;
    }
    if (input_position(c->input) == 0)
        return err_set(err, ERR_SYNTAX, c->path, "the file is empty, a pcap or pcapng capture was expected");
    return err_set(err, ERR_SYNTAX, c->path, "not a pcap or pcapng capture: %.120s", why);
}

/* From here on without libpcap, if the file is of the usual kind. */
static bool take_over(struct capture *c, struct err *err)
{
    if (c->link == LINK_OTHER || input_position(c->input) != PCAP_HEADER_BYTES ||
        !records_are_read(c->header))
        return true;
    c->records = records_new(c->input, c->header, (uint32_t)pcap_snapshot(c->pcap));
    return c->records || err_set(err, ERR_MEMORY, c->path, "out of memory");
}

struct capture *capture_open_file(const char *path, struct err *err)
{
    struct capture *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, ERR_MEMORY, path, "out of memory");
        return NULL;
    }
    c->path = path;
    c->is_nano = true;
    c->input = input_open(path, err);
    if (c->input && open_pcap(c, err) && take_over(c, err))
        return c;
    capture_close(c);
    return NULL;
}

static bool activate(struct capture *c, const char *interface, const struct capture_live_options *o,
                     struct err *err)
{
    pcap_set_snaplen(c->pcap, o->snaplen);
    pcap_set_promisc(c->pcap, o->is_promiscuous);
    pcap_set_timeout(c->pcap, READ_TIMEOUT_MS);
    pcap_set_buffer_size(c->pcap, o->buffer_mib << 20);
    c->is_nano = pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int status = pcap_activate(c->pcap);
    if (status < 0) {
        const char *what = pcap_statustostr(status), *more = pcap_geterr(c->pcap);
        if (strcmp(what, more) == 0)
            more = "";
        return err_set(err, ERR_IO, interface, "%s%s%.120s", what, *more ? ": " : "", more);
    }
    c->link = link_of(pcap_datalink(c->pcap));
    if (!o->filter)
        return true;
    struct bpf_program program;
    if (pcap_compile(c->pcap, &program, o->filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return err_set(err, ERR_USAGE, interface, "filter: %.150s", pcap_geterr(c->pcap));
    bool is_set = pcap_setfilter(c->pcap, &program) == 0;
    pcap_freecode(&program);
    return is_set || err_set(err, ERR_IO, interface, "filter: %.150s", pcap_geterr(c->pcap));
}

struct capture *capture_open_live(const char *interface, const struct capture_live_options *o, struct err *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct capture *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, ERR_MEMORY, interface, "out of memory");
        return NULL;
    }
    c->path = interface;
    c->pcap = pcap_create(interface, why);
    if (!c->pcap)
        err_set(err, ERR_IO, interface, "%.150s", why);
    else if (activate(c, interface, o, err))
        return c;
    capture_close(c);
    return NULL;
}

void capture_close(struct capture *c)
{
    if (!c)
        return;
    if (c->pcap)
        pcap_close(c->pcap);
    records_free(c->records);
    input_close(c->input);
    free(c);
}

enum link_type capture_link(const struct capture *c)
{
    return c->link;
}

const char *capture_link_name(const struct capture *c)
{
    const char *name = pcap_datalink_val_to_name(pcap_datalink(c->pcap));
    return name ? name : "unknown";
}

/* Hot: once per packet. */
static void hand_on(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
    struct capture *c = (struct capture *)user;
    int64_t fraction = c->is_nano ? h->ts.tv_usec : h->ts.tv_usec * INT64_C(1000);
    bool is_sane = h->ts.tv_sec >= 0 && h->ts.tv_sec <= TIME_MAX_S && fraction >= 0 && fraction < 1000000000;
    uint16_t own_link; /* of a pcapng file whose interfaces differ */
    struct packet pkt = {
        .link = pcapng_next_link(&c->filter, &own_link) ? link_in_file(own_link) : c->link,
        .bytes = span_of(bytes, h->caplen),
        .wire_len = h->len,
        .source = c->now.source,
        .number = ++c->n_packets,
        .ts_ns = is_sane ? (int64_t)h->ts.tv_sec * 1000000000 + fraction : 0,
    };
    c->now.fn(c->now.to, &pkt, 1);
}

/* Where in a file's content an error left off. */
static uint64_t position(const struct capture *c)
{
    return c->records ? records_position(c->records) : (uint64_t)ftello(pcap_file(c->pcap));
}

static int fail(struct capture *c, const char *what, struct err *err)
{
    if (!c->input) {
        err_set(err, ERR_IO, c->path, "%.150s", what);
        return -1;
    }
    err_set(err, c->read_err.kind == ERR_INTERRUPTED ? ERR_INTERRUPTED : ERR_IO, c->path,
            "after packet %llu, at byte %llu: %.110s", (unsigned long long)c->n_packets,
            (unsigned long long)position(c), c->read_err.kind != ERR_NONE ? c->read_err.what : what);
    return -1;
}

/* Runs of packets from our own reading. */
static int read_records(struct capture *c, int max, struct err *err)
{
    struct packet run[RUN_PACKETS], like = {.link = c->link, .source = c->now.source};
    int left = max, n = 1;
    for (; left > 0 && n > 0 && !c->is_interrupted; left -= n) {
        like.number = c->n_packets;
        n = records_next(c->records, &like, run, left < RUN_PACKETS ? left : RUN_PACKETS, c->path,
                         &c->read_err);
        if (n < 0)
            return fail(c, c->read_err.what, err);
        c->n_packets += (uint64_t)n;
        if (n)
            c->now.fn(c->now.to, run, (size_t)n);
    }
    c->is_interrupted = false;
    return max - left;
}

int capture_read_many(struct capture *c, int max, uint32_t source, packets_fn *fn, void *to, struct err *err)
{
    c->now.source = source;
    c->now.fn = fn;
    c->now.to = to;
    if (c->records)
        return read_records(c, max, err);
    uint64_t before = c->n_packets;
    int n = pcap_dispatch(c->pcap, max, hand_on, (u_char *)c);
    if (n == PCAP_ERROR)
        return fail(c, pcap_geterr(c->pcap), err);
    if (n == 0 && c->input && c->read_err.kind != ERR_NONE)
        return fail(c, c->read_err.what, err); /* libpcap took a failing read for the end of the file */
    return (int)(c->n_packets - before);
}

/* Who wants packets one by one. */
struct single {
    packet_fn *fn;
    void *to;
};

static void hand_on_singly(void *to, const struct packet *packets, size_t n)
{
    const struct single *s = to;
    for (size_t i = 0; i < n; i++)
        s->fn(s->to, &packets[i]);
}

int capture_read(struct capture *c, int max, uint32_t source, packet_fn *fn, void *to, struct err *err)
{
    return capture_read_many(c, max, source, hand_on_singly, &(struct single){fn, to}, err);
}

void capture_interrupt(struct capture *c)
{
    c->is_interrupted = true;
    pcap_breakloop(c->pcap);
}

uint64_t capture_position(const struct capture *c)
{
    return c->input ? input_raw_position(c->input) : 0;
}

uint64_t capture_size(const struct capture *c)
{
    return c->input ? input_raw_size(c->input) : 0;
}

bool capture_drops(struct capture *c, uint64_t *out_kernel, uint64_t *out_interface)
{
    struct pcap_stat s;
    if (c->input || pcap_stats(c->pcap, &s) != 0)
        return false;
    c->dropped_kernel += s.ps_drop - c->last_drop;
    c->dropped_interface += s.ps_ifdrop - c->last_ifdrop;
    c->last_drop = s.ps_drop;
    c->last_ifdrop = s.ps_ifdrop;
    *out_kernel = c->dropped_kernel;
    *out_interface = c->dropped_interface;
    return true;
}

const char *capture_library_version(void)
{
    return pcap_lib_version();
}
