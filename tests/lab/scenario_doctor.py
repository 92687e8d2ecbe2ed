"""`holdfast doctor` names each fault in one line, and its remedy works when it is typed in."""
import json
import os
import re
import shlex
import sqlite3
import time

from servers import cloudflare

from .clinic import (CREDENTIALS, HOSTS, PORTS, Clinic, CloudflareHandler, Route53Handler,
                     ahead)
from .dns import FENCE, NAME
from .net import address, both
from .story import expect, scenario
from .world import now_ms, wait_until

ROWS = []
ENDLESS = 1 << 30
PASSING = "nothing"  # the remedy of what passes by itself


class Row:
    """One fault: where it must show, and what its line and its remedy must say. `also`: areas
    whose lines may complain too. `at`: on which node ("holder", "standby", or its name)."""

    def __init__(self, name, shows, words, remedy, **more):
        self.name, self.words, self.remedy = name, words, remedy
        self.area, self.subject = shows
        self.level, self.also = more.get("level", "fail"), more.get("also", ())
        self.at = more.get("at", "holder")
        self.play = None  # set by row()


def row(name, shows, words, remedy, **more):
    """Decorates a generator (clinic, node): what comes before its yield spoils; it is sent the
    remedy, and what comes after types that in."""

    def add(function):
        one = Row(name, shows, words, remedy, **more)
        one.play = function
        ROWS.append(one)
        return function

    return add


def printed(pattern, remedy):
    """The command as it stands in the remedy."""
    found = re.search(pattern, remedy)
    expect(found, f"no {pattern} in the remedy: {remedy}")
    return found.group(0)


# --- files and the daemon ---

@row("secret open to all", ("files", NAME + " tsig-secret-file"), ["mode 0644", "lets others in"],
     "chmod 0600 ")
def file_mode(clinic, node):
    os.chmod(clinic.world.path("tsig.key"), 0o644)
    remedy = yield
    clinic.type_in(node, remedy)


@row("own key open to all", ("keys", "private"), ["mode 0640", "lets others in"], "chmod 0600 ",
     also=("cluster",))
def key_mode(clinic, node):
    os.chmod(node.key, 0o640)
    remedy = yield
    clinic.type_in(node, remedy)


@row("token file missing", ("files", "cloudflare token-file"), ["No such file"],
     "/dev/stdin")
def no_token(clinic, node):
    os.unlink(clinic.folder + "/token")
    remedy = yield
    clinic.type_in(node, printed(r"install -m 0600 \S+ \S+ /dev/stdin [^ ;]+", remedy),
                   cloudflare.TOKEN + "\n")


@row("a wrong line in the file", ("config", "file"), ["unknown key", "colour"], "holdfast check",
     also=("files",))
def wrong_line(clinic, node):
    with open(clinic.lab.config, "a", encoding="utf-8") as file:
        file.write("colour = red\n")
    remedy = yield
    for command in remedy.split("; then: "):
        clinic.type_in(node, command)


@row("a daemon that does not run", ("daemon", "socket"), ["is holdfastd running?"],
     "systemctl start holdfastd", at="standby")
def no_daemon(clinic, node):
    node.term()
    remedy = yield
    expect("start holdfastd" in clinic.type_in(node, remedy), "nothing was started")
    node.start()
    node.wait_answering()


@row("a silent peer", ("peer", "witness"), ["silent"], "systemctl start holdfast-witness",
     also=("cluster",))
def silent_peer(clinic, node):
    clinic.lab.witness.term()
    remedy = yield
    clinic.type_in(clinic.lab.witness, printed(r"systemctl start holdfast-witness", remedy))
    clinic.lab.witness.start()
    clinic.lab.witness.wait_answering()


@row("a cut between the nodes", ("peer", "server1"), ["only through witness"],
     "let UDP to and from 10.77.0.11 port 9930 pass", level="warn", at="server2",
     also=("cluster",))
def cut(clinic, node):
    clinic.lab.net.cut(*both("server1", "server2"))
    yield
    clinic.lab.net.mend(*both("server1", "server2"))


@row("a peer whose clock is off", ("clock", "witness"), ["s ahead of this one"],
     "timedatectl set-ntp true", level="warn", also=("cluster",))
def peer_clock(clinic, node):
    witness = clinic.lab.witness
    witness.term()
    witness.environment = ahead(clinic.lab.world)
    witness.start()
    witness.wait_answering()
    remedy = yield
    clinic.type_in(witness, printed(r"timedatectl set-ntp true", remedy))
    witness.term()
    witness.environment = {}
    witness.start()
    witness.wait_answering()


@row("a ttl far above the lease", ("ttl", NAME), ["callers keep the old address"], "set ttl = 60",
     level="warn")
def long_ttl(clinic, node):
    clinic.set_line(NAME, "ttl", "3600")
    yield
    clinic.set_line(NAME, "ttl", "60")


