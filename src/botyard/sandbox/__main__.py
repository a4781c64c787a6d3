"""`python -m botyard.sandbox --port 8099`: the sandbox alone."""

from __future__ import annotations

import argparse
import asyncio

import uvicorn

from botyard.sandbox import Sandbox


async def serve(host: str, port: int) -> None:
    """Serves one sandbox until Ctrl-C."""
    sandbox = Sandbox()
    config = uvicorn.Config(
        sandbox.app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    try:
        await server.serve()
    finally:
        await sandbox.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="botyard.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port))


if __name__ == "__main__":
    main()
