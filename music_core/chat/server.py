"""One GGUF model behind an OpenAI-compatible address, by `xllamacpp` (llama.cpp's server in a wheel).

Runs as its own process: `python -m music_core.chat.server MODEL.gguf --name NAME --port 8080`. By hand it serves until
interrupted; under `music_core.chat.local` it prints its address as one line of JSON and ends when its standard input ends, so that
a parent killed by any signal leaves no server behind.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

# Prompts of slots that were given to another conversation stay this much, so that a branch finds its prefix again.
PROMPT_CACHE_MIB = 1024


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line of the server."""
    parser = argparse.ArgumentParser(prog="python -m music_core.chat.server", description="Serve one GGUF model on a loopback port.")
    parser.add_argument("model", type=Path, help="path of the .gguf file")
    parser.add_argument("--name", default="", help="model name that the server reports (default: the file's name)")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--parallel", type=int, default=8, help="conversations served at once (default: 8)")
    parser.add_argument("--context", type=int, default=2048, help="tokens per conversation (default: 2048)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends (used by the parent process)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop; exit status 1 with the library's own message on stderr when the model cannot be loaded."""
    args = parse(argv)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(args.model)
    params.model_alias = {args.name or args.model.stem}
    params.hostnames = ["127.0.0.1"]
    params.port = args.port
    params.n_parallel = args.parallel
    params.n_ctx = args.parallel * args.context  # the server divides it among its slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = args.threads
    params.n_gpu_layers = 0
    params.cache_prompt = True
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.ui = False
    params.verbosity = 1  # errors only
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    if args.watch_stdin:
        # Ctrl-C reaches the whole process group; the parent decides when its calls are done with.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdin.buffer.read()
    else:
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        stop.wait()
    # The library's own shutdown waits for open streams; nobody is listening any more.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
