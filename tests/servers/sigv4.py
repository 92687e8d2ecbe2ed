"""sigv4: Amazon's Signature Version 4, from its description, to verify requests in tests.

Knows nothing of any library; tests/servers/route53_check.py holds it against the vectors that
Amazon published and against botocore.
"""
import hashlib
import hmac
import re
import urllib.parse

SAFE = "-_.~"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def normal_path(path):
    """Dot segments and double slashes go; each segment is encoded once more for the signature."""
    kept = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    tail = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(urllib.parse.quote(part, safe=SAFE + "%") for part in kept) + tail


def normal_query(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    encoded = sorted((urllib.parse.quote(name, safe=SAFE + "%"),
                      urllib.parse.quote(value, safe=SAFE + "%")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def normal_headers(headers, signed):
    lines = []
    for name in signed:
        values = [re.sub(r"\s+", " ", value.strip()) for key, value in headers
                  if key.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "".join(lines)


def canonical(request, signed):
    """request: (method, path, query, [(name, value)], body)."""
    method, path, query, headers, body = request
    return "\n".join([method, normal_path(path), normal_query(query),
                      normal_headers(headers, signed), ";".join(signed), sha256(body)])


def string_to_sign(date, scope, text):
    return "\n".join(["AWS4-HMAC-SHA256", date, scope, sha256(text.encode())])


def signature(secret, scope, text):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def parse_authorization(text):
    """{Credential, SignedHeaders, Signature} or None."""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/([^,]+), ?SignedHeaders=([^,]+), ?"
                         r"Signature=([0-9a-f]{64})", text)
    if found is None:
        return None
    key_id, scope, signed, given = found.groups()
    return {"key_id": key_id, "scope": scope, "signed": signed.split(";"), "signature": given}
