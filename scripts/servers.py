"""The servers and the disk of scripts/chaos: what can be killed, and filled."""

import collections
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import bench

# The addresses of a Kafka and a Redis, and what can be killed of them: None of servers that were given.
Servers = collections.namedtuple("Servers", "kafka broker redis redis_server")


class Broker(bench.Broker):
    """One that can be killed."""

    def kill(self):
        pid_file = pathlib.Path(self.folder) / "pid"
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGKILL)
        stat = pathlib.Path(f"/proc/{pid}/stat")
        with contextlib.suppress(OSError):
            while stat.read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
        # Its first thread is gone; the port is free when the last one is.
        with contextlib.suppress(OSError):
            while True:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                time.sleep(0.05)
        pid_file.unlink()


class Redis:
    """One that can be killed and keeps what it has acknowledged."""

    def __init__(self, folder):
        self.port, self.process = bench.free_port(), None
        self.flags = ["--appendonly", "yes", "--appendfsync", "always", "--dir", folder]

    def start(self):
        self.process = bench.start_redis(self.port, *self.flags)

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def killable_redis():
    with tempfile.TemporaryDirectory(prefix="chaos-redis.") as folder:
        server = Redis(folder)
        server.start()
        try:
            yield ("127.0.0.1", server.port), server
        finally:
            server.kill()


@contextlib.contextmanager
def given_redis(url):
    with bench.redis(url) as address:
        yield address, None


@contextlib.contextmanager
def small_disk(folder):
    """A file system of its own, that can be filled, where this user may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "pelton-chaos", folder]
    may = shutil.which("mount") and os.geteuid() == 0
    mounted = may and subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=False)


@contextlib.contextmanager
def killable_kafka():
    broker = Broker()
    try:
        yield broker.start(), broker
    finally:
        broker.end()


@contextlib.contextmanager
def given_kafka(address):
    with bench.kafka(address) as kafka:
        yield kafka, None
