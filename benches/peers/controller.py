#!/usr/bin/env python3
"""What one controller costs with many Deployments; prints the table of `docs/performance.md`, section "The controller".

    benches/peers/controller.py [--objects 10,50,125,250] [--periods 8] [--settle 4] [--budget 20s]

Starts etcd and an API server of Kubernetes on free ports of the loopback, in a folder that goes with them; no root, no kubelet,
no other controller. Each namespace gets the four Deployments of chain4, their nine pods, which are said to be ready, a policy
that was trained for --budget, and a KarmaAutoscaler in the mode Shadow. For each number of objects a new `karma-transfer
controller` decides for all namespaces; after --settle decision periods it is measured for --periods. A small HTTP server stands
for Prometheus: it answers every instant query with fresh samples, so that the agents are listened to. metrics-server is absent;
CPU and memory come from Prometheus, too (preset c_advisor).

Needs Python 3.10 without packages, and openssl for a key. KUBEBUILDER_ASSETS names the folder of etcd, kube-apiserver and
kubectl; without it `karma-testbed/control-plane/build.sh` makes them. KARMA_PROGRAMS names the folder of karma-train,
karma-transfer and karma-lab; without it they are built. Takes about (settle + periods) times 15 s for each number of objects.
"""

import argparse
import asyncio
import bisect
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("karma-train", "karma-transfer", "karma-lab")
ASSETS = ("etcd", "kube-apiserver", "kubectl", "control-plane")
KARMA = "/apis/karma.dev/v1alpha1/namespaces/{}/karmaautoscalers"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
# What belongs to the object that was read, and not to its copies.
OF_ONE = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace", "annotations")
# What Prometheus answers to a query with such a word in it; None is a moment ago, and 5 whatever has none.
SAMPLES = (
    ("timestamp(", None), ("status_code", 0.0), ("duration_seconds_sum", 0.02),
    ("memory", 60.0), ("cpu", 100.0), ("active", 1.0),
)  # fmt: skip
SECONDS_PER_TICK = 1 / os.sysconf("SC_CLK_TCK")


def programs():
    """The folders of our programs and of Kubernetes'."""
    ours = os.environ.get("KARMA_PROGRAMS")
    if not ours:
        build = ["cargo", "build", "--release", "--locked"] + [f"--package={name}" for name in PROGRAMS]
        subprocess.run(build, cwd=ROOT, check=True)
        ours = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        assets = subprocess.check_output([ROOT / "karma-testbed/control-plane/build.sh"], text=True).strip()
    for folder, names, variable in ((ours, PROGRAMS, "KARMA_PROGRAMS"), (assets, ASSETS[:3], "KUBEBUILDER_ASSETS")):
        missing = [name for name in names if not os.access(Path(folder) / name, os.X_OK)]
        if missing:
            raise SystemExit(f"{folder} has no {', '.join(missing)}; {variable} names a folder that has")
    return Path(ours), Path(assets)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, seconds, ready):
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"waited {seconds} s for {what} in vain")
        time.sleep(0.1)


