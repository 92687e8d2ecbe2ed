"""Every wrong start: one clear line and the documented exit code, and nothing is lost."""
import os
import shutil
import socket
import subprocess

from .net import PEER_PORT, address
from .scenario_disk import damage, fill
from .story import scenario
from .world import socket_in, wait_until

USAGE, STATE, IN_USE = 2, 5, 6


def edit(old, new):
    """A change of the configuration's text."""

    def change(lab, peer):
        with open(lab.config, encoding="utf-8") as file:
            text = file.read()
        assert old in text, old
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    return change


def foreign_key(lab, peer):
    os.unlink(peer.key)
    lab.make_key(peer.key)


def linked_key(lab, peer):
    os.rename(peer.key, peer.key + ".real")
    os.symlink(peer.key + ".real", peer.key)


def write_key(text):
    def change(lab, peer):
        with open(peer.key, "w", encoding="ascii") as file:
            file.write(text)

    return change


def state_is_a_file(lab, peer):
    os.rmdir(peer.state_dir)
    with open(peer.state_dir, "w", encoding="ascii"):
        pass


def no_tsig(lab, peer):
    os.unlink(lab.world.path("tsig.key"))


def take_port(lab, peer):
    made = socket_in(peer.namespace)
    made.bind((address(peer.name), PEER_PORT))
    peer.extra = ["--listen", f"{address(peer.name)}:{PEER_PORT}"]
    lab.held.append(made)


def take_socket(lab, peer):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(peer.socket)
    made.listen(1)
    lab.held.append(made)


def foreign_address(lab, peer):
    peer.extra = ["--listen", "192.0.2.1:9930"]


def option(*words):
    def change(lab, peer):
        peer.extra = list(words)

    return change


# what is wrong · who starts · how it is made wrong · exit code · words of the one line
ENDING = [
    ("no config", "server1", lambda lab, peer: os.unlink(lab.config), USAGE, ["holdfast.conf"]),
    ("unknown key", "server1", edit("ttl = 60", "tttl = 60"), USAGE, ["holdfast.conf:", "tttl"]),
    ("unknown section", "server1", edit("[cluster]", "[nonsense]\n[cluster]"), USAGE,
     ["holdfast.conf:", "nonsense"]),
    ("bad unit", "server1", edit("check-every = 5s", "check-every = 3 bananas"), USAGE,
     ["holdfast.conf:", "check-every"]),
    ("bad range", "server1", edit("profile = fast", "profile = fast\nlease = 90s"), USAGE,
     ["holdfast.conf:", "lease"]),
    ("lease too short", "server1", edit("profile = fast", "lease = 1s\ninterval = 500ms"), USAGE,
     ["holdfast.conf", "lease"]),
    ("bad profile", "server1", edit("profile = fast", "profile = brisk"), USAGE,
     ["holdfast.conf:", "profile"]),
    ("duplicate field", "server1", edit("ttl = 60", "ttl = 60\nttl = 61"), USAGE,
     ["holdfast.conf:", "ttl"]),
    ("bad public key", "server1", edit("public-key = ", "public-key = AAAA"), USAGE,
     ["holdfast.conf:", "public-key"]),
    ("bad address", "server1", edit("serve = 203.0.113.10", "serve = 203.0.113.999"), USAGE,
     ["holdfast.conf:", "serve"]),
    ("foreign key", "server1", foreign_key, USAGE, ["key"]),
    ("node's key, witness program", "witness", lambda lab, peer: shutil.copy2(
        lab.peers["server1"].key, peer.key), USAGE, ["server1"]),
    ("witness's key, node program", "server1", lambda lab, peer: shutil.copy2(
        lab.peers["witness"].key, peer.key), USAGE, ["witness"]),
    ("no key", "server1", lambda lab, peer: os.unlink(peer.key), USAGE, ["/server1/key"]),
    ("open key", "server1", lambda lab, peer: os.chmod(peer.key, 0o640), USAGE,
     ["/server1/key", "0600"]),
    ("linked key", "server1", linked_key, USAGE, ["/server1/key"]),
    ("foreign owner", "server1", lambda lab, peer: os.chown(peer.key, 12345, 0), USAGE,
     ["/server1/key", "own"]),
    ("short key", "server1", write_key("AAAA\n"), USAGE, ["/server1/key"]),
    ("garbage key", "witness", write_key("\0\1\2 not base64 at all, and long enough too\n"),
     USAGE, ["/witness/key"]),
    ("no TSIG secret", "server1", no_tsig, USAGE, ["tsig.key"]),
    ("open TSIG secret", "server1", lambda lab, peer: os.chmod(lab.world.path("tsig.key"), 0o644),
     USAGE, ["tsig.key"]),
    ("unknown option", "server1", option("--nonsense"), USAGE, ["--nonsense"]),
    ("no state directory", "server1", lambda lab, peer: os.rmdir(peer.state_dir), STATE,
     ["/server1/state"]),
    ("state directory is a file", "witness", state_is_a_file, STATE, ["/witness/state"]),
    ("port in use", "server1", take_port, IN_USE, ["9930"]),
    ("foreign address", "server1", foreign_address, IN_USE, ["192.0.2.1"]),
    ("socket in use", "server1", take_socket, IN_USE, ["/server1/sock"]),
    ("socket in use, witness", "witness", take_socket, IN_USE, ["/witness/sock"]),
]


