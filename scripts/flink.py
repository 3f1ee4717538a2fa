"""A Flink to compare with: PyFlink from PyPI and Flink's Kafka connector by Maven, kept in .flink.

Called by scripts/bench-flink, and by itself with the Python of .flink to run one job in one JVM: the job comes
as JSON on standard input, what it took goes as JSON to standard output.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

FLINK = "2.3.0"
CONNECTOR = "5.0.0-2.2"
HOME = pathlib.Path(__file__).resolve().parent.parent / ".flink"
PYTHON = HOME / "venv/bin/python"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>pelton</groupId><artifactId>flink</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.flink</groupId><artifactId>flink-sql-connector-kafka</artifactId>
      <version>{CONNECTOR}</version></dependency>
  </dependencies>
</project>
"""
# Both cores, no work that a job without saved state does not need.
SETTINGS = {
    "parallelism.default": str(len(os.sched_getaffinity(0))),
    "pipeline.object-reuse": "true",
    "table.local-time-zone": "UTC",
    "restart-strategy.type": "none",
    "rest.bind-port": "0",
}
HEAP = "3g"


def install():
    """Once; some 850 MB. Needs Java 17, Maven, and a Python that PyFlink knows (3.9 to 3.12)."""
    complete = HOME / f".complete-{FLINK}-{CONNECTOR}"
    if complete.exists():
        return
    for tool in ("java", "mvn"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not on the PATH: Flink needs Java 17 and Maven")
    HOME.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", f"apache-flink=={FLINK}"], check=True)
    (HOME / "pom.xml").write_text(POM)
    copy = ["mvn", "-q", "-B", "-f", HOME / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={HOME}/libs"]
    subprocess.run(copy, check=True)
    complete.touch()


def run(text, settings):
    """Runs the statements of a text to the end of their input: seconds, processor time and memory of the JVM."""
    # `--` stands in no literal of the shipped jobs, nor does `;`.
    text = re.sub(r"--.*", "", text)
    text = re.sub(r"EXECUTE STATEMENT SET BEGIN|\bEND;", "", text)
    statements = [statement.strip() for statement in text.split(";") if statement.strip()]
    job = {"statements": statements, "settings": {**SETTINGS, **settings}}
    options = f"-Xmx{HEAP} -Duser.timezone=UTC"
    environment = {**os.environ, "JAVA_TOOL_OPTIONS": options, "TZ": "UTC"}
    command = [PYTHON, __file__]
    done = subprocess.run(command, input=json.dumps(job), env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit("Flink failed:\n" + done.stderr[-4000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def usage(pid):
    """Processor seconds so far, and the largest resident memory in bytes."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    return ticks / os.sysconf("SC_CLK_TCK"), int(peak[1]) * 1024


def main():
    from pyflink.common import Configuration
    from pyflink.java_gateway import get_gateway
    from pyflink.table import EnvironmentSettings, TableEnvironment

    job = json.load(sys.stdin)
    configuration = Configuration()
    jars = ";".join(jar.as_uri() for jar in sorted((HOME / "libs").glob("*.jar")))
    for key, value in {**job["settings"], "pipeline.jars": jars}.items():
        configuration.set_string(key, value)
    settings = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    environment = TableEnvironment.create(settings)
    inserts = environment.create_statement_set()
    for statement in job["statements"]:
        if statement.startswith("INSERT"):
            inserts.add_insert_sql(statement)
        else:
            environment.execute_sql(statement)
    began = time.monotonic()
    inserts.execute().wait()
    seconds = time.monotonic() - began
    pid = get_gateway().jvm.java.lang.ProcessHandle.current().pid()
    cpu_seconds, peak_rss_bytes = usage(pid)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_rss_bytes": peak_rss_bytes}))


if __name__ == "__main__":
    main()
