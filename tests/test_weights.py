"""Hostile weight files are refused in one sentence, and never loaded in part."""

import json
import pickle
import struct

import pytest
import torch
from safetensors.torch import save

from lowlight_hub import LowlightError, load_model, weights
from lowlight_hub.attempts import get_attempt
from lowlight_hub.folders import CONFIG_FILE, save_model
from lowlight_hub.weights import MAX_HEADER_BYTES, WEIGHTS_FILE


@pytest.fixture
def folder(tmp_path):
    """A saved, untrained network with three stride-2 convolutions."""
    model = get_attempt("listing").network()
    save_model(model, {"attempt": "listing", "width": None}, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(params=["folder", "hub"])
def load(request, folder):
    """Loads what lies in the folder: from there, or by the Hub, where somebody has put it."""
    if request.param == "folder":
        return lambda: load_model(folder)
    hub = request.getfixturevalue("hub")

    def pushed_and_loaded():
        hub.add("user/repo", {it: (folder / it).read_bytes() for it in (WEIGHTS_FILE, CONFIG_FILE)})
        return load_model("user/repo")

    return pushed_and_loaded


def refusal(load) -> str:
    """What is said of a model that is refused: one short sentence."""
    with pytest.raises(LowlightError) as caught:
        load()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    return str(caught.value)


def parts(content: bytes) -> tuple[dict, bytes]:
    """The header and the data of a safetensors file."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def whole(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_header(change):
    def spoilt(content):
        header, data = parts(content)
        change(header)
        return whole(header, data)

    return spoilt


def with_tensors(change):
    def spoilt(content):
        tensors = {key: value.clone() for key, value in load_all(content).items()}
        change(tensors)
        return save(tensors)

    return spoilt


def load_all(content):
    from safetensors.torch import load

    return load(content)


def first(header):
    return header[min(key for key in header if key != "__metadata__")]


def overlap(header):
    for entry in header.values():
        if "data_offsets" in entry:
            size = entry["data_offsets"][1] - entry["data_offsets"][0]
            entry["data_offsets"] = [0, size]


def fill(value):
    def change(tensors):
        next(iter(tensors.values())).view(-1)[0] = value

    return change


def other_type(kind):
    def change(tensors):
        key = next(iter(tensors))
        tensors[key] = tensors[key].to(kind)

    return change


class Runs:
    """What a pickle may hold: something to be run by whoever loads it."""

    def __reduce__(self):
        return (print, ("a pickle was run",))


HOSTILE = {
    "empty": lambda content: b"",
    "eight bytes": lambda content: content[:8],
    "cut in the header": lambda content: content[:50],
    "cut in the data": lambda content: content[:-10],
    "longer than it says": lambda content: content + b"more",
    "header longer than the file": lambda content: struct.pack("<Q", 10**6) + content[8:],
    "header of 16 exabytes": lambda content: b"\xff" * 8 + content[8:],
    "header over the limit": lambda content: whole({"a": "b" * MAX_HEADER_BYTES}, b""),
    "header of a list": lambda content: struct.pack("<Q", 2) + b"[]" + content,
    "header of braces": lambda content: struct.pack("<Q", 90_000) + b'{"a":' * 18_000,
    "pickle": lambda content: pickle.dumps(Runs()),
    "zip": lambda content: b"PK\x03\x04" + content,
    "overlapping": with_header(overlap),
    "negative shape": with_header(lambda header: first(header).update(shape=[-1, 2])),
    "huge shape": with_header(lambda header: first(header).update(shape=[10**12])),
    "no shape": with_header(lambda header: first(header).pop("shape")),
    "entry of text": with_header(lambda header: header.update({min(header): "text"})),
    "unknown type": with_header(lambda header: first(header).update(dtype="F8_E4M3")),
    "type of a list": with_header(lambda header: first(header).update(dtype=["F16"])),
    "offsets outside": with_header(lambda header: first(header).update(data_offsets=[0, 10**9])),
    "path as a key": with_header(lambda header: header.update({"../../etc/passwd": first(header)})),
    "nan": with_tensors(fill(float("nan"))),
    "infinity": with_tensors(fill(float("inf"))),
    "integers": with_tensors(other_type(torch.int64)),
    "doubles": with_tensors(other_type(torch.float64)),
    "missing": with_tensors(lambda tensors: tensors.pop(min(tensors))),
    "extra": with_tensors(lambda tensors: tensors.update(more=torch.zeros(2))),
}


def test_what_is_not_hostile_is_loaded(load):
    assert load()(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights_are_refused(folder, load, name, capfd):
    path = folder / WEIGHTS_FILE
    path.write_bytes(HOSTILE[name](path.read_bytes()))
    assert "model.safetensors" in refusal(load)
    assert "a pickle was run" not in capfd.readouterr().out


def test_a_file_over_the_limit_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(weights, "MAX_FILE_BYTES", 100)
    monkeypatch.setattr(weights, "load", lambda data: pytest.fail("it was read"))
    with pytest.raises(LowlightError, match="more than the 0 MiB that are read"):
        load_model(folder)


@pytest.mark.parametrize(
    "config",
    [
        {"attempt": "listing", "width": 10**9},
        {"attempt": "listing", "width": -1},
        {"attempt": "listing", "width": "16"},
        {"attempt": "listing", "width": True},
        {"attempt": "os.system", "width": None},
        {"attempt": ["listing"], "width": None},
        {"attempt": "../listing", "width": None},
        {"attempt": "y" * 100_000},
        {"attempt": "listing", "width": [1] * 100_000},
        {"architectures": ["GPT"]},
        [],
        "listing",
    ],
    ids=lambda config: str(config)[:40],
)
def test_hostile_configs_build_nothing(folder, load, config, monkeypatch):
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    monkeypatch.setattr(weights, "load", lambda data: pytest.fail("weights were read"))
    refusal(load)


@pytest.mark.parametrize(
    "text", ["{" * 100_000, "[" * 100_000, " " * 2**21, "\0", '{"attempt": NaN}']
)
def test_configs_that_are_no_config_are_refused(folder, load, text):
    (folder / CONFIG_FILE).write_text(text)
    refusal(load)


def test_pickles_are_refused_by_their_name(folder):
    with pytest.raises(LowlightError, match=r"only \.safetensors files cannot run code"):
        weights.read_weights(folder / "pytorch_model.bin", {})


def test_bundled_weights_must_be_those_that_were_packed(folder, toy):
    from lowlight_hub import folders

    target = folders.bundled("toy")
    save_model(get_attempt("listing").network(), {"attempt": "toy"}, target)
    folders.CHECKSUMS.write_text(f"{'0' * 64}  toy/{WEIGHTS_FILE}\n")
    with pytest.raises(LowlightError, match="is not the file that the package was made with"):
        load_model("toy")
    folders.CHECKSUMS.write_text(f"{folders.fingerprint(target)}  toy/{WEIGHTS_FILE}\n")
    load_model("toy")
