"""clinic — where `holdfast doctor` is tried: one cluster whose name is kept by BIND, and three more
names at stand-ins for Cloudflare and Route 53 and at a real PowerDNS, each of which can be made
ill; a shell in which remedies are typed in as they are printed.
"""
import base64
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler

from servers import cloudflare, faulty, powerdns

from .cloudflare import Server as TlsServer
from .dns import NAME, ZONE_FILE
from .lab import SERVE, compile_c
from .net import address
from .world import CLONE_NEWNET, LIBC, socket_in, wait_until

sys.path.insert(0, os.path.dirname(os.path.abspath(cloudflare.__file__)))
import route53  # noqa: E402

PORTS = {"cloudflare": 8443, "route53": 8444, "powerdns": 8445, "elsewhere": 8446}
PDNS_HTTP, PDNS_DNS = 8081, 5353
HOSTS = {"cloudflare": "cf.example.com", "route53": "r53.example.com", "powerdns": "pd.example.com"}
CREDENTIALS = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n{}"
BODIES = {"invalid": b'{"success": true, "result": [', "other": b"<html>welcome</html>"}


def ahead(world):
    """The environment of a program whose wall clock is 1000 s ahead. (libfaketime would do,
    but for programs with the sanitizers: it can wait for itself while they start.)"""
    library = compile_c(world, "tests/lab/clock_ahead.c", "clock_ahead.so", "-shared", "-fPIC")
    return {"LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0"}


class Sick:
    """A way of answering that is none; beside the ways that a stand-in has of its own."""

    def is_sick(self, what):
        """True when that was the answer."""
        if what == "gone":
            self.close_connection = True
        elif what == "truncated":
            self.wfile.write(faulty.head("200 OK", 1000) + b'{"part": ')
            self.close_connection = True
        elif what == "big":
            self.wfile.write(faulty.head("200 OK", 10 << 20) + b"x" * (10 << 20))
        elif what in BODIES:
            self.wfile.write(faulty.answer(BODIES[what]))
        else:
            return False
        return True


class CloudflareHandler(Sick, cloudflare.Handler):
    """The token that it takes, and its illness, are the clinic's."""
    token, ill = cloudflare.TOKEN, ""

    def check_caller(self, path):
        if self.headers.get("Authorization", "") != "Bearer " + CloudflareHandler.token:
            raise cloudflare.Refusal(403, 10000, "Authentication error")
        if not path.startswith(f"/client/v4/zones/{cloudflare.ZONE_ID}/"):
            raise cloudflare.Refusal(404, 7003, "Could not route to it")

    def serve(self):
        if not self.is_sick(CloudflareHandler.ill):
            super().serve()

    do_GET = do_POST = serve


class Route53Handler(route53.Handler):
    """Its trouble is the clinic's, not the endpoint's: so the signature knows nothing of it."""
    ill = ""

    def handle_one(self):
        if Route53Handler.ill:
            self.path = "/" + Route53Handler.ill + self.path
        super().handle_one()

    @staticmethod
    def verify(request, skew_s=0):
        method, path, *rest = request
        before = "/" + Route53Handler.ill + "/"
        plain = path[len(before) - 1:] if path.startswith(before) else path
        verify((method, plain, *rest), skew_s)


verify, route53.verify = route53.verify, Route53Handler.verify


class Door(BaseHTTPRequestHandler):
    """HTTPS before PowerDNS."""
    protocol_version = "HTTP/1.1"
    namespace = ""

    def log_message(self, *_):
        pass

    def serve(self):
        behind = http.client.HTTPConnection("127.0.0.1", PDNS_HTTP)
        behind.sock = socket_in(self.namespace, socket.SOCK_STREAM)
        behind.sock.connect(("127.0.0.1", PDNS_HTTP))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: value for name, value in self.headers.items()
                if name.lower() in ("x-api-key", "content-type")}
        behind.request(self.command, self.path, body or None, kept)
        reply = behind.getresponse()
        text = reply.read()
        behind.close()
        self.send_response(reply.status)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text if reply.status != 204 else b"")

    do_GET = do_PATCH = do_PUT = serve


