"""How are documents in pandas frames marked, on this machine or in Spark's `mapInPandas`?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from watermark.mapped import Marker


def mark_frames(frames: Iterable[pd.DataFrame], *, marker: Marker) -> Iterator[pd.DataFrame]:
    """Mark frames one after another: the marked text in its column, and the sealed column at the end.

    Spark calls it as it is: ``df.mapInPandas(functools.partial(watermark.mark_frames, marker=marker), schema)``, where
    `schema` is the frame's own with ``provtool_sealed binary`` added.

    Parameters
    ----------
    frames
        Each is marked for itself; index, other columns and the type of the text column stay.
    marker
        From `watermark.marker`, for Spark with a key file that every worker can read.

    Raises
    ------
    InputError
        As the marker does.
    """
    for frame in frames:
        made = marker({name: frame[name].tolist() for name in map(str, frame.columns)})
        text = _like(frame[marker.text_field], made[marker.text_field])
        sealed = pd.Series(made[marker.column], index=frame.index, dtype=object)
        yield frame.assign(**{marker.text_field: text, marker.column: sealed})


def _like(column: pd.Series, values: list[str]) -> pd.Series:
    # The marked text of a category is none.
    dtype = object if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    return pd.Series(values, index=column.index, dtype=dtype)
