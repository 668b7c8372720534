"""How a peer takes its turn: `compare.py` writes the name of a case to a program's standard input and reads one number back.

Programs that wait use no processor, so two of them can take turns every tenth of a second on one core: what disturbs the
machine disturbs both. Everything is CPU time of the whole process.
"""

import sys
import time

# A turn is at least so long, in CPU seconds.
TURN = 0.2


def one_thread():
    """PyTorch on one thread; `compare.py` pins the process to one core as well."""
    import torch  # Here, because JaxMARL's environment has none.

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)


def seconds_per_call(work):
    """CPU seconds of one call of `work`, which has been called before (caches are warm, code is compiled)."""
    calls, start = 0, time.process_time()
    while (spent := time.process_time() - start) < TURN:
        work()
        calls += 1
    return spent / calls


def answer(measure):
    """Answers each line of standard input with the number that `measure` finds for its words."""
    for line in sys.stdin:
        print(measure(*line.split()), flush=True)
