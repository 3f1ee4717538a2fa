"""What the benchmark scripts share: servers of their own, runs, medians."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PELTON = ROOT / "target/release/pelton"
RAW_DRAIN = ROOT / "target/release/raw-drain"
# Reading what it has kept takes a while.
REDIS_START_S = 60


def note(text):
    print(text, file=sys.stderr, flush=True)


def build(profile="release"):
    """The binaries that are measured, built if anything has changed."""
    global PELTON, RAW_DRAIN
    subprocess.run(["cargo", "build", "--profile", profile, "--workspace"], cwd=ROOT, check=True)
    PELTON, RAW_DRAIN = (ROOT / "target" / profile / name for name in ("pelton", "raw-drain"))


class Broker:
    """A broker of our own, with all it has in a folder."""

    script = ROOT / "scripts/kafka"

    def __init__(self):
        (ROOT / ".kafka").mkdir(exist_ok=True)
        self.folder, self.port = tempfile.mkdtemp(prefix="bench.", dir=ROOT / ".kafka"), 0

    def start(self):
        """Starts it, again at the same port if it has had one; its address."""
        command = [self.script, "start", "--port", str(self.port), "--dir", self.folder]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        address = out.split()[-1]
        self.port = int(address.rpartition(":")[2])
        return address

    def end(self):
        subprocess.run([self.script, "stop", "--dir", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def kafka(address):
    """The broker at `address`, or one of our own that ends with the block."""
    if address:
        yield address
        return
    broker = Broker()
    try:
        yield broker.start()
    finally:
        broker.end()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def redis(url):
    """Host and port of a Redis: of `url`, or of a server of our own that keeps nothing on disk."""
    if url:
        host, _, port = url.removeprefix("redis://").split("/")[0].rpartition(":")
        yield host, int(port)
        return
    port = free_port()
    server = start_redis(port, "--appendonly", "no")
    try:
        yield "127.0.0.1", port
    finally:
        server.terminate()
        server.wait()


def start_redis(port, *flags):
    """The process of a Redis that answers on the port."""
    if not shutil.which("redis-server"):
        sys.exit("redis-server is not on the PATH: install Redis, or give --redis redis://HOST:PORT")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", *flags]
    server, began = subprocess.Popen(command, stdout=subprocess.DEVNULL), time.monotonic()
    while server.poll() is None and time.monotonic() - began < REDIS_START_S:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(64).startswith(b"+PONG"):
                return server
        time.sleep(0.05)
    server.kill()
    server.wait()
    raise RuntimeError("redis-server has ended, or does not answer")


def redis_values(address, keys):
    """The values of all keys, by MGETs of 1,000."""
    keys = (key.encode() for key in keys)
    with socket.create_connection(address) as connection, connection.makefile("rwb") as stream:
        while part := list(itertools.islice(keys, 1000)):
            stream.write(b"*%d\r\n$4\r\nMGET\r\n" % (len(part) + 1))
            stream.writelines(b"$%d\r\n%s\r\n" % (len(key), key) for key in part)
            stream.flush()
            count = int(stream.readline()[1:])
            for _ in range(count):
                length = int(stream.readline()[1:])
                yield None if length < 0 else stream.read(length + 2)[:-2].decode()


def redis_clear(address):
    """Empties a server of our own."""
    with socket.create_connection(address) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        connection.recv(64)


def produce(broker, topic, kind, count, users, partitions, more=()):
    """Fills a new topic; event time runs at 1,000 events a second from a fixed instant."""
    command = [PELTON, "produce", "--kafka", broker, "--topic", topic, "--partitions", str(partitions)]
    subprocess.run([*command, *shape(kind, count, users), *more], check=True)


def shape(kind, count, users):
    """The flags that settle which events are generated."""
    return ["--kind", kind, "--count", str(count), "--users", str(users),
            "--start", "1760000000000", "--event-rate", "1000"]


def generated(kind, count, users, more=()):
    """The same events again, as lines; ones that are not JSON are left out."""
    command = [PELTON, "produce", "--to", "-", *shape(kind, count, users), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout:
            with contextlib.suppress(ValueError):
                yield json.loads(line)
    if process.returncode:
        sys.exit("pelton produce failed")


def parts(letters):
    """pipelines/user_events.sql with some of its parts: paragraphs under `-- a.` belong to part a, those
    under `-- c. d.` to either."""
    text = (ROOT / "pipelines/user_events.sql").read_text()
    kept, keep = [], True
    for line in text.splitlines(keepends=True):
        if heading := re.match(r"-- ((?:[a-i]\. )+)", line):
            keep = bool(set(heading[1]) & set(letters))
        elif re.match(r"EXECUTE|END;", line):
            keep = True
        if keep:
            kept.append(line)
    text = "".join(kept)
    if not {"c", "d"} <= set(letters):
        # GET /alerts shows both.
        text = re.sub(r"INSERT INTO recent_alerts\n.*?;\n", "", text, flags=re.S)
    return text


def topics(name):
    """The topics of pipelines/user_events.sql, each of a name of its own."""
    variables = ["METRICS", "ALERTS", "USER_PROFILES", "ENRICHED", "SESSIONS", "ATTRIBUTIONS"]
    return {f"{variable}_TOPIC": f"{name}_{variable.lower()}" for variable in variables}


def control(broker, topic, consumers, count):
    """The raw drain: the client library alone."""
    command = [RAW_DRAIN, "--kafka", broker, "--topic", topic, "--consumers", str(consumers), "--count", str(count)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def run_job(files, env, *flags):
    """Runs a job to its end; the summary is the last line of its standard error."""
    command = [PELTON, "run", *files, "--http", "off", "--state-dir", "off", *flags]
    done = subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = done.stderr.strip().splitlines()
    if done.returncode or not lines:
        sys.exit("the job failed:\n" + "\n".join(lines[-20:]))
    return json.loads(lines[-1]), done.stdout


class Job:
    """A job that runs until it is ended, asked over HTTP."""

    def __init__(self, file, *flags, env=None):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = tempfile.TemporaryFile("w+")
        self.began = time.time()
        command = [PELTON, "run", file, "--http", self.url.removeprefix("http://"), *flags]
        environment = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=self.log)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def until(self, ask, is_done, longest_s=300):
        """What `ask` gives, every 50 ms, with the time, until it satisfies."""
        while time.time() - self.began < longest_s and self.process.poll() is None:
            with contextlib.suppress(OSError):
                answer = ask()
                yield time.time(), answer
                if is_done(answer):
                    return
            time.sleep(0.05)
        self.end(signal.SIGKILL)
        self.log.seek(0)
        sys.exit("the job failed or took too long:\n" + self.log.read()[-3000:])

    def metrics(self):
        """Values by name and labels, and sums by name."""
        found = {}
        for line in self.get("/metrics").splitlines():
            if match := re.match(r"(\w+)(\{.*\})? (\S+)$", line):
                found[match[1] + (match[2] or "")] = float(match[3])
                if match[2]:
                    found[match[1]] = found.get(match[1], 0) + float(match[3])
        return found

    def end(self, with_signal):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait()


def median(values):
    return statistics.median(values)
