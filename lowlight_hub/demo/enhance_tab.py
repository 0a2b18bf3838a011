"""The page's Enhance tab: layout and events."""

import json
from collections.abc import Callable

import gradio as gr
from gradio.events import Dependency

from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import enhancing, figures, service
from lowlight_hub.demo.answers import HIDDEN
from lowlight_hub.demo.api import QUEUED
from lowlight_hub.demo.close_ups import close_up
from lowlight_hub.demo.parts import ASK_FOR_PHOTOS, I18N, detail_choice, html, number
from lowlight_hub.demo.work import end_work, ending_of
from lowlight_hub.look import DETAILS, RANGES

# The address of the page holds the settings, so that it can be sent to somebody.
TO_ADDRESS = """(model, strength, brightness, shadows, detail, format) => {
  const address = new URL(window.location.href);
  const settings = { model, strength, brightness, shadows, detail, format };
  for (const [name, value] of Object.entries(settings)) {
    if (value !== null) address.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", address);
}"""
# By the browser: from a busy server they would come late, and take the place of what was set since.
# Of the address that was opened: one that was changed before this runs is in the present address.
FROM_ADDRESS = """(model, strength, brightness, shadows, detail, format) => {
  const asked = new URL(performance.getEntriesByType("navigation")[0].name).searchParams;
  const choice = (name, choices, now) => choices.includes(asked.get(name)) ? asked.get(name) : now;
  const ranges = %(ranges)s;
  const number = (name, now) => {
    const value = Number.parseFloat(asked.get(name));
    const [least, most] = ranges[name];
    return Number.isNaN(value) ? now : Math.min(most, Math.max(least, value));
  };
  return [
    choice("model", %(models)s, model),
    number("strength", strength),
    number("brightness", brightness),
    number("shadows", shadows),
    choice("detail", %(details)s, detail),
    choice("format", %(formats)s, format),
  ];
}"""
TO_CHOICES = "(stops) => { window.markChoice?.('%s', stops); }"
TO_RESULT = """(photos) => { if (photos?.length) window.awaitResult("slider"); }"""
# With what was set for each of several photos, see before_after.js.
OF_EACH = "(_, work, each, ...others) => [%s, work, window.lightOfEach?.() ?? {}, ...others]"
# Also where it was there already.
OF_AN_EXAMPLE = """(photos) => { window.pickPhoto?.(photos.at(-1)?.image.path); }"""
OUTDATED = """() => document.querySelector("#slider .before-after")?.classList.add("outdated")"""
# Of other photos, the choices of those before are gone at once, and the light that was right for
# them where none of them is left; of none, all that is shown. What the last one had beside all, it
# keeps.
OF_OTHER_PHOTOS = """(photos, brightness, shadows) => {
  const [keep, hide] = [{ __type__: "update" }, { __type__: "update", visible: "hidden" }];
  const gone = { __type__: "update", visible: false };
  const { own, areOthers } = window.photosGiven?.(photos) ?? { own: {} };
  if (!photos?.length) return [null, null, hide, gone, 0, 0];
  if (areOthers) return [null, keep, keep, keep, 0, 0];
  const ranges = %(ranges)s;
  const lit = Object.entries({ brightness, shadows }).map(([name, stops]) => {
    if (!own[name]) return keep;
    const [least, most] = ranges[name];
    return Math.min(most, Math.max(least, Number((stops + own[name]).toFixed(2))));
  });
  return [null, keep, keep, keep, ...lit];
}"""
# Pages that were not sent encrypted may not write there, nor all that lie within others: then it is
# shown, to be copied by hand.
COPY_ADDRESS = """async () => {
  try {
    await navigator.clipboard.writeText(window.location.href);
  } catch {
    return void window.prompt("", window.location.href);
  }
  const button = document.querySelector("#link");
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2000);
}"""


