"""State directories that are lost, damaged or full; a log reader that stands still."""
import os
import signal

from .scenario_crash import expect_holding_since, take_over
from .story import expect, expect_no_move, let_pass, scenario
from .world import freeze, now_ms, wait_until

LEDGERS = ("events.jsonl", "events.1.jsonl")


def state_files(peer):
    """The files of the state directory that hold promises, not history."""
    return [os.path.join(peer.state_dir, name) for name in sorted(os.listdir(peer.state_dir))
            if name not in LEDGERS]


def lose(peer):
    for path in state_files(peer):
        os.unlink(path)


def damage(peer):
    """Flips one bit in the middle of every state file."""
    for path in state_files(peer):
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            file.seek(size // 2)
            byte = file.read(1)[0]
            file.seek(size // 2)
            file.write(bytes([byte ^ 4]))


def without_memory(lab, harm, figures):
    for choose in ("witness", "standby"):
        holder, standby, witness = lab.settle()
        peer = witness if choose == "witness" else standby
        expect(state_files(peer), f"{peer.name} keeps no state file")
        at = now_ms()
        peer.kill()
        harm(peer)
        peer.start()
        peer.wait_event("state-missing", at, lab.limit_s())
        peer.wait_answering()
        expect_holding_since(holder, at)
        lab.settle()
        figures[f"{choose}_voter_again_ms"] = round(now_ms() - at)
        expect_no_move(lab, holder, now_ms(), f"{peer.name} without memory")
    take_over(lab, holder.kill(), standby, figures)


@scenario("state-lost", "disk")
def state_lost(lab, figures):
    """A peer loses its state file: it backs nobody until it heard the others; nothing moves."""
    without_memory(lab, lose, figures)


@scenario("state-damaged", "disk")
def state_damaged(lab, figures):
    """A flipped bit in the state file counts as lost, and is said; nothing moves."""
    without_memory(lab, damage, figures)


@scenario("lost-silent", "disk", profile="normal", long=5)
def lost_silent(lab, figures):
    """While a witness without memory is alone with one node it promises nothing, and says why."""
    holder, standby, witness = lab.settle()
    witness.kill()
    standby.kill()
    lose(witness)
    at = now_ms()
    witness.start()
    witness.wait_answering()
    code, text = witness.cli("why")
    expect("state file" in text or "recover" in text, f"why says: {text}")
    let_pass(lab, 2.5)
    expect(lab.holder() is None, "backed by a witness that lost its memory")
    standby.start()
    lab.settle()
    figures["whole_ms"] = round(now_ms() - at)


@scenario("disk-full", "disk", start=False)
def disk_full(lab, figures):
    """The witness's disk fills up: renewals go on, no new promise, an alarm, then it recovers."""
    lab.world.tmpfs(lab.witness.state_dir, "256k")
    lab.up()
    holder, standby, witness = lab.settle()
    filler = os.path.join(witness.state_dir, "filler")
    fill(filler)
    at = now_ms()
    let_pass(lab, 3)
    expect_no_move(lab, holder, at, "disk full")
    died = holder.kill()
    wait_until(lambda: "cannot be written" in witness.cli("why")[1], lab.limit_s(),
               "the witness to say that its state directory cannot be written")
    let_pass(lab, 2)
    expect(lab.holder() is None, "a promise was given that is on no disk")
    os.unlink(filler)
    freed = now_ms()
    standby.wait_standing("holder", died, lab.limit_s(12))
    figures["holds_after_ms"] = round(now_ms() - freed)
    holder.start()
    lab.settle()


def fill(path):
    """Writes until the file system has not one byte left."""
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 64, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


SYSLOG_CONF = """global(workDirectory="{folder}" maxMessageSize="16k")
module(load="imuxsock" SysSock.Use="off")
template(name="plain" type="string" string="%pri-text% %programname% %msg%\\n")
input(type="imuxsock" Socket="{folder}/log" CreatePath="on" RateLimit.Interval="0")
action(type="omfile" file="{folder}/messages" template="plain")
"""


def start_syslog(lab):
    folder = lab.world.path("syslog")
    os.makedirs(folder)
    with open(folder + "/conf", "w", encoding="ascii") as file:
        file.write(SYSLOG_CONF.format(folder=folder))
    process = lab.world.spawn(None, ["/usr/sbin/rsyslogd", "-n", "-f", folder + "/conf", "-i",
                                     folder + "/pid"], folder + "/out")
    wait_until(lambda: os.path.exists(folder + "/log"), 10, "rsyslogd's socket")
    return process, folder


def messages(folder):
    try:
        with open(folder + "/messages", encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


@scenario("syslog", "log", start=False)
def syslog(lab, figures):
    """rsyslogd gets logfmt lines; while it stands still no daemon does; afterwards it goes on."""
    reader, folder = start_syslog(lab)
    for peer in lab.peers.values():
        peer.foreground = False
        peer.environment = {"HOLDFAST_SYSLOG": folder + "/log"}
    lab.up()
    holder, standby, _ = lab.settle()
    lines = wait_until(lambda: [line for line in messages(folder) if "event=holds" in line], 10,
                       "the election in rsyslogd's file")
    expect("epoch=" in lines[0] and "node=" in lines[0], f"no logfmt: {lines[0]}")
    freeze(reader)
    at = now_ms()
    let_pass(lab, 1)
    for _ in range(6):  # more lines than the kernel's queue and the ring take
        lab.net.isolate(standby.name)
        let_pass(lab, 2)
        lab.net.heal()
        lab.settle()
    expect_holding_since(holder, at)
    died = holder.kill()
    take_over(lab, died, standby, figures)
    reader.send_signal(signal.SIGCONT)
    wait_until(lambda: [line for line in messages(folder) if "event=" in line and
                        f"node={standby.name}" in line and "event=holds" in line], 10,
               "the takeover in rsyslogd's file")
    figures["lines"] = len(messages(folder))
    holder.start()
    lab.settle()