class Clinic:
    """The lab and all of that; started before the daemons."""

    def __init__(self, lab):
        self.lab, self.world = lab, lab.world
        self.folder = self.world.path("clinic")
        os.makedirs(self.folder)
        self.namespace = lab.net.names["dns"]
        self.zone = cloudflare.Zone()
        self.servers, self.typed = {}, self.world.path("typed")
        faulty.make_authority(self.folder, "ca")
        faulty.make_authority(self.folder, "stranger")
        for name, by in (("door", "ca"), ("strange", "stranger")):
            faulty.make_certificate(self.folder, name, by, f"subjectAltName=IP:{address('dns')}")
        self.admin = base64.b64encode(os.urandom(32)).decode()
        self.allow_admin()
        self.start_powerdns()
        self.write_files()
        self.make_tools()

    # --- the stand-ins ---

    def listen(self, name, handler):
        opened = socket_in(self.namespace, socket.SOCK_STREAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address("dns"), PORTS[name]))
        opened.listen(64)
        self.servers[name] = TlsServer(opened, faulty.tls(self.folder, "door"), handler)

    def start(self):
        CloudflareHandler.zone = self.zone
        Door.namespace = self.namespace
        self.zone.records.clear()
        self.listen("cloudflare", CloudflareHandler)
        self.listen("route53", Route53Handler)
        self.listen("powerdns", Door)
        opened = socket_in(self.namespace, socket.SOCK_STREAM)
        opened.bind((address("dns"), PORTS["elsewhere"]))
        opened.listen(64)
        context = faulty.tls(self.folder, "door")

        def accept():
            while True:
                raw, _ = opened.accept()
                threading.Thread(target=faulty.handle, args=(raw, context), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def certificate(self, server, name):
        """Which certificate that server shows from now on; old connections end."""
        self.servers[server].context = faulty.tls(self.folder, name)
        CloudflareHandler.ill = "gone"

    def start_powerdns(self):
        powerdns.prepare(self.folder, ZONE_FILE.format(address=address("dns")), address="0.0.0.0",
                         http=PDNS_HTTP, dns=PDNS_DNS, update="no")
        self.world.spawn(self.namespace, powerdns.command(self.folder),
                         self.world.path("clinic.log"))

    def write_files(self):
        cloudflare.write(self.folder, "token", cloudflare.TOKEN + "\n")
        self.write_credentials("AKIDEXAMPLE")
        lines = ["", "[dns]", "resolver = none"]
        for kind, more in (("cloudflare", [f"zone-id = {cloudflare.ZONE_ID}", "zone = example.com",
                                           "token-file = clinic/token"]),
                           ("route53", ["zone-id = ZLAB", "credentials-file = clinic/aws"]),
                           ("powerdns", ["zone = example.com", "api-key-file = clinic/api.key"])):
            base = "/client/v4" if kind == "cloudflare" else ""
            lines += ["", f"[record {kind}]", f"name = {HOSTS[kind]}", f"provider = {kind}",
                      "ttl = 60", "check-every = 5s", "ca-file = clinic/ca.pem",
                      f"endpoint = https://{address('dns')}:{PORTS[kind]}{base}", *more]
        self.lab.options["more"] = "\n".join(lines) + "\n"
        self.lab.write_config()

    def write_credentials(self, key, more=""):
        cloudflare.write(self.folder, "aws", self.credentials(key, more))

    @staticmethod
    def credentials(key, more=""):
        return CREDENTIALS.format(key, route53.SECRET, more)

    # --- BIND, and hands in its zone ---

    def allow_admin(self):
        """A key that may do everything: the hand that spoils the zone."""
        self.edit_bind("options {", f'key "admin" {{ algorithm hmac-sha256; secret '
                       f'"{self.admin}"; }};\noptions {{')
        self.edit_bind("update-policy {", "update-policy { grant admin zonesub ANY;")

    def edit_bind(self, old, new):
        path = self.lab.dns.folder + "/conf"
        with open(path, encoding="ascii") as file:
            text = file.read()
        assert old in text, old
        with open(path, "w", encoding="ascii") as file:
            file.write(text.replace(old, new, 1))

    def restart_bind(self):
        if self.lab.dns.process is not None:
            self.lab.dns.stop()
        self.lab.dns.start()

    def by_hand(self, *lines):
        """nsupdate with the key that may everything."""
        text = "\n".join([f"server {address('dns')} 53", "zone example.com",
                          f"key hmac-sha256:admin {self.admin}", *lines, "send", ""])
        done = subprocess.run(["ip", "netns", "exec", self.namespace, "nsupdate"], input=text,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    # --- the shell ---

    def tool(self, name, text):
        path = os.path.join(self.folder, "bin", name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def make_tools(self):
        """What is typed in, as it would be on a machine where holdfast is installed: the paths of
        this laboratory are filled in, and what would reach beyond it is only noted."""
        os.makedirs(os.path.join(self.folder, "bin"))
        program = os.path.join(self.lab.bin, "holdfast")
        self.tool("holdfast", f'#!/bin/sh\nexec {program} --config {self.lab.config} --socket '
                  f'"$PEER/sock" --key "$PEER/key" --state-dir "$PEER/state" "$@"\n')
        for name in ("systemctl", "timedatectl", "aws", "rndc"):
            self.tool(name, f'#!/bin/sh\necho "$(basename "$0") $*" >>{self.typed}\n')
        self.tool("editor", '#!/bin/sh\nsed -i "${1#+}d" "$2"\n')  # deletes the line it is sent to
        self.tool("pdnsutil", f'#!/bin/sh\nexec /usr/bin/pdnsutil --config-dir={self.folder} '
                  '"$@"\n')

    def type_in(self, node, command, text="", code=0):
        """As root on that node; what the tools noted."""
        if os.path.exists(self.typed):
            os.unlink(self.typed)
        netns = os.open(f"/run/netns/{node.namespace}", os.O_RDONLY | os.O_CLOEXEC)
        path = os.path.join(self.folder, "bin") + ":" + os.environ["PATH"] + ":/usr/sbin:/sbin"
        done = subprocess.run(["sh", "-c", command], input=text, capture_output=True, text=True,
                              env={**os.environ, "PATH": path, "PEER": node.folder,
                                   "EDITOR": "editor"},
                              preexec_fn=lambda: LIBC.setns(netns, CLONE_NEWNET), timeout=60)
        os.close(netns)
        assert done.returncode == code, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
        if not os.path.exists(self.typed):
            return done.stdout
        with open(self.typed, encoding="utf-8") as file:
            return file.read()

    def doctor(self, node):
        """The answer of `holdfast doctor --json` there; the exit code must be right."""
        netns = os.open(f"/run/netns/{node.namespace}", os.O_RDONLY | os.O_CLOEXEC)
        done = subprocess.run(
            [os.path.join(self.lab.bin, "holdfast"), "--config", self.lab.config, "--socket",
             node.socket, "--key", node.key, "--state-dir", node.state_dir, "doctor", "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
            preexec_fn=lambda: LIBC.setns(netns, CLONE_NEWNET))
        os.close(netns)
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        levels = [check["level"] for check in answer["checks"]]
        assert answer["v"] == 1 and done.returncode == (1 if "fail" in levels else 0), done
        assert [levels.count(one) for one in ("ok", "warn", "fail")] == \
            [answer["ok"], answer["warn"], answer["fail"]], answer
        for check in answer["checks"]:
            assert (check["remedy"] is None) == (check["level"] == "ok"), check
            assert "\n" not in check["text"] + (check["remedy"] or ""), check
        return answer["checks"]

    # --- the configuration ---

    def set_line(self, section, key, value):
        """Sets one line of a section, or of a record by its label, as a remedy says it; and
        restarts."""
        title = section if section.startswith("[") else f"[record {section}]"
        with open(self.lab.config, encoding="utf-8") as file:
            head, mark, rest = file.read().partition(title + "\n")
        section, end, tail = rest.partition("\n[")
        lines = [line for line in section.split("\n") if not re.match(rf"{key}\s*=", line)]
        lines.insert(0, f"{key} = {value}")
        with open(self.lab.config, "w", encoding="utf-8") as file:
            file.write(head + mark + "\n".join(lines) + end + tail)
        self.restart_all()

    def restart_all(self):
        """One machine after the other. Whether each is again what it was is not the question
        here: the cluster may choose anew meanwhile."""
        for peer in self.lab.peers.values():
            if peer.alive():
                self.type_in(peer, "holdfast restart || [ $? -eq 1 ]")

    # --- what is there ---

    def addresses(self):
        """By record label, what is published now."""
        with self.zone.lock:
            records = list(self.zone.records.values())
        kept = route53.store.zone("ZLAB").sets.get((HOSTS["route53"] + ".", "A"))
        with sqlite3.connect(os.path.join(self.folder, "pdns.sqlite3"), timeout=10) as base:
            rows = base.execute("SELECT content FROM records WHERE name = ? AND type = 'A'",
                                (HOSTS["powerdns"],)).fetchall()
        return {NAME: self.lab.address_now(),
                "cloudflare": [one["content"] for one in records
                               if (one["name"], one["type"]) == (HOSTS["cloudflare"], "A")],
                "route53": kept[1] if kept else [],
                "powerdns": [content for (content,) in rows]}

    def check_zones(self):
        """Nothing but the holder's own address is at any name."""
        holder = self.lab.wait_holder()
        wanted = {label: [SERVE[holder.name]] for label in (NAME, *HOSTS)}
        wait_until(lambda: self.addresses() == wanted, 15,
                   lambda: f"{SERVE[holder.name]} everywhere, not {self.addresses()}", 0.05)

    def record_of(self, kind, name):
        """The stand-in's own record at Cloudflare."""
        return next(one for one in self.zone.records.values()
                    if (one["name"], one["type"]) == (name, kind))
