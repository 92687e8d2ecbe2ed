"""Mutants from a finished build: one file is compiled, the rest comes from the build's libraries.

The linker takes a symbol from the changed object first and leaves the library's member of the same
file alone. So a mutant costs one short compilation and one link.
"""

import os
import pathlib
import shutil

import rig

LIBRARIES = ["libsim.a", "libworld.a", "libnode.a", "libpeer.a", "libproto.a"]


class Prebuilt:
    """A build directory of CMake, and programs beside it with changed files."""

    def __init__(self, build, work):
        self.build = pathlib.Path(build).resolve()
        self.work = pathlib.Path(work).resolve()
        missing = [name for name in LIBRARIES if not (self.build / name).exists()]
        if missing:
            raise rig.CompileError(f"{self.build} has no {', '.join(missing)}: build it first "
                                   f"(cmake -S . -B {build} && cmake --build {build})")
        self.cc = os.environ.get("CC", "cc")
        self.cflags = rig.run_quiet(["pkg-config", "--cflags", *rig.PACKAGES]).split()
        self.libs = rig.run_quiet(["pkg-config", "--libs", *rig.PACKAGES]).split()
        self.work.mkdir(parents=True, exist_ok=True)
        self.swarm = self.compile(rig.SIM / "swarm.c", self.work / "swarm.o")

    def compile(self, source, target):
        rig.run_quiet([self.cc, "-O1", *rig.FLAGS, *self.cflags, "-iquote", rig.PROTO, "-iquote",
                       rig.ROOT, "-iquote", rig.SIM, "-c", source, "-o", target])
        return target

    def program(self, name, rows):
        """The swarm with the replacements of `rows`."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        objects = [self.swarm]
        for file in sorted({row["file"] for row in rows}):
            copy = folder / file
            copy.write_text(rig.apply(file, [row for row in rows if row["file"] == file]))
            objects.append(self.compile(copy, folder / (file + ".o")))
        target = folder / "swarm"
        libraries = [self.build / name for name in LIBRARIES]
        rig.run_quiet([self.cc, *objects, *libraries, "-o", target, "-Wl,--as-needed",
                       *self.libs])
        return target

    def drop(self, name):
        """Its folder, which is large for what it says."""
        shutil.rmtree(self.work / name, ignore_errors=True)
