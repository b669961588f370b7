"""From payments to matrices: imputing, scaling, balancing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, QuantileTransformer

from moola.schema import CATEGORIES, NUMERIC, TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Matrices:
    """numbers: float32, one column per numeric feature; codes: the category's index; target: 0 or 1."""

    numbers: NDArray[np.float32]
    codes: NDArray[np.int64]
    target: NDArray[np.int64]

    @property
    def flat(self) -> NDArray[np.float32]:
        """Numbers and one-hot categories side by side, for models without embeddings."""
        one_hot = np.eye(len(CATEGORIES), dtype=np.float32)[self.codes]
        return np.hstack([self.numbers, one_hot])


class Features:
    """The transformation that is fitted on the training part and applied to every other one."""

    def __init__(self, seed: int) -> None:
        numeric = make_pipeline(
            SimpleImputer(strategy="median"), QuantileTransformer(output_distribution="normal", random_state=seed)
        )
        self._columns = ColumnTransformer(
            [
                ("numeric", numeric, list(NUMERIC)),
                ("category", OrdinalEncoder(categories=[list(CATEGORIES)]), ["category"]),
            ]
        )

    def fit(self, frame: pd.DataFrame) -> Features:
        """Learn medians and quantiles from frame."""
        self._columns.fit(frame)
        return self

    def apply(self, frame: pd.DataFrame) -> Matrices:
        """Return the matrices of frame."""
        table = np.asarray(self._columns.transform(frame))
        return Matrices(
            numbers=table[:, :-1].astype(np.float32),
            codes=table[:, -1].astype(np.int64),
            target=frame[TARGET].to_numpy(dtype=np.int64),
        )


def balance(matrices: Matrices, method: str, seed: int) -> Matrices:
    """Return matrices with one dispute for every two other payments, made by method.

    `smote` interpolates between disputes (SMOTENC, since the category is not a number), `oversample` repeats them,
    `none` leaves the matrices alone.
    """
    if method == "none":
        return matrices
    table = np.column_stack([matrices.numbers, matrices.codes])
    sampler = (
        SMOTENC(categorical_features=[table.shape[1] - 1], sampling_strategy=0.5, random_state=seed)
        if method == "smote"
        else RandomOverSampler(sampling_strategy=0.5, random_state=seed)
    )
    table, target = sampler.fit_resample(table, matrices.target)
    return Matrices(table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64), target.astype(np.int64))
