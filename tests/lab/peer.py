"""peer — one real daemon of the laboratory: started, asked, stopped, killed, frozen."""
import json
import os
import signal
import socket
import subprocess
import time

from .world import freeze, now_ms, wait_until


def cpu_ms_of(pid):
    """CPU used so far by all threads, user and system; exact where the kernel counts ns."""
    try:
        folder = f"/proc/{pid}/task"
        total = 0
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e6
    except FileNotFoundError:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Tail:
    """Reads a growing file of JSON lines, also across its rotation to the older generation."""

    def __init__(self, path, older):
        self.path, self.older = path, older
        self.file, self.rest, self.items = None, b"", []

    def take(self):
        data = self.file.read()
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            try:
                self.items.append(json.loads(line))
            except ValueError:
                self.items.append({"event": "unreadable", "line": line.decode("latin-1")})

    def read(self):
        """All objects so far."""
        if self.file is None and os.path.exists(self.path):
            self.file = open(self.path, "rb")
        if self.file is None:
            return self.items
        self.take()
        try:
            moved = os.stat(self.path).st_ino != os.fstat(self.file.fileno()).st_ino
        except FileNotFoundError:
            moved = False
        if moved:
            self.take()
            self.file.close()
            self.file, self.rest = open(self.path, "rb"), b""
            self.take()
        return self.items


class Peer:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.namespace = lab.net.names[name]
        self.witness = name == "witness"
        self.program = os.path.join(lab.bin, "holdfast-witness" if self.witness else "holdfastd")
        self.folder = lab.world.path(name)
        self.state_dir = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "sock")
        self.key = os.path.join(self.folder, "key")
        self.log = os.path.join(self.folder, "log")
        os.makedirs(self.state_dir, mode=0o700)
        self.process, self.started_at = None, 0
        self.deaths = []  # BOOTTIME of each SIGKILL
        self.extra = []   # more options
        self.environment = {}
        self.before = []  # what starts the program
        self.turns = os.path.join(self.folder, "turns")
        self.foreground = True
        self.tail = Tail(self.state_dir + "/events.jsonl", self.state_dir + "/events.1.jsonl")

    def command(self):
        return self.before + [self.program] + (["--foreground"] if self.foreground else []) + [
            "--config", self.lab.config, "--key", self.key, "--state-dir", self.state_dir,
            "--socket", self.socket] + self.extra

    def start(self):
        self.started_at = now_ms()
        self.process = self.lab.world.spawn(self.namespace, self.command(), self.log,
                                            self.environment)

    def has_begun(self):
        """Has this process said that it is there? (Before, a signal ends it like any other.)"""
        return any(event["boottime_ms"] >= self.started_at for event in self.events("start"))

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL. Returns the instant before it."""
        at = now_ms()
        self.process.kill()
        self.deaths.append(now_ms())
        self.process.wait()
        self.lab.world.processes.remove(self.process)
        self.process = None
        return at

    def term(self, limit_s=10):
        """SIGTERM and wait; the exit code."""
        self.process.terminate()
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not stop within {limit_s} s of SIGTERM")
        self.lab.world.processes.remove(self.process)
        self.process = None
        return code

    def freeze(self):
        """Returns the instant before it."""
        return freeze(self.process)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        return now_ms()

    def request(self, command, limit_s=5, **arguments):
        """Asks over the control socket; the whole reply, or None when nobody answers."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(limit_s)
            data = b""
            try:
                line.connect(self.socket)
                line.sendall(json.dumps({"v": 1, "command": command, **arguments}).encode()
                             + b"\n")
                while not data.endswith(b"\n"):
                    part = line.recv(65536)
                    if not part:
                        break
                    data += part
                return json.loads(data)
            except (OSError, ValueError):
                return None

    def status(self, limit_s=5):
        reply = self.request("status", limit_s)
        return reply.get("result") if reply else None

    def cli(self, *arguments, limit_s=30):
        """Runs `holdfast --socket ... ARGUMENTS`; (exit code, output)."""
        done = subprocess.run([os.path.join(self.lab.bin, "holdfast"), "--socket", self.socket,
                               "--config", self.lab.config, *arguments], text=True,
                              capture_output=True, timeout=limit_s, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def events(self, kind=None):
        return [event for event in self.tail.read() if kind in (None, event.get("event"))]

    def wait_event(self, kind, since=0, limit_s=10, **fields):
        """The first event of this kind after the instant `since` with these fields."""

        def find():
            for event in self.events(kind):
                if event.get("boottime_ms", 0) >= since and all(
                        event.get(key) == value for key, value in fields.items()):
                    return event
            return None

        return wait_until(find, limit_s, f"{self.name}: event {kind} {fields or ''}", 0.005)

    def wait_standing(self, standing, since=0, limit_s=10):
        """The standing event whose effect began at or after `since`, or that is in force."""

        def find():
            found = self.events("standing")
            for event in found:
                if event["standing"] == standing and event["effective_boottime_ms"] >= since:
                    return event
            return None

        return wait_until(find, limit_s, f"{self.name} to be {standing}", 0.005)

    def meter(self, library):
        """From its next start the longest turn of its loop is kept. (Not with the sanitizers.)"""
        self.environment |= {"LD_PRELOAD": library, "HOLDFAST_TURNS": self.turns}

    def longest_turn_ms(self):
        """What the meter saw so far: the longest that the loop stood, and computed in it."""
        with open(self.turns, encoding="ascii") as file:
            return tuple(float(word) for word in file.read().split())

    def cpu_ms(self):
        return cpu_ms_of(self.pid)

    def memory_kb(self, *keys):
        """Sum of these lines of smaps_rollup, in KiB."""
        total = 0
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.split(":")[0] in keys:
                    total += int(line.split()[1])
        return total

    def private_kb(self):
        return self.memory_kb("Private_Clean", "Private_Dirty")

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_answering(self, limit_s=10):
        """Until the control socket answers; a daemon that ended is an error at once."""

        def ask():
            if not self.alive():
                time.sleep(0.05)
                code = self.process.returncode if self.process else None
                raise AssertionError(f"{self.name} ended with {code}: {self.log_text()[-800:]}")
            return self.status(1)

        return wait_until(ask, limit_s, f"{self.name} to answer on its control socket")
