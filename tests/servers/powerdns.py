#!/usr/bin/python3
"""powerdns: a real PowerDNS with one zone, example.com, in sqlite, on loopback.

Usage: powerdns.py DIRECTORY
Writes api.key and wrong.key into DIRECTORY, starts pdns_server there and prints one line: the
port of the HTTP interface, the port of DNS, the id of its process. Ends when its input ends.
"""
import os
import socket
import subprocess
import sys
import time

KEY = "sekret-of-the-test"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
ZONE = """$ORIGIN example.com.
$TTL 30
@ SOA ns.example.com. root.example.com. 1 3600 600 86400 5
@ NS ns
ns A 127.0.0.1
pbx A 192.0.2.99
alias CNAME pbx
"""
CONFIG = """launch=gsqlite3
gsqlite3-database={0}/pdns.sqlite3
gsqlite3-pragma-synchronous=0
setuid=
setgid=
socket-dir={0}
local-address={address}
local-port={dns}
api=yes
api-key={key}
webserver=yes
webserver-address=127.0.0.1
webserver-port={http}
webserver-allow-from=0.0.0.0/0
webserver-loglevel=none
dnsupdate={update}
allow-dnsupdate-from=0.0.0.0/0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
security-poll-suffix=
"""


taken = []  # names of ports, until this process ends (see lib/port.h)


def is_free(port):
    """For TCP and for UDP, and taken by no other test."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0holdfast-port-{port}")
    except OSError:
        name.close()
        return False
    taken.append(name)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_ports():
    """Two, below those that the kernel gives to whoever asks for any (see lib/port.h)."""
    places = (10000 + (os.getpid() * 16 + i) % 20000 for i in range(20000))
    found = (port for port in places if is_free(port))
    return next(found), next(found)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o600)


def prepare(directory, zone_text=ZONE, zone="example.com", **settings):
    """Files and database; nothing runs yet."""
    write(directory, "api.key", KEY + "\n")
    write(directory, "wrong.key", "no-such-key\n")
    write(directory, "zone", zone_text)
    write(directory, "pdns.conf", CONFIG.format(directory, key=KEY, **settings))
    with open(SCHEMA, encoding="utf-8") as schema:
        subprocess.run(["sqlite3", os.path.join(directory, "pdns.sqlite3")], check=True,
                       stdin=schema)
    tool = ["pdnsutil", "--config-dir=" + directory]
    for words in (["load-zone", zone, os.path.join(directory, "zone")],
                  ["set-meta", zone, "SOA-EDIT-API", "INCREASE"]):
        subprocess.run(tool + words, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def command(directory):
    return ["pdns_server", "--config-dir=" + directory, "--guardian=no", "--daemon=no",
            "--disable-syslog"]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def allow_updates(directory, name, secret, zone="example.com"):
    """Dynamic updates signed with this key may change the zone; the key is in tsig.key."""
    tool = ["pdnsutil", "--config-dir=" + directory]
    for words in (["import-tsig-key", name, "hmac-sha256", secret],
                  ["set-meta", zone, "TSIG-ALLOW-DNSUPDATE", name],
                  ["set-meta", zone, "SOA-EDIT-DNSUPDATE", "INCREASE"]):
        subprocess.run(tool + words, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    write(directory, "tsig.key", secret + "\n")


def serve(directory, key=None):
    """Runs until the input ends. key: (name, secret) for dynamic updates."""
    http, dns = free_ports()
    prepare(directory, address="127.0.0.1", http=http, dns=dns, update="yes" if key else "no")
    if key:
        allow_updates(directory, *key)
    with open(os.path.join(directory, "log"), "w", encoding="utf-8") as log:
        server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command(directory)],
                                  stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    while not answers(http):
        if server.poll() is not None:
            raise SystemExit("pdns_server ended")
        time.sleep(0.02)
    print(http, dns, server.pid, flush=True)
    sys.stdin.read()
    server.kill()
    server.wait()


if __name__ == "__main__":
    serve(sys.argv[1])
