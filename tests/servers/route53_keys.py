"""route53_keys: whose requests the stand-in for Route 53 takes, and how they must be signed.

Every signature is verified twice, by sigv4.py and by botocore; where the two do not agree, the
server ends.
"""
import os
import sys
import threading
import time
from datetime import datetime, timezone

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import sigv4

SKEW_S = 300
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # as Amazon's examples have it

lock = threading.Lock()


class Trouble(Exception):
    """An answer that is an error."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Keys:
    """Access keys: id -> (secret, token or None, wall clock of the end or None)."""

    def __init__(self):
        self.known = {"AKIDEXAMPLE": (SECRET, None, None),
                      "ASIASESSION": (SECRET, "session/token+of=the==test", None),
                      "ASIAENDED": (SECRET, "ended", 1000)}
        self.made = 0

    def make(self, life_s):
        with lock:
            self.made += 1
            name = f"ASIAROLE{self.made:06}"
            token = f"role-token-{self.made}-" + "x" * 900
            self.known[name] = (SECRET, token, time.time() + life_s)
            return name, token, self.known[name][2]

    def revoke(self):
        with lock:
            for name, (secret, token, end) in self.known.items():
                if name.startswith("ASIAROLE"):
                    self.known[name] = (secret, token, min(end, 1000))


keys = Keys()


def by_botocore(request, asked, secret, date):
    """The same signature, made by Amazon's own library."""
    method, path, query, headers, body = request
    host = dict((name.lower(), value) for name, value in headers)["host"]
    url = "http://" + host + path + ("?" + query if query else "")
    remade = botocore.awsrequest.AWSRequest(method, url, data=body)
    for name, value in headers:
        if name.lower() in asked["signed"]:
            remade.headers[name] = value
    remade.context["timestamp"] = date
    auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials(asked["key_id"], secret),
                                   "route53", "us-east-1")
    return auth.signature(auth.string_to_sign(remade, auth.canonical_request(remade)), remade)


def check_date(date, skew_s):
    now = time.time() + skew_s
    asked = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()

    def text(second):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))

    if asked < now - SKEW_S:
        raise Trouble(403, "SignatureDoesNotMatch", f"Signature expired: {date} is now earlier "
                      f"than {text(now - SKEW_S)} ({text(now)} - 5 min.)")
    if asked > now + SKEW_S:
        raise Trouble(403, "SignatureDoesNotMatch", f"Signature not yet current: {date} is still "
                      f"later than {text(now + SKEW_S)} ({text(now)} + 5 min.)")


def verify(request, skew_s=0):
    """Raises Trouble unless the request is signed as it must be."""
    headers = {name.lower(): value for name, value in request[3]}
    asked = sigv4.parse_authorization(headers.get("authorization", ""))
    if asked is None:
        raise Trouble(403, "MissingAuthenticationToken", "Missing Authentication Token")
    if asked["key_id"] not in keys.known:
        raise Trouble(403, "InvalidClientTokenId",
                      "The security token included in the request is invalid.")
    secret, token, end = keys.known[asked["key_id"]]
    date = headers.get("x-amz-date", "")
    if asked["scope"] != date[:8] + "/us-east-1/route53/aws4_request":
        raise Trouble(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid "
                      "region, not '" + asked["scope"].split("/")[1] + "'.")
    needed = {"host", "x-amz-date"} | ({"x-amz-security-token"} if token else set())
    if not needed <= set(asked["signed"]) or headers.get("x-amz-security-token") != token:
        raise Trouble(403, "InvalidClientTokenId",
                      "The security token included in the request is invalid.")
    text = sigv4.canonical(request, asked["signed"])
    own = sigv4.signature(secret, asked["scope"],
                          sigv4.string_to_sign(date, asked["scope"], text))
    if own != by_botocore(request, asked, secret, date):
        print("sigv4.py and botocore disagree about\n" + text, file=sys.stderr, flush=True)
        os._exit(1)
    if own != asked["signature"]:
        raise Trouble(403, "SignatureDoesNotMatch", "The request signature we calculated does not "
                      "match the signature you provided. Check your AWS Secret Access Key and "
                      "signing method. Consult the service documentation for details.")
    check_date(date, skew_s)
    if end is not None and end < time.time():
        raise Trouble(403, "ExpiredToken", "The security token included in the request is expired")
