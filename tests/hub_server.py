"""A Hub on this machine: the part of its HTTP API that the real client uses to push and pull.

It keeps repositories, commits, tags and large files in memory, answers on 127.0.0.1, and sends
large files from `localhost`, another host, as the real one does. `faults` makes it fail.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TOKEN = "hf_of_a_tester"
USER = "tester"
LARGE_SUFFIXES = (".safetensors", ".webp", ".png")
KIND = "{kind:str}"  # models, datasets or spaces


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


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD /path" matches."""

    pattern: str
    status: int | None = None
    """Answer with this status; None cuts the connection in the middle of the body."""
    times: int = 10**6


class HubServer:
    """Runs until the process ends; `url` is for HF_ENDPOINT, which the client reads on import."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.collections: dict[str, dict] = {}
        self.stored: dict[str, bytes] = {}
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), host="127.0.0.1", port=0, log_level="critical")
        )
        threading.Thread(target=self._server.run, daemon=True).start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Back to a Hub without repositories, where nothing goes wrong."""
        for kept in (self.repositories, self.collections, self.stored, self.log, self.faults):
            kept.clear()

    def add(self, name: str, files: dict[str, bytes], kind: str = "models", **settings) -> str:
        """A repository with one commit, as if somebody had pushed it."""
        repository = self.repositories.setdefault((kind, name), Repository(**settings))
        for content in files.values():
            self.stored[hashlib.sha256(content).hexdigest()] = content
        return repository.commit("pushed", files)

    def uploads(self) -> list[str]:
        """The requests that carried file contents: large files and commits."""
        return [line for line in self.log if line.startswith("PUT") or "/commit/" in line]

    def _app(self) -> Starlette:
        def at(path: str, method: str, handler: Callable) -> Route:
            return Route(path, self._guarded(handler), methods=[method])

        repository = "/api/{kind}/{user}/{name}"
        return Starlette(
            routes=[
                at("/api/whoami-v2", "GET", self._whoami),
                at("/api/validate-yaml", "POST", self._validate),
                at("/api/repos/create", "POST", self._create),
                at("/api/collections", "POST", self._create_collection),
                at("/api/collections/{user}/{slug}", "GET", self._collection),
                at("/api/collections/{user}/{slug}/items", "POST", self._add_to_collection),
                at("/upload/{oid}", "PUT", self._store),
                at("/stored/{oid}", "GET", self._send_stored),
                at("/stored/{oid}", "HEAD", self._send_stored),
                at(repository, "GET", self._info),
                at(f"{repository}/revision/{{revision}}", "GET", self._info),
                at(f"{repository}/tree/{{revision}}", "GET", self._tree),
                at(f"{repository}/refs", "GET", self._refs),
                at(f"{repository}/preupload/{{revision}}", "POST", self._preupload),
                at(f"{repository}/commit/{{revision}}", "POST", self._commit),
                at(f"{repository}/tag/{{revision}}", "POST", self._tag),
                at("/{user}/{name}.git/info/lfs/objects/batch", "POST", self._batch),
                at("/spaces/{user}/{name}.git/info/lfs/objects/batch", "POST", self._batch),
                at("/{user}/{name}/resolve/{revision}/{path:path}", "GET", self._resolve),
                at("/{user}/{name}/resolve/{revision}/{path:path}", "HEAD", self._resolve),
            ]
        )

    def _guarded(self, handler: Callable) -> Callable:
        async def guarded(request: Request) -> Response:
            line = f"{request.method} {request.url.path}"
            self.log.append(line)
            fault = next(
                (it for it in self.faults if it.times and re.search(it.pattern, line)), None
            )
            if fault is not None:
                fault.times -= 1
                if fault.status is not None:
                    return JSONResponse({"error": "a fault"}, status_code=fault.status)
            bearer = request.headers.get("authorization", "")
            if bearer and bearer != f"Bearer {TOKEN}":
                return _error(401, None, "Invalid credentials in Authorization header")
            response = await handler(request, bool(bearer))
            return _cut(response) if fault is not None else response

        return guarded

    async def _whoami(self, request: Request, known: bool) -> Response:
        if not known:
            return _error(401, None, "no token")
        access = {"accessToken": {"role": "write", "displayName": "test"}, "type": "access_token"}
        return JSONResponse({"name": USER, "type": "user", "orgs": [], "auth": access})

    async def _validate(self, request: Request, known: bool) -> Response:
        content = (await request.json())["content"]
        errors = [] if content.startswith("---") else [{"message": "no front matter"}]
        return JSONResponse({"errors": errors, "warnings": []})

    async def _create(self, request: Request, known: bool) -> Response:
        if not known:
            return _error(401, None, "no token")
        wish = await request.json()
        owner = wish.get("organization") or USER
        if owner != USER:
            return _error(403, None, f"you don't have the rights to create in {owner}")
        kind = f"{wish.get('type') or 'model'}s"
        name = f"{owner}/{wish['name']}"
        prefix = "" if kind == "models" else f"{kind}/"
        answer = {"url": f"{self.url}/{prefix}{name}", "id": name}
        if (kind, name) in self.repositories:
            return JSONResponse({"error": "exists", **answer}, status_code=409)
        private = bool(wish.get("private")) or wish.get("visibility") == "private"
        self.repositories[kind, name] = Repository(private=private, settings=wish)
        return JSONResponse(answer)

    def _found(self, request: Request, known: bool, kind: str) -> Repository | None:
        name = f"{request.path_params['user']}/{request.path_params['name']}"
        repository = self.repositories.get((kind, name))
        return None if repository is None or (repository.private and not known) else repository

    async def _info(self, request: Request, known: bool) -> Response:
        kind = request.path_params["kind"]
        repository = self._found(request, known, kind)
        if repository is None:
            return _error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params.get("revision", "main"))
        if found is None:
            return _error(404, "RevisionNotFound", "Invalid rev id")
        oid, files = found
        name = f"{request.path_params['user']}/{request.path_params['name']}"
        return JSONResponse(
            {
                "id": name,
                "modelId": name,
                "sha": oid,
                "private": repository.private,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "siblings": [{"rfilename": path} for path in sorted(files)],
            }
        )

    async def _tree(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        found = repository and repository.at(request.path_params["revision"])
        if not found:
            return _error(404, "RevisionNotFound" if repository else "RepoNotFound", "not found")
        return JSONResponse([_entry(path, content) for path, content in sorted(found[1].items())])

    async def _refs(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None:
            return _error(404, "RepoNotFound", "Repository not found")
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1][0]}
        tags = [
            {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
            for tag, oid in repository.tags.items()
        ]
        return JSONResponse({"branches": [head], "tags": tags, "converts": []})

    async def _preupload(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None or not known:
            return _error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        if found is None:
            return _error(404, "RevisionNotFound", "Invalid rev id")
        answers = []
        for file in (await request.json())["files"]:
            large = file["path"].endswith(LARGE_SUFFIXES)
            answer = {
                "path": file["path"],
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
            }
            if file["path"] in found[1]:
                answer["oid"] = _entry(file["path"], found[1][file["path"]])["oid"]
                if large:
                    answer["oid"] = hashlib.sha256(found[1][file["path"]]).hexdigest()
            answers.append(answer)
        return JSONResponse({"files": answers})

    async def _batch(self, request: Request, known: bool) -> Response:
        if not known:
            return _error(401, None, "no token")
        objects = []
        for wanted in (await request.json())["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.stored:
                answer["actions"] = {"upload": {"href": f"{self.url}/upload/{wanted['oid']}"}}
            objects.append(answer)
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def _store(self, request: Request, known: bool) -> Response:
        content = await request.body()
        if hashlib.sha256(content).hexdigest() != request.path_params["oid"]:
            return _error(400, None, "not the content that was announced")
        self.stored[request.path_params["oid"]] = content
        return Response()

    async def _commit(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None or not known:
            return _error(404 if known else 401, "RepoNotFound", "Repository not found")
        lines = [json.loads(line) for line in (await request.body()).splitlines() if line]
        header = lines.pop(0)["value"]
        oid, _, files = repository.commits[-1]
        if header.get("parentCommit") not in (None, oid):
            return _error(412, None, "the branch has moved on")
        files = dict(files)
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.stored:
                    return _error(400, None, f"{value['path']} was never uploaded")
                files[value["path"]] = self.stored[value["oid"]]
            elif line["key"] == "deletedFile":
                files.pop(value["path"], None)
        oid = repository.commit(header["summary"], files)
        kind, user, name = (request.path_params[key] for key in ("kind", "user", "name"))
        prefix = "" if kind == "models" else f"{kind}/"
        url = f"{self.url}/{prefix}{user}/{name}/commit/{oid}"
        return JSONResponse({"commitOid": oid, "commitUrl": url, "success": True})

    async def _tag(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None or not known:
            return _error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        tag = (await request.json())["tag"]
        if found is None:
            return _error(404, "RevisionNotFound", "Invalid rev id")
        if tag in repository.tags:
            return _error(409, None, "Tag reference exists already")
        repository.tags[tag] = found[0]
        return JSONResponse({})

    async def _create_collection(self, request: Request, known: bool) -> Response:
        if not known:
            return _error(401, None, "no token")
        wish = await request.json()
        slug = f"{wish['namespace']}/{wish['title'].lower().replace(' ', '-')}-1"
        if slug in self.collections:
            return JSONResponse({"error": "exists", "slug": slug}, status_code=409)
        self.collections[slug] = {
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
        return JSONResponse(self.collections[slug])

    async def _collection(self, request: Request, known: bool) -> Response:
        slug = "{user}/{slug}".format(**request.path_params)
        if slug not in self.collections:
            return _error(404, None, "no such collection")
        return JSONResponse(self.collections[slug])

    async def _add_to_collection(self, request: Request, known: bool) -> Response:
        collection = self.collections["{user}/{slug}".format(**request.path_params)]
        item = (await request.json())["item"]
        if any(known_item["id"] == item["id"] for known_item in collection["items"]):
            return _error(409, None, "Item already exists in collection")
        entry = {"_id": str(len(collection["items"])), "position": len(collection["items"]), **item}
        collection["items"].append(entry)
        return JSONResponse(collection)

    async def _resolve(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, "models")
        if repository is None:
            return _error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        if found is None:
            return _error(404, "RevisionNotFound", "Invalid rev id")
        oid, files = found
        path = request.path_params["path"]
        if path not in files:
            headers = {"X-Repo-Commit": oid}
            return _error(404, "EntryNotFound", "Entry not found", headers)
        content = files[path]
        headers = {"X-Repo-Commit": oid}
        if not path.endswith(LARGE_SUFFIXES):
            headers["ETag"] = f'"{_entry(path, content)["oid"]}"'
            return _ranged(request, content, headers)
        stored = hashlib.sha256(content).hexdigest()
        self.stored[stored] = content
        headers |= {
            "X-Linked-Etag": f'"{stored}"',
            "X-Linked-Size": str(len(content)),
            # Another host: the client must not look there for the commit.
            "Location": f"http://localhost:{self.port}/stored/{stored}",
        }
        return Response(status_code=302, headers=headers)

    async def _send_stored(self, request: Request, known: bool) -> Response:
        oid = request.path_params["oid"]
        return _ranged(request, self.stored[oid], {"ETag": f'"{oid}"'})


def _entry(path: str, content: bytes) -> dict:
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


def _ranged(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    headers = {**headers, "Accept-Ranges": "bytes"}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not wanted:
        return Response(content, headers=headers, media_type="application/octet-stream")
    start = int(wanted[1])
    part = content[start : int(wanted[2]) + 1 if wanted[2] else None]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return Response(part, 206, headers=headers, media_type="application/octet-stream")


def _cut(response: Response) -> Response:
    """The same answer, but the connection ends after half of the body."""
    body = bytes(response.body)

    async def half():
        yield body[: len(body) // 2]
        raise ConnectionError("cut, as the test asked for")

    headers = dict(response.headers)
    return StreamingResponse(half(), response.status_code, headers=headers)


def _error(
    status: int, code: str | None, message: str, headers: dict[str, str] | None = None
) -> Response:
    headers = {**(headers or {}), "X-Error-Message": message}
    if code:
        headers["X-Error-Code"] = code
    return JSONResponse({"error": message}, status_code=status, headers=headers)
