"""Whether an exported actor is valid ONNX, and whether ONNX Runtime computes with it what KARMA does.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    cargo test -q -p karma-nn --lib cases_for_onnx_runtime -- --ignored --nocapture > cases.txt
    venv/bin/python benches/peers/onnx_check.py cases.txt
    venv/bin/python benches/peers/onnx_check.py actors/ddos.onnx

A line of `cases.txt` that begins with `{` is a case: `model` (the file in hexadecimal), rows of `observation` and `mask`,
and what is expected, `logits` and `log_probs` (null: minus infinity) and `action`. A model alone, as `karma policy
export` writes it, is checked and run on random rows, whose actions must be legal. Exit code 0: all as expected.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

# Largest absolute difference: sums have another order, and tanh is another.
ALLOWED = 1e-5


def session(name, content):
    """The model in the runtime, once the checker of ONNX has nothing against it."""
    model = onnx.load_model_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    print(f"{name}: valid, {len(model.graph.node)} nodes, operator set {model.opset_import[0].version}, {properties}")
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def largest_difference(found, expected):
    """Infinities must be in the same places; the rest is compared."""
    expected = numpy.array([[-numpy.inf if v is None else v for v in row] for row in expected])
    finite = numpy.isfinite(expected)
    if not numpy.array_equal(found == -numpy.inf, ~finite):
        return numpy.inf
    return float(numpy.abs(found[finite] - expected[finite]).max())


def check_case(case):
    runtime = session(case["name"], bytes(case["model"]))
    inputs = {"observation": numpy.array(case["observation"], numpy.float32), "mask": numpy.array(case["mask"], bool)}
    logits, log_probs, action = runtime.run(["logits", "log_probs", "action"], inputs)
    worst = max(largest_difference(logits, case["logits"]), largest_difference(log_probs, case["log_probs"]))
    other = int((action != numpy.array(case["action"])).sum())
    print(f"  {len(action)} rows: largest difference {worst:.1e}, {other} other actions")
    return worst < ALLOWED and other == 0


def check_model(path, rows=1000):
    runtime = session(path, open(path, "rb").read())
    (_, features), (_, actions) = (value.shape for value in runtime.get_inputs())
    draw = numpy.random.default_rng(7)
    mask = draw.random((rows, actions)) < 0.5
    mask[numpy.arange(rows), draw.integers(actions, size=rows)] = True
    observation = draw.normal(size=(rows, features)).astype(numpy.float32)
    (action,) = runtime.run(["action"], {"observation": observation, "mask": mask})
    illegal = int((~mask[numpy.arange(rows), action]).sum())
    print(f"  {rows} random rows: {illegal} illegal actions")
    return illegal == 0


if __name__ == "__main__":
    path = sys.argv[1]
    if path.endswith(".onnx"):
        sys.exit(0 if check_model(path) else 1)
    cases = [json.loads(line) for line in open(path, encoding="utf-8") if line.startswith("{")]
    results = [check_case(case) for case in cases]
    print(f"{sum(results)} of {len(cases)} cases as expected")
    sys.exit(0 if cases and all(results) else 1)
