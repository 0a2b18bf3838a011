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
from dataclasses import dataclass

import uvicorn
from hub_parts import (
    LARGE_SUFFIXES,
    Collections,
    LargeFiles,
    Repository,
    entry_of,
    error,
    ranged,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TOKEN = "hf_of_a_tester"
USER = "tester"


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD /path" matches."""

    pattern: str
    status: int | None = None
    """Answer with this status; None cuts the connection in the middle of the answer."""
    times: int = 10**6
    is_heard: bool = True
    """False: the connection is cut in the middle of the request, and nothing is done."""


class HubServer:
    """Runs until the process ends; `url` is for HF_ENDPOINT, which the client reads on import."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.large = LargeFiles(lambda: self.url)
        self.collections = Collections()
        self.log: list[str] = []
        self.faults: list[Fault] = []
        # What somebody else does, once, right after a request that matches the pattern.
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.role = "write"
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
        for kept in (self.repositories, self.log, self.faults, self.meanwhile):
            kept.clear()
        self.role = "write"
        self.large.stored.clear()
        self.collections.by_slug.clear()

    def add(self, name: str, files: dict[str, bytes], kind: str = "models", **settings) -> str:
        """A repository with one commit, as if somebody had pushed it."""
        repository = self.repositories.setdefault((kind, name), Repository(**settings))
        for content in files.values():
            self.large.add(content)
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
                *self.large.routes(at),
                *self.collections.routes(at),
                at("/api/whoami-v2", "GET", self._whoami),
                at("/api/validate-yaml", "POST", self._validate),
                at("/api/repos/create", "POST", self._create),
                at(repository, "GET", self._info),
                at(f"{repository}/revision/{{revision}}", "GET", self._info),
                at(f"{repository}/tree/{{revision}}", "GET", self._tree),
                at(f"{repository}/refs", "GET", self._refs),
                at(f"{repository}/preupload/{{revision}}", "POST", self._preupload),
                at(f"{repository}/commit/{{revision}}", "POST", self._commit),
                at(f"{repository}/tag/{{revision}}", "POST", self._tag),
                *(
                    at(
                        f"{prefix}/{{user}}/{{name}}/resolve/{{revision}}/{{path:path}}",
                        method,
                        self._resolve,
                    )
                    for prefix in ("", "/{kind}")
                    for method in ("GET", "HEAD")
                ),
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
                if not fault.is_heard:
                    async for _ in request.stream():
                        break
                    return _cut(Response(b"never sent"))
            bearer = request.headers.get("authorization", "")
            if bearer and bearer != f"Bearer {TOKEN}":
                return error(401, None, "Invalid credentials in Authorization header")
            response = await handler(request, bool(bearer))
            for pattern in [it for it in self.meanwhile if re.search(it, line)]:
                self.meanwhile.pop(pattern)()
            return _cut(response) if fault is not None else response

        return guarded

    async def _whoami(self, request: Request, known: bool) -> Response:
        if not known:
            return error(401, None, "no token")
        access = {"accessToken": {"role": self.role, "displayName": "test"}, "type": "access_token"}
        return JSONResponse({"name": USER, "type": "user", "orgs": [], "auth": access})

    async def _validate(self, request: Request, known: bool) -> Response:
        content = (await request.json())["content"]
        errors = [] if content.startswith("---") else [{"message": "no front matter"}]
        return JSONResponse({"errors": errors, "warnings": []})

    async def _create(self, request: Request, known: bool) -> Response:
        if not known:
            return error(401, None, "no token")
        wish = await request.json()
        owner = wish.get("organization") or USER
        if owner != USER:
            return error(403, None, f"you don't have the rights to create in {owner}")
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
            return error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params.get("revision", "main"))
        if found is None:
            return error(404, "RevisionNotFound", "Invalid rev id")
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
            return error(404, "RevisionNotFound" if repository else "RepoNotFound", "not found")
        return JSONResponse([entry_of(path, content) for path, content in sorted(found[1].items())])

    async def _refs(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None:
            return error(404, "RepoNotFound", "Repository not found")
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1][0]}
        tags = [
            {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
            for tag, oid in repository.tags.items()
        ]
        return JSONResponse({"branches": [head], "tags": tags, "converts": []})

    async def _preupload(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None or not known:
            return error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        if found is None:
            return error(404, "RevisionNotFound", "Invalid rev id")
        answers = []
        for file in (await request.json())["files"]:
            large = file["path"].endswith(LARGE_SUFFIXES)
            answer = {
                "path": file["path"],
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
            }
            if file["path"] in found[1]:
                answer["oid"] = entry_of(file["path"], found[1][file["path"]])["oid"]
                if large:
                    answer["oid"] = hashlib.sha256(found[1][file["path"]]).hexdigest()
            answers.append(answer)
        return JSONResponse({"files": answers})

    async def _commit(self, request: Request, known: bool) -> Response:
        repository = self._found(request, known, request.path_params["kind"])
        if repository is None or not known:
            return error(404 if known else 401, "RepoNotFound", "Repository not found")
        lines = [json.loads(line) for line in (await request.body()).splitlines() if line]
        header = lines.pop(0)["value"]
        oid, _, files = repository.commits[-1]
        if header.get("parentCommit") not in (None, oid):
            return error(412, None, "the branch has moved on")
        files = dict(files)
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.large.stored:
                    return error(400, None, f"{value['path']} was never uploaded")
                files[value["path"]] = self.large.stored[value["oid"]]
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
            return error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        tag = (await request.json())["tag"]
        if found is None:
            return error(404, "RevisionNotFound", "Invalid rev id")
        if tag in repository.tags:
            return error(409, None, "Tag reference exists already")
        repository.tags[tag] = found[0]
        return JSONResponse({})

    async def _resolve(self, request: Request, known: bool) -> Response:
        # Without a kind, the address is that of a model.
        repository = self._found(request, known, request.path_params.get("kind", "models"))
        if repository is None:
            return error(404 if known else 401, "RepoNotFound", "Repository not found")
        found = repository.at(request.path_params["revision"])
        if found is None:
            return error(404, "RevisionNotFound", "Invalid rev id")
        oid, files = found
        path = request.path_params["path"]
        if path not in files:
            headers = {"X-Repo-Commit": oid}
            return error(404, "EntryNotFound", "Entry not found", headers)
        content = files[path]
        headers = {"X-Repo-Commit": oid}
        if not path.endswith(LARGE_SUFFIXES):
            headers["ETag"] = f'"{entry_of(path, content)["oid"]}"'
            return ranged(request, content, headers)
        stored = self.large.add(content)
        headers |= {
            "X-Linked-Etag": f'"{stored}"',
            "X-Linked-Size": str(len(content)),
            # Another host: the client must not look there for the commit.
            "Location": f"http://localhost:{self.port}/stored/{stored}",
        }
        return Response(status_code=302, headers=headers)


def _cut(response: Response) -> Response:
    """The same answer, but the connection ends after half of the body."""
    body = bytes(response.body)

    async def half():
        yield body[: len(body) // 2]
        raise ConnectionError("cut, as the test asked for")

    headers = dict(response.headers)
    return StreamingResponse(half(), response.status_code, headers=headers)
