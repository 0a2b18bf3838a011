"""The demo, and the entry point of the Space: `python app.py`, or with `--mcp` for agents too."""

import argparse
import logging
import os
import signal
import sys

if __name__ == "__main__":
    # Ctrl-C in the seconds that the imports take: no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import torch

from lowlight_hub.demo import remove_all
from lowlight_hub.demo.memory import share_heaps
from lowlight_hub.demo.page import build, launch_settings
from lowlight_hub.demo.service import SHELF

if torch.cuda.is_available():  # ZeroGPU wants its models placed before the first call
    for name, reason in SHELF.place().items():
        logging.error("%s is not there: %s", name, reason)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", action="store_true", help="serve the endpoints as MCP tools too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    share_heaps()
    # As with Ctrl-C: the server ends in order, and takes the photos with it. Under nohup it stays.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    build().launch(**launch_settings(), mcp_server=arguments.mcp or None)
    # A thread that is at a photo still would abort the process while Python clears away.
    remove_all()
    sys.stdout.flush()
    os._exit(0)
