/* TCP (RFC 9293, section 3.1) and UDP (RFC 768) headers. Hot. */
#include "sensor/decode/internal.h"

#include <netinet/in.h>

enum { TCP_HEADER_MIN = 20, TCP_FLAGS_END = 14, UDP_HEADER = 8 };

static void take_ports(struct span rest, struct decoded *out)
{
    if (rest.len < 4)
        return;
    out->sport = load_be16(rest.ptr);
    out->dport = load_be16(rest.ptr + 2);
}

/* COLD: the snaplen cut the header. Where its flags are there its length and numbers are too. */
static struct decode_result decode_cut_tcp(struct span rest, uint32_t wire_len, bool is_cut,
                                           struct decoded *out)
{
    size_t header_len = rest.len >= TCP_FLAGS_END ? (rest.ptr[12] >> 4) * 4u : TCP_HEADER_MIN;
    if (!is_cut || header_len < TCP_HEADER_MIN || header_len > wire_len)
        return decode_bad(UNDECODABLE_TCP);
    if (rest.len >= TCP_FLAGS_END) {
        out->tcp_seq = load_be32(rest.ptr + 4);
        out->tcp_ack = load_be32(rest.ptr + 8);
        out->tcp_flags = rest.ptr[13] & 0x3f;
    }
    out->payload_wire_len = wire_len - (uint32_t)header_len;
    return decode_ok();
}

static struct decode_result decode_tcp(struct span rest, uint32_t wire_len, bool is_cut, struct decoded *out)
{
    take_ports(rest, out);
    if (rest.len < TCP_HEADER_MIN)
        return decode_cut_tcp(rest, wire_len, is_cut, out);
    size_t header_len = (rest.ptr[12] >> 4) * 4u;
    if (header_len < TCP_HEADER_MIN || header_len > wire_len)
        return decode_bad(UNDECODABLE_TCP);
    out->tcp_seq = load_be32(rest.ptr + 4);
    out->tcp_ack = load_be32(rest.ptr + 8);
    out->tcp_flags = rest.ptr[13] & 0x3f;
    if (out->tcp_flags & TCP_URG)
        out->tcp_urgent = load_be16(rest.ptr + 18);
    if (rest.len >= header_len)
        out->segment = rest;
    out->payload = span_from(rest, header_len);
    out->payload_wire_len = wire_len - (uint32_t)header_len;
    return decode_ok();
}

static struct decode_result decode_udp(struct span rest, uint32_t wire_len, uint32_t n_cut, struct decoded *out)
{
    take_ports(rest, out);
    if (rest.len < UDP_HEADER) {
        out->payload_wire_len = wire_len > UDP_HEADER ? wire_len - UDP_HEADER : 0;
        return n_cut && wire_len >= UDP_HEADER ? decode_ok() : decode_bad(UNDECODABLE_UDP);
    }
    uint32_t udp_len = load_be16(rest.ptr + 4);
    if (udp_len == 0) /* larger than 65,535 bytes (RFC 2675), or offload */
        udp_len = wire_len;
    if (udp_len < UDP_HEADER)
        return decode_bad(UNDECODABLE_UDP);
    out->segment = span_first(rest, udp_len);
    out->payload = span_from(out->segment, UDP_HEADER);
    out->payload_wire_len = udp_len - UDP_HEADER;
    if (is_tunnel_port(out->dport) || is_tunnel_port(out->sport))
        return decode_udp_tunnel(decode_cut_off(rest, wire_len, n_cut), out);
    return decode_ok();
}

struct decode_result decode_transport(struct span rest, uint32_t wire_len, uint32_t n_cut, struct decoded *out)
{
    switch (out->proto) {
    case IPPROTO_TCP:
        return decode_tcp(rest, wire_len, n_cut, out);
    case IPPROTO_UDP:
        return decode_udp(rest, wire_len, n_cut, out);
    default:
        if (is_tunnel_protocol(out->proto))
            return decode_tunnel(rest, wire_len, n_cut, out);
        out->payload_wire_len = wire_len; /* addresses are all we want */
        return decode_ok();
    }
}
