#!/usr/bin/python3
"""route53: a stand-in for Amazon's Route 53 and the metadata service of an EC2 instance.

Usage: route53.py DIRECTORY
Writes credentials files (aws, and single ones) into DIRECTORY, listens on loopback and prints
one line: the port of Route 53, the port of the metadata service. Ends when its input ends.

Zones are example.com under any id that begins with Z; each begins with pbx A 192.0.2.99. A batch
is applied whole or not at all, and a DELETE only to the letter. Every signature is verified, by
sigv4.py and by botocore, and they must agree.
The first part of the path may ask for trouble, WHEN-WHAT: WHEN is all, read, write or change,
WHAT one of TROUBLE. /control/ZONE (unsigned): GET shows, PUT takes [[name, type, ttl, [values],
{more}], ...], DELETE makes it new. /control/revoke ends all keys of the role. /control/hold takes
an address whose writes are kept back from now on, as those with trouble "hold" are, until
/control/release; /control/told says [[address, status, key], ...] of the writes that were answered.
"""
import json
import os
import socket
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as tree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sigv4
from route53_keys import SECRET, Trouble, keys, verify

SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
ORIGIN = "example.com."
SETTLE_S = 2  # until a change is INSYNC; a test reads before
BOMB = ('<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">' +
        "".join(f'<!ENTITY {b} "{"&" + a + ";"}{("&" + a + ";") * 9}">'
                for a, b in zip("abcdefgh", "bcdefghi")) +
        ']><ListResourceRecordSetsResponse>&i;</ListResourceRecordSetsResponse>')
FILE_ENTITY = ('<?xml version="1.0"?><!DOCTYPE z [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
               "<ErrorResponse><Error><Code>&f;</Code></Error></ErrorResponse>")

lock = threading.Lock()
released = threading.Event()


def xml_error(code, message, old_root):
    text = tree.Element("x")
    text.text = message
    message = tree.tostring(text, encoding="unicode")[3:-4] if message else ""
    if old_root and code == "InvalidChangeBatch":
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<InvalidChangeBatch xmlns="{SPACE}">'
                f"<Messages><Message>{message}</Message></Messages></InvalidChangeBatch>")
    return (f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{SPACE}"><Error><Type>Sender</Type>'
            f"<Code>{code}</Code><Message>{message}</Message></Error>"
            "<RequestId>12345678-1111-2222-3333-123456789012</RequestId></ErrorResponse>")


# ---- what is kept ----

def order(item):
    name, kind = item[0]
    return list(reversed(name.rstrip(".").split("."))), kind


class Zone:
    """(name, type) -> [ttl, values, more]."""

    def __init__(self):
        self.sets = {("pbx." + ORIGIN, "A"): [30, ["192.0.2.99"], {}],
                     (ORIGIN, "NS"): [172800, ["ns.example.net."], {}]}

    def change(self, changes):
        """All of them or none; raises Trouble."""
        copy = {key: [ttl, list(values), more] for key, (ttl, values, more) in self.sets.items()}
        faults = [fault for change in changes if (fault := self.apply(copy, *change))]
        if faults:
            raise Trouble(400, "InvalidChangeBatch", "[" + ", ".join(faults) + "]")
        self.sets = copy

    @staticmethod
    def apply(sets, action, name, kind, ttl, values):
        there = sets.get((name, kind))
        what = f"resource record set [name='{name}', type='{kind}']"
        if not name.endswith("." + ORIGIN) and name != ORIGIN:
            return f"RRSet with DNS name {name} is not permitted in zone {ORIGIN}"
        if kind == "TXT" and any(value[:1] != '"' or value[-1:] != '"' for value in values):
            return ("Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should "
                    f"be enclosed in quotation marks) encountered with '{values[0]}''")
        if action == "DELETE":
            if there is None:
                return f"Tried to delete {what} but it was not found"
            if there[0] != ttl or sorted(there[1]) != sorted(values):
                return (f"Tried to delete {what} but the values provided do not match the current "
                        "values")
            del sets[(name, kind)]
            return None
        if action == "CREATE" and there is not None:
            return f"Tried to create {what} but it already exists"
        for other in sets:
            if other[0] == name and other[1] != kind and "CNAME" in (kind, other[1]):
                return (f"RRSet of type {kind} with DNS name {name} is not permitted because a "
                        f"conflicting RRSet of type {other[1]} with the same DNS name already "
                        f"exists in zone {ORIGIN}")
        sets[(name, kind)] = [ttl, values, {}]
        return None

    def list(self, query):
        count = int(query.get("maxitems", ["300"])[0])
        name = query.get("name", [""])[0]
        start = order(((name, query.get("type", [""])[0]),)) if name else ([], "")
        found = [item for item in sorted(self.sets.items(), key=order) if order(item) >= start]
        parts = [self.show(*item) for item in found[:count]]
        cut = len(found) > count
        after = ("<IsTruncated>true</IsTruncated><NextRecordName>{0[0]}</NextRecordName>"
                 "<NextRecordType>{0[1]}</NextRecordType>".format(found[count][0]) if cut
                 else "<IsTruncated>false</IsTruncated>")
        return (f'<?xml version="1.0"?>\n<ListResourceRecordSetsResponse xmlns="{SPACE}">'
                f"<ResourceRecordSets>{''.join(parts)}</ResourceRecordSets>{after}"
                f"<MaxItems>{count}</MaxItems></ListResourceRecordSetsResponse>")

    @staticmethod
    def show(key, kept):
        ttl, values, more = kept
        head = f"<Name>{key[0]}</Name><Type>{key[1]}</Type>"
        head += "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
        if "AliasTarget" in more:
            return f"<ResourceRecordSet>{head}</ResourceRecordSet>"
        records = "".join(f"<ResourceRecord><Value>{value}</Value></ResourceRecord>"
                          for value in values)
        return (f"<ResourceRecordSet>{head}<TTL>{ttl}</TTL><ResourceRecords>{records}"
                "</ResourceRecords></ResourceRecordSet>")


