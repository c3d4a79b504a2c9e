"""Cases about addresses: of flows, in every form that a list may give them."""
from case import BAD, BAD6, CLIENT, CLIENT6, SERVER, SERVER6, case, talk
from frames import ACK, SYN, icmp_echo, tcp, udp


def syns(*servers, client=CLIENT, first_port=40000):
    """One opening packet to each (address, port)."""
    return [tcp((CLIENT6 if ":" in address else client, first_port + i), (address, port), 1, 0, SYN)
            for i, (address, port) in enumerate(servers)]


case("address-exact",
     """A listed address as destination and as source of a flow, over TCP, UDP and ICMP; its neighbours are not listed.""",
     syns((BAD, 443), ("203.0.113.65", 443), ("203.0.113.67", 443), ("203.0.113.6", 443))
     + [udp((BAD, 40000), (CLIENT, 41000), b"x"), icmp_echo(CLIENT, BAD), icmp_echo(CLIENT, SERVER)],
     """alert ip.dst 203.0.113.66 = exact 203.0.113.66
     alert ip.src 203.0.113.66 = exact 203.0.113.66
     alert ip.dst 203.0.113.66 = exact 203.0.113.66""", {"addresses.txt": "203.0.113.66\n"})

case("address-reply",
     """The answer of a listed server belongs to the flow that the client opened: one alert, and it says ip.dst. So it does where
     only the answer is seen: a SYN-ACK, or a datagram from a well-known port.""",
     talk(server=BAD, server_port=443).reset(False).datagrams()
     + [tcp((BAD, 443), (CLIENT, 41000), 1, 1, SYN | ACK), udp((BAD, 53), (CLIENT, 41000), b"x")],
     "\n".join(["alert ip.dst 203.0.113.66 = exact 203.0.113.66"] * 3),
     {"addresses.txt": "203.0.113.66\n"})

case("address-cidr",
     """Networks: first and last address of each, the ones beside them, a network within a network (both alert), host bits
     that were set in the list.""",
     syns(("203.0.113.63", 1), ("203.0.113.64", 1), ("203.0.113.127", 1), ("203.0.113.128", 1), ("198.51.100.0", 1),
          ("198.51.100.255", 1), ("198.51.100.17", 1), ("198.51.99.255", 1), ("198.51.101.0", 1)),
     """alert ip.dst 203.0.113.64 = cidr 203.0.113.64/26
     alert ip.dst 203.0.113.127 = cidr 203.0.113.64/26
     alert ip.dst 198.51.100.0 = cidr 198.51.100.0/24
     alert ip.dst 198.51.100.255 = cidr 198.51.100.0/24
     alert ip.dst 198.51.100.17 = cidr 198.51.100.0/24
     alert ip.dst 198.51.100.17 = cidr 198.51.100.16/28""",
     {"networks.txt": "203.0.113.64/26\n198.51.100.0/24\n198.51.100.18/28\n"})

case("address-range",
     """Ranges, which need not be networks: both ends are in, and what lies beside them is not.""",
     syns(("203.0.113.4", 1), ("203.0.113.5", 1), ("203.0.113.9", 1), ("203.0.113.10", 1), ("2001:db8:bad::ff", 1),
          ("2001:db8:bad::100", 1), ("2001:db8:bad::1ff", 1), ("2001:db8:bad::200", 1)),
     """alert ip.dst 203.0.113.5 = range 203.0.113.5-203.0.113.9
     alert ip.dst 203.0.113.9 = range 203.0.113.5-203.0.113.9
     alert ip.dst 2001:db8:bad::100 = range 2001:db8:bad::100-2001:db8:bad::1ff
     alert ip.dst 2001:db8:bad::1ff = range 2001:db8:bad::100-2001:db8:bad::1ff""",
     {"ranges.txt": "203.0.113.5-203.0.113.9\n2001:db8:bad::100-2001:db8:bad::1ff\n"})

case("address-port",
     """An address with a port hits only with that port on that side.""",
     syns((BAD, 443), (BAD, 4443), (BAD, 80), (SERVER, 443), (BAD6, 8443), (BAD6, 443))
     + [tcp((BAD, 443), (CLIENT, 45000), 1, 0, SYN), tcp((BAD, 45000), (CLIENT, 443), 1, 0, SYN)],
     """alert ip.dst 203.0.113.66 = exact 203.0.113.66:443
     alert ip.dst 2001:db8:bad::66 = exact [2001:db8:bad::66]:8443
     alert ip.src 203.0.113.66 = exact 203.0.113.66:443""",
     {"ports.txt": "203.0.113.66:443\n[2001:db8:bad::66]:8443\n"})

case("address-ipv6",
     """IPv6: an address in another spelling, networks of odd length with their edges, TCP and UDP and ICMPv6.""",
     syns((BAD6, 443), ("2001:db8:bad::67", 443), ("2001:db8:f00::", 1), ("2001:db8:f7f:ffff:ffff:ffff:ffff:ffff", 1),
          ("2001:db8:f80::", 1))
     + [udp((BAD6, 40000), (CLIENT6, 41000), b"x"), icmp_echo(CLIENT6, BAD6)],
     """alert ip.dst 2001:db8:bad::66 = exact 2001:db8:bad::66
     alert ip.dst 2001:db8:f00:: = cidr 2001:db8:f00::/41
     alert ip.dst 2001:db8:f7f:ffff:ffff:ffff:ffff:ffff = cidr 2001:db8:f00::/41
     alert ip.src 2001:db8:bad::66 = exact 2001:db8:bad::66
     alert ip.dst 2001:db8:bad::66 = exact 2001:db8:bad::66""",
     {"v6.txt": "2001:0DB8:0bad:0:0:0:0:0066\n2001:db8:f00::/41\n"})

case("address-mapped",
     """An IPv4-mapped IPv6 address in a list is the IPv4 address; one on the wire as well.""",
     syns((BAD, 443), ("203.0.113.70", 443))
     + [udp(("::ffff:192.0.2.10", 40000), ("::ffff:203.0.113.70", 53), b"x")],
     """alert ip.dst 203.0.113.66 = exact 203.0.113.66
     alert ip.dst 203.0.113.70 = exact 203.0.113.70
     alert ip.dst 203.0.113.70 = exact 203.0.113.70""",
     {"mapped.txt": "::ffff:203.0.113.66\n203.0.113.70\n"})

case("address-once-per-flow",
     """Many packets of one flow to a listed address: one alert. Another flow to it: another one.""",
     talk(server=BAD, server_port=443).client(b"x" * 4000).server(b"y" * 4000).close().datagrams()
     + talk(40001, 443, server=SERVER6, client=CLIENT6).datagrams() + talk(40002, 443, server=BAD).datagrams(),
     """alert ip.dst 203.0.113.66 = exact 203.0.113.66
     alert ip.dst 203.0.113.66 = exact 203.0.113.66""", {"addresses.txt": "203.0.113.66\n"})
