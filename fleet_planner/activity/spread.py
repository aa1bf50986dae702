"""Vehicle-km on links and hours as a product, and what may be done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Spread:
    """Vehicle-km of the average day by stream, link and hour: ``km[s, l] * share[row[s, l], h]``.

    Parameters
    ----------
    km
        Shape (streams, links).
    row
        Row of ``share``, shape (streams, links).
    share
        Shape (rows, H); each row adds up to 1.
    """

    km: Float
    row: Int32
    share: Float

    def closed_to(self, total_km: Float) -> Spread:
        """Scale each stream to its total, shape (streams,); a stream that is nowhere stays nowhere."""
        now = self.km.sum(axis=1)
        factor = np.divide(total_km, now, out=np.zeros_like(now), where=now > 0.0)
        return Spread(self.km * factor[:, None], self.row, self.share)

    def without(self, stream: int, bans: list[tuple[Bool, Bool]]) -> Spread:
        """Take a stream off links (shape (links,)) at hours (shape (H,)), ban by ban; what was there is gone."""
        code = np.zeros(self.km.shape[1], dtype=np.int64)
        for k, (links, _) in enumerate(bans):
            code |= links.astype(np.int64) << k
        touched = np.flatnonzero(code)
        pairs, which = np.unique(np.stack([self.row[stream, touched], code[touched]]), axis=1, return_inverse=True)
        shut = np.zeros((pairs.shape[1], self.share.shape[1]), dtype=np.bool_)
        for k, (_, hours) in enumerate(bans):
            shut |= ((pairs[1] >> k & 1) > 0)[:, None] & hours[None, :]
        left = np.where(shut, 0.0, self.share[pairs[0]])
        open_share = left.sum(axis=1)
        some = open_share > 0.0
        left[some] /= open_share[some, None]
        left[~some] = 1.0 / left.shape[1]  # nobody is there: any row that adds up to 1
        km, row = self.km.copy(), self.row.copy()
        km[stream, touched] *= open_share[which.ravel()]
        row[stream, touched] = self.share.shape[0] + which.ravel().astype(np.int32)
        return Spread(km, row, np.concatenate([self.share, left]))

    def placed(self, stream: int, km: Float) -> Spread:
        """Put a stream where it is known hour by hour, ``km`` of shape (links, H)."""
        of_link = km.sum(axis=1)
        used = np.flatnonzero(of_link > 0.0)
        all_km, row = self.km.copy(), self.row.copy()
        all_km[stream] = of_link
        row[stream, used] = self.share.shape[0] + np.arange(used.size, dtype=np.int32)
        return Spread(all_km, row, np.concatenate([self.share, km[used] / of_link[used, None]]))

    def hours_of(self, stream: int) -> Float:
        """Return a stream's vehicle-km by link and hour, shape (links, H)."""
        return np.asarray(self.km[stream][:, None] * self.share[self.row[stream]])