class Store:
    """All zones and changes."""

    def __init__(self):
        self.zones, self.changes = {}, {}
        self.journal = None  # a file for the fences that were taken, in their order
        self.holding, self.held = None, 0  # an address; its writes that wait
        self.told = []

    def zone(self, name):
        if not name.startswith("Z") or name == "ZNONE":
            raise Trouble(404, "NoSuchHostedZone", f"No hosted zone found with ID: {name}")
        return self.zones.setdefault(name, Zone())

    def change(self, name, body):
        space = "{" + SPACE + "}"
        try:
            root = tree.fromstring(body)
            changes = []
            for change in root.findall(f"{space}ChangeBatch/{space}Changes/{space}Change"):
                kept = change.find(space + "ResourceRecordSet")
                path = f"{space}ResourceRecords/{space}ResourceRecord/{space}Value"
                changes.append((change.findtext(space + "Action"),
                                kept.findtext(space + "Name").lower(),
                                kept.findtext(space + "Type"), int(kept.findtext(space + "TTL")),
                                [value.text for value in kept.findall(path)]))
        except (tree.ParseError, AttributeError, TypeError, ValueError) as fault:
            raise Trouble(400, "InvalidInput", f"Invalid XML ; {fault}") from fault
        if not changes or root.tag != space + "ChangeResourceRecordSetsRequest":
            raise Trouble(400, "InvalidInput", "Invalid XML ; no changes")
        with lock:
            self.zone(name).change(changes)
            for action, _, kind, _, values in changes:
                if self.journal is not None and action == "CREATE" and kind == "TXT":
                    print(values[0], file=self.journal)
            number = f"C{len(self.changes) + 1:013}"
            self.changes[number] = time.time() + SETTLE_S
        return self.info("ChangeResourceRecordSetsResponse", number)

    def info(self, root, number):
        if number not in self.changes:
            raise Trouble(404, "NoSuchChange", f"Could not find resource with ID: {number}")
        state = "INSYNC" if self.changes[number] < time.time() else "PENDING"
        return (f'<?xml version="1.0"?>\n<{root} xmlns="{SPACE}"><ChangeInfo>'
                f"<Id>/change/{number}</Id><Status>{state}</Status>"
                f"<SubmittedAt>2026-01-01T00:00:00.000Z</SubmittedAt></ChangeInfo></{root}>")


store = Store()

# WHAT -> (status, code, message), raised before anything is done.
TROUBLE = {
    "throttle": (400, "Throttling", "Rate exceeded"),
    "prior": (400, "PriorRequestNotComplete", "The request was rejected because Route 53 was "
              "still processing a prior request."),
    "denied": (403, "AccessDenied", "User: arn:aws:iam::123456789012:user/pbx is not authorized "
               "to perform: route53:ChangeResourceRecordSets"),
    "unavailable": (503, "ServiceUnavailable", "The service is unavailable."),
    "busy": (429, "TooManyRequests", "slow down"),
    "strange": (418, "Teapot", "short and stout"),
}
# WHAT -> (status, body) in place of the answer; the request is done for "lost" and "garbled".
BODIES = {
    "bomb": (200, BOMB), "entity": (400, FILE_ENTITY), "html": (502, "<html><body>Bad Gateway"),
    "forbidden": (403, ""), "unauthorized": (401, "go away"), "nothing": (404, "{}"),
    "badxml": (200, "<ListResourceRecordSetsResponse><ResourceRecordSets>"),
    "other": (200, '<?xml version="1.0"?><ListBucketResult/>'),
    "utf16": (200, '<?xml version="1.0" encoding="UTF-16"?><a/>'),
    "garbled": (200, "<ok/>"),
}


