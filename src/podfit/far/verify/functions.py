"""Checks that do more than import: each `child_` function runs in a process of its own.

They return JSON with a `message`, or `skip`, and may raise, crash or hang.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from .. import driver
from ..text import counted, one_line


def child_driver(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what libcuda says: `cuda` (such as `12.8`), `devices` (their names), or an `error`."""
    said = driver.ask()
    version = said["version"]
    return {
        "cuda": f"{version // 1000}.{version % 1000 // 10}" if version else "",
        "devices": [gpu["name"] for gpu in said["gpus"]],
        "error": one_line(said["error"]),
    }


def child_torch_cuda(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what torch says about CUDA: its build, whether it can use a device, devices and architectures."""
    torch = load("torch")

    facts: dict[str, Any] = {"torch": torch.__version__, "cuda": torch.version.cuda, "devices": [], "error": ""}
    facts["hip"] = getattr(torch.version, "hip", None)
    facts["available"] = bool(torch.cuda.is_available())
    if facts["available"]:
        facts["arch_list"] = list(torch.cuda.get_arch_list())
        for index in range(torch.cuda.device_count()):
            name, capability = torch.cuda.get_device_name(index), torch.cuda.get_device_capability(index)
            facts["devices"].append({"name": name, "capability": list(capability)})
    elif facts["cuda"] or facts["hip"]:
        try:
            torch.cuda.init()
        except Exception as error:  # its message is the fact
            facts["error"] = one_line(error)
    return facts


def child_torch_numpy(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Convert between torch and NumPy in both directions, sharing memory."""
    numpy = load("numpy")
    torch = load("torch")

    array = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    tensor = torch.from_numpy(array)
    back = tensor.numpy()
    array[0, 0] = 42.0
    expect(tensor[0, 0].item() == 42.0 and back[0, 0] == 42.0, "the memory is not shared")
    expect(bool((torch.tensor(array) * 2).sum() == 2 * array.sum()), "the values differ")
    return {"message": "torch.from_numpy and Tensor.numpy work, memory shared"}


def child_dataloader(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch batches of NumPy rows with torch's DataLoader, in the process and in a worker."""
    numpy = load("numpy")
    torch = load("torch")
    data = load("torch.utils.data")

    class Rows:
        """Eight rows of NumPy data."""

        rows = numpy.arange(32, dtype=numpy.float32).reshape(8, 4)

        def __len__(self) -> int:
            """Return the number of rows."""
            return 8

        def __getitem__(self, index: int) -> Any:
            """Return one row."""
            return self.rows[index]

    for workers in (0, 1):
        more = {"multiprocessing_context": "fork"} if workers else {}
        batches = list(data.DataLoader(Rows(), batch_size=4, num_workers=workers, **more))
        expect(len(batches) == 2 and batches[1].shape == (4, 4), f"wrong batches with {workers} workers")
        expect(bool(torch.cat(batches).sum() == Rows.rows.sum()), f"wrong values with {workers} workers")
    return {"message": "batches of NumPy rows arrive, with and without a worker process"}


def child_arrow_pandas(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Send a frame through Arrow and Parquet and compare."""
    import io

    pandas = load("pandas")
    pyarrow = load("pyarrow")

    frame = pandas.DataFrame({"number": [1.5, 2.5, None], "text": ["a", "b", "c"], "whole": [1, 2, 3]})
    expect(frame.equals(pyarrow.Table.from_pandas(frame).to_pandas()), "the frame came back changed")
    file = io.BytesIO()
    frame.to_parquet(file, engine="pyarrow")
    expect(frame.equals(pandas.read_parquet(io.BytesIO(file.getvalue()))), "Parquet gave another frame back")
    return {"message": "a frame survives Arrow and Parquet"}


def child_sklearn(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Fit a classifier on rows that a line separates."""
    numpy = load("numpy")
    linear = load("sklearn.linear_model")

    rows, labels = separable(numpy)
    score = linear.LogisticRegression().fit(rows, labels).score(rows, labels)
    expect(score > 0.9, f"the fit has an accuracy of {score}")
    return {"message": "LogisticRegression fits"}


def child_xgboost(job: Mapping[str, Any]) -> dict[str, Any]:
    """Train three rounds of xgboost on one device."""
    numpy = load("numpy")
    xgboost = load("xgboost")

    device = job["device"]
    if device != "cpu" and not xgboost.build_info().get("USE_CUDA"):
        return {"message": "built without CUDA", "skip": True}
    rows, labels = separable(numpy)
    settings = {"objective": "binary:logistic", "max_depth": 2, "verbosity": 1}
    new = int(xgboost.__version__.partition(".")[0]) >= 2
    settings.update({"device": device} if new else {"tree_method": "hist" if device == "cpu" else "gpu_hist"})
    data = xgboost.DMatrix(rows, label=labels)
    predicted = xgboost.train(settings, data, 5).predict(data)
    accuracy = float(((predicted > 0.5) == labels).mean())
    expect(accuracy > 0.9, f"the model has an accuracy of {accuracy}")
    return {"message": f"trains on {device}"}


def child_lightgbm(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Train a few rounds of LightGBM on the CPU."""
    lightgbm = load("lightgbm")
    numpy = load("numpy")

    rows, labels = separable(numpy)
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    predicted = lightgbm.train(settings, lightgbm.Dataset(rows, label=labels), 10).predict(rows)
    accuracy = float(((predicted > 0.5) == labels).mean())
    expect(accuracy > 0.9, f"the model has an accuracy of {accuracy}")
    return {"message": "trains on cpu"}


def child_torchvision(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Call a compiled operator of torchvision, which is registered only when it fits torch."""
    torch = load("torch")
    nms = load("torchvision.ops").nms

    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]])
    expect(nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2], "nms gives a wrong result")
    return {"message": "its compiled operators fit torch"}


def child_cuda_matmul(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Multiply matrices of small integers on every device: exact on any hardware."""
    torch = load("torch")

    one = torch.arange(64 * 64, dtype=torch.float32).reshape(64, 64) % 7
    expected = one @ one
    for index in range(torch.cuda.device_count()):
        there = one.to(f"cuda:{index}")
        expect(bool(torch.equal((there @ there).cpu(), expected)), f"cuda:{index} gives a wrong product")
    return {"message": f"a matrix product is right on {counted(torch.cuda.device_count(), 'device')}"}


def separable(numpy: Any) -> tuple[Any, Any]:
    """Return 80 rows of four columns and labels that the first column decides; the same ones every time."""
    rows = ((numpy.arange(320).reshape(80, 4) * 7919) % 101).astype(numpy.float32)
    return rows, (rows[:, 0] > 50).astype(numpy.int32)


def load(module: str) -> Any:
    """Return a module of the environment, which type checkers know nothing about."""
    return importlib.import_module(module)


def expect(condition: bool, message: str) -> None:
    """Raise AssertionError with message unless condition holds (`assert` would be silent under PYTHONOPTIMIZE)."""
    if not condition:
        raise AssertionError(message)