@row("a resolver that is dead", ("resolvers", NAME + " 10.77.0.11"), [""],
     "set resolver in [dns]", level="warn", also=("resolvers", "servers"))
def dead_resolver(clinic, node):
    clinic.set_line("[dns]", "resolver", address("server1"))
    yield
    clinic.set_line("[dns]", "resolver", "none")


# --- BIND ---

@row("a DNS server that is dead", ("provider", NAME), ["port 53", "connection refused"],
     "dig +norecurse @", also=("servers",))
def dead_server(clinic, node):
    clinic.lab.dns.stop()
    yield
    clinic.restart_bind()


@row("a wrong TSIG secret", ("credentials", NAME), ["signature is wrong", "tsig.key"],
     "cat >", also=("guard",))
def wrong_secret(clinic, node):
    clinic.world.write("tsig.key", clinic.admin + "\n")
    clinic.type_in(node, "holdfast restart")
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), clinic.lab.dns.secret + "\n")
    clinic.type_in(node, printed(r"holdfast restart", remedy))


@row("a wrong TSIG secret on the standby", ("credentials", NAME),
     ["signature is wrong", "tsig.key"], "cat >", at="standby")
def standby_secret(clinic, node):
    """It would only be missed on the day of the failover."""
    clinic.world.write("tsig.key", clinic.admin + "\n")
    clinic.type_in(node, "holdfast restart || [ $? -eq 1 ]")
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), clinic.lab.dns.secret + "\n")
    clinic.type_in(node, printed(r"holdfast restart", remedy) + " || [ $? -eq 1 ]")


@row("an unknown TSIG key", ("credentials", NAME), ["does not know the key nobody."],
     "set tsig-name and tsig-algorithm")
def unknown_key(clinic, node):
    clinic.set_line(NAME, "tsig-name", "nobody.")
    yield
    clinic.set_line(NAME, "tsig-name", "holdfast.")


@row("a policy that refuses", ("credentials", NAME), ["says REFUSED", "must allow key"],
     "update-policy")
def wrong_policy(clinic, node):
    clinic.edit_bind("grant holdfast. name _holdfast.pbx.example.com. TXT;", "")
    clinic.restart_bind()
    clinic.type_in(node, "holdfast restart")
    remedy = yield
    grant = printed(r"grant holdfast\. name _holdfast\.\S+ TXT;", remedy)
    clinic.edit_bind("update-policy {", "update-policy { " + grant)
    expect("reconfig" in clinic.type_in(node, printed(r"rndc reconfig", remedy)), "no rndc")
    clinic.restart_bind()


@row("a clock 1000 s off (BADTIME)", ("clock", NAME), ["differ by", "ahead"],
     "timedatectl set-ntp true", also=("clock", "cluster"), at="standby")
def bad_time(clinic, node):
    """The standby's clock is off, and it takes over: so Route 53's answer counts too."""
    node.term()
    node.environment = ahead(clinic.lab.world)
    node.start()
    clinic.lab.settle()
    other = clinic.lab.other(node)
    other.term()
    other.start()
    other.wait_answering()
    remedy = yield
    clinic.type_in(node, printed(r"timedatectl set-ntp true", remedy))
    node.term()
    node.environment = {}
    node.start()
    node.wait_answering()


@row("a CNAME at the name", ("record", NAME), ["alias (CNAME or DNAME)"], "delete the alias")
def cname(clinic, node):
    clinic.by_hand(f"update delete {NAME} A", f"update add {NAME} 60 CNAME other.example.com.")
    yield
    clinic.by_hand(f"update delete {NAME} CNAME")


@row("a fence by somebody else", ("record", NAME), ["which holdfast did not write"],
     f"holdfast dns adopt {NAME} --yes")
def garbage(clinic, node):
    clinic.by_hand(f"update delete {FENCE} TXT", f'update add {FENCE} 60 TXT "mine"')
    remedy = yield
    clinic.type_in(node, printed(r"holdfast dns adopt \S+ --yes", remedy))


@row("a fence with a foreign token", ("record", NAME), ["a token that is not"],
     f"holdfast dns adopt {NAME} --yes")
def foreign(clinic, node):
    epoch = node.status()["epoch"]
    clinic.by_hand(f"update delete {FENCE} TXT",
                   f'update add {FENCE} 60 TXT "v=1;e={epoch};h={node.name};t=0123456789abcdef"')
    remedy = yield
    clinic.type_in(node, printed(r"holdfast dns adopt \S+ --yes", remedy))


@row("two fences", ("record", NAME), ["there are 2 TXT records"], "nsupdate")
def two_fences(clinic, node):
    clinic.by_hand(f'update add {FENCE} 60 TXT "another"')
    remedy = yield
    clinic.type_in(node, remedy)


