"""One line of EVE as a short line that a person would write by hand: what was seen, without when and how.

    alert dns.query www.evil.example = suffix evil.example
    dns request www.evil.example/A
    dns response www.evil.example/A NOERROR: www.evil.example A 192.0.2.1; ...
    http GET www.evil.example /index.html            http 200
    tls sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
    quic version=1 sni=www.evil.example
    smtp helo=client.example from=<a@b.example> to=<c@d.example>        smtp banner=mx.example
    socks host=www.evil.example port=443

Flow events are left out: every packet that opens a flow makes one.
"""
import json


def gist_of(lines):
    """The gist of the EVE lines in the text `lines`."""
    out = []
    for line in lines.splitlines():
        event = json.loads(line)
        say = SAY.get(event["event_type"])
        if say:
            out += say(event)
    return "".join(line + "\n" for line in out)


def visible(text):
    """Readable and on one line, whatever the bytes were."""
    return "".join(c if " " <= c <= "~" else "\\u%04x" % ord(c) for c in text)


def say_alert(event):
    ioc = event["alert"].get("context", event["alert"].get("metadata"))["ioc"]
    return [visible("alert %s %s = %s %s" % (ioc["field"], ioc["observed"], ioc["match"], ioc["value"]))]


def say_record(record):
    data = record.get("rdata", "")
    if "srv" in record:
        data = "%(priority)d %(weight)d %(port)d %(name)s" % record["srv"]
    if "soa" in record:
        data = "%(mname)s %(rname)s %(serial)d" % record["soa"]
    return " ".join(part for part in (record["rrname"], record["rrtype"], data) if part)


def say_dns(event):
    dns = event.get(event["event_type"]) or event["dns"]
    if dns.get("version") == 2:
        return [visible("dns v2 %s %s/%s" % (dns["type"], dns["rrname"], dns["rrtype"]))]
    text = "%s %s %s" % (event["event_type"], dns["type"],
                         " ".join("%s/%s" % (q["rrname"], q.get("rrtype", "?")) for q in dns.get("queries", [])))
    if dns["type"] == "response":
        text = text.rstrip() + " " + dns.get("rcode", "?")
    records = [say_record(r) for part in ("answers", "authorities", "additionals") for r in dns.get(part, [])]
    return [visible(text.rstrip() + (": " + "; ".join(records) if records else ""))]


def say_http(event):
    http = event["http"]
    if "http_method" in http:
        return [visible("http %s %s %s" % (http["http_method"], http.get("hostname", "-"), http.get("url", "-")))]
    return [visible("http %s %s" % (http.get("status", "?"), http.get("redirect", ""))).rstrip()]


def say_tls(event):
    tls = event["tls"]
    keys = [(key, tls[key]) for key in ("from_proto", "sni", "version", "client_alpns", "server_alpns", "subject", "subjectaltname")
            if key in tls]
    return [visible("tls " + " ".join("%s=%s" % (key, ",".join(value) if isinstance(value, list) else
                                               '"%s"' % value if " " in value else value) for key, value in keys))]


def say_quic(event):
    quic = event["quic"]
    return [visible("quic " + " ".join("%s=%s" % (key, quic[key]) for key in ("version", "sni") if key in quic))]


def variables(event):
    return {pair["key"]: pair["value"] for pair in event.get("metadata", {}).get("flowvars", [])}


def say_smtp(event):
    smtp, said = event.get("smtp", {}), []
    said += ["banner=" + variables(event)["smtp_banner"]] if "smtp" not in event else []
    said += ["helo=" + smtp["helo"]] if "helo" in smtp else []
    said += ["from=" + smtp["mail_from"]] if "mail_from" in smtp else []
    said += ["to=" + ",".join(smtp["rcpt_to"])] if "rcpt_to" in smtp else []
    return [visible("smtp " + " ".join(said))]


def say_socks(event):
    return [visible("socks host=%(socks_host)s port=%(socks_port)s" % variables(event))]


SAY = {"alert": say_alert, "dns": say_dns, "mdns": say_dns, "http": say_http, "tls": say_tls, "quic": say_quic,
       "smtp": say_smtp, "socks": say_socks}
