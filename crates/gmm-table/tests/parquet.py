"""Writes the files of tests/parquet: pyarrow 26."""

import os

import pyarrow as pa
import pyarrow.parquet as pq

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet")
os.makedirs(folder, exist_ok=True)
table = pa.table(
    {
        "double": pa.array([1.5, None, -2.0], pa.float64()),
        "float": pa.array([0.5, float("nan"), 3.0], pa.float32()),
        "int": pa.array([1, 2, None], pa.int16()),
        "name": pa.array(["a", None, "é"]),
        "flag": pa.array([True, False, None]),
        "class": pa.array(["x", "y", "x"]).dictionary_encode(),
        "id": pa.array([2**60 + 1, 2, 3], pa.int64()),
    }
)
for compression in ["zstd", "snappy"]:
    pq.write_table(table, os.path.join(folder, f"{compression}.parquet"), compression=compression)
