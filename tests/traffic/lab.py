"""Two network namespaces joined by a veth pair, with a resolver and web servers in one and clients in the other.

    with Lab() as lab:
        lab.connect()
        start_servers(lab)
        Client(lab).dig("@" + RESOLVER, "www.shop.example")

Names end in .example or .test, addresses are those for documentation: nothing of it exists anywhere. Nothing outside the
two namespaces is touched; leaving the `with` takes them down, whatever happened. Needs root, iproute2, dnsmasq-base,
nginx-light, openssl, curl and bind9-dnsutils.
"""
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SERVER_NS, CLIENT_NS = "vedette-lab-server-%d" % os.getpid(), "vedette-lab-client-%d" % os.getpid()
RESOLVER, RESOLVER6 = "192.0.2.53", "2001:db8:c::53"
WEB, BAD, FALLBACK, PROXY = "198.51.100.80", "203.0.113.66", "203.0.113.150", "192.0.2.128"
WEB6, BAD6 = "2001:db8:5::80", "2001:db8:bad::66"
CLIENT, CLIENT6 = "192.0.2.10", "2001:db8:c::10"
GATEWAY, GATEWAY6 = "192.0.2.1", "fe80::ff:fe00:2"
SERVER_ADDRESSES = [GATEWAY + "/24", RESOLVER + "/32", PROXY + "/32", WEB + "/32", BAD + "/32", FALLBACK + "/32",
                    RESOLVER6 + "/64", WEB6 + "/128", BAD6 + "/128"]
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}

# name: addresses it answers with. All are served by one nginx.
HOSTS = {
    "www.shop.example": [WEB, WEB6], "shop.example": [WEB], "cdn.shop.example": [WEB], "mail.shop.example": [WEB],
    "downloads.example": [WEB], "news.example": [WEB], "upload.example": [WEB],
    # listed
    "c2.update-service.example": [WEB], "node-17.botnet.example": [WEB], "edge.sync-cdn.example": [WEB],
    "login.bank-verify.example": [WEB], "secure-parcel.test": [WEB], "xn--bcher-konto-thb.example": [WEB],
    "ads.tracker.example": [WEB], "old-c2.example": [WEB], "kqzvwxjtrmpl.dyn.example": [WEB],
    "gateway.example": [BAD], "v6.gateway.example": [BAD6], "fallback.example": [FALLBACK],
    # near misses: none of these is on a list
    "update-service.example": [WEB], "notbank-verify.example": [WEB], "bank-verify.example.shop.example": [WEB],
    "sync-cdn.example": [WEB], "node-17.x.botnet.example": [WEB], "www.ads.tracker.example": [WEB],
    "kqzvwx.dyn.example": [WEB], "bucher-konto.example": [WEB],
}

# Kernel settings that are 0 in both namespaces: no TCP timestamps (they count since boot), no IPv6 chatter.
QUIET = ["ipv4/tcp_timestamps"] + ["ipv6/conf/eth0/" + name for name in (
    "accept_ra", "router_solicitations", "addr_gen_mode", "dad_transmits")]

NGINX = """
daemon off; master_process off; user root; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ }}
http {{
    access_log off; server_tokens off; keepalive_timeout 5; default_type text/plain;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    gzip on; gzip_min_length 1; gzip_types text/plain;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
    server {{
        listen 80 default_server; listen [::]:80 default_server;
        listen 443 ssl http2 default_server; listen [::]:443 ssl http2 default_server; listen 4443 ssl; listen 8080;
        root {dir}/www;
        location = /old {{ return 301 http://$host/new; }}
        location = /lure {{ return 302 http://login.bank-verify.example/session; }}
        location = /upload {{ client_max_body_size 1m; proxy_pass http://127.0.0.1:8080/sink; }}
        location = /sink {{ return 204; }}
        location / {{ try_files $uri /index.txt; }}
    }}
}}
"""


# ---- plumbing --------------------------------------------------------------------------------------------

def run(*command, **more):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **more)


def ip(*arguments):
    run("ip", *arguments)


class Lab:
    """The two namespaces and what runs in them. Use as a context: leaving it takes everything down."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="vedette-lab-")
        self.running = []
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            process.wait()
        for namespace in (SERVER_NS, CLIENT_NS):
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir)

    def connect(self):
        """Both ends are made inside the namespaces, under MACs of our own: nothing of this machine shows."""
        for namespace in (SERVER_NS, CLIENT_NS):
            ip("netns", "add", namespace)
        ip("link", "add", "eth0", "netns", CLIENT_NS, "address", "02:00:00:00:00:01", "type", "veth",
           "peer", "name", "eth0", "netns", SERVER_NS, "address", "02:00:00:00:00:02")
        for namespace, addresses in ((SERVER_NS, SERVER_ADDRESSES), (CLIENT_NS, [CLIENT + "/24", CLIENT6 + "/64"])):
            self.inside(namespace, "sh", "-c", "".join("echo 0 >/proc/sys/net/%s;" % setting for setting in QUIET))
            for address in addresses:
                ip("-n", namespace, "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
            # Frames as long as a wire's, with checksums: without this the kernel leaves both to hardware that is not there.
            ip("-n", namespace, "link", "set", "eth0", "gso_max_segs", "1")
            self.inside(namespace, sys.executable, os.path.abspath(__file__), "checksums-off")
            ip("-n", namespace, "link", "set", "lo", "up")
            ip("-n", namespace, "link", "set", "eth0", "up")
        # The rest of the world is behind the server's end, so that no far address is asked for by ARP.
        ip("-n", CLIENT_NS, "route", "add", "default", "via", GATEWAY)
        ip("-n", CLIENT_NS, "-6", "route", "add", "default", "via", GATEWAY6, "dev", "eth0")

    def inside(self, namespace, *command, **more):
        return run("ip", "netns", "exec", namespace, *command, **more)

    def start(self, namespace, *command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdin=subprocess.DEVNULL,
                                   stdout=stdout, stderr=stderr, env=ENVIRONMENT)
        self.running.append(process)
        return process

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)


def checksums_off():
    """Have the kernel compute checksums of eth0 itself (what `ethtool -K eth0 tx off` does)."""
    siocethtool, ethtool_stxcsum = 0x8946, 0x17
    value = ctypes.create_string_buffer(struct.pack("II", ethtool_stxcsum, 0))
    request = struct.pack("16sP16x", b"eth0", ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, siocethtool, request)


# ---- servers ---------------------------------------------------------------------------------------------

def start_servers(lab):
    """All of them, and the files that make clients ask the lab's resolver."""
    start_resolver(lab)
    start_web(lab)
    lab.start(SERVER_NS, sys.executable, os.path.abspath(__file__), "proxy")
    lab.write("resolv.conf", "nameserver %s\noptions timeout:2 attempts:1 single-request\n" % RESOLVER)
    lab.write("nsswitch.conf", "hosts: dns\n")
    time.sleep(1)


