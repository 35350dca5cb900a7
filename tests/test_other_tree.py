"""Roots and audit paths agree with another implementation on ten thousand random trees.

`merkle_digests.txt` was written with pymerkle 7.0.0, which is under the GPL and therefore no dependency. A line stands
for a hundred trees: SHA-256 over, for each, the JSON list of its root, the root at an earlier size, a leaf's hash
and the sorted hashes of that leaf's audit path without the leaf:
`tree.get_root(size)`, `tree.get_root(old)`, `tree.get_leaf(index + 1)`, `tree.prove_inclusion(index + 1, size).path`.
"""

from __future__ import annotations

import json
import os
import random
from hashlib import sha256
from pathlib import Path

import pytest

from survey.proof import History, leaf_hash, verify_consistency, verify_inclusion

TREES = 100
DIGESTS = Path(__file__).with_name("merkle_digests.txt").read_text().split()
TRIED = DIGESTS if os.environ.get("HAILONG_FULL_COUNTS") else DIGESTS[:10]


def draw_tree(number: int) -> tuple[int, int, list[bytes]]:
    """An earlier size, a leaf's index, and what the leaves hold."""
    chance = random.Random(number)
    size = chance.randint(1, 130)
    old = chance.randint(1, size)
    return old, chance.randrange(size), [f"{number}:{each}".encode() for each in range(size)]


@pytest.mark.parametrize("group", range(len(TRIED)))
def test_a_hundred_trees_have_the_roots_and_paths_of_another_implementation(group: int) -> None:
    told = sha256()
    for number in range(group * TREES, (group + 1) * TREES):
        old, index, data = draw_tree(number)
        history, leaf, size = History([leaf_hash(each) for each in data]), leaf_hash(data[index]), len(data)
        path = history.inclusion_proof(index)
        roots = history.root(), history.root(old)
        told.update(
            json.dumps([*(each.hex() for each in (*roots, leaf)), sorted(each.hex() for each in path)]).encode()
        )
        assert verify_inclusion(leaf, index, size, path, roots[0])
        assert verify_consistency(old, roots[1], size, roots[0], history.consistency_proof(old))
    assert told.hexdigest() == DIGESTS[group]