class Processes:
    """Everything that was started; ended in the opposite order."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, name, *command):
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running.append((name, process))
        return process

    def end(self, process):
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.running = [(name, other) for name, other in self.running if other is not process]

    def check(self):
        for name, process in self.running:
            if process.poll() is not None:
                last = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-3:]
                raise SystemExit(f"{name} ended with {process.returncode}: " + "\n".join(last))

    def close(self):
        for _, process in reversed(self.running[:]):
            self.end(process)


class ApiServer:
    """etcd and kube-apiserver, asked with an administrator's token."""

    def __init__(self, folder, assets, processes):
        self.port, self.token, self.assets = free_port(), secrets.token_hex(16), assets
        etcd, peers = free_port(), free_port()
        key, tokens = folder / "accounts.key", folder / "tokens.csv"
        tokens.write_text(f"{self.token},bench,bench,system:masters\n")
        tokens.chmod(0o600)
        openssl = ["openssl", "genrsa", "-out", key, "2048"]
        subprocess.run(openssl, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.etcd = processes.start(
            "etcd", assets / "etcd", f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync",
            f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}",
        )  # fmt: skip
        # Without a controller manager nobody makes the accounts that pods would have to name.
        self.server = processes.start(
            "kube-apiserver", assets / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1", f"--secure-port={self.port}", f"--cert-dir={folder / 'certificates'}",
            f"--token-auth-file={tokens}", "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
            "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}", "--profiling=false",
        )  # fmt: skip
        self.certificate = folder / "certificates" / "apiserver.crt"
        wait_for("the API server", 60, lambda: processes.check() or self.is_ready())
        self.kubeconfig = folder / "kubeconfig"
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.certificate)}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": "bench", "user": {"token": self.token}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        }))  # fmt: skip
        self.kubeconfig.chmod(0o600)

    def is_ready(self):
        try:
            return Client(self).ask("GET", "/readyz") is not None
        except (OSError, http.client.HTTPException, Refused):
            return False

    def kubectl(self, *arguments):
        command = [self.assets / "kubectl", "--kubeconfig", self.kubeconfig, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")

    def seconds(self):
        return processor_seconds(self.etcd.pid) + processor_seconds(self.server.pid)


class Refused(Exception):
    """The API server said no."""


class Client:
    """One connection to the API server."""

    def __init__(self, server):
        context = ssl.create_default_context(cafile=server.certificate)
        self.connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
        self.headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json"}

    def ask(self, method, path, body=None, media="application/json"):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, self.headers | {"Content-Type": media})
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {said[:300].decode(errors='replace')}")
        return json.loads(said) if said.startswith(b"{") else said

    def create(self, path, kind, api, body):
        return self.ask("POST", path, {"apiVersion": api, "kind": kind} | body)


def bare(found):
    """A copy of an object, for another namespace."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in OF_ONE}
    return {key: value for key, value in found.items() if key not in ("metadata", "status")} | {"metadata": metadata}


class Shop:
    """What every namespace gets."""

    def __init__(self, server, folder, ours, budget, prometheus):
        self.server = server
        client = Client(server)
        run, package = folder / "run", folder / "team.karma"
        subprocess.run([ours / "karma-train", "--budget", budget, "--quiet", "--out", run], check=True, stdout=subprocess.DEVNULL)
        packaged = [ours / "karma-transfer", "package", run, "--out", package, "--config-map", "team", "--namespace", "karma"]
        subprocess.run(packaged, check=True, stdout=subprocess.DEVNULL)
        base = folder / "base"
        manifests = [ours / "karma-lab", "manifests", "chain4", "--shrink", "1", "--out", base]
        subprocess.run(manifests, check=True, stdout=subprocess.DEVNULL)
        server.kubectl("apply", "--kustomize", base)
        server.kubectl("apply", "--filename", ROOT / "deploy/chart/karma/crds/karmaautoscalers.yaml")
        server.kubectl("wait", "--for=condition=established", "crd/karmaautoscalers.karma.dev")
        server.kubectl("apply", "--server-side", "--filename", package.with_suffix(".yaml"))
        self.deployments = [bare(found) for found in client.ask("GET", DEPLOYMENTS.format("karma"))["items"]]
        self.policy = bare(client.ask("GET", "/api/v1/namespaces/karma/configmaps/team"))
        self.object = bare(client.ask("GET", KARMA.format("karma") + "/team"))
        self.object["spec"]["metrics"] = {"prometheus": {"url": prometheus}, "presets": ["open_telemetry", "c_advisor"]}
        client.ask("DELETE", KARMA.format("karma") + "/team")  # the namespace `karma` is a pattern, not a shop
        self.policy_bytes = package.stat().st_size

    def open(self, namespace):
        client = Client(self.server)
        labels = {"pod-security.kubernetes.io/enforce": "privileged"}
        client.create("/api/v1/namespaces", "Namespace", "v1", {"metadata": {"name": namespace, "labels": labels}})
        client.create(f"/api/v1/namespaces/{namespace}/configmaps", "ConfigMap", "v1", self.policy)
        for deployment in self.deployments:
            made = client.create(DEPLOYMENTS.format(namespace), "Deployment", "apps/v1", deployment)
            for number in range(made["spec"]["replicas"]):
                self.start(client, namespace, made, number)
        client.create(KARMA.format(namespace), "KarmaAutoscaler", "karma.dev/v1alpha1", self.object)

    def start(self, client, namespace, deployment, number):
        """A pod of a Deployment, said to be ready since it is there."""
        template, name = deployment["spec"]["template"], deployment["metadata"]["name"]
        path = f"/api/v1/namespaces/{namespace}/pods"
        metadata = {"name": f"{name}-7d4b9c6f5-{number:05}", "labels": template["metadata"]["labels"]}
        spec = template["spec"] | {"nodeName": "lab"}
        client.create(path, "Pod", "v1", {"metadata": metadata, "spec": spec})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
        conditions = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in kinds]
        containers = [
            {"name": of["name"], "image": of["image"], "imageID": of["image"], "ready": True, "started": True,
             "restartCount": 0, "state": {"running": {"startedAt": now}}}
            for of in spec["containers"]
        ]  # fmt: skip
        status = {"phase": "Running", "startTime": now, "conditions": conditions, "containerStatuses": containers}
        client.ask("PATCH", f"{path}/{metadata['name']}/status", {"status": status}, "application/merge-patch+json")


def processor_seconds(pid):
    """utime and stime of all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * SECONDS_PER_TICK


