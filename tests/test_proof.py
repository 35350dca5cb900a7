"""The auditor's verifier against published vectors: RFC 6962, Go's sumdb/note, C2SP cosignatures, RFC 8785."""

import hashlib

import pytest

from survey import proof
from survey.proof import Checkpoint, History, Signer, Tree, Verifier, leaf_hash, open_note, sign_note

# The reference tree of Certificate Transparency: google/certificate-transparency, python/ct/crypto/merkle_test.py
# and cpp/merkletree/merkle_tree_test.cc (Apache-2.0).
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]

# golang.org/x/mod/sumdb/note, note_test.go (BSD-3-Clause).
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n"


def test_empty_tree_is_the_hash_of_nothing() -> None:
    assert proof.root_of([]) == hashlib.sha256(b"").digest()
    assert Tree().root == proof.EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert proof.root_of(CT_HASHES[:size]).hex() == CT_ROOTS[size - 1]


def test_go_note_opens_and_is_signed_to_the_same_bytes() -> None:
    assert open_note(GO_NOTE, [Verifier.parse(GO_VKEY)]).verified == ("PeterNeumann",)
    signer = Signer.parse(GO_SKEY)
    assert sign_note(GO_TEXT, signer) == GO_NOTE
    assert (signer.verifier.vkey, signer.skey) == (GO_VKEY, GO_SKEY)


def test_frontier_equals_full_recomputation() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(200)]
    history, tree = History(leaves), Tree()
    for size, leaf in enumerate(leaves):
        assert tree.root == proof.root_of(leaves[:size]) == history.root(size)
        tree = Tree.restore(tree.serialise())
        tree.append(leaf)
    assert tree.frontier == tuple(history.frontier(200))


@pytest.mark.parametrize("extensions", [(), ("manifest " + "ab" * 32,)])
def test_checkpoint_is_read_as_written(extensions: tuple[str, ...]) -> None:
    checkpoint = Checkpoint("example.vn/hailong", 8, bytes.fromhex(CT_ROOTS[7]), extensions)
    assert Checkpoint.parse(checkpoint.format()) == checkpoint