class Handler(BaseHTTPRequestHandler):
    """Route 53 over HTTP."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    skew_s = 0

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.skew_s)

    def answer(self, status, body, more=()):
        data = body.encode()
        if self.command == "POST":
            store.told.append((self.client_address[0], status, self.key_id()))
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def key_id(self):
        asked = sigv4.parse_authorization(self.headers.get("Authorization", ""))
        return asked["key_id"] if asked else ""

    def drop(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def cut_off(self, what):
        """Answers that are none; True when it was one."""
        if what == "redirect":
            self.answer(301, "", [("Location", "https://elsewhere.example/")])
        elif what == "truncated":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<?xml ")
            self.drop()
        elif what == "big":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n")
            self.wfile.write(b"<" * 10485760)
        else:
            return False
        return True

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        parts = path.split("/")[1:]
        if parts[0] == "control":
            self.control(parts[1], body)
            return
        when, what = "", ""
        if parts[0] != "2013-04-01":
            when, _, what = parts.pop(0).partition("-")
        kind = "write" if self.command == "POST" else "change" if parts[1] == "change" else "read"
        if when not in ("all", kind):
            what = ""
        self.skew_s = {"ahead": 1000, "behind": -1000}.get(what, 0)
        try:
            verify((self.command, path, query, self.headers.items(), body), self.skew_s)
            if what in TROUBLE:
                raise Trouble(*TROUBLE[what])
            if what == "hold" or (kind == "write" and self.client_address[0] == store.holding):
                store.held += 1
                released.wait(60)
            done = self.do(parts, urllib.parse.parse_qs(query), body) \
                if what not in BODIES or what == "garbled" else ""
            if what in BODIES:
                self.answer(*BODIES[what])
            elif what == "lost":
                self.drop()
            elif not self.cut_off(what):
                self.answer(200, done)
        except Trouble as trouble:
            self.answer(trouble.status, xml_error(trouble.code, trouble.message,
                                                  what == "oldroot"))

    @staticmethod
    def do(parts, query, body):
        if parts[1] == "change":
            return store.info("GetChangeResponse", parts[2])
        if parts[1] != "hostedzone" or parts[3] != "rrset":
            raise Trouble(404, "UnknownOperationException", "")
        if body:
            return store.change(parts[2], body)
        with lock:
            return store.zone(parts[2]).list(query)

    def control(self, name, body):
        if name == "release":
            store.holding = None
            released.set()
        elif name == "hold":
            released.clear()
            store.holding, store.held = body.decode(), 0
        elif name == "told":
            self.answer(200, json.dumps({"held": store.held, "told": store.told}))
            return
        elif name == "revoke":
            keys.revoke()
        elif self.command == "DELETE":
            store.zones.pop(name, None)
            released.clear()
        elif self.command == "PUT":
            with lock:
                for at, kind, ttl, values, more in json.loads(body):
                    store.zone(name).sets[(at, kind)] = [ttl, values, more]
                    if not values and not more:
                        del store.zone(name).sets[(at, kind)]
        self.answer(200, store.zone(name).list({}) if name.startswith("Z") else "")

    def do_GET(self):
        try:
            self.handle_one()
        except OSError:
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_GET


class Metadata(BaseHTTPRequestHandler):
    """What an instance is told about itself; the first part of the path names the kind of it."""
    protocol_version = "HTTP/1.1"
    LIVES = {"late": 8, "long": 21600}
    LATE_S = 1.5  # of "late"

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        kind = self.path.split("/")[1]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        good = self.path.endswith("/latest/api/token") and \
            self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit()
        if kind == "late":
            time.sleep(self.LATE_S)
        if kind == "off" or not good:
            self.answer(403, "")
        else:
            self.answer(200, "token-of-the-metadata==")

    def do_GET(self):
        kind, _, rest = self.path.partition("/latest/meta-data/iam/security-credentials/")
        kind = kind[1:]
        if self.headers.get("X-aws-ec2-metadata-token") != "token-of-the-metadata==":
            self.answer(401, "")
        elif kind == "none":
            self.answer(404, "")
        elif rest == "":
            self.answer(200, "pbx-role")
        elif kind == "failed":
            self.answer(200, json.dumps({"Code": "AssumeRoleUnauthorizedAccess"}))
        elif kind == "rubbish":
            self.answer(200, "{}")
        else:
            name, token, end = keys.make(self.LIVES[kind])
            self.answer(200, json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": name,
                "SecretAccessKey": SECRET, "Token": token,
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))}))


class Server(ThreadingHTTPServer):
    """One thread for each connection; there also the TLS, so that nobody waits for another's."""
    daemon_threads = True
    context = None

    def finish_request(self, request, client_address):
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        pass  # whoever asked has gone


def listen(handler, address=("127.0.0.1", 0), context=None):
    server = Server(address, handler)
    server.context = context
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


CREDENTIALS = """# as the AWS tools have it
[default]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = {0}

[session]
aws_access_key_id=ASIASESSION
aws_secret_access_key={0}
aws_session_token=session/token+of=the==test
region = eu-west-1

[ended]
aws_access_key_id = ASIAENDED
aws_secret_access_key = {0}
aws_session_token = ended

[stranger]
aws_access_key_id = AKIDSTRANGER
aws_secret_access_key = {0}

[wrong]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = not-the-secret-key
"""


def main(directory):
    path = os.path.join(directory, "aws")
    with open(path, "w", encoding="ascii", opener=lambda at, flags: os.open(at, flags, 0o600)) \
            as file:
        file.write(CREDENTIALS.format(SECRET))
    print(listen(Handler), listen(Metadata), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
