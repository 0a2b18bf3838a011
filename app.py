"""The demo, and the entry point of the Space: `python app.py`, or with `--mcp` for agents too."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import argparse

import gradio as gr
import torch

from lowlight_hub.demo import page
from lowlight_hub.demo.service import SHELF

if torch.cuda.is_available():  # ZeroGPU wants its models placed before the first call
    SHELF.place()


def build() -> gr.Blocks:
    """The page, to be launched with `launch_settings()`."""
    return page.build()


def launch_settings() -> dict:
    """Keyword arguments of launch()."""
    return page.launch_settings()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", action="store_true", help="serve the endpoints as MCP tools too")
    build().launch(**launch_settings(), mcp_server=parser.parse_args().mcp or None)
