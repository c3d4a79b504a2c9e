/* DNS messages as Suricata writes them: version 3 (Suricata 8) has the whole message in one object; version 2 (Suricata 7)
 * has a line for each question of a query, and one for a response.
 *
 * mDNS goes into the same `dns` object. Suricata 8 has an `mdns` object, but it takes only PTR and TXT data: the
 * addresses and server names in an answer would be lost, and they are what indicators are compared with. */
#include "sensor/eve_parts.h"

#include <netinet/in.h>
#include <stdio.h>

enum { PORT_DNS = 53, PORT_MDNS = 5353, RECORD_COST = 32 };

enum flag { QR = 0x8000, AA = 0x0400, TC = 0x0200, RD = 0x0100, RA = 0x0080, Z = 0x0040 };

/* Between ports 5353 and 53 it is a plain query, or its answer, of a host that asks from any port. TCP is no mDNS. */
bool eve_is_mdns(const struct event *e)
{
    return e->kind == EVENT_DNS && e->proto == IPPROTO_UDP && (e->sport == PORT_MDNS || e->dport == PORT_MDNS) &&
           e->sport != PORT_DNS && e->dport != PORT_DNS;
}

static unsigned opcode_of(const struct dns_message *m)
{
    return m->flags >> 11 & 15;
}

/* A set flag is true; one that is not set is left out, as in Suricata. */
static void put_flag(struct eve_line *l, const char *key, const struct dns_message *m, enum flag flag)
{
    if (m->flags & flag)
        json_bool(&l->json, key, true);
}

static void put_flags(struct eve_line *l, const struct dns_message *m)
{
    char hex[8];
    snprintf(hex, sizeof hex, "%x", (unsigned)m->flags);
    json_str(&l->json, "flags", hex);
    put_flag(l, "qr", m, QR);
    put_flag(l, "aa", m, AA);
    if (l->options->version >= 8) /* the older schema does not have it */
        put_flag(l, "tc", m, TC);
    put_flag(l, "rd", m, RD);
    put_flag(l, "ra", m, RA);
    put_flag(l, "z", m, Z);
}

static void put_rcode(struct eve_line *l, const struct dns_message *m)
{
    char scratch[12];
    json_str(&l->json, "rcode", dns_rcode_name(m->flags & 15, scratch));
}

static void put_name_type(struct eve_line *l, const struct dns_name *name, uint16_t type)
{
    char scratch[12];
    eve_put_wire(l, "rrname", name->text);
    json_str(&l->json, "rrtype", dns_type_name(type, scratch));
}

/* A record costs wire bytes too, so that a message of tiny records can't make an alert large. */
static bool take_record(struct eve_line *l)
{
    if (l->wire_left < RECORD_COST)
        return false;
    if (l->wire_left != SIZE_MAX)
        l->wire_left -= RECORD_COST;
    return true;
}

static void put_queries(struct eve_line *l, const struct dns_message *m)
{
    if (m->n_questions == 0)
        return;
    json_begin_array(&l->json, "queries");
    for (size_t i = 0; i < m->n_questions && (take_record(l) || i == 0); i++) {
        json_begin_object(&l->json, NULL);
        put_name_type(l, &m->questions[i].name, m->questions[i].type);
        json_end_object(&l->json);
    }
    json_end_array(&l->json);
}

static void put_srv(struct eve_line *l, const struct dns_record *r)
{
    json_begin_object(&l->json, "srv");
    json_u64(&l->json, "priority", r->priority);
    json_u64(&l->json, "weight", r->weight);
    json_u64(&l->json, "port", r->port);
    eve_put_wire(l, "name", r->target.text);
    json_end_object(&l->json);
}

static void put_soa(struct eve_line *l, const struct dns_record *r)
{
    json_begin_object(&l->json, "soa");
    eve_put_wire(l, "mname", r->target.text);
    eve_put_wire(l, "rname", r->rname.text);
    json_u64(&l->json, "serial", r->soa.serial);
    json_u64(&l->json, "refresh", r->soa.refresh);
    json_u64(&l->json, "retry", r->soa.retry);
    json_u64(&l->json, "expire", r->soa.expire);
    json_u64(&l->json, "minimum", r->soa.minimum);
    json_end_object(&l->json);
}

/* Does the schema have a `soa` (`srv`) object here? Where it does not, the name alone goes into rdata. */
static bool has_place(const struct eve_line *l, const struct dns_record *r)
{
    bool is_v8 = l->options->version >= 8;
    if (r->type == DNS_SRV)
        return r->section == DNS_ANSWER;
    return r->section == DNS_AUTHORITY || (r->section == DNS_ANSWER && is_v8);
}

/* EDNS options (RFC 6891, section 6.1.2): pairs of code and data, as far as the lengths hold. */
static void put_options(struct eve_line *l, struct span data)
{
    static const char digits[] = "0123456789abcdef";
    enum { DATA_SHOWN = 256 };
    char hex[2 * DATA_SHOWN];
    uint16_t code, len;
    struct span value;

    json_begin_array(&l->json, "opt");
    for (size_t n = 0;
         span_take_u16(&data, &code) && span_take_u16(&data, &len) && span_take(&data, len, &value); n++) {
        if (!take_record(l) && n > 0) /* the schema wants at least one */
            break;
        value = span_first(value, DATA_SHOWN);
        for (size_t i = 0; i < value.len; i++) {
            hex[2 * i] = digits[value.ptr[i] >> 4];
            hex[2 * i + 1] = digits[value.ptr[i] & 15];
        }
        json_begin_object(&l->json, NULL);
        json_u64(&l->json, "code", code);
        json_text(&l->json, "data", span_of(hex, 2 * value.len));
        json_end_object(&l->json);
    }
    json_end_array(&l->json);
}

