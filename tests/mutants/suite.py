"""The tests that a mutant of proto/ must not survive, cheapest first.

Everything is linked once against libproto.so, from the objects of a CMake build where there are
any; a mutant is one compiled file and one relinked library that the loader finds first.
"""

import os
import re
import subprocess
import time

import detector
import rig

# A walk past the end of an array must not pass for a survivor.
CHANGED = ["-O1", "-fsanitize=bounds-strict", "-fsanitize-undefined-trap-on-error"]
CPU_S = 20      # for one program; the unchanged code takes a fraction of it, on a busy machine too
LIMIT_S = 1200


class Suite:
    def __init__(self, build, made=None):
        self.rig = rig.Rig(build, made)
        self.rig.proto_flags = ["-fPIC"]
        self.build = self.rig.build
        self.objects = self.rig.proto_objects()
        self.library(self.objects.values(), self.build)
        self.stories = sorted((rig.ROOT / "tests" / "stories").glob("*.txt"))
        self.programs = {}
        self.build_all()
        self.seconds = {name: self.time(name) for name in self.programs if name != "detector"}

    def time(self, name):
        began = time.monotonic()
        self.run([self.programs[name]], self.build)
        return time.monotonic() - began

    def library(self, objects, folder):
        rig.run_quiet([self.rig.cc, "-shared", "-s", *map(str, objects), "-o",
                       folder / "libproto.so", *self.rig.libs])

    def link(self, name, sources):
        objects = [self.rig.base_object(source) for source in sources]
        target = self.build / name
        rig.run_quiet([self.rig.cc, "-s", *map(str, objects), self.rig.shell(), "-o", target,
                       "-L", self.build, "-lproto", *self.rig.libs])
        self.programs[name] = target

    def build_all(self):
        for source in sorted((rig.ROOT / "tests" / "unit").glob("*_test.c")):
            if not re.search(r'#include "(?:\.\./\.\./)?agent/', source.read_text()):
                self.link(source.stem, [source])
        self.link("detector", detector.sources())
        folder = rig.ROOT / "tests" / "stories"
        sim = [p for p in sorted(rig.SIM.glob("*.c")) if not rig.has_main(p)]
        self.link("story", sorted(folder.glob("*.c")) + sim)

    def order(self, file):
        """Names of the unit tests: those of this room first, the slow ones last."""
        stem = file.removesuffix(".c")
        units = [name for name in self.programs if name.endswith("_test")]
        return sorted(units, key=lambda name: (self.seconds[name] > 0.2,
                                               not name.startswith(stem), name))

    def run(self, command, folder):
        """None when it passed, else what happened."""
        env = dict(os.environ, LD_LIBRARY_PATH=str(folder))
        try:
            done = subprocess.run(["prlimit", f"--cpu={CPU_S}", "--core=0", *map(str, command)],
                                  cwd=rig.ROOT, env=env, check=False, timeout=LIMIT_S,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "endless"
        return None if done.returncode == 0 else "failed" if done.returncode > 0 else "crashed"

    def judge(self, file, folder, seeds):
        """Name of the first test that kills what lies in `folder`, or None."""
        for name in self.order(file):
            if self.run([self.programs[name]], folder):
                return name
        if self.run([self.programs["story"], *self.stories], folder):
            return "stories"
        if seeds and self.run(detector.command(self.programs["detector"], 1, seeds, []), folder):
            return "swarm"
        return None

    def try_mutant(self, mutant, folder, seeds):
        """'compile' when it does not, the killer's name, or None for a survivor."""
        copy = folder / mutant.file
        copy.write_text(mutant.text)
        try:
            changed = self.rig.compile(copy, folder / "changed.o", CHANGED)
            objects = {**self.objects, mutant.file: changed}
            self.library(objects.values(), folder)
        except rig.CompileError:
            return "compile"
        return self.judge(mutant.file, folder, seeds)
