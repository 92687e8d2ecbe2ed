#!/usr/bin/python3
"""faulty: an HTTP and HTTPS server that misbehaves as its paths say; for tests of the http room.

Usage: faulty.py DIRECTORY
Makes certificates in DIRECTORY (ca.pem is who signed the good one), listens on loopback and
prints one line: the ports of plain HTTP, HTTPS, HTTPS under a wrong name, HTTPS signed by
nobody known, HTTPS with a certificate that has expired. Ends when its input ends.
"""
import json
import os
import socket
import ssl
import subprocess
import sys
import threading

NAMES = "subjectAltName=DNS:localhost,DNS:api.test,DNS:dead.test,IP:127.0.0.1"


def openssl(directory, *words):
    subprocess.run(["openssl", *words], cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_authority(directory, name):
    openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name,
            "-days", "30")


def make_certificate(directory, name, authority, names=NAMES, days="30"):
    openssl(directory, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=test")
    with open(os.path.join(directory, name + ".ext"), "w", encoding="ascii") as file:
        file.write(names + "\n")
    openssl(directory, "x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
            authority + ".key", "-CAcreateserial", "-out", name + ".pem", "-days", days,
            "-extfile", name + ".ext")


def head(status, size, *more):
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {size}",
             *more, "", ""]
    return "\r\n".join(lines).encode()


def answer(body, status="200 OK", more=()):
    return head(status, len(body), *more) + body


def resolve(question):
    """Answers a question of DNS: every name is this machine, and has no IPv6."""
    at = 12
    while question[at]:
        at += 1 + question[at]
    wants_a = question[at + 1:at + 3] == b"\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if wants_a else b""
    return question[:2] + b"\x81\x80\0\1\0" + bytes([wants_a]) + b"\0\0\0\0" \
        + question[12:at + 5] + record


gone = set()  # the paths whose connection ended without an answer to its second request


class Talk:
    """One connection."""

    def __init__(self, connection):
        self.connection, self.buffer, self.count = connection, b"", 0

    def read_until(self, mark):
        while mark not in self.buffer:
            more = self.connection.recv(65536)
            if not more:
                return None
            self.buffer += more
        part, self.buffer = self.buffer.split(mark, 1)
        return part

    def request(self):
        """(method, path, headers, body) or None when the other side is gone."""
        text = self.read_until(b"\r\n\r\n")
        if text is None:
            return None
        first, *lines = text.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(self.buffer) < int(headers.get("Content-Length", 0)):
            self.buffer += self.connection.recv(65536)
        size = int(headers.get("Content-Length", 0))
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        method, path, _ = first.split(" ")
        return method, path, headers, body

    def wait_for_end(self):
        while self.connection.recv(65536):
            pass

    def endless(self, start, piece):
        self.connection.sendall(start)
        while True:
            self.connection.sendall(piece)

    def serve(self):
        while (request := self.request()) is not None:
            method, path, headers, body = request
            self.count += 1
            send, name = self.connection.sendall, "/" + path.split("?")[0].split("/")[1]
            if name == "/echo":
                send(answer(json.dumps({"method": method, "path": path, "headers": headers,
                                        "body": body.decode("latin-1")}).encode(),
                            more=("X-Mark: seen",)))
            elif name == "/dns-query":  # DNS over HTTPS
                send(answer(resolve(body)))
            elif name == "/truncated":
                send(head("200 OK", 1000) + b'{"part": ')
                return
            elif name == "/big":
                send(head("200 OK", 10 << 20) + b"x" * (10 << 20))
            elif name == "/chunks":
                self.endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                             b"400\r\n" + b"y" * 1024 + b"\r\n")
            elif name == "/headers":
                self.endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"z" * 200 + b"\r\n")
            elif name == "/redirect":
                send(answer(b"", "302 Found", ("Location: https://elsewhere.example/x",)))
            elif name in ("/moved", "/replaced"):
                if name in gone:  # /moved: the next connection hears of another place
                    gone.remove(name)
                    send(answer(b"", "302 Found", ("Location: https://elsewhere.example/x",)))
                elif self.count == 1:
                    send(answer(b"{}"))
                else:
                    gone.add(name)
                    return
            elif name == "/busy":
                send(answer(b'{"error": "slow down"}', "429 Too Many Requests",
                            ("Retry-After: 7",)))
            elif name == "/empty":
                send(b"HTTP/1.1 204 No Content\r\n\r\n")
            elif name == "/rubbish":
                send(b"220 mail.example ESMTP\r\n")
                return
            elif name == "/closed":
                return
            elif name == "/last":  # the answer promises to go on, and then the server is gone
                send(answer(b'{"last": true}'))
                return
            elif name == "/drip":
                send(head("200 OK", 100) + b"{")
                self.wait_for_end()
            elif name == "/slow":
                self.wait_for_end()
            else:
                send(answer(b'{"error": "no such path"}', "404 Not Found"))


def handle(raw, context, stranger=None):
    """stranger: who answers in the place of /replaced, with a certificate nobody knows."""
    if None not in (context, stranger) and "/replaced" in gone:
        gone.remove("/replaced")
        context = stranger
    try:
        with raw if context is None else context.wrap_socket(raw, server_side=True) as connection:
            Talk(connection).serve()
    except (OSError, ValueError):
        pass  # whoever asked has gone, or did not like the certificate


def listen(context, stranger):
    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            raw, _ = server.accept()
            threading.Thread(target=handle, args=(raw, context, stranger), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def tls(directory, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, name + ".pem"),
                            os.path.join(directory, name + ".key"))
    return context


def main(directory):
    for authority in ("ca", "stranger"):
        make_authority(directory, authority)
    make_certificate(directory, "good", "ca")
    make_certificate(directory, "misnamed", "ca", "subjectAltName=DNS:other.example")
    make_certificate(directory, "strange", "stranger")
    make_certificate(directory, "expired", "ca", days="-1")
    stranger = tls(directory, "strange")
    ports = [listen(None, stranger)] + [listen(tls(directory, name), stranger)
                                        for name in ("good", "misnamed", "strange", "expired")]
    print(*ports, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
