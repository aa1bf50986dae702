"""A start for the build-out of one year: chargers added where they save most, then sites closed on trial."""

import numba
import numpy as np


@numba.njit(cache=True)
def _serve(s, cap, grid_left, first, member, order, left, group, load, worth, inside, commit, served, used):
    """Fill site ``s`` with the nearest demand; return what that saves a year.

    ``cap`` (families, ) is the energy an hour of each family of options, less what is used already in ``used``
    (families, hours); ``commit`` writes shares into ``served`` (pairs,) and takes them from ``left`` (demand,).
    """
    families, hours = used.shape
    room = np.empty((families, hours))
    for f in range(families):
        for h in range(hours):
            room[f, h] = cap[f] - used[f, h]
    grid = grid_left.copy()
    saved = 0.0
    for q in range(first[s], first[s + 1]):
        k = order[q]
        j = member[k]
        if left[j] <= 1e-12 or worth[k] <= 0.0:
            continue
        share = left[j]
        g = group[j]
        for h in range(hours):
            d = load[j, h]
            if d <= 0.0:
                continue
            for f in range(families):
                if inside[f, g] and room[f, h] < share * d:
                    share = max(room[f, h], 0.0) / d
            if grid[h] < share * d:
                share = max(grid[h], 0.0) / d
        if share <= 1e-9:
            continue
        saved += share * worth[k]
        for h in range(hours):
            grid[h] -= share * load[j, h]
            for f in range(families):
                if inside[f, g]:
                    room[f, h] -= share * load[j, h]
        if commit:
            served[k] += share
            left[j] -= share
            for h in range(hours):
                for f in range(families):
                    if inside[f, g]:
                        used[f, h] += share * load[j, h]
    if commit:
        for h in range(hours):
            grid_left[h] = grid[h]
    return saved


@numba.njit(cache=True)
def _capacity(s, count, table, own, option_in):
    """Return the energy an hour of each family of options at a site."""
    families, options = option_in.shape
    cap = own[s].copy()
    for f in range(families):
        for k in range(options):
            if option_in[f, k]:
                cap[f] += table[k, count[s, k]]
    return cap


@numba.njit(cache=True)
def expand(count, most, is_open, barred, served, left, used, grid_left, kw_left, feeder_left, money_left, data):
    """Add chargers as long as the best addition saves more than it costs; all state arrays are changed.

    Parameters
    ----------
    count, most : (sites, options) int64
        Chargers now, and at most.
    is_open, barred : (sites,) bool
    served : (pairs,) float64
        Share of the pair's demand that its site serves.
    left : (demand,) float64
        Share that nobody serves.
    used : (sites, families, hours) float64
        Energy an hour that is served already.
    grid_left : (sites, hours) float64
        Energy an hour that the grid can still give (``inf`` where the installed power is what is limited).
    kw_left : (sites,) float64
        Power that may still be installed.
    feeder_left : (feeders,) float64
    money_left : (1,) float64
        Of the budget.
    data : tuple
        ``first, member, order`` (pairs by site, in order of the way), ``group`` (demand,), ``load`` (demand, hours),
        ``worth`` (pairs,), ``inside`` (families, groups), ``option_in`` (families, options), ``own`` (sites, families)
        capacity that is there, ``table`` (options, sizes) capacity by number, ``sizes`` numbers that are tried,
        ``kw`` (options,), ``yearly`` (options,) and ``price`` (options,) of a charger with its share of the connection,
        ``open_yearly`` and ``open_price`` (sites,), ``room`` (sites,), ``feeder`` (sites,).

    Returns
    -------
    float
        What is saved a year, less what is spent.
    """
    (first, member, order, group, load, worth, inside, option_in, own, table, sizes, kw, yearly, price) = data[:14]
    (open_yearly, open_price, room, feeder) = data[14:]
    sites, options = count.shape
    families, hours = used.shape[1], used.shape[2]
    net_of = np.full(sites, np.inf)
    best_k = np.zeros(sites, dtype=np.int64)
    best_n = np.zeros(sites, dtype=np.int64)
    stale = np.ones(sites, dtype=np.bool_)
    touched = np.zeros(left.size, dtype=np.bool_)
    total = 0.0
    scratch = np.empty((families, hours))
    while True:
        best, best_net = -1, 1e-6
        for s in range(sites):
            if barred[s] or net_of[s] <= best_net:
                continue
            if stale[s]:
                stale[s] = False
                net_of[s] = -np.inf
                present = 0
                for k in range(options):
                    present += count[s, k]
                for k in range(options):
                    if most[s, k] <= count[s, k]:
                        continue
                    before = -1.0
                    for q in range(sizes.size):
                        n = sizes[q]
                        added = n - count[s, k]
                        if added <= 0:
                            continue
                        if n > most[s, k] or present + added > room[s] or added * kw[k] > kw_left[s] + 1e-9:
                            break
                        if feeder[s] >= 0 and added * kw[k] > feeder_left[feeder[s]] + 1e-9:
                            break
                        spent = added * price[k] + (0.0 if is_open[s] else open_price[s])
                        if spent > money_left[0] + 1e-6:
                            break
                        cap = _capacity(s, count, table, own, option_in)
                        for f in range(families):
                            if option_in[f, k]:
                                cap[f] += table[k, n] - table[k, count[s, k]]
                        scratch[:] = used[s]
                        saved = _serve(
                            s, cap, grid_left[s], first, member, order, left, group, load, worth, inside, False,
                            served, scratch,
                        )  # fmt: skip
                        net = saved - added * yearly[k] - (0.0 if is_open[s] else open_yearly[s])
                        if net > net_of[s]:
                            net_of[s], best_k[s], best_n[s] = net, k, n
                        if saved <= before * (1.0 + 1e-9):
                            break
                        before = saved
            if net_of[s] > best_net:
                best, best_net = s, net_of[s]
        if best < 0:
            return total
        s, k = best, best_k[best]
        added = best_n[s] - count[s, k]
        count[s, k] += added
        kw_left[s] -= added * kw[k]
        money_left[0] -= added * price[k] + (0.0 if is_open[s] else open_price[s])
        if feeder[s] >= 0:
            feeder_left[feeder[s]] -= added * kw[k]
        is_open[s] = True
        total += best_net
        touched[:] = False
        for q in range(first[s], first[s + 1]):
            touched[member[q]] = left[member[q]] > 1e-12
        cap = _capacity(s, count, table, own, option_in)
        _serve(s, cap, grid_left[s], first, member, order, left, group, load, worth, inside, True, served, used[s])
        # sites that share demand, feeder or budget with this one have to be looked at again
        for other in range(sites):
            if stale[other]:
                continue
            again = other == s or (feeder[s] >= 0 and feeder[other] == feeder[s]) or np.isfinite(money_left[0])
            if not again:
                for q in range(first[other], first[other + 1]):
                    if touched[member[q]]:
                        again = True
                        break
            if again:
                stale[other] = True
                net_of[other] = np.inf


@numba.njit(cache=True)
def fill(is_open, count, served, left, used, grid_left, data):
    """Serve demand with the chargers that are there already; returns what that saves a year."""
    (first, member, order, group, load, worth, inside, option_in, own, table) = data[:10]
    saved = 0.0
    for s in range(is_open.size):
        if is_open[s]:
            cap = _capacity(s, count, table, own, option_in)
            saved += _serve(
                s, cap, grid_left[s], first, member, order, left, group, load, worth, inside, True, served, used[s]
            )
    return saved
