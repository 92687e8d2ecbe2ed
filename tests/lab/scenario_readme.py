"""The README's commands for an installation by hand, run as they stand there, by a newcomer who
knows nothing else: on three machines made of a network namespace and private file systems."""
import os
import re
import select
import signal
import subprocess

from .dns import NAME
from .lab import ROOT, SERVE
from .net import address
from .story import expect, scenario
from .world import CLONE_NEWNET, LIBC, now_ms, wait_until

COMMANDS_MAX = 10
DONE = "__done"
# What each machine has for itself; the rest of the file system is shared and only read.
PRIVATE = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs {folder}
for place in etc usr var; do
    mkdir -p {folder}/$place/upper {folder}/$place/work
    mount -t overlay overlay -o \
lowerdir=/$place,upperdir={folder}/$place/upper,workdir={folder}/$place/work /$place
done
mount -t tmpfs tmpfs /run
export EDITOR={editor} PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set +e
"""
EDIT = """#!/usr/bin/python3
# What the newcomer types into the editor: the addresses, the keys, the name server, the secret.
import re, sys
config, secret = sys.argv[1:3]
public = {public!r}
addresses = {addresses!r}
serve = {serve!r}
section, lines = "", []
for line in open(config):
    found = re.match(r"\\[(\\w+) ([^\\]]+)\\]", line)
    section = found.group(2) if found else "" if line.startswith("[") else section
    for key, values in (("address", addresses), ("public-key", public), ("serve", serve)):
        if re.match(key + r"\\s*=", line) and section in values:
            line = key + " = " + values[section] + "\\n"
    if re.match(r"server\\s*=", line):
        line = "server = {server}\\n"
    lines.append(line)
open(config, "w").writelines(lines)
open(secret, "w").write({secret!r} + "\\n")
"""


def install_commands():
    """The commands of README.md's block "sh install": one per line, continued lines joined."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        match = re.search(r"```sh install\n(.*?)```", file.read(), re.DOTALL)
    expect(match, 'README.md has no block "```sh install"')
    script = re.sub(r"\\\n\s*", " ", match.group(1))
    return [line.strip() for line in script.splitlines()
            if line.strip() and not line.strip().startswith("#")]


class Machine:
    """A root shell in a network namespace with file systems of its own."""

    def __init__(self, lab, host, name, editor):
        self.lab, self.name = lab, name
        netns = os.open(f"/run/netns/{lab.net.names[host]}", os.O_RDONLY | os.O_CLOEXEC)
        self.shell = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
            preexec_fn=lambda: LIBC.setns(netns, CLONE_NEWNET), start_new_session=True)
        os.close(netns)
        lab.world.processes.append(self.shell)
        self.text = b""
        folder = lab.world.path("machine-" + host)
        os.makedirs(folder)
        self.run(PRIVATE.format(folder=folder, editor=editor))

    def run(self, command, limit_s=120):
        """Types a command; its output. A command that fails is a fault."""
        start = len(self.text)
        self.shell.stdin.write(f"{command}\necho {DONE} $?\n".encode())
        self.shell.stdin.flush()
        end = now_ms() + limit_s * 1000
        while True:
            output = self.text[start:].decode(errors="replace")
            match = re.search(rf"{DONE} (\d+)\n", output)
            if match:
                output = output[:match.start()]
                expect(match.group(1) == "0", f"{self.name}: {command}: exit "
                       f"{match.group(1)}: {output[-1500:]}")
                return output
            left = (end - now_ms()) / 1000
            expect(left > 0, f"{self.name}: {command}: not done in {limit_s} s: {output[-500:]}")
            if select.select([self.shell.stdout], [], [], left)[0]:
                part = os.read(self.shell.stdout.fileno(), 65536)
                expect(part, f"{self.name}: the shell ended: {output[-1500:]}")
                self.text += part

    def close(self):
        """Ends the shell and, with it, everything in its process namespace."""
        self.shell.stdin.close()
        os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.wait()
        self.lab.world.processes.remove(self.shell)


def write_editor(lab, path, public, addresses):
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write(EDIT.format(public=public, addresses=addresses, serve=SERVE,
                               server=address("dns"), secret=lab.dns.secret))


@scenario("readme", "readme", start=False, no_holder=True, exec_log=False, alone=True, long=3)
def readme(lab, figures):
    """The README's commands install three machines by hand, and they elect a holder."""
    listed = install_commands()
    figures["commands"] = len(listed)
    expect(len(listed) <= COMMANDS_MAX, f"{len(listed)} commands, at most {COMMANDS_MAX}")
    edits = [index for index, line in enumerate(listed) if "EDITOR" in line]
    expect(edits, "no command opens the editor")
    lab.dns.start()
    editor = lab.world.path("editor")
    hosts = {"server1": "server1", "server2": "server2", "witness": "cloud"}
    machines = {}
    try:
        public, addresses = {}, {}
        for host, name in hosts.items():
            machines[name] = Machine(lab, host, name, editor)
            if host == "witness":
                machines[name].run("export DAEMON=holdfast-witness")
            printed = "".join(machines[name].run(line) for line in listed[:edits[0]])
            keys = re.findall(r"[A-Za-z0-9+/]{43}=", printed)
            expect(keys, f"no public key was printed: {printed[-500:]}")
            public[name], addresses[name] = keys[-1], address(host)
        write_editor(lab, editor, public, addresses)
        for machine in machines.values():
            for line in listed[edits[0]:]:
                machine.run(line)
        at = now_ms()
        text = wait_until(lambda: status_with_holder(machines.values()), 60, "a holder")
        figures["holder_after_ms"] = round(now_ms() - at)
        figures["status"] = text.splitlines()[0][:70]
        wait_until(lambda: lab.address_now() in ([SERVE["server1"]], [SERVE["server2"]]), 30,
                   "the record to be written")
    finally:
        for machine in machines.values():
            machine.close()


def status_with_holder(machines):
    """The first `holdfast status` that shows a holder, or None."""
    for machine in machines:
        text = machine.run("holdfast status || true", 10)
        if re.search(r": (?!NOBODY)\S+ HOLDS", text):
            return text
    return None
