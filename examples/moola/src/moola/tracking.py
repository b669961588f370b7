"""The record of a run: an SQLite store of MLflow in the run's folder, and Weights & Biases where it is wanted."""

from __future__ import annotations

from pathlib import Path

import mlflow
from loguru import logger

from moola.config import Settings

try:
    import wandb
except ImportError:
    wandb = None


def flattened(tree: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested settings as one level of dotted names."""
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def record(folder: Path, settings: Settings, metrics: dict[str, float], losses: list[float], files: list[Path]) -> str:
    """Write a run with its settings, metrics, loss curve and files into the store in folder; return its identifier."""
    mlflow.set_tracking_uri(f"sqlite:///{folder.resolve() / 'mlflow.db'}")
    name = settings.tracking.experiment
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=(folder.resolve() / "artifacts").as_uri())
    mlflow.set_experiment(name)
    parameters = flattened(settings.model_dump())
    with mlflow.start_run() as run:
        mlflow.log_params(parameters)
        mlflow.log_metrics(metrics)
        for epoch, loss in enumerate(losses):
            mlflow.log_metric("train_loss", loss, step=epoch)
        for path in files:
            mlflow.log_artifact(str(path))
    if settings.tracking.wandb and wandb is None:
        logger.warning("tracking.wandb is on, yet wandb is not installed: this run is recorded by MLflow alone")
    elif settings.tracking.wandb:
        with wandb.init(project=name, config=parameters, dir=str(folder), mode="offline") as copy:
            copy.log(metrics)
    return str(run.info.run_id)
