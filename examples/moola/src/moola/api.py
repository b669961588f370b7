"""The metrics of a run over HTTP: the extra `api`, which training never needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

try:
    import uvicorn
    from fastapi import FastAPI, HTTPException
except ImportError:
    uvicorn = FastAPI = HTTPException = None


def application(folder: Path) -> Any:
    """Return the ASGI application for the run in folder."""
    if FastAPI is None:
        raise SystemExit("moola serve needs the extra `api`: pip install 'moola[api]'")
    app = FastAPI(title="moola")

    @app.get("/metrics")
    def metrics() -> dict[str, float]:
        report = folder / "metrics.json"
        if not report.exists():
            raise HTTPException(status_code=404, detail="no run has finished in this folder yet")
        return json.loads(report.read_text(encoding="utf-8"))

    return app


def serve(folder: Path, port: int) -> None:
    """Serve until interrupted."""
    app = application(folder)
    uvicorn.run(app, host="127.0.0.1", port=port)
