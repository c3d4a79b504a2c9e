/* How a packet came: `tunnel`, as Suricata has it, tells the outermost ends; `carrier`, in an alert's context, every layer. */
#include "sensor/eve_parts.h"

#include <netinet/in.h>

static void put_port(struct eve_line *l, const char *key, const struct carrier_layer *c, uint16_t port)
{
    if (c->proto == IPPROTO_UDP || port)
        json_u64(&l->json, key, port);
}

static void put_ends(struct eve_line *l, const struct carrier_layer *c)
{
    eve_put_ip(l, "src_ip", &c->src, c->ip_version);
    put_port(l, "src_port", c, c->sport);
    eve_put_ip(l, "dest_ip", &c->dst, c->ip_version);
    put_port(l, "dest_port", c, c->dport);
}

void eve_put_tunnel(struct eve_line *l)
{
    char scratch[4];
    const struct carrier *c = l->event->carrier;
    const struct carrier_layer *outermost = c ? carrier_outermost(c) : NULL;

    if (!outermost)
        return;
    json_begin_object(&l->json, "tunnel");
    put_ends(l, outermost);
    json_str(&l->json, "proto", eve_proto_name(outermost->proto, scratch));
    json_u64(&l->json, "depth", c->n_ip);
    json_end_object(&l->json);
}

static void put_layer(struct eve_line *l, const struct carrier_layer *c)
{
    enum encapsulation type = (enum encapsulation)c->type;

    json_begin_object(&l->json, NULL);
    json_str(&l->json, "type", encapsulation_name(type));
    for (unsigned i = 0; i < CARRIER_IDS_MAX; i++)
        if (c->has_ids >> i & 1)
            json_u64(&l->json, encapsulation_id_name(type, i), c->ids[i]);
    if (c->ip_version)
        put_ends(l, c);
    json_end_object(&l->json);
}

void eve_put_carrier(struct eve_line *l)
{
    const struct carrier *c = l->event->carrier;

    if (!c)
        return;
    json_begin_array(&l->json, "carrier");
    for (unsigned i = 0; i < c->n_layers; i++)
        put_layer(l, &c->layers[i]);
    json_end_array(&l->json);
}
