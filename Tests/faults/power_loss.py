"""Replays what a run writes, cut at every point, as a disk may hold it when the power fails there.

    python3 Tests/faults/power_loss.py [--every N] [--seed N] [--forget TEXT]

A first run publishes; of a second one every write, flush and rename is recorded. For each cut the folder is put
together anew three times, as file systems may leave it:

- `behind`: names and contents as of their last flush, nothing later;
- `names`: every name is there, contents as of their last flush, files that were never flushed empty;
- `mixed`: every name is there, and of what was written since a file's last flush any pages.

Each time `current` must verify, the next run must go on, and its snapshot must have the bytes of one from nothing.
"""
import argparse
import hashlib
import os
import pathlib
import random
import shutil
import sys
import tempfile

import changing_site as changing

PAGE = 4096


class Disk:
    """What a folder looks like to programs, and what of it a disk is known to have."""

    def __init__(self, folder):
        self.names = {}        # path -> ("file", inode) | ("link", text) | ("folder",)
        self.flushed_names = {}  # folder -> {path: entry} as of its last flush
        self.now = {}          # inode -> bytes
        self.flushed = {}      # inode -> bytes as of the last flush
        for path in sorted(pathlib.Path(folder).rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_symlink():
                self.names[name] = ("link", os.readlink(path))
            elif path.is_dir():
                self.names[name] = ("folder",)
            else:
                inode = path.stat().st_ino
                self.names[name] = ("file", inode)
                self.now[inode] = self.flushed[inode] = path.read_bytes()
        for name in ["."] + [name for name, entry in self.names.items() if entry == ("folder",)]:
            self.flush_names(name)

    def children(self, folder):
        return {name: entry for name, entry in self.names.items() if (os.path.dirname(name) or ".") == folder}

    def flush_names(self, folder):
        self.flushed_names[folder] = self.children(folder)

    def apply(self, what, inode, path, other, data):
        if what == "create":
            self.names[path] = ("file", inode)
            self.now[inode] = b""
            self.flushed.pop(inode, None)
        elif what in ("write", "sync"):
            self.now[inode] = data
            if what == "sync":
                self.flushed[inode] = data
        elif what == "syncdir":
            self.flush_names(path)
        elif what == "nothing":
            pass
        elif what == "mkdir":
            self.names[path] = ("folder",)
            self.flushed_names.setdefault(path, {})
        elif what == "symlink":
            self.names[path] = ("link", other)
        elif what in ("unlink", "rmdir"):
            self.names.pop(path, None)
        elif what == "rename":
            moved = {name: entry for name, entry in self.names.items() if name == path or name.startswith(path + "/")}
            for name in moved:
                del self.names[name]
            for name, entry in moved.items():
                self.names[other + name[len(path):]] = entry
            for folder in [folder for folder in self.flushed_names if folder == path or folder.startswith(path + "/")]:
                entries = self.flushed_names.pop(folder)
                self.flushed_names[other + folder[len(path):]] = {
                    other + name[len(path):]: entry for name, entry in entries.items()}
        else:
            raise ValueError(what)

    def left(self, how, chance):
        """What a disk may hold now, by name: None for a folder, a text for a link, bytes for a file."""
        names = self.behind() if how == "behind" else self.names
        return {name: None if entry[0] == "folder" else entry[1] if entry[0] == "link"
                else self.content(entry[1], how, chance) for name, entry in sorted(names.items())}

    def behind(self):
        """Names that can be reached over flushed folders alone."""
        found, waiting = {}, ["."]
        while waiting:
            for name, entry in self.flushed_names.get(waiting.pop(), {}).items():
                found[name] = entry
                if entry == ("folder",):
                    waiting.append(name)
        return found

    def content(self, inode, how, chance):
        old = self.flushed.get(inode, b"")
        if how != "mixed":
            return old
        new = self.now[inode]
        size = max(len(old), len(new)) if chance.random() < 0.5 else len(new)
        pages = []
        for start in range(0, size, PAGE):
            source = new if chance.random() < 0.5 else old
            pages.append(source[start:start + PAGE].ljust(min(PAGE, size - start), b"\0"))
        return b"".join(pages)


def lay_out(folder, left):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, content in left.items():
        path = pathlib.Path(folder) / name
        if content is None:
            path.mkdir(exist_ok=True)
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="cut at every so manieth event only")
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forget", help="pretend that flushes of paths with this text never happened: must fail")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    site = changing.ChangingSite(options.pages, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        shim = changing.build_shim(folder)
        if shim is None:
            print("skipped: there is no C compiler")
            return
        runner = changing.Runner(folder + "/run", site.url, keep=1)
        code, said = runner.index()
        assert code == 0, said
        site.change()
        wanted = changing.from_nothing(folder + "/nothing", site.url)
        disk = Disk(runner.folder)
        record = pathlib.Path(folder) / "record"
        record.mkdir()
        code, said = runner.index({
            "LD_PRELOAD": str(shim), "ACERVO_FAULTS_ROOT": str(runner.folder.resolve()),
            "ACERVO_FAULTS_LOG": str(record)})
        assert code == 0, f"the recorded run ended with {code}: {said}"
        events = [line.rstrip("\n").split("\t") for line in (record / "events.tsv").open()]
        for needed in ("sync", "syncdir", "rename", "symlink", "create"):
            assert any(event[1] == needed for event in events), f"no {needed} was recorded: {events}"
        replayed = changing.Runner(folder + "/replayed", site.url, keep=1)
        cuts, tried = 0, set()
        for place, (number, what, inode, path, other) in enumerate(events):
            if place % options.every == 0 or what in ("rename", "symlink", "syncdir"):
                for how in ("behind", "names", "mixed"):
                    left = disk.left(how, chance)
                    mark = hashlib.sha256(repr(list(left.items())).encode()).digest()
                    if mark in tried:
                        continue
                    tried.add(mark)
                    cuts += 1
                    lay_out(replayed.folder, left)
                    where = f"before event {place + 1} of {len(events)} ({what} {path} {other}), {how}"
                    try:
                        assert replayed.check() is not None, "there is no current snapshot any more"
                    except AssertionError as error:
                        sys.exit(f"{where}: {error}")
                    code, said = replayed.index()
                    if code not in (0, 3):
                        sys.exit(f"{where}: the next run ended with {code}: {said}")
                    if replayed.bytes() != wanted:
                        sys.exit(f"{where}: the next run gave another snapshot than one from nothing")
            if options.forget and options.forget in path and what in ("sync", "syncdir"):
                what = "write" if what == "sync" else "nothing"
            data = record / f"{number}.data"
            disk.apply(what, int(inode), path, other, data.read_bytes() if data.exists() else b"")
    changing.report(events=len(events), cuts=cuts)


if __name__ == "__main__":
    main()
