"""`lowlight-hub enhance` of a folder of photos, as several test files call it."""

from pathlib import Path

from lowlight_hub.__main__ import main


def run(*arguments) -> int:
    return main(["enhance", *map(str, arguments), "--model", "listing"])


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
