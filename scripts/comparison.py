"""What the job of scripts/chaos has to come to, by brute force, and what it has come to."""

import bisect
import collections
import contextlib
import json
import socket
import subprocess
import time

import bench


def compare_parts(found, expected):
    """Parts c, d, e, g and h of the job."""
    def rows(part):
        return [row for row in found[part] if row.get("user_id") != "flush"]

    enriched = collections.Counter(
        (row["user_id"], row["event_type"], int(row["timestamp"] * 1000))
        for row in rows("enriched") if row["segment"] is not None)
    differences = differing("enriched", enriched, expected.copies)
    sessions = collections.Counter({row["user_id"]: row["events"] for row in rows("sessions")})
    differences += differing("sessions", sessions, expected.users)
    attributed = collections.Counter((row["user_id"], row["product_id"]) for row in rows("attributions"))
    differences += differing("attributions", attributed, expected.attributed)
    alerts = collections.defaultdict(set)
    for row in found["alerts"]:
        alerts[row["id"]].add(json.dumps(row, sort_keys=True))
    differences += [f"alert {id} has {len(forms)} forms" for id, forms in alerts.items() if len(forms) > 1]
    rates = collections.Counter(id for id in alerts if id.startswith("high_frequency"))
    differences += differing("rate alerts", rates, expected.rates)
    patterns = collections.Counter(id.split(":")[1] for id in alerts if id.startswith("pattern"))
    patterns.pop("flush", None)
    return differences + differing("pattern alerts", patterns, expected.patterns)


class Expected:
    """The brute force."""

    def __init__(self, sent):
        self.copies, self.stats, self.windows = collections.Counter(), collections.Counter(), collections.Counter()
        counts = collections.Counter()
        self.total = 0
        self.purchases = collections.Counter()
        for line in sent.read_text().splitlines():
            event = json.loads(line)
            user, kind, ms = event["user_id"], event["event_type"], int(event["timestamp"] * 1000)
            self.total += 1
            self.copies[user, kind, ms] += 1
            self.stats[user, kind] += 1
            if kind == "purchase":
                self.purchases[user, ms] += 1
            first = ms // 10_000 * 10
            for end in range(first + 10, first + 310, 10):
                counts[kind, end] += 1
        for (kind, end), count in counts.items():
            self.windows[kind, end, count] += 1
        self.users, self.attributed = collections.Counter(), collections.Counter()
        self.rates, self.patterns = collections.Counter(), collections.Counter()
        of_users = collections.defaultdict(list)
        for line in sent.read_text().splitlines():
            event = json.loads(line)
            of_users[event["user_id"]].append(
                (int(event["timestamp"] * 1000), event["event_type"], event["product_id"]))
        for user, events in of_users.items():
            self.of_user(user, events)

    def of_user(self, user, events):
        self.users[user] = len(events)
        times = []
        for ms, _, _ in events:
            bisect.insort(times, ms)
            count = bisect.bisect_right(times, ms) - bisect.bisect_left(times, ms - 60_000)
            if count > 100:
                severity = "critical" if count > 1000 else "error" if count > 300 else "warning"
                minute = time.strftime("%Y-%m-%d %H:%M", time.gmtime(ms // 1000))
                self.rates[f"high_frequency:{user}:{severity}:{minute}"] = 1
        at = 0
        while at + 3 <= len(events):
            (first, kind, _), (second, b, _), (third, c, _) = events[at:at + 3]
            found = kind == b == c and second - first <= 60_000 and third - first <= 60_000
            self.patterns[user] += found
            at += 3 if found else 1
        clicks = collections.defaultdict(list)
        for ms, kind, product in events:
            if kind == "click" and product:
                bisect.insort(clicks[product], ms)
        for ms, kind, product in events:
            if kind == "purchase" and product:
                self.attributed[user, product] += bisect.bisect_right(clicks[product], ms)


def differing(what, found, wanted):
    keys = [key for key in found.keys() | wanted.keys() if found.get(key, 0) != wanted.get(key, 0)]
    return [f"{what} {key}: {found.get(key, 0)} instead of {wanted.get(key, 0)}" for key in keys]


def read_committed(kafka, names):
    """All records of topics, by Kafka's own reader."""
    command = ["java", "-cp", f"{bench.ROOT}/.kafka/libs/*", bench.ROOT / "tools/ReadCommitted.java", kafka, *names]
    records = {name: [] for name in names}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        for line in reader.stdout:
            name, _, value = line.partition("\t")
            records[name].append(json.loads(value))
        said = reader.stderr.read()
    if reader.returncode != 0:
        raise RuntimeError(f"the reader of {', '.join(names)} failed: {said}")
    return records


def redis_parts(address, *words):
    """The texts that a command is answered by; none of a server that is killed meanwhile or loads its data."""
    # Half an answer is none, either.
    given_up = contextlib.suppress(OSError, ValueError)
    with given_up, socket.create_connection(address, timeout=5) as connection:
        with connection.makefile("rwb") as stream:
            command = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
            stream.write(b"*%d\r\n%s" % (len(words), command))
            stream.flush()
            parts, answer = [], stream.readline()
            if not answer.startswith(b"*"):
                return []
            for _ in range(int(answer[1:])):
                parts.append(stream.read(int(stream.readline()[1:]) + 2)[:-2].decode())
            return parts
    return []


def redis_hash(address, key):
    """HGETALL, values as numbers."""
    parts = redis_parts(address, "HGETALL", key)
    return {field: int(value) for field, value in zip(parts[::2], parts[1::2])}


def redis_list(address, key):
    """LRANGE of all, values as JSON."""
    return [json.loads(value) for value in redis_parts(address, "LRANGE", key, "0", "-1")]
