/* See carrier.h. */
#include "sensor/carrier.h"

#include "base/hash.h"

static const struct {
    const char *name, *ids[CARRIER_IDS_MAX];
} kinds[ENCAP_COUNT] = {
    [ENCAP_VLAN] = {"vlan", {"id"}},
    [ENCAP_PBB] = {"pbb", {"isid"}},
    [ENCAP_VNTAG] = {"vntag", {"dvif", "svif"}},
    [ENCAP_ETAG] = {"etag", {"ecid", "ingress_ecid"}},
    [ENCAP_MACSEC] = {"macsec", {0}},
    [ENCAP_MPLS] = {"mpls", {"label", "tc"}},
    [ENCAP_PPPOE] = {"pppoe", {"session"}},
    [ENCAP_NSH] = {"nsh", {"spi", "si"}},
    [ENCAP_ERSPAN] = {"erspan", {"session", "vlan"}},
    [ENCAP_IPIP] = {"ipip", {0}},
    [ENCAP_IPV6_IN_IP] = {"ipv6_in_ip", {0}},
    [ENCAP_GRE] = {"gre", {"key"}},
    [ENCAP_PPTP] = {"pptp", {"call"}},
    [ENCAP_ETHERIP] = {"etherip", {0}},
    [ENCAP_L2TPV3] = {"l2tpv3", {"session"}},
    [ENCAP_MPLS_IN_IP] = {"mpls_in_ip", {0}},
    [ENCAP_VXLAN] = {"vxlan", {"vni", "group"}},
    [ENCAP_VXLAN_GPE] = {"vxlan_gpe", {"vni"}},
    [ENCAP_GENEVE] = {"geneve", {"vni"}},
    [ENCAP_GTP_U] = {"gtp_u", {"teid"}},
    [ENCAP_TEREDO] = {"teredo", {0}},
    [ENCAP_L2TP] = {"l2tp", {"tunnel", "session"}},
    [ENCAP_MPLS_IN_UDP] = {"mpls_in_udp", {0}},
    [ENCAP_AYIYA] = {"ayiya", {0}},
    [ENCAP_CAPWAP] = {"capwap", {"radio"}},
};

const struct carrier_layer *carrier_outermost(const struct carrier *c)
{
    for (unsigned i = 0; i < c->n_layers; i++)
        if (c->layers[i].ip_version)
            return &c->layers[i];
    return NULL;
}

uint32_t carrier_fingerprint(const struct carrier *c)
{
    uint64_t hash = 0;
    for (unsigned i = 0; i < c->n_layers; i++) {
        const struct carrier_layer *l = &c->layers[i];
        bool is_name = l->type != ENCAP_MPLS && l->has_ids & 1;
        uint32_t key[2] = {l->type, is_name ? l->ids[0] : 0};
        hash = hash_bytes(key, sizeof key, hash);
    }
    return (uint32_t)hash;
}

const char *encapsulation_name(enum encapsulation e)
{
    return kinds[e].name;
}

const char *encapsulation_id_name(enum encapsulation e, unsigned i)
{
    return kinds[e].ids[i];
}