def enhance_tab(demo: gr.Blocks, photos: gr.Gallery, example: Dependency) -> Callable[[], None]:
    """Puts the tab where this is called, for the photos that were chosen or come as an example.

    Gives what adds its events. It is to be called last: whatever else one event starts, Gradio
    starts in the order in which it was told of it, each once the one before has come to its end.
    """
    slider = html("before_after", "slider", server_functions=[close_up])
    note = gr.Markdown(I18N("start"), elem_id="note")
    # Its label is said in the language of the page when there is something to download.
    download = gr.DownloadButton(variant="primary", visible=HIDDEN, elem_id="download")
    # Where the photo is still seen while they are moved.
    with gr.Row(elem_id="numbers"):
        strength = number("strength", value=1, step=0.05)
        brightness = number("brightness", value=0, step=0.1, info=I18N("brightness_info"))
        shadows = number("shadows", value=0, step=0.1, info=I18N("shadows_info"))
    choices = html("choices", "choices")
    model = gr.Dropdown(
        figures.model_choices(),
        value=DEFAULT,
        label=I18N("model"),
        info=I18N("model_info"),
        filterable=False,  # what was typed stays in it
        elem_id="model",
    )
    about = gr.Markdown(enhancing.about(DEFAULT), elem_id="about")
    detail = detail_choice("detail", visible=enhancing.detail_shown(DEFAULT))
    formats = [(I18N("format_same") if it == "same" else it.upper(), it) for it in service.FORMATS]
    file_format = gr.Radio(formats, value="same", label=I18N("format"), elem_id="format")
    keep = gr.Checkbox(False, label=I18N("keep_metadata"), elem_id="keep")
    light_of_each = gr.JSON(visible=False)
    adjust = gr.Button(visible=HIDDEN, elem_id="adjust")
    with gr.Row():
        button = gr.Button(I18N("run"), min_width=120, elem_id="run")
        stop = gr.Button(I18N("stop"), min_width=120, elem_id="stop")
        link = gr.Button(I18N("link"), min_width=220, elem_id="link")
    luminance = gr.LinePlot(
        x="luminance",
        y="share",
        color="photo",
        colors_in_legend=[],
        x_title="0–255",
        y_title="%",
        label=I18N("luminance"),
        height=240,
        visible=False,
        buttons=[],
        elem_id="luminance",
    )

    known = {
        "models": json.dumps([name for _, name in figures.model_choices()]),
        "details": json.dumps(DETAILS),
        "formats": json.dumps(service.FORMATS),
        "ranges": json.dumps(RANGES),
    }

    def listen() -> None:
        settings = [model, strength, brightness, shadows, detail, file_format]
        ending = ending_of("enhance", "run")
        work = {
            "fn": enhancing.enhance_photos,
            "inputs": [*ending.inputs, light_of_each, photos, *settings, keep],
            "js": OF_EACH % ending.number,
            "outputs": [slider, download, luminance, note, choices],
            "trigger_mode": "always_last",
            "show_progress_on": note,
            "api_visibility": "private",
            **QUEUED,
        }
        changes = [model.input, strength.release, brightness.release, shadows.release]
        changes += [detail.input, file_format.input, keep.input, adjust.click]
        asking = [button.click, photos.change, *changes]
        shown = [choices, slider, download, luminance, brightness, shadows]
        for other_photos in (photos.change, example.then):
            other_photos(None, [photos, brightness, shadows], shown, js=OF_OTHER_PHOTOS % known)
        for asked in (button.click, photos.change, example.then):
            asked(None, photos, None, js=TO_RESULT)
        button.click(None, photos, None, js=ASK_FOR_PHOTOS)
        gr.on(asking, None, None, None, js=OUTDATED)
        example.then(None, None, None, js=OUTDATED)
        example.then(None, photos, None, js=OF_AN_EXAMPLE)
        # What is in work is of other photos or settings.
        gr.on(asking, end_work, **ending.at_an_ask)
        example.then(end_work, **ending.at_an_ask)
        started = gr.on(asking, **work)
        # A gallery that an example fills does not say that it has changed.
        from_example = example.then(**work)
        cancels = [started, from_example]
        told = [note, download]
        stop.click(enhancing.stop, outputs=told, cancels=cancels, **ending.at_a_stop)
        for refused in (started.failure, from_example.failure):
            refused(enhancing.not_begun, outputs=told, **ending.at_a_refusal)
        model.change(
            enhancing.about_and_detail,
            model,
            [about, detail],
            queue=False,
            api_visibility="private",
        )
        changed = [
            model.change,
            strength.change,
            brightness.change,
            shadows.change,
            detail.change,
            file_format.change,
        ]
        gr.on(changed, None, settings, None, js=TO_ADDRESS)
        for light in (brightness, shadows):
            light.change(None, light, None, js=TO_CHOICES % light.elem_id)
        link.click(None, None, None, js=COPY_ADDRESS)
        demo.load(None, settings, settings, js=FROM_ADDRESS % known)

    return listen
