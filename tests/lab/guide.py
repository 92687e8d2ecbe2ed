"""guide — the providers as deploy/guide/providers.md sets them up: its commands, its settings and
its [record], typed as they stand there, but for addresses and paths."""
import os
import re
import subprocess
import sys

from servers import cloudflare

from .cloudflare import Cloudflare
from .dns import ZONE_FILE, Server
from .net import address
from .powerdns import HTTPS_PORT, PowerDns
from .route53 import CREDENTIALS, Route53
from .world import run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "docs"))
from examples import shown  # noqa: E402

BIND_OPTIONS = """options {{ directory "{0}"; pid-file "{0}/named.pid"; lock-file none;
  session-keyfile "{0}/session.key"; managed-keys-directory "{0}"; dnssec-validation no;
  listen-on port 53 {{ any; }}; listen-on-v6 {{ none; }}; recursion no; notify no; }};
controls {{ }};
"""
NGINX_AROUND = """daemon off; master_process off; user root; pid {0}/nginx.pid;
error_log stderr; events {{ }}
http {{
    access_log off;
    {1}
}}
"""
KNOT_OPTIONS = """server:
    listen: "0.0.0.0@53"
    rundir: "{0}/run"
database:
    storage: "{0}/db"
template:
  - id: default
    storage: "{0}"
    journal-content: all
"""


def record(kind, **others):
    """The lines of the guide's [record], some of them with another value, or added."""
    others = {key.replace("_", "-"): value for key, value in others.items()}
    lines = [line for line in shown("ini " + kind).splitlines()
             if re.match("[a-z]", line) and line.split(" = ")[0] not in others]
    return lines + [f"{key} = {value}" for key, value in others.items()]


def typed(kind, change):
    """Types the guide's commands of that kind, each through `change`; what they print."""
    lines = [line for line in shown("sh " + kind).splitlines() if line.strip()]
    return [subprocess.run(["bash", "-euc", change(line)], check=True, capture_output=True,
                           text=True).stdout for line in lines]


class Bind(Server):
    """BIND."""

    def __init__(self, world, net, _kind):
        super().__init__(world, net, "bind")
        printed = typed("bind", lambda line: line.replace("/etc/bind", self.folder))
        self.secret = printed[-1].strip()
        text = shown("conf bind").replace("/etc/bind", self.folder)
        with open(self.folder + "/conf", "w", encoding="ascii") as file:
            file.write(BIND_OPTIONS.format(self.folder))
            file.write(text.replace("/var/lib/bind", self.folder))

    def record_lines(self, _options):
        return record("bind", server=address("dns"))


class Knot(Server):
    """Knot."""

    def __init__(self, world, net, _kind):
        super().__init__(world, net, "knot")
        assert "secret: " in run("keymgr", "-t", "holdfast", "hmac-sha256")
        self.secret = re.search(r"secret: (\S+)", shown("yaml knot")).group(1)
        with open(self.folder + "/example.com.zone", "w", encoding="ascii") as file:
            file.write(ZONE_FILE.format(address=address("dns")))
        with open(self.folder + "/conf", "w", encoding="ascii") as file:
            file.write(KNOT_OPTIONS.format(self.folder) + shown("yaml knot"))

    def record_lines(self, _options):
        return record("bind", server=address("dns"))


class Interface(PowerDns):
    """PowerDNS over HTTP, nginx in front of it."""

    def __init__(self, world, net, _kind):
        super().__init__(world, net, "powerdns")
        path, guide = self.folder + "/pdns.conf", shown("conf powerdns")
        keys = {line.split("=")[0] for line in guide.splitlines() if line}
        with open(path, encoding="ascii") as file:
            kept = [line for line in file if line.split("=")[0] not in keys]
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(kept) + guide)
        self.secret = re.search(r"api-key=(\S+)", guide).group(1)

    def open_door(self):
        """Nothing of this laboratory's own; nginx is one process here, so that it ends with it."""
        text = shown("conf nginx")
        for name, end in (("ssl_certificate", "pem"), ("ssl_certificate_key", "key")):
            text = re.sub(rf"{name} \S+;", f"{name} {self.folder}/door.{end};", text)
        for node in ("server1", "server2"):
            text, count = re.subn(r"allow (?!10\.)\S+;", f"allow {address(node)};", text, count=1)
            assert count == 1, node
        with open(self.folder + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(NGINX_AROUND.format(self.folder, text))

    def start(self):
        super().start()
        self.world.spawn(self.net.names[self.at], ["nginx", "-c", self.folder + "/nginx.conf"],
                         self.log)

    def record_lines(self, _options):
        return record("powerdns", endpoint=f"https://{address(self.at)}:{HTTPS_PORT}",
                      ca_file="powerdns/ca.pem")

    def write_secrets(self):
        self.world.write("pdns.key", self.secret + "\n")


class Updates(PowerDns):
    """PowerDNS by dynamic updates."""
    update = "yes"

    def __init__(self, world, net, _kind):
        super().__init__(world, net, "powerdns")
        printed = typed("powerdns-update", lambda line: line.replace(
            "pdnsutil ", f"pdnsutil --config-dir={self.folder} "))
        self.secret = re.search(r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==", printed[0]).group(0)

    def record_lines(self, _options):
        return record("bind", server=address(self.at))

    def write_secrets(self):
        self.world.write("tsig.key", self.secret + "\n")


class Amazon(Route53):
    """The stand-in for Route 53."""

    def record_lines(self, _options):
        return record("route53", zone_id="ZLAB", endpoint=f"https://{address(self.at)}",
                      ca_file="route53/ca.pem")

    def write_secrets(self):
        """The guide's file, with keys that the stand-in knows."""
        text = shown("ini aws.credentials")
        for key, value in re.findall(r"^(\w+) = (\S+)$", CREDENTIALS, re.MULTILINE):
            text, count = re.subn(rf"^{key} = \S+$", f"{key} = {value}", text, flags=re.MULTILINE)
            assert count == 1, key
        self.world.write("aws.credentials", text)


class Cloud(Cloudflare):
    """The stand-in for Cloudflare."""

    def record_lines(self, _options):
        port = super().record_lines({})[4].split(" = ")[1]
        return record("cloudflare", endpoint=port, ca_file="cloudflare/ca.pem")

    def write_secrets(self):
        self.world.write("cloudflare.token", cloudflare.TOKEN + "\n")


KINDS = {"guide-bind": Bind, "guide-knot": Knot, "guide-powerdns": Interface,
         "guide-powerdns-update": Updates, "guide-route53": Amazon, "guide-cloudflare": Cloud}
