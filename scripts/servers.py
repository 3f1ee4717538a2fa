"""The servers and the disk of scripts/chaos: what can be killed, and filled."""

import collections
import contextlib
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
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


class Reached(http.server.ThreadingHTTPServer):
    """By a client that may be killed at any moment."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Receiver:
    """What a webhook goes to: keeps the bodies of each id, refuses now and then, or loses its answer."""

    def __init__(self, seed):
        self.random, self.seen = random.Random(seed), collections.defaultdict(set)
        self.server = Reached(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out in two writes.
            disable_nagle_algorithm = True

            def do_POST(self):
                body, chance = self.rfile.read(int(self.headers["content-length"])), receiver.random.random()
                refused = chance < 0.01
                if not refused:
                    receiver.seen[self.headers["idempotency-key"]].add(body)
                self.close_connection = 0.01 <= chance < 0.02
                if not self.close_connection:
                    self.send_response(503 if refused else 200)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def bodies(self):
        """Those of each id."""
        return {id: {json.dumps(json.loads(body), sort_keys=True) for body in bodies}
                for id, bodies in self.seen.items()}

    def end(self):
        self.server.shutdown()
        self.server.server_close()


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