@row("a record with another TTL", ("ttl", NAME), ["the provider has 300 s"], "holdfast switchover",
     level="warn")
def other_ttl(clinic, node):
    [own] = clinic.lab.address_now()
    clinic.by_hand(f"update delete {NAME} A", f"update add {NAME} 300 A {own}")
    remedy = yield
    clinic.type_in(node, printed(r"holdfast switchover", remedy))


# --- Cloudflare ---

def answers(status, **more):
    """A row whose spoil makes Cloudflare answer that, until it is mended there."""

    def play(clinic, node):
        with clinic.zone.lock:
            clinic.zone.faults.append({"on": "any", "kind": "status", "status": status,
                                       "count": ENDLESS, "message": "as ordered", **more})
        yield
        with clinic.zone.lock:
            clinic.zone.faults.clear()

    return play


for status, words, remedy, level in (
        (401, ["does not accept the token", "401"], "cat >", "fail"),
        (409, ["busy with another change"], PASSING, "warn"),
        (422, ["refuses it (422"], "holdfast events", "fail"),
        (429, ["wants to be left alone"], PASSING, "warn"),
        (503, ["trouble of its own (503"], PASSING, "warn")):
    area = {401: "credentials", 422: "record"}.get(status, "provider")
    more = {429: {"retry": "1"}, 422: {"code": 9005}}.get(status, {})
    row(f"Cloudflare answers {status}", (area, "cloudflare"), words, remedy,
        level=level)(answers(status, **more))


@row("a token that was taken back", ("credentials", "cloudflare"),
     ["does not accept the token", "403"], "Zone > DNS > Edit")
def new_token(clinic, node):
    CloudflareHandler.token = "a-new-token-of-the-zone"
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), CloudflareHandler.token + "\n")
    clinic.restart_all()


@row("a wrong zone-id", ("record", "cloudflare"), ["does not know the zone-id", "404"],
     "set zone-id in [record cloudflare]")
def wrong_zone(clinic, node):
    clinic.set_line("cloudflare", "zone-id", "f" * 32)
    yield
    clinic.set_line("cloudflare", "zone-id", cloudflare.ZONE_ID)


def sick(kind):
    def play(clinic, node):
        CloudflareHandler.ill = kind
        yield
        CloudflareHandler.ill = ""

    return play


for kind, words in (("truncated", ["in the middle of the answer"]),
                    ("big", ["longer than 64 KiB"]),
                    ("invalid", ["none of Cloudflare's API"])):
    row(f"Cloudflare's answer is {kind}", ("provider", "cloudflare"), words,
        "set endpoint in [record cloudflare]")(sick(kind))


@row("a redirect", ("provider", "cloudflare"), ["a redirect (302 to https://elsewhere.example/x)"],
     "set endpoint in [record cloudflare]")
def redirect(clinic, node):
    place = f"https://{address('dns')}:"
    clinic.set_line("cloudflare", "endpoint", f"{place}{PORTS['elsewhere']}/redirect")
    yield
    clinic.set_line("cloudflare", "endpoint", f"{place}{PORTS['cloudflare']}/client/v4")


@row("a wrong certificate", ("provider", "cloudflare"), ["certificate"], "set ca-file = FILE")
def certificate(clinic, node):
    clinic.certificate("cloudflare", "strange")
    yield
    CloudflareHandler.ill = ""
    clinic.set_line("cloudflare", "ca-file", "clinic/stranger.pem")


@row("a proxied record", ("record", "cloudflare"), ["proxied (the orange cloud)"], "DNS only")
def proxied(clinic, node):
    with clinic.zone.lock:
        clinic.record_of("A", HOSTS["cloudflare"])["proxied"] = True
    yield
    with clinic.zone.lock:
        clinic.record_of("A", HOSTS["cloudflare"])["proxied"] = False


# --- Route 53 ---

@row("keys that ended", ("credentials", "route53"), ["ended (ExpiredToken)"], "cat >")
def ended(clinic, node):
    clinic.write_credentials("ASIAENDED", "aws_session_token = ended\n")
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), clinic.credentials("AKIDEXAMPLE"))


@row("a wrong secret key", ("credentials", "route53"), ["signature", "is wrong"], "cat >")
def wrong_signature(clinic, node):
    cloudflare.write(clinic.folder, "aws", CREDENTIALS.format("AKIDEXAMPLE", "not-the-one", ""))
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), clinic.credentials("AKIDEXAMPLE"))


def ill(what):
    def play(clinic, node):
        Route53Handler.ill = "all-" + what
        yield
        Route53Handler.ill = ""

    return play


