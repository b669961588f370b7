"""The smallest hitting set against brute force."""

from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from podfit.solve.cores import _greedy, hitting_set, smallest_hitting_set

NAMES = "abcdefg"
CORES = st.lists(st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=4), max_size=6)
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9).map(float))


def _best(cores, weights):
    subsets = chain.from_iterable(combinations(NAMES, size) for size in range(len(NAMES) + 1))
    hitting = [set(subset) for subset in subsets if all(core & set(subset) for core in cores)]
    return min((len(subset), sum(weights.get(name, 0.0) for name in subset)) for subset in hitting)


@given(CORES, WEIGHTS)
def test_it_is_the_fewest_names_then_the_least_weight(cores, weights):
    chosen = smallest_hitting_set(cores, weights)
    assert all(core & chosen for core in cores)
    assert (len(chosen), sum(weights.get(name, 0.0) for name in chosen)) == _best(cores, weights)


RANKS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1, 2]))


@given(CORES, WEIGHTS, RANKS)
def test_what_has_a_rank_goes_only_where_nothing_of_a_lower_one_does(cores, weights, ranks):
    def price(names):
        found = [ranks.get(name, 0) for name in names]
        return found.count(2), found.count(1), len(found), sum(weights.get(name, 0.0) for name in names)

    chosen = hitting_set(cores, weights, ranks=ranks).names
    subsets = chain.from_iterable(combinations(NAMES, size) for size in range(len(NAMES) + 1))
    assert price(chosen) == min(price(names) for names in subsets if all(core & set(names) for core in cores))


@given(CORES, WEIGHTS)
def test_the_greedy_way_hits_every_core_too(cores, weights):
    chosen = _greedy(set(cores), weights, {})
    assert all(core & chosen for core in cores)
    assert not any(all(core & (chosen - {name}) for core in cores) and len(chosen) > len(cores) for name in chosen)


def test_no_conflict_releases_nothing():
    assert smallest_hitting_set([], {}) == frozenset()


def test_many_cores_keep_the_minimum_exact():
    cores = [frozenset({f"x{a}", f"x{b}"}) for a in range(30) for b in range(a)]
    chosen = smallest_hitting_set(cores, {})
    assert all(core & chosen for core in cores)
    assert len(chosen) == 29
    assert hitting_set(cores, {}).proven


def test_the_minimum_is_proven_where_one_by_one_would_take_a_million_sets():
    triples = [frozenset({f"a{i}", f"b{i}", f"c{i}"}) for i in range(12)]
    crossing = [frozenset({f"a{i}", f"b{i + 1}"}) for i in range(11)]
    found = hitting_set([*triples, *crossing], {})
    assert (len(found.names), found.proven) == (12, True)


def test_a_search_cut_short_still_hits_every_core_and_says_that_it_is_not_proven():
    cores = [frozenset({f"x{a}", f"x{b}"}) for a in range(12) for b in range(a) if (a + b) % 3]
    found = hitting_set(cores, {}, most_nodes=2)
    assert all(core & found.names for core in cores)
    assert not found.proven