def memory(pid, field):
    """MiB."""
    return int(re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


def spaced(number):
    """With a space before thousands."""
    return f"{number:,.0f}".replace(",", " ")


class Told:
    """The controller's own seconds of decisions."""

    def __init__(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        began = time.monotonic()
        text = connection.getresponse().read().decode()
        self.scrape, self.bytes = time.monotonic() - began, len(text)
        self.sum, self.count = (
            float(re.search(rf"^karma_decision_seconds_{name} (\S+)", text, re.M)[1]) for name in ("sum", "count")
        )
        buckets = re.findall(r'^karma_decision_seconds_bucket\{le="([^"]+)"\} (\d+)', text, re.M)
        self.buckets = [(float(bound.replace("+Inf", "inf")), int(count)) for bound, count in buckets]
        failures = re.findall(r'^karma_failures_total\{error="(\w+)"\} (\d+)', text, re.M)
        self.failures = {kind: int(count) for kind, count in failures}

    def since(self, before):
        """Mean, and the bound of the bucket of the 99th percentile."""
        count = self.count - before.count
        counts = [now - then for (_, now), (_, then) in zip(self.buckets, before.buckets)]
        return (self.sum - before.sum) / count, self.buckets[bisect.bisect_left(counts, 0.99 * count)][0]


def measure(objects, server, folder, ours, processes, args):
    """A row of the table, and what is worth a line below it."""
    port, log = free_port(), folder / f"decisions-{objects}.jsonl"
    controller = processes.start(
        f"controller-{objects}", ours / "karma-transfer", "controller", "--all-namespaces", "--lease-namespace", "default",
        "--listen", f"127.0.0.1:{port}", "--identity", f"bench-{objects}", "--log", log, "--kubeconfig", server.kubeconfig,
    )  # fmt: skip
    started = time.monotonic()

    def all_have_decided():
        processes.check()
        return log.exists() and log.read_text().count("\n") >= objects

    def state():
        return time.time(), processor_seconds(controller.pid), server.seconds(), Told(port)

    wait_for(f"the first decision of each of {objects} objects", 120, all_have_decided)
    first = time.monotonic() - started
    period = args.period
    time.sleep(period * args.settle)
    began, cpu, cluster, told = state()
    time.sleep(period * args.periods)
    ended, cpu_after, cluster_after, told_after = state()
    resident, highest = memory(controller.pid, "VmRSS"), memory(controller.pid, "VmHWM")
    files = len(os.listdir(f"/proc/{controller.pid}/fd"))
    processes.check()
    processes.end(controller)  # which ends the decisions that are under way, and so the last line
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    log.unlink()

    times, listened, made = {}, 0, 0
    for entry in entries:
        at = entry["snapshot"]["time"]
        times.setdefault(entry["namespace"], []).append(at)
        if began <= at < ended:
            made += 1
            listened += entry["decided"]["listened"] == "Agents"
    gaps = [b - a for all in times.values() for a, b in zip(all, all[1:]) if began <= a and b < ended]
    mean, bound = told_after.since(told)
    due = objects * (ended - began) / period
    row = {
        "Deployments": spaced(4 * objects),
        "decisions of those due": f"{spaced(made)} of {spaced(due)}",
        "between two, median and longest": f"{statistics.median(gaps):.2f} s, {max(gaps):.2f} s",
        "processor time each": f"{1000 * (cpu_after - cpu) / made:.1f} ms",
        "of a core": f"{100 * (cpu_after - cpu) / (ended - began):.1f} %",
        "decision, mean": f"{1000 * mean:.0f} ms",
        "99 % within": f"{1000 * bound:.0f} ms",
        "resident memory, highest": f"{highest:.0f} MiB",
        "API server and etcd, each": f"{1000 * (cluster_after - cluster) / made:.1f} ms",
    }
    rest = {
        "agents listened to": f"{listened} of {made}", "namespaces": len(times), "open files": files,
        "first decisions after": f"{first:.1f} s", "soonest": f"{min(gaps):.2f} s", "resident": f"{resident:.0f} MiB",
        "failures": {kind: count - told.failures.get(kind, 0) for kind, count in told_after.failures.items()},
        "failures before": told.failures,
        "/metrics": f"{told_after.bytes / 1024:.0f} KiB in {1000 * told_after.scrape:.0f} ms",
        "missing": sorted({what for entry in entries for what in entry["missing"]})[:4],
    }  # fmt: skip
    return row, rest, resident


async def answer(reader, writer):
    """Stands for Prometheus on one connection: every Deployment that the query names has a fresh sample."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(re.search(rb"content-length: *(\d+)", head, re.I)[1])
            form = urllib.parse.parse_qs((await reader.readexactly(length)).decode())
            query, now = form["query"][0], time.time()
            value = next((value for word, value in SAMPLES if word in query), 5.0)
            value = now - 5 if value is None else value
            names = re.search(r'owner_name=~"\(([^)]+)\)', query)[1].split("|")
            result = [{"metric": {"deployment": name}, "value": [now, repr(value)]} for name in names]
            body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def prometheus(port):
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def table(rows):
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(row.values()) + " |")


def work(args, folder, processes):
    ours, assets = programs()
    port = free_port()
    processes.start("prometheus", sys.executable, __file__, "--prometheus", port)
    server = ApiServer(folder, assets, processes)
    shop = Shop(server, folder, ours, args.budget, f"http://127.0.0.1:{port}")
    print(f"policy of {shop.policy_bytes / 1024:.0f} KiB; {os.cpu_count()} cores", file=sys.stderr)
    rows, residents, there = [], [], 0
    for objects in args.objects:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(shop.open, [f"shop-{number:04}" for number in range(there, objects)]))
        there = objects
        row, rest, resident = measure(objects, server, folder, ours, processes, args)
        print(objects, row, rest, sep="\n  ", file=sys.stderr, flush=True)
        rows.append(row)
        residents.append(resident)
    table(rows)
    if len(rows) > 1:
        slope = 1024 * (residents[-1] - residents[0]) / (4 * (args.objects[-1] - args.objects[0]))
        print(f"\n{slope:.0f} KiB for each further Deployment")


def numbers(text):
    return sorted({int(number) for number in text.split(",")})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=numbers, default=[10, 50, 125, 250], help="KarmaAutoscalers, four Deployments each")
    parser.add_argument("--periods", type=int, default=8, help="decision periods that are measured")
    parser.add_argument("--settle", type=int, default=4, help="decision periods before that")
    parser.add_argument("--period", type=float, default=15.0, help="seconds of a period of the policy that is trained")
    parser.add_argument("--budget", default="20s", help="of karma-train")
    parser.add_argument("--prometheus", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.prometheus:
        return asyncio.run(prometheus(args.prometheus))
    if args.periods < 2:
        parser.error("--periods: expected 2 or more, so that there is a time between two decisions")
    if not shutil.which("openssl"):
        raise SystemExit("openssl is needed: apt-get install openssl")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="karma-controller-") as folder:
        processes = Processes(Path(folder))
        try:
            work(args, Path(folder), processes)
        finally:
            processes.close()


if __name__ == "__main__":
    main()
