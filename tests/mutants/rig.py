"""The rig: reads the table, changes copies of proto/ files, compiles and links them.

The product is never touched: a mutated file is written into the build directory and compiled
from there, with proto/ as its include directory. Everything unchanged is compiled once.
"""

import os
import pathlib
import re
import shutil
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PROTO = ROOT / "proto"
SIM = ROOT / "tests" / "sim"

FLAGS = ["-std=c17", "-D_GNU_SOURCE", '-DHOLDFAST_VERSION="0"', "-fno-common", "-w"]
PACKAGES = ["libsodium", "msgpack", "libuv", "jansson", "inih", "ldns", "libcurl", "libxml-2.0"]
KEYS = {"origin", "rule", "kind", "file", "old", "new", "cover", "why", "checker", "how",
        "only", "world", "ignore", "test", "seed"}


class Stale(Exception):
    """The table and the code do not fit any more."""


class Row(dict):
    """One section of the table."""

    def __init__(self, name, where):
        super().__init__()
        self.name = name
        self.where = where

    def words(self, key):
        return [word for word in re.split(r"[,\s]+", self.get(key, "")) if word]

    @property
    def is_layer(self):
        return self.get("kind") == "layer"


def unescape(text):
    return text.replace("\\n", "\n")


def read_table(paths):
    """Sections of `key = value` lines, in order. Values are taken as they stand; \\n is a line."""
    rows = {}
    row = None
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.name}:{number}"
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("["):
                row = Row(line.strip("[]"), where)
                if row.name in rows:
                    raise Stale(f"{where}: {row.name} is there twice")
                rows[row.name] = row
                continue
            key, _, value = line.partition("=")
            if row is None or key.strip() not in KEYS or key.strip() in row:
                raise Stale(f"{where}: cannot read: {line}")
            row[key.strip()] = value.strip()
    return rows


def check_row(row, rows):
    """Everything that the runner relies on; raises Stale."""
    if "world" not in row:
        for key in ("file", "old", "new"):
            if key not in row:
                raise Stale(f"{row.where}: {row.name} has no `{key}`")
        apply(row["file"], [row])
    if "origin" not in row or "rule" not in row:
        raise Stale(f"{row.where}: {row.name} needs origin and rule")
    if not row.is_layer and not ("checker" in row and "how" in row):
        raise Stale(f"{row.where}: {row.name} needs checker and how")
    covers = row.words("cover")
    for name in covers:
        if name not in rows:
            raise Stale(f"{row.where}: {row.name}: no such cover: {name}")
    if covers and "why" not in row:
        raise Stale(f"{row.where}: {row.name} needs `why`")
    files = {row.get("file")} | {rows[name]["file"] for name in covers}
    for file in files - {None}:
        apply(file, [one for one in [row, *(rows[n] for n in covers)] if one["file"] == file])


def load_table():
    rows = read_table([HERE / "listed.txt", HERE / "own.txt"])
    for row in rows.values():
        check_row(row, rows)
    return rows


def apply(file, rows):
    """The text of proto/`file` with the replacements of `rows`; each old text exactly once."""
    path = PROTO / file
    if not path.is_file():
        raise Stale(f"{rows[0].where}: the table is stale: no proto/{file}")
    text = path.read_text()
    for row in rows:
        old, new = unescape(row["old"]), unescape(row["new"])
        found = text.count(old)
        if found != 1:
            raise Stale(f"{row.where}: the table is stale: {row.name}: the old text is "
                        f"{found} times in proto/{file}, not once")
        if old == new:
            raise Stale(f"{row.where}: {row.name} changes nothing")
        text = text.replace(old, new)
    return text


class CompileError(Exception):
    pass


def run_quiet(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def has_main(path):
    return re.search(r"^int main\(", path.read_text(), re.MULTILINE) is not None


def made_objects(folder):
    """Source -> object, of all that CMake has compiled in `folder`."""
    found = {}
    for target in sorted((pathlib.Path(folder).resolve() / "CMakeFiles").glob("*.dir")):
        for path in target.rglob("*.c.o"):
            found[str(path.relative_to(target)).removesuffix(".o")] = path
    return found


class Rig:
    """Objects of the unchanged code, and programs with changed files.

    made: a build directory of CMake; what is up to date there is not compiled again.
    """

    def __init__(self, build, made=None):
        self.build = pathlib.Path(build).resolve()
        (self.build / "base").mkdir(parents=True, exist_ok=True)
        self.cc = os.environ.get("CC", "cc")
        self.cflags = run_quiet(["pkg-config", "--cflags", *PACKAGES]).split()
        self.libs = ["-Wl,--as-needed"]
        self.libs += run_quiet(["pkg-config", "--libs", *PACKAGES]).split()
        self.headers = max(p.stat().st_mtime for folder in ("proto", "tests", "agent")
                           for p in (ROOT / folder).rglob("*.h"))
        self.proto_names = {path.name for path in PROTO.glob("*.c")}
        self.proto_flags = []
        self.shell_made = False
        self.made = made_objects(made) if made else {}
        self.lock = threading.Lock()

    def compile(self, source, target, level=("-O2",)):
        more = self.proto_flags if source.name in self.proto_names else []
        run_quiet([self.cc, *level, *FLAGS, *more, *self.cflags, "-iquote", PROTO, "-iquote",
                   ROOT, "-c", source, "-o", target])
        return target

    def base_object(self, source):
        """Compiled unless an up-to-date one is there."""
        path = str(source.relative_to(ROOT))
        target = self.build / "base" / (path.replace("/", "_") + ".o")
        newest = max(source.stat().st_mtime, self.headers)
        if path in self.made and self.made[path].stat().st_mtime > newest:
            return self.made[path]
        with self.lock:
            if not target.exists() or target.stat().st_mtime <= newest:
                self.compile(source, target)
        return target

    def proto_objects(self):
        return {path.name: self.base_object(path) for path in sorted(PROTO.glob("*.c"))}

    def shell(self):
        """The code around proto/ as an archive: the linker takes what a simulator needs of it."""
        target = self.build / "base" / "shell.a"
        if not self.shell_made:
            sources = [*(ROOT / "agent" / "peer").glob("*.c"),
                       *(ROOT / "agent" / "node").rglob("*.c")]
            objects = [self.base_object(path) for path in sorted(sources)]
            target.unlink(missing_ok=True)
            run_quiet(["ar", "rcs", target, *objects])
            self.shell_made = True
        return target

    def link(self, objects, target):
        run_quiet([self.cc, *map(str, objects), self.shell(), "-o", target, *self.libs])
        return target

    def folder(self, name):
        path = self.build / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def compile_changed(self, texts, folder):
        """texts: file name -> changed text. Returns the objects of all proto/ files."""
        objects = self.proto_objects()
        for file, text in texts.items():
            copy = folder / file
            copy.write_text(text)
            objects[file] = self.compile(copy, folder / (file + ".o"), ["-O1"])
        return list(objects.values())

    def program(self, sources, texts, folder, name):
        """A program of `sources` (unchanged files) and proto/ with the changed `texts`."""
        objects = self.compile_changed(texts, folder)
        objects += [self.base_object(source) for source in sources]
        return self.link(objects, folder / name)
