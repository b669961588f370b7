"""One run from data to report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from loguru import logger
from sklearn.metrics import average_precision_score, roc_auc_score

from moola import baselines, network, tracking
from moola.config import Settings
from moola.data import make_payments, read, split, store
from moola.features import Features, balance


def run(settings: Settings, folder: Path) -> dict[str, float]:
    """Train and judge the three models; leave data, weights, metrics and the MLflow store in folder.

    Returns the metrics: area under the ROC curve and average precision on the test part, per model. Payments that
    are in folder already are used again.
    """
    table = folder / "payments.parquet"
    if not table.exists():
        store(make_payments(settings.data, settings.seed), table)
    parts = split(read(table), settings.data, settings.seed)
    features = Features(settings.seed).fit(parts.train)
    train, test = features.apply(parts.train), features.apply(parts.test)
    balanced = balance(train, settings.training.balance, settings.seed)
    logger.info("learning from {} payments ({} before balancing)", len(balanced.target), len(train.target))

    model = network.train(balanced, settings.network, settings.training, settings.seed)
    scores = {
        "network": network.predict(model, test),
        "logistic": baselines.logistic(train, test),
        "trees": baselines.boosted_trees(train, test, settings.seed),
    }
    metrics: dict[str, float] = {}
    for name, probability in scores.items():
        if not np.isfinite(probability).all():
            raise FloatingPointError(f"the {name} model predicts values that are not finite")
        metrics[f"{name}_roc_auc"] = float(roc_auc_score(test.target, probability))
        metrics[f"{name}_average_precision"] = float(average_precision_score(test.target, probability))
        logger.info("{:8} AUC {:.3f}", name, metrics[f"{name}_roc_auc"])

    weights, report = folder / "network.pt", folder / "metrics.json"
    torch.save(model.state_dict(), weights)
    report.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    run_id = tracking.record(folder, settings, metrics, model.epoch_losses, [weights, report])
    logger.success("run {} is recorded in {}", run_id, folder)
    return metrics
