"""The two models that the network has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xgboost as xgb
from sklearn.linear_model import LogisticRegression

from moola.features import Matrices

if TYPE_CHECKING:
    from numpy.typing import NDArray


def logistic(train: Matrices, test: Matrices) -> NDArray[np.float64]:
    """Return the probability of a dispute for every row of test, from a logistic regression."""
    model = LogisticRegression(max_iter=500, class_weight="balanced").fit(train.flat, train.target)
    return np.asarray(model.predict_proba(test.flat)[:, 1])


def boosted_trees(train: Matrices, test: Matrices, seed: int) -> NDArray[np.float64]:
    """Return the probability of a dispute for every row of test, from gradient-boosted trees."""
    parameters = {
        "objective": "binary:logistic",
        "eta": 0.15,
        "max_depth": 4,
        "scale_pos_weight": float((train.target == 0).sum() / max(1, train.target.sum())),
        "seed": seed,
        "nthread": 2,
        "tree_method": "hist",
    }
    booster = xgb.train(parameters, xgb.DMatrix(train.flat, label=train.target), num_boost_round=80)
    return np.asarray(booster.predict(xgb.DMatrix(test.flat)), dtype=np.float64)
