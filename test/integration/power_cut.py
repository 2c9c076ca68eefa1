#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""power_cut.py DISK CARD_STATE CARD_LOG ANSWER OUT COMMAND [ARGUMENT ...]

Runs COMMAND, and whenever it syncs a file below DISK, takes pictures of what DISK would hold if the power failed
right before that, if its disk had written of what was not synced yet

  none      nothing: neither bytes nor names
  all       everything, as after kill -9
  names     what was created, renamed and removed, but no bytes: the files that were not synced are empty or old
  contents  the bytes, but no names

Each that differs from all others is a directory OUT/NUMBER-KIND: `disk`; the card's state as it is at that moment; in
`generated`, how many keys it has made by then; the file ANSWER, if it is there by then; in `where`, what was synced.

With STOP=NUMBER in its environment it takes one picture only, at that sync: "none", as OUT/cut. Then it kills COMMAND, and
its exit code is 137; or COMMAND's, where that does not sync as often.

A file's fsync() makes its bytes durable, and a directory's its names, as POSIX has it; that some file systems do more
is not relied on.
"""
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading


class Disk:
    """What is there, and what of it is durable."""

    def __init__(self, root):
        self.root = root
        self.contents = {}  # inode -> bytes
        self.names = {}  # a directory's inode -> { name: (inode, mode) }
        for path, _, files in os.walk(root):
            self.synced(path)
            for name in files:
                self.synced(os.path.join(path, name))

    def synced(self, path):
        if os.path.isdir(path):
            inode, names = os.stat(path).st_ino, list_directory(path)
            for parent in [parent for parent in self.names if parent != inode and has_moved(self.names[parent], names)]:
                self.names[parent] = list_directory(self.path_of(parent))
            self.names[inode] = names
        elif os.path.exists(path):  # or else it has no name any more
            self.contents[os.stat(path).st_ino] = read(path)

    def path_of(self, inode):
        return next(path for path, _, _ in os.walk(self.root) if os.stat(path).st_ino == inode)

    def picture(self, names, contents):
        """{ path: (mode, bytes or None for a directory) }, with the names and contents that have come through."""
        found = {}

        def add(inode, path):
            for name, (child, mode) in sorted(names.get(inode, {}).items()):
                below = os.path.join(path, name)
                found[below] = (mode, None if stat.S_ISDIR(mode) else contents.get(child, b""))
                if stat.S_ISDIR(mode):
                    add(child, below)

        add(os.stat(self.root).st_ino, "")
        return found

    def pictures(self):
        names, contents = {}, dict(self.contents)
        for path, _, files in os.walk(self.root):
            names[os.stat(path).st_ino] = list_directory(path)
            for name in files:
                contents[os.stat(os.path.join(path, name)).st_ino] = read(os.path.join(path, name))
        yield "none", self.picture(self.names, self.contents)
        yield "all", self.picture(names, contents)
        yield "names", self.picture(names, self.contents)
        yield "contents", self.picture(self.names, contents)


def has_moved(names, others):
    """Whether one of the directories in `names` is in `others` now: it is never in both, and never in neither."""
    directories = {inode for inode, mode in names.values() if stat.S_ISDIR(mode)}
    return any(inode in directories for inode, _ in others.values())


def list_directory(path):
    """Without SQLite's index of the log, which it makes anew after a crash."""
    return {entry.name: (entry.inode(), entry.stat(follow_symlinks=False).st_mode) for entry in os.scandir(path)
            if not entry.name.endswith("-shm")}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_picture(picture, directory):
    for path, (mode, contents) in picture.items():
        path = os.path.join(directory, path)
        if contents is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as file:
                file.write(contents)
        os.chmod(path, stat.S_IMODE(mode))


class Recorder:
    def __init__(self, disk, card_state, card_log, answer, out):
        self.disk, self.card_state, self.card_log, self.answer, self.out = Disk(disk), card_state, card_log, answer, out
        self.seen = set()
        self.stop = int(os.environ.get("STOP", "0"))
        self.process, self.started = None, threading.Event()

    def generated(self):
        if not os.path.exists(self.card_log):
            return 0
        return sum(b'"ins":"47"' in line and b'"sw":"9000"' in line for line in read(self.card_log).splitlines())

    def take(self, where):
        for kind, picture in self.disk.pictures():
            if self.stop > 0:
                self.count_down(where, picture)
                return
            told = sorted(item for item in picture.items() if "/locks" not in item[0])
            digest = hashlib.sha256(repr((told, self.generated())).encode()).digest()
            if digest in self.seen:
                continue
            self.seen.add(digest)
            self.write(f"{len(self.seen):03}-{kind}", where, picture)

    def write(self, name, where, picture):
        point = os.path.join(self.out, name)
        os.makedirs(os.path.join(point, "disk"))
        write_picture(picture, os.path.join(point, "disk"))
        for path in (self.card_state, self.answer):
            if os.path.exists(path):
                shutil.copy(path, point)
        for name, text in (("where", where), ("generated", str(self.generated()))):
            with open(os.path.join(point, name), "w", encoding="utf-8") as file:
                file.write(text + "\n")

    def count_down(self, where, picture):
        self.stop -= 1
        if self.stop == 0:
            self.write("cut", where, picture)
            self.started.wait()
            os.killpg(self.process.pid, signal.SIGKILL)

    def serve(self, listener):
        while True:
            connection = listener.accept()[0]
            with connection, connection.makefile("r", encoding="utf-8") as lines:
                path = lines.readline().rstrip("\n")
                self.take(path)
                connection.sendall(b".")
                if lines.readline() == "synced\n":
                    self.disk.synced(path)
                connection.sendall(b".")


def main():
    disk, card_state, card_log, answer, out, *command = sys.argv[1:]
    address = os.path.join(out, "socket")
    os.makedirs(out)
    recorder = Recorder(disk, card_state, card_log, answer, out)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        threading.Thread(target=recorder.serve, args=(listener,), daemon=True).start()
        environment = dict(os.environ, POWER_CUT_DISK=disk, POWER_CUT_SOCKET=address,
                           LD_PRELOAD=os.environ["POWER_CUT"])
        with subprocess.Popen(command, env=environment, start_new_session=True) as process:
            recorder.process = process
            recorder.started.set()
            code = process.wait()
    os.unlink(address)
    return code if code >= 0 else 128 - code


sys.exit(main())
