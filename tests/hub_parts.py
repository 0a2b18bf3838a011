"""Parts of the Hub on this machine: repositories, large files, collections, and answers."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LARGE_SUFFIXES = (".safetensors", ".webp", ".png")
# A path, a method and a handler (request, whether its token is valid) -> response, as a route.
At = Callable[[str, str, Callable], Route]


@dataclass
class Repository:
    """A branch `main` and tags; every commit holds whole trees of path to content."""

    private: bool = False
    settings: dict = field(default_factory=dict)
    commits: list[tuple[str, str, dict[str, bytes]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.commit("initial commit", {})

    def commit(self, title: str, files: dict[str, bytes]) -> str:
        seed = f"{title} {len(self.commits)} {sorted(files)}".encode()
        oid = hashlib.sha1(seed + b"".join(files[path] for path in sorted(files))).hexdigest()
        self.commits.append((oid, title, files))
        return oid

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision == "main":
            revision = self.commits[-1][0]
        revision = self.tags.get(revision, revision)
        return next(((oid, files) for oid, _, files in self.commits if oid == revision), None)


class LargeFiles:
    """What is kept by its SHA-256: uploaded once it was asked for, and sent in parts."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.stored: dict[str, bytes] = {}
        self._url = url

    def add(self, content: bytes) -> str:
        oid = hashlib.sha256(content).hexdigest()
        self.stored[oid] = content
        return oid

    def routes(self, at: At) -> list[Route]:
        return [
            at("/{user}/{name}.git/info/lfs/objects/batch", "POST", self._batch),
            at("/spaces/{user}/{name}.git/info/lfs/objects/batch", "POST", self._batch),
            at("/upload/{oid}", "PUT", self._store),
            at("/stored/{oid}", "GET", self._send),
            at("/stored/{oid}", "HEAD", self._send),
        ]

    async def _batch(self, request: Request, known: bool) -> Response:
        if not known:
            return error(401, None, "no token")
        objects = []
        for wanted in (await request.json())["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.stored:
                answer["actions"] = {"upload": {"href": f"{self._url()}/upload/{wanted['oid']}"}}
            objects.append(answer)
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def _store(self, request: Request, known: bool) -> Response:
        content = await request.body()
        if hashlib.sha256(content).hexdigest() != request.path_params["oid"]:
            return error(400, None, "not the content that was announced")
        self.stored[request.path_params["oid"]] = content
        return Response()

    async def _send(self, request: Request, known: bool) -> Response:
        oid = request.path_params["oid"]
        return ranged(request, self.stored[oid], {"ETag": f'"{oid}"'})


class Collections:
    """Collections by their slug."""

    def __init__(self) -> None:
        self.by_slug: dict[str, dict] = {}

    def routes(self, at: At) -> list[Route]:
        return [
            at("/api/collections", "POST", self._create),
            at("/api/collections/{user}/{slug}", "GET", self._info),
            at("/api/collections/{user}/{slug}/items", "POST", self._add),
        ]

    async def _create(self, request: Request, known: bool) -> Response:
        if not known:
            return error(401, None, "no token")
        wish = await request.json()
        slug = f"{wish['namespace']}/{wish['title'].lower().replace(' ', '-')}-1"
        if slug in self.by_slug:
            return JSONResponse({"error": "exists", "slug": slug}, status_code=409)
        self.by_slug[slug] = {
            "slug": slug,
            "title": wish["title"],
            "owner": {"name": wish["namespace"]},
            "items": [],
            "lastUpdated": "2026-01-01T00:00:00.000Z",
            "position": 0,
            "private": bool(wish.get("private")),
            "theme": "blue",
            "upvotes": 0,
            "description": wish.get("description"),
        }
        return JSONResponse(self.by_slug[slug])

    async def _info(self, request: Request, known: bool) -> Response:
        slug = "{user}/{slug}".format(**request.path_params)
        if slug not in self.by_slug:
            return error(404, None, "no such collection")
        return JSONResponse(self.by_slug[slug])

    async def _add(self, request: Request, known: bool) -> Response:
        collection = self.by_slug["{user}/{slug}".format(**request.path_params)]
        item = (await request.json())["item"]
        if any(known_item["id"] == item["id"] for known_item in collection["items"]):
            return error(409, None, "Item already exists in collection")
        entry = {"_id": str(len(collection["items"])), "position": len(collection["items"]), **item}
        collection["items"].append(entry)
        return JSONResponse(collection)


def entry_of(path: str, content: bytes) -> dict:
    blob = b"blob %d\0" % len(content) + content
    entry = {
        "type": "file",
        "path": path,
        "size": len(content),
        "oid": hashlib.sha1(blob).hexdigest(),
    }
    if path.endswith(LARGE_SUFFIXES):
        oid = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
    return entry


def ranged(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    headers = {**headers, "Accept-Ranges": "bytes"}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not wanted:
        return Response(content, headers=headers, media_type="application/octet-stream")
    start = int(wanted[1])
    part = content[start : int(wanted[2]) + 1 if wanted[2] else None]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return Response(part, 206, headers=headers, media_type="application/octet-stream")


def error(
    status: int, code: str | None, message: str, headers: dict[str, str] | None = None
) -> Response:
    headers = {**(headers or {}), "X-Error-Message": message}
    if code:
        headers["X-Error-Code"] = code
    return JSONResponse({"error": message}, status_code=status, headers=headers)
