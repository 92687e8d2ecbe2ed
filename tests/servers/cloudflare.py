#!/usr/bin/python3
"""cloudflare: the part of Cloudflare's DNS API that holdfast uses, with one zone, example.com.

Usage: cloudflare.py DIRECTORY
Writes api.token and wrong.token into DIRECTORY, listens on loopback and prints one line: the
port of the API, and the port of a proxy before it that holds every request and every answer
against Cloudflare's own description (prism; the program that HOLDFAST_PRISM names, port 0
without). Ends when its input ends.

A batch works on a copy of the zone, which takes the zone's place at its end or never.
PUT /test/reset puts the zone back; /test/delete?name=NAME deletes by hand, without a name all;
/test/fault?on=batch|list|any&kind=KIND&count=N makes the next N requests fail:
  status (status, code, message, retry)  is answered with that error, nothing is done
  lost                                   is done, and the connection ends without an answer
  hold                                   is done after PUT /test/release
  late (ms)                              is done, and answered after a while
  blind                                  is done as if nobody else had changed anything meanwhile
  old                                    is answered with what was there before the last change
Each of them answers with one line per change: the fence that it brought, "-" if none, or
"refused CODE".
"""
import http.server
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

ZONE, ZONE_ID = "example.com", "0123456789abcdef0123456789abcdef"
PRISM_LIMIT_S = 60
TOKEN = "token-of-the-test"
HERE = os.path.dirname(os.path.abspath(__file__))
MEMBERS = ("type", "name", "content", "ttl", "proxied", "comment")
BATCH_MAX = 200


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status, code, message, headers=()):
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def checked(record):
    """The record as it is stored, or a refusal."""
    kind, ttl = record.get("type"), record.get("ttl", 1)
    name, content = record.get("name", "").lower(), record.get("content", "")
    if name != ZONE and not name.endswith("." + ZONE):
        name += "." + ZONE  # a name that is not in the zone is one below it
    if ttl != 1 and not 60 <= ttl <= 86400:
        raise Refusal(400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for "
                      "Automatic.")
    try:
        if kind in ("A", "AAAA"):
            version = 4 if kind == "A" else 6
            content = str((ipaddress.IPv4Address if version == 4 else
                           ipaddress.IPv6Address)(content))
    except ValueError as error:
        raise Refusal(400, 9005, f"Content for {kind} record is invalid.") from error
    if kind == "TXT" and not content.startswith('"'):
        content = '"' + content + '"'
    if kind not in ("A", "AAAA", "CNAME", "TXT", "NS"):
        raise Refusal(400, 9000, "DNS record type is invalid.")
    return {**record, "name": name, "content": content, "ttl": ttl,
            "proxied": record.get("proxied", False)}


