"""The demo under load: many users at once, then many requests in a row, and what memory does.

    python benchmarks/load.py
    python benchmarks/load.py --megapixels 12 --users 2 --requests 12 --warm-up 2

Starts the demo on a free port of this machine. First --users clients ask for the same photo at
once: each must be answered or refused in a sentence, and the demo must answer afterwards. Then
--requests photos are asked for one after another; memory is compared with what it was after
--warm-up of them. The photo is the small coffee of the free ones, or enlarged to --megapixels.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from gradio_client import Client, handle_file

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from dark_photos import of_size  # noqa: E402

from lowlight_hub.bright_photos import dark_free_photos  # noqa: E402
from lowlight_hub.photos import save_photo, to_picture  # noqa: E402

USERS, REQUESTS, WARM_UP = 40, 1000, 100
PATIENCE_S = 300


@contextmanager
def demo() -> Iterator[tuple[str, psutil.Process]]:
    """Address and process of the demo, started as a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, ROOT / "app.py"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            for _ in range(120):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}", psutil.Process(server.pid)
        finally:
            server.terminate()


def asked(client: Client, photo: Path) -> str:
    """What became of one request."""
    try:
        client.submit(handle_file(photo), api_name="/enhance").result(timeout=PATIENCE_S)
    except TimeoutError:
        return "hung"
    except Exception as error:
        return f"refused: {error}"
    return "answered"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--warm-up", type=int, default=WARM_UP)
    parser.add_argument("--megapixels", type=float)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, demo() as (url, process):
        photo = Path(folder) / "dark.png"
        picture = to_picture(dark_free_photos()["coffee"])
        if arguments.megapixels:
            picture = of_size(picture, arguments.megapixels)
        save_photo(picture, photo)
        clients = [Client(url, verbose=False) for _ in range(arguments.users)]
        start = time.perf_counter()
        with ThreadPoolExecutor(arguments.users) as pool:
            outcomes = Counter(pool.map(lambda client: asked(client, photo), clients))
        print(f"{arguments.users} at once, {time.perf_counter() - start:.1f} s: {dict(outcomes)}")
        print("afterwards:", asked(clients[0], photo))
        memory = []
        start = time.perf_counter()
        for number in range(1, arguments.requests + 1):
            outcome = asked(clients[0], photo)
            assert outcome == "answered", outcome
            if number in (arguments.warm_up, arguments.requests):
                memory.append(process.memory_info().rss / 1e6)
        took = time.perf_counter() - start
        print(f"{arguments.requests} in a row: {arguments.requests / took:.1f} a second, ", end="")
        print(
            f"memory {memory[0]:.0f} MB after {arguments.warm_up}, {memory[-1]:.0f} MB at the end"
        )


if __name__ == "__main__":
    main()
