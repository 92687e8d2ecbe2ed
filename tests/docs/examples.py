"""examples — the examples of deploy/guide/providers.md, as they stand there: `holdfast check`
takes each [record] without a complaint, and the DNS servers take theirs, where their checkers are
installed. (tests/lab's group "guide" runs them.)"""
import fnmatch
import os
import re
import shutil
import subprocess
import tempfile

from pages import ROOT, blocks, manuals, read

GUIDE = "deploy/guide/providers.md"
SECRETS = {"tsig.key": "5qVT3jVSKlEHYIbLiHQ4Y8nCQEw0ARzDjPNFFCq9+YA=\n", "pdns.key": "word\n",
           "cloudflare.token": "0123456789abcdef0123456789abcdef01234567\n"}
RECORDS = ("bind", "powerdns", "route53", "cloudflare", "exec", "two")
ZONE = "$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n"


def shown(kind):
    """The blocks of the guide with this word behind the ticks, joined."""
    return "\n".join(code for word, code in blocks(read(GUIDE)) if word == kind)


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


def check_records(fault, programs):
    """Beginning and [record] of each provider make a configuration without errors or warnings."""
    holdfast = os.path.join(programs, "holdfast")
    for kind in RECORDS:
        record = shown("ini " + kind)
        if not record:
            fault(GUIDE, f"has no block \"ini {kind}\"")
            continue
        with tempfile.TemporaryDirectory() as folder:
            key = os.path.join(folder, "holdfast.key")
            subprocess.run([holdfast, "keygen", "--output", key], check=True, capture_output=True)
            public = subprocess.run([holdfast, "pubkey", key], check=True, capture_output=True,
                                    text=True).stdout.strip()
            text = shown("ini cluster") + "\n" + record
            text = re.sub(r"public-key = \S+", "public-key = " + public, text, count=1)
            command = os.path.join(folder, "change-record")
            text = text.replace("/usr/local/bin/change-record", command)
            write(command, "#!/bin/sh\n", 0o755)
            for name, secret in SECRETS.items():
                write(os.path.join(folder, name), secret)
            write(os.path.join(folder, "aws.credentials"), shown("ini aws.credentials"))
            path = os.path.join(folder, "holdfast.conf")
            write(path, text)
            done = subprocess.run([holdfast, "check", path, "--key", key], capture_output=True,
                                  text=True, check=False)
            if ": 0 errors, 0 warnings\n" not in done.stdout:
                fault(GUIDE, f"ini {kind}: {done.stdout[:600]}{done.stderr[:200]}")


def judge(fault, page, command):
    """Runs a checker; one that is not installed has no say."""
    path = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        return
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fault(page, f"{command[0]}: {(done.stdout + done.stderr)[:600]}")


def check_servers(fault):
    """BIND and Knot take the examples."""
    key = 'key "holdfast" { algorithm hmac-sha256; secret "' + SECRETS["tsig.key"].strip() + '"; };'
    with tempfile.TemporaryDirectory() as folder:
        zone = os.path.join(folder, "example.com.db")
        write(zone, ZONE)
        write(os.path.join(folder, "holdfast.key"), key)
        text = shown("conf bind").replace("/etc/bind/", folder + "/")
        path = os.path.join(folder, "named.conf")
        write(path, text.replace("/var/lib/bind/", folder + "/"))
        judge(fault, GUIDE, ["named-checkconf", "-z", path])
        path = os.path.join(folder, "knot.conf")
        write(path, shown("yaml knot"))
        judge(fault, GUIDE, ["knotc", "-c", path, "conf-check"])


def check_secrets(fault):
    """systemd-tmpfiles gives each secret that an example names to the daemon's user."""
    rules = re.findall(r"^z /etc/holdfast/(\S+) 0600 holdfast ",
                       read("deploy/tmpfiles.d/holdfast.conf"), re.MULTILINE)
    for path in (GUIDE, "deploy/holdfast.conf.example"):
        for name in re.findall(r"^(?:# )?(?:tsig-secret|credentials|token|api-key)-file = (\S+)",
                               read(path), re.MULTILINE):
            if not any(fnmatch.fnmatch(name, rule) for rule in rules):
                fault("deploy/tmpfiles.d/holdfast.conf", f"no rule for {name} of {path}")


def check_manuals(fault):
    """The man pages are sound mdoc."""
    for path in manuals():
        judge(fault, path, ["mandoc", "-T", "lint", "-W", "warning", os.path.join(ROOT, path)])


CHECKS = (check_records, check_servers, check_secrets, check_manuals)