for what, shows, words, remedy, level in (
        ("ahead", "clock", ["s behind Amazon's"], "timedatectl set-ntp true", "fail"),
        ("bomb", "provider", ["is no list of Route 53"], "set endpoint in", "fail"),
        ("throttle", "provider", ["busy (Throttling"], PASSING, "warn"),
        ("badxml", "provider", ["is no list of Route 53"], "set endpoint in", "fail")):
    row(f"Route 53: {what}", (shows, "route53"), words, remedy, level=level)(ill(what))


@row("rights that are missing", ("credentials", "route53"), ["does not allow this"],
     "aws iam put-user-policy")
def rights(clinic, node):
    Route53Handler.ill = "all-denied"
    remedy = yield
    typed = shlex.split(remedy)
    expect("aws iam put-user-policy" in clinic.type_in(node, remedy), "no aws")
    policy = json.loads(typed[typed.index("--policy-document") + 1])
    names = json.dumps(policy["Statement"][0]["Condition"])
    expect(HOSTS["route53"] in names and "_holdfast." + HOSTS["route53"] in names, names)
    Route53Handler.ill = ""


@row("a zone that is not there", ("record", "route53"), ["no zone with the id ZNONE"],
     "aws route53 list-hosted-zones")
def no_zone(clinic, node):
    clinic.set_line("route53", "zone-id", "ZNONE")
    yield
    clinic.set_line("route53", "zone-id", "ZLAB")


# --- PowerDNS ---

@row("a wrong api-key", ("credentials", "powerdns"), ["does not accept the key"], "cat >")
def wrong_api_key(clinic, node):
    cloudflare.write(clinic.folder, "api.key", "no-such-key\n")
    clinic.type_in(node, "holdfast restart")
    remedy = yield
    clinic.type_in(node, printed(r"cat >[^ ;]+", remedy), "sekret-of-the-test\n")
    clinic.restart_all()


@row("a fence by another path", ("record", "powerdns"), ["not written through this interface"],
     "pdnsutil delete-rrset")
def mixed(clinic, node):
    with sqlite3.connect(clinic.folder + "/pdns.sqlite3", timeout=10) as base:
        base.execute("UPDATE records SET content = ? WHERE type = 'TXT' AND name = ?",
                     ('"v=1;e=1;h=server1;t=0123456789abcdef"', "_holdfast." + HOSTS["powerdns"]))
    remedy = yield
    clinic.type_in(node, printed(r"pdnsutil .*", remedy))


# --- the play ---

def complaints(clinic, node):
    """What is not right there. (A machine that is busy with other tests stands still at times.)"""
    return [check for check in clinic.doctor(node)
            if check["level"] != "ok" and check["area"] != "machine"]


def find(clinic, one, node):
    """The line of the fault, once it is the only one; None until then."""
    found = complaints(clinic, node)
    other = [check for check in found if (check["area"], check["subject"]) !=
             (one.area, one.subject) and check["area"] not in one.also]
    mine = [check for check in found if (check["area"], check["subject"]) ==
            (one.area, one.subject)]
    last[:] = found
    return mine[0] if len(mine) == 1 and not other and mine[0]["level"] == one.level else None


last = []


def play(clinic, one):
    lab = clinic.lab
    holder = lab.wait_holder()
    node = {"holder": holder, "standby": lab.other(holder)}.get(one.at) or lab.peers[one.at]
    steps = one.play(clinic, node)
    next(steps)
    line = wait_until(lambda: find(clinic, one, node), 20,
                      lambda: f"{one.name}: {one.area} {one.subject}, not {last}", 0.05)
    for word in one.words:
        expect(word in line["text"], f"{one.name}: no \"{word}\" in: {line['text']}")
    expect(one.remedy in line["remedy"], f"{one.name}: no \"{one.remedy}\" in: {line['remedy']}")
    try:
        steps.send(line["remedy"])
    except StopIteration:
        pass
    for peer in lab.nodes:
        wait_until(lambda peer=peer: not remember(complaints(clinic, peer)), 30,
                   lambda: f"{one.name}: to be well again, not {last}", 0.05)
    clinic.check_zones()


def remember(found):
    last[:] = found
    return found


@scenario("doctor", "doctor", provider="bind", start=False, exec_log=False, long=5)
def doctor(lab, figures):
    """Each fault is one line of doctor, whose remedy works when typed in; nothing wrong is
    written."""
    clinic = Clinic(lab)
    clinic.start()
    lab.up()
    wait_until(lambda: not remember(complaints(clinic, lab.wait_holder())), 30,
               lambda: f"nothing to complain of at first, not {last}")
    begun = now_ms()
    only = os.environ.get("HOLDFAST_ROW", "")
    for one in [row for row in ROWS if only in row.name]:
        at = time.monotonic()
        play(clinic, one)
        print(f"doctor: {time.monotonic() - at:5.2f} s  {one.name}", flush=True)
    figures["rows"] = len(ROWS)
    figures["table_s"] = round((now_ms() - begun) / 1000, 1)