def snapshot(lab):
    """Everything that a failed start must leave as it is."""
    kept = {}
    for folder, _, names in os.walk(lab.world.folder):
        for name in names:
            path = os.path.join(folder, name)
            if name in ("key", "tsig.key", "holdfast.conf", "promise") and os.path.isfile(path):
                with open(path, "rb") as file:
                    kept[path] = (file.read(), os.lstat(path).st_mode)
    return kept


def restore(lab, whole):
    for peer in lab.peers.values():
        peer.extra = []
        for path in (peer.key, peer.key + ".real", peer.socket):
            if os.path.lexists(path):
                os.unlink(path)
        if os.path.isfile(peer.state_dir):
            os.unlink(peer.state_dir)
        shutil.rmtree(peer.state_dir, ignore_errors=True)
        os.mkdir(peer.state_dir, 0o700)
    for path, (content, mode) in whole.items():
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode & 0o777)
        os.chown(path, 0, 0)
    for held in lab.held:
        held.close()
    lab.held = []


def judge_ending(lab, row):
    """Starts once; a list of what is wrong with how it ended."""
    what, who, change, wanted, words = row
    peer = lab.peers[who]
    change(lab, peer)
    before = snapshot(lab)
    if os.path.exists(peer.log):
        os.unlink(peer.log)
    peer.start()
    try:
        code = peer.process.wait(10)
    except subprocess.TimeoutExpired:
        lab.world.end(peer.process)
        peer.process = None
        return [f"{what}: still running after 10 s; said {peer.log_text()!r}"]
    lab.world.processes.remove(peer.process)
    peer.process = None
    lines = [line for line in peer.log_text().splitlines() if line.strip()]
    faults = []
    if code != wanted:
        faults.append(f"{what}: exit {code}, wanted {wanted}; said {lines}")
    if len(lines) != 1:
        faults.append(f"{what}: {len(lines)} lines instead of one: {lines}")
    text = " ".join(lines)
    faults += [f"{what}: the line does not name {word}: {text!r}" for word in words
               if word.lower() not in text.lower()]
    if snapshot(lab) != before:
        faults.append(f"{what}: a file was changed")
    return faults


@scenario("bad-start", "start", start=False, no_holder=True, exec_log=False, quick=True, long=3)
def bad_start(lab, figures):
    """Each wrong config, key, directory, port or socket: one clear line and its exit code."""
    lab.held = []
    whole = snapshot(lab)
    faults = []
    for row in ENDING:
        faults += judge_ending(lab, row)
        restore(lab, whole)
    figures["cases"] = len(ENDING)
    if faults:
        raise AssertionError(f"{len(faults)} wrong of {len(ENDING)}:\n" + "\n".join(faults))


@scenario("bad-state-start", "start", start=False, long=5)
def bad_state_start(lab, figures):
    """A damaged state file and a full disk at the start are no exit: running, and `why` says so."""
    lab.up()
    holder, standby, witness = lab.settle()
    standby.kill()
    damage(standby)
    standby.start()
    standby.wait_answering()
    wait_until(lambda: any(event["event"] == "state-missing" for event in standby.events()), 10,
               "the damaged state file to be told")
    lab.settle()
    witness.kill()
    files = {name: open(os.path.join(witness.state_dir, name), "rb").read()
             for name in os.listdir(witness.state_dir)}
    lab.world.tmpfs(witness.state_dir, "256k")
    for name, content in files.items():
        with open(os.path.join(witness.state_dir, name), "wb") as file:
            file.write(content)
    filler = os.path.join(witness.state_dir, "filler")
    fill(filler)
    witness.start()
    witness.wait_answering()
    os.unlink(filler)
    lab.settle()
    figures["moves_expected"] = 0
