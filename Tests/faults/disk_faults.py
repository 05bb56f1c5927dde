"""Runs on a disk that is full, that fails, or that may not be written.

    python3 Tests/faults/disk_faults.py full | error [--every N] | readonly

`full` mounts a small tmpfs (root only). `error` lets every single write, flush or rename of a run fail once with EIO
and once with ENOSPC, and all later ones with it. Each time the run must say what failed and end with the code for
outputs that cannot be written, the old snapshot must verify, and the next run must give the bytes of a run from nothing.
"""
import argparse
import errno
import os
import pathlib
import subprocess
import sys
import tempfile

import changing_site as changing

CANNOT_WRITE = 73


def checked(runner, code, said, where):
    if code != CANNOT_WRITE or "mend:" not in said:
        sys.exit(f"{where}: the run ended with {code} and said: {said}")
    runner.check()


def full(site, folder):
    disk = pathlib.Path(folder) / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], capture_output=True).returncode:
        print("skipped: mounting a small disk is not permitted here")
        return
    try:
        runner = changing.Runner(disk, site.url)
        code, said = runner.index()
        assert code == 0, f"the first run ended with {code}: {said}"
        first = runner.check()
        for size in ("6m", "7m", "8m"):
            subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
            site.change()
            ballast = disk / "ballast"
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            ballast.write_bytes(b"\1" * max(0, free - 200_000))
            code, said = runner.index()
            checked(runner, code, said, f"a disk of {size} with 200 kB left")
            assert runner.check() == first, "the current snapshot is another one"
            assert "No space left" in said, said
            ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        code, said = runner.index()
        assert code == 0, f"with room again the run ended with {code}: {said}"
        runner.check()
        assert runner.bytes() == changing.from_nothing(folder + "/nothing", site.url)
        assert runner.leftovers() == [], runner.leftovers()
        changing.report(full="said so, and went on when there was room")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def error(site, folder, every):
    shim = changing.build_shim(folder)
    if shim is None:
        print("skipped: there is no C compiler")
        return
    runner = changing.Runner(folder + "/run", site.url, keep=1)
    code, said = runner.index()
    assert code == 0, said
    faults, at, tolerated = 0, 1, 0
    while True:
        site.change()
        reached = False
        for number, sticky in ((errno.EIO, False), (errno.ENOSPC, True)):
            environment = {
                "LD_PRELOAD": str(shim), "ACERVO_FAULTS_ROOT": str(runner.folder.resolve()),
                "ACERVO_FAULTS_AT": str(at), "ACERVO_FAULTS_ERROR": str(number)}
            if sticky:
                environment["ACERVO_FAULTS_STICKY"] = "1"
            code, said = runner.index(environment)
            where = f"call {at} fails with {errno.errorcode[number]}"
            if code in (0, 3):
                # Beyond the last call; or what failed was the removal of something old, which the next run repeats.
                runner.check()
                tolerated += 1
            else:
                reached = True
                checked(runner, code, said, where)
                assert os.strerror(number) in said, f"{where}: {said}"
            faults += 1
        code, said = runner.index()
        assert code in (0, 3), f"after a fault of call {at} the next run ended with {code}: {said}"
        runner.check()
        if runner.bytes() != changing.from_nothing(folder + "/nothing", site.url):
            sys.exit(f"after a fault of call {at} the next run gave another snapshot than one from nothing")
        assert runner.leftovers() == [], runner.leftovers()
        if not reached and tolerated > 12:
            break
        if reached:
            tolerated = 0
        at += every
    changing.report(faults=faults, calls=at)


def readonly(site, folder):
    runner = changing.Runner(folder + "/run", site.url)
    code, said = runner.index()
    assert code == 0, said
    mounted = False
    try:
        if os.geteuid() == 0:
            bind = ["mount", "--bind", str(runner.folder), str(runner.folder)]
            if subprocess.run(bind, capture_output=True).returncode:
                print("skipped: a read-only mount is not permitted here, and root may write everywhere")
                return
            mounted = True
            subprocess.run(["mount", "-o", "remount,ro,bind", str(runner.folder)], check=True)
        else:
            os.chmod(runner.collection, 0o500)
        site.change()
        code, said = runner.index()
        checked(runner, code, said, "a read-only folder")
    finally:
        if mounted:
            subprocess.run(["umount", str(runner.folder)], check=True)
        elif os.geteuid():
            os.chmod(runner.collection, 0o700)
    code, said = runner.index()
    assert code == 0, f"writable again, the run ended with {code}: {said}"
    changing.report(readonly="said so, and went on when it was writable")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["full", "error", "readonly"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    site = changing.ChangingSite(12, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "full":
            full(site, folder)
        elif options.what == "error":
            error(site, folder, options.every)
        else:
            readonly(site, folder)


if __name__ == "__main__":
    main()
