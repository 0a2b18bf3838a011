"""What handlers of events share: how errors are told, and how files get to the page."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from lowlight_hub.demo import scratch, service
from lowlight_hub.demo.texts import words
from lowlight_hub.demo.work import Stopped, Work
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos import save_photo

# Of parts whose values come one soon after another: they stay mounted. Gradio sets what a part that
# is not should have when it is mounted, which may be after a later value was set.
HIDDEN: Literal["hidden"] = "hidden"


def told_in_the_note(nothing: Callable[[str], tuple]) -> Callable[[Callable], Callable]:
    """For generator functions of a run: every error as a sentence, kept where the note is.

    `nothing` makes of it what is shown then.
    Work that nobody waits for any more just ends.
    """

    def decorated(function: Callable) -> Callable:
        @wraps(function)
        def steps(number: int, work: Work, *inputs: Any) -> Iterator[Any]:
            try:
                for step in function(number, work, *inputs):
                    work.check(number)
                    yield step
            except Stopped:
                # Of a function that ends before it gave anything Gradio empties all outputs.
                yield gr.skip()
                for _ in work.until_closed(number):
                    yield gr.skip()
            except Exception as error:
                told = f"{service.in_words(error)}."
                request = next((it for it in inputs if isinstance(it, gr.Request)), None)
                warn(told, said_to(request))
                yield nothing(told)
            # Not of one that Gradio closes, as it does before it tells of a stop.
            work.finish(number)

        return steps

    return decorated


def warn(told: str, said: Mapping[str, str]) -> None:
    """Shows a sentence as a warning; the names of files in it are no HTML."""
    gr.Warning(escape(told, quote=False), title=said["warning"])


def handed_out(path: str) -> Path:
    """A file by the path that a page or a client sends, which may be any.

    Raises LowlightError for one that this server was not given, nor made: Gradio only looks after
    what is marked as a file.
    """
    file = Path(path).resolve()
    if not file.is_relative_to(Path(get_upload_folder()).resolve()):
        raise LowlightError("This file is none that was uploaded here")
    return file


def file_data(file: Path) -> Any:
    """A file as pages and clients fetch it: a gr.FileData, which Gradio wants as a dictionary."""
    return gr.FileData(path=str(file), orig_name=file.name).model_dump()


def shown(picture: Image.Image, name: str, suffix: str = ".png") -> Any:
    """A picture as a file for the page."""
    file = scratch.new_folder() / f"{name}{suffix}"
    save_photo(picture, file)
    return file_data(file)


def paragraphs(*texts: str) -> str:
    """What a note says, in Markdown: those of these that say anything."""
    return "\n\n".join(filter(None, texts))


def said_to(request: gr.Request | None) -> Mapping[str, str]:
    """The page's words in the language of the browser that asks; in English where none does."""
    return words(request.headers.get("accept-language") if request else None)