class Zone:
    """The records by id."""

    def __init__(self):
        self.lock, self.number, self.log, self.faults = threading.Lock(), 0, [], []
        self.released = threading.Event()
        self.records, self.before = {}, {}
        self.reset()

    def reset(self):
        self.records, self.log, self.faults = {}, [], []
        self.released.clear()
        for kind, name, content in (("A", "pbx." + ZONE, "192.0.2.99"),
                                    ("CNAME", "alias." + ZONE, "pbx." + ZONE),
                                    ("TXT", ZONE, "v=spf1 -all")):
            self.put(self.records, {"type": kind, "name": name, "content": content})

    def put(self, records, wished, old=None):
        """Adds a record, or gives one new values."""
        record = checked({**(old or {}), **{key: wished[key] for key in MEMBERS if key in wished}})
        for other in records.values():
            if other is old or other["name"] != record["name"]:
                continue
            if (other["type"], other["content"]) == (record["type"], record["content"]):
                raise Refusal(400, 81058, "An identical record already exists.")
            if record["type"] == "CNAME":
                raise Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already "
                              "exists.")
            if other["type"] == "CNAME":
                raise Refusal(400, 81054, "A CNAME record with that host already exists.")
        if old is None:
            self.number += 1
            record = {**record, "id": f"{self.number:032x}", "meta": {},
                      "created_on": "2026-01-01T00:00:00Z"}
        record["proxiable"] = record["type"] != "TXT"
        records[record["id"]] = {**record, "modified_on": "2026-01-01T00:00:00Z"}
        return records[record["id"]]

    def batch(self, body, blind):
        """All of it or nothing."""
        records = dict(self.records)
        done = {"deletes": [], "patches": [], "puts": [], "posts": []}
        if sum(len(body.get(part) or []) for part in done) > BATCH_MAX:
            raise Refusal(400, 81100, "Too many operations in one batch.")
        for part, list_done in done.items():
            for item in body.get(part) or []:
                old = records.get(item.get("id", ""))
                if part != "posts" and old is None:
                    if blind:
                        continue
                    raise Refusal(404, 81044, "Record does not exist.")
                if part == "deletes":
                    list_done.append(records.pop(item["id"]))
                elif part == "posts":
                    list_done.append(self.put(records, item))
                else:
                    list_done.append(self.put(records, item, old))
        self.before, self.records = self.records, records
        self.log.append(next((record["content"] for record in done["posts"]
                              if record["name"].startswith("_holdfast.")), "-"))
        return done

    def find(self, query, old):
        found = [record for record in (self.before if old else self.records).values()
                 if query.get("name", record["name"]).lower() == record["name"]]
        size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
        part = found[(page - 1) * size:page * size]
        return part, {"count": len(part), "page": page, "per_page": size,
                      "total_count": len(found), "total_pages": -(-len(found) // size)}

    def fault(self, kind):
        """The fault that is this request's turn, if any."""
        for fault in self.faults:
            if fault["on"] in (kind, "any") and int(fault["count"]) > 0:
                fault["count"] = int(fault["count"]) - 1
                return fault
        return {"kind": ""}


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for the whole answer
    zone = Zone()

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode() if not isinstance(value, bytes) else value
        self.send_response(status)
        for name, text in (("Content-Type", "application/json"),
                           ("Content-Length", str(len(body))), *headers):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def success(self, result, info=None):
        value = {"success": True, "errors": [], "messages": [], "result": result}
        self.answer(200, value if info is None else {**value, "result_info": info})

    def check_caller(self, path):
        given = self.headers.get("Authorization", "")
        if not given.startswith("Bearer ") or len(given) < 12:
            raise Refusal(400, 6003, "Invalid request headers")
        if given != "Bearer " + TOKEN:
            raise Refusal(403, 10000, "Authentication error")
        if not path.startswith(f"/client/v4/zones/{ZONE_ID}/"):
            raise Refusal(404, 7003, "Could not route to " + path + ", perhaps your object "
                          "identifier is invalid?")

    def test(self, path, query):
        with self.zone.lock:
            if path == "/test/reset":
                self.zone.reset()
            elif path == "/test/fault":
                self.zone.faults.append({"count": 1, "on": "batch", **query})
                self.zone.released.clear()
            elif path == "/test/release":
                self.zone.released.set()
            elif path == "/test/delete":
                self.zone.records = {key: record for key, record in self.zone.records.items()
                                     if record["name"] != query.get("name", record["name"])}
            text = "\n".join(self.zone.log) + "\n"
        self.answer(200, text.encode())

    def act(self, method, path, query, body):
        """The fault that is left to be played after the deed, and the deed's outcome."""
        kind = "batch" if method == "POST" else "list"
        with self.zone.lock:
            fault = self.zone.fault(kind)
        if fault["kind"] == "status":
            retry = (("Retry-After", fault["retry"]),) if "retry" in fault else ()
            raise Refusal(int(fault["status"]), int(fault.get("code", 10000)),
                          fault.get("message", "as ordered"), retry)
        if fault["kind"] == "hold":
            self.zone.released.wait(20)
        with self.zone.lock:
            if method == "GET":
                outcome = self.zone.find(query, fault["kind"] == "old")
            elif path.endswith("/batch"):
                outcome = (self.zone.batch(body, fault["kind"] == "blind"), None)
            else:
                outcome = (self.zone.batch({"posts": [body]}, False)["posts"][0], None)
        return fault, outcome

    def serve(self):
        path, _, text = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text))
        size = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(size)
        if path.startswith("/test/"):
            self.test(path, query)
            return
        try:
            self.check_caller(path)
            if not re.search(r"/dns_records(/batch)?$", path):
                raise Refusal(404, 7000, "No route for that URI")
            fault, outcome = self.act(self.command, path, query, json.loads(raw or b"{}"))
            if fault["kind"] == "lost":
                self.close_connection = True
                return
            if fault["kind"] == "late":
                time.sleep(int(fault["ms"]) / 1000)
            self.success(*outcome)
        except Refusal as refusal:
            with self.zone.lock:
                self.zone.log.append(f"refused {refusal.code}")
            self.answer(refusal.status, {
                "success": False, "messages": [], "result": None,
                "errors": [{"code": refusal.code, "message": refusal.message}]}, refusal.headers)

    do_GET = do_POST = do_PUT = serve


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o600)


def start_prism(directory, port):
    """Its port, and its process."""
    program = os.environ.get("HOLDFAST_PRISM", "")
    if not program:
        return 0, None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        own = probe.getsockname()[1]
    with open(os.path.join(directory, "prism.log"), "w", encoding="utf-8") as log:
        prism = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", program, "proxy", "--errors", "--port", str(own),
             os.path.join(HERE, "cloudflare_openapi.yaml"), f"http://127.0.0.1:{port}/client/v4"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until = time.monotonic() + PRISM_LIMIT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", own), 1).close()
            return own, prism
        except OSError as error:
            if prism.poll() is not None or time.monotonic() > until:
                prism.kill()
                raise SystemExit("prism ended, or does not listen: see prism.log") from error
            time.sleep(0.1)


def main(directory):
    write(directory, "api.token", TOKEN + "\n")
    write(directory, "wrong.token", "no-such-token\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own, prism = start_prism(directory, server.server_port)
    print(server.server_port, own, flush=True)
    sys.stdin.read()
    if prism is not None:
        prism.kill()
        prism.wait()


if __name__ == "__main__":
    main(sys.argv[1])