def start_resolver(lab):
    records = ["--host-record=" + ",".join([name] + addresses) for name, addresses in HOSTS.items()]
    records += ["--cname=static.news.example,cdn.shop.example", "--cname=metrics.news.example,edge.sync-cdn.example",
                "--mx-host=shop.example,mail.shop.example,10", "--srv-host=_imaps._tcp.shop.example,mail.shop.example,993",
                "--txt-record=shop.example,v=spf1 mx -all", "--local=/example/", "--local=/test/", "--local=/arpa/",
                # HTTPS record: priority 1, target ".", alpn h2
                "--dns-rr=www.shop.example,65,00010000010003026832"]
    lab.start(SERVER_NS, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-poll",
              "--user=root", "--pid-file=" + lab.path("dnsmasq.pid"), "--local-ttl=300",
              "--listen-address=%s,%s" % (RESOLVER, RESOLVER6), "--bind-interfaces", *records)


def start_web(lab):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
        "-subj", "/CN=www.shop.example", "-keyout", lab.path("key.pem"), "-out", lab.path("cert.pem"),
        stderr=subprocess.DEVNULL)
    lab.write("www/index.txt", "Nothing to see here.\n")
    lab.write("www/catalogue.txt", "".join("item %d: GET /nothing HTTP/1.1\n" % n for n in range(100)))
    lab.write("nginx.conf", NGINX.format(dir=lab.dir))
    lab.start(SERVER_NS, "nginx", "-c", lab.path("nginx.conf"))


def serve_proxy():
    """A proxy that knows CONNECT and nothing else."""
    with socket.create_server((PROXY, 3128)) as listener:
        while True:
            threading.Thread(target=tunnel, args=(listener.accept()[0],), daemon=True).start()


def tunnel(client):
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    host, port = head.split()[1].decode().rsplit(":", 1)
    server = socket.create_connection((HOSTS[host][0], int(port)))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    back = threading.Thread(target=pump, args=(server, client), daemon=True)
    back.start()
    pump(client, server)
    back.join()


def pump(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


# ---- clients ---------------------------------------------------------------------------------------------

class Client:
    """Runs commands in the client's namespace, with the lab's resolver."""

    def __init__(self, lab):
        self.lab = lab

    def run(self, *command, data=None):
        script = ("mount --bind %s/resolv.conf /etc/resolv.conf && mount --bind %s/nsswitch.conf /etc/nsswitch.conf"
                  " && exec \"$@\"" % (self.lab.dir, self.lab.dir))
        done = subprocess.run(["ip", "netns", "exec", CLIENT_NS, "sh", "-c", script, "sh", *command], env=ENVIRONMENT,
                              input=data or b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        if done.returncode:
            sys.exit("%s\n%s" % (" ".join(command), done.stdout.decode(errors="replace")))

    def dig(self, *arguments):
        self.run("dig", "+time=2", "+tries=1", "+nocookie", *arguments)

    def curl(self, *arguments, data=None):
        self.run("curl", "--silent", "--show-error", "--insecure", "--noproxy", "", "--output", "/dev/null", *arguments, data=data)

    def tls(self, name, address, port=443, versions=()):
        self.run("openssl", "s_client", "-connect", "%s:%d" % (address, port), "-servername", name, "-quiet", *versions,
                 data=b"GET / HTTP/1.0\r\n\r\n")

    def python_tls(self, name, address):
        self.run(sys.executable, "-c", """
import socket, ssl, sys
context = ssl._create_unverified_context()
context.set_alpn_protocols(["http/1.1"])
with context.wrap_socket(socket.create_connection((sys.argv[2], 443)), server_hostname=sys.argv[1]) as s:
    s.sendall(b"GET / HTTP/1.1\\r\\nHost: " + sys.argv[1].encode() + b"\\r\\nConnection: close\\r\\n\\r\\n")
    while s.recv(4096): pass
""", name, address)


if __name__ == "__main__":
    # Run inside a namespace by Lab.
    {"checksums-off": checksums_off, "proxy": serve_proxy}[sys.argv[1]]()