static void put_rdata(struct eve_line *l, const struct dns_record *r)
{
    switch (r->type) {
    case DNS_A:
    case DNS_AAAA:
        eve_put_address(l, "rdata", r->data);
        return;
    case DNS_TXT:
        eve_put_wire(l, "rdata", r->data);
        return;
    case DNS_SRV:
    case DNS_SOA:
        if (has_place(l, r)) {
            r->type == DNS_SRV ? put_srv(l, r) : put_soa(l, r);
            return;
        }
        break;
    case DNS_SVCB:
    case DNS_HTTPS:
        if (span_eq(r->target.text, SPAN_LIT("."))) /* stands for the owner, names nobody (RFC 9460, section 2.5) */
            return;
        break;
    default:
        break;
    }
    eve_put_wire(l, "rdata", r->target.text);
}

/* The EDNS pseudo-record says something only by its options, and only additionals have a place for them. */
static bool is_shown(const struct dns_record *r)
{
    return r->type != DNS_OPT || (r->section == DNS_ADDITIONAL && r->data.len >= 4 &&
                                  load_be16(r->data.ptr + 2) <= r->data.len - 4);
}

static void put_record(struct eve_line *l, const struct dns_record *r)
{
    json_begin_object(&l->json, NULL);
    put_name_type(l, &r->owner, r->type);
    json_u64(&l->json, "ttl", r->ttl);
    if (r->type == DNS_OPT)
        put_options(l, r->data);
    else
        put_rdata(l, r);
    json_end_object(&l->json);
}

/* Records stand in the order of their sections, so one pass over all finds each section's in its own order. */
static void put_section(struct eve_line *l, const char *key, const struct dns_message *m,
                        enum dns_section section)
{
    bool is_open = false;
    for (size_t i = 0; i < m->n_records; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section != section || !is_shown(r))
            continue;
        if (!take_record(l))
            break;
        if (!is_open)
            json_begin_array(&l->json, key);
        is_open = true;
        put_record(l, r);
    }
    if (is_open)
        json_end_array(&l->json);
}

void eve_put_dns(struct eve_line *l)
{
    const struct dns_message *m = l->event->dns;

    json_begin_object(&l->json, "dns");
    json_u64(&l->json, "version", 3);
    json_str(&l->json, "type", m->is_response ? "response" : "request");
    json_u64(&l->json, "tx_id", 0);
    json_u64(&l->json, "id", m->id);
    put_flags(l, m);
    json_u64(&l->json, "opcode", opcode_of(m));
    put_rcode(l, m);
    put_queries(l, m);
    put_section(l, "answers", m, DNS_ANSWER);
    put_section(l, "authorities", m, DNS_AUTHORITY);
    put_section(l, "additionals", m, DNS_ADDITIONAL);
    json_end_object(&l->json);
}

/* What version 2 says of a question; `q` is NULL for a message without any. */
static void put_question_v2(struct eve_line *l, const struct dns_message *m, const struct dns_question *q)
{
    json_str(&l->json, "type", "query");
    json_u64(&l->json, "id", m->id);
    if (q)
        put_name_type(l, &q->name, q->type);
    json_u64(&l->json, "tx_id", 0);
    put_flag(l, "z", m, Z);
    json_u64(&l->json, "opcode", opcode_of(m));
}

static void put_answer_v2(struct eve_line *l, const struct dns_message *m)
{
    json_str(&l->json, "type", "answer");
    json_u64(&l->json, "id", m->id);
    put_flags(l, m);
    json_u64(&l->json, "opcode", opcode_of(m));
    if (m->n_questions)
        put_name_type(l, &m->questions[0].name, m->questions[0].type);
    put_rcode(l, m);
    put_section(l, "answers", m, DNS_ANSWER);
    put_section(l, "authorities", m, DNS_AUTHORITY);
}

void eve_put_dns_alert_v2(struct eve_line *l)
{
    const struct dns_message *m = l->event->dns;

    json_begin_object(&l->json, "dns");
    json_u64(&l->json, "version", 2);
    if (m->is_response) {
        put_answer_v2(l, m);
    } else if (m->n_questions) {
        json_begin_array(&l->json, "query");
        for (size_t i = 0; i < m->n_questions && (take_record(l) || i == 0); i++) {
            json_begin_object(&l->json, NULL);
            put_question_v2(l, m, &m->questions[i]);
            json_end_object(&l->json);
        }
        json_end_array(&l->json);
    }
    json_end_object(&l->json);
}

static bool put_line_v2(struct buf *out, const struct eve_options *o, const struct event *e, size_t question)
{
    const struct dns_message *m = e->dns;
    struct eve_line l;

    eve_begin(&l, out, o, e, "dns");
    json_begin_object(&l.json, "dns");
    json_u64(&l.json, "version", 2);
    if (m->is_response)
        put_answer_v2(&l, m);
    else
        put_question_v2(&l, m, question < m->n_questions ? &m->questions[question] : NULL);
    json_end_object(&l.json);
    return eve_end(&l);
}

bool eve_put_dns_lines_v2(struct buf *out, const struct eve_options *o, const struct event *e)
{
    size_t mark = buf_mark(out), i = 0;
    do {
        if (!put_line_v2(out, o, e, i)) {
            buf_cut(out, mark);
            return false;
        }
    } while (++i < e->dns->n_questions && !e->dns->is_response);
    return true;
}
