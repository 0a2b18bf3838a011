"""The page's Results tab: the table of figures, and how each attempt was trained."""

import gradio as gr

from lowlight_hub.attempts import ATTEMPTS, DEFAULT
from lowlight_hub.demo import figures, service
from lowlight_hub.demo.answers import said_to
from lowlight_hub.demo.parts import I18N


def results_tab() -> None:
    """Puts the tab where this is called."""
    gr.Markdown(I18N("protocol"))
    if service.SHELF.user:
        gr.Markdown(I18N("bundled_figures"), elem_id="bundled-figures")
    gr.Markdown(figures.evaluation_table(), elem_id="evaluation")
    of = gr.Dropdown(
        [(it.title, name) for name, it in ATTEMPTS.items()],
        value=DEFAULT,
        label=I18N("losses"),
        filterable=False,
    )
    losses = figures.loss_frame(DEFAULT)
    plot = gr.LinePlot(
        losses,
        x="epoch",
        y="loss",
        color="of",
        colors_in_legend=[],
        label=I18N(figures.loss_title(losses)),
        height=300,
        buttons=[],
        elem_id="losses",
    )
    of.change(loss_plot, of, plot, queue=False, api_visibility="private")


def loss_plot(name: str, request: gr.Request) -> gr.LinePlot:
    """The losses of another model."""
    losses = figures.loss_frame(name)
    return gr.LinePlot(losses, label=said_to(request)[figures.loss_title(losses)])
