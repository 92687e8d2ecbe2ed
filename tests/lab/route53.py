"""route53 — the stand-in for Route 53 (servers/route53_world.py) in the namespace "dns".

It serves its zone as DNS too, keeps the writes of one machine back when told, and is the metadata
service of both nodes, at the address that every cloud has for it.
"""
import http.client
import json
import os
import socket
import sys

from servers import faulty

from .dns import NAME, Program, fences_in
from .net import address
from .world import run, socket_in

METADATA = "169.254.169.254"
ORDERS_PORT = 8053
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "servers",
                       "route53_world.py")
CREDENTIALS = ("[default]\naws_access_key_id = AKIDEXAMPLE\n"
               "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n")


class Route53(Program):
    """Takes the place of dns.Server."""

    def __init__(self, world, net, _kind, at="dns"):
        self.world, self.net, self.kind, self.at = world, net, "route53", at
        self.folder = world.path("route53")
        self.log = world.path("route53.log")
        os.makedirs(self.folder)
        faulty.make_authority(self.folder, "ca")
        faulty.make_certificate(self.folder, "door", "ca", f"subjectAltName=IP:{address(self.at)}")
        run("ip", "-n", net.names[self.at], "-batch", "-",
            input_text=f"link set lo up\naddr add {METADATA}/32 dev lo\n")
        for node in ("server1", "server2"):
            run("ip", "-n", net.names[node], "route", "add", METADATA, "via", address(self.at))

    def record_lines(self, options):
        keys = [] if options.get("role") else ["credentials-file = aws.credentials"]
        return ["provider = route53", "zone-id = ZLAB", "ttl = 60", "ca-file = route53/ca.pem",
                f"endpoint = https://{address(self.at)}", *keys]

    def write_secrets(self):
        self.world.write("aws.credentials", CREDENTIALS)

    def start(self):
        self.launch([sys.executable, PROGRAM, self.folder, address(self.at), str(ORDERS_PORT)],
                    limit_s=20)

    def order(self, what, method="POST", body=""):
        connection = http.client.HTTPConnection("127.0.0.1", ORDERS_PORT)
        connection.sock = socket_in(self.net.names[self.at], socket.SOCK_STREAM)
        connection.sock.connect(("127.0.0.1", ORDERS_PORT))
        connection.request(method, "/control/" + what, body)
        text = connection.getresponse().read()
        connection.close()
        return text

    def hold(self, machine):
        """Keeps that machine's writes back from now on."""
        self.order("hold", body=address(machine))

    def deliver(self):
        """Lets go what was held, and holds no more."""
        self.order("release")

    def held(self):
        return json.loads(self.order("told", "GET"))["held"]

    def told(self, machine):
        """The status of each answer to that machine's writes."""
        return [status for client, status, _ in json.loads(self.order("told", "GET"))["told"]
                if client == address(machine)]

    def keys_of(self, machine):
        """The ids of the keys with which that machine wrote."""
        return {key for client, _, key in json.loads(self.order("told", "GET"))["told"]
                if client == address(machine)}

    def change_by_hand(self, addresses):
        """Somebody edits the record in the console."""
        self.order("ZLAB", "PUT", json.dumps([[NAME + ".", "A", 60, addresses, {}]]))

    def fences(self):
        """As Server.fences: what the stand-in noted, in the order of its batches."""
        path = os.path.join(self.folder, "fences")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return fences_in(line.strip() for line in file)
