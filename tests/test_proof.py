"""The auditor's verifier against published vectors: RFC 6962, Go's sumdb/note, C2SP cosignatures, RFC 8785."""

import hashlib
import hmac
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey import proof
from survey.proof import (
    COSIGNATURE,
    Checkpoint,
    History,
    MalformedLeaf,
    MalformedNote,
    MalformedReceipt,
    MalformedTree,
    NotCanonical,
    Signer,
    Tree,
    UnverifiedNote,
    Verifier,
    canonical_json,
    leaf_hash,
    node_hash,
    open_note,
    parse_note,
    sign_note,
)

# The reference tree of Certificate Transparency: google/certificate-transparency, python/ct/crypto/merkle_test.py
# and cpp/merkletree (merkle_tree_test.cc, merkle_verifier_test.cc), Apache-2.0.
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
CT_INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CT_CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]

# golang.org/x/mod/sumdb/note, note_test.go (BSD-3-Clause).
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n"

# The example of the C2SP specifications tlog-checkpoint and tlog-cosignature (CC BY 4.0).
C2SP_NOTE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 a signature line cannot be folded

SIZES = range(66)
LEAVES = [leaf_hash(bytes([number])) for number in SIZES]
HISTORY = History(LEAVES)


class TestTree:
    def test_the_empty_tree_is_the_hash_of_nothing(self) -> None:
        assert proof.History([]).root() == Tree().root == hashlib.sha256(b"").digest()

    @pytest.mark.parametrize("size", range(1, 9))
    def test_roots_are_the_published_ones(self, size: int) -> None:
        assert proof.History(CT_HASHES[:size]).root().hex() == CT_ROOTS[size - 1]

    @pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
    def test_inclusion_proofs_are_the_published_ones(self, index: int, size: int) -> None:
        path = [bytes.fromhex(node) for node in CT_INCLUSION[index, size]]
        assert proof.History(CT_HASHES[:size]).inclusion_proof(index) == path
        assert proof.verify_inclusion(CT_HASHES[index], index, size, path, bytes.fromhex(CT_ROOTS[size - 1]))

    @pytest.mark.parametrize(("old", "size"), CT_CONSISTENCY)
    def test_consistency_proofs_are_the_published_ones(self, old: int, size: int) -> None:
        path = [bytes.fromhex(node) for node in CT_CONSISTENCY[old, size]]
        roots = bytes.fromhex(CT_ROOTS[old - 1]), bytes.fromhex(CT_ROOTS[size - 1])
        assert proof.History(CT_HASHES[:size]).consistency_proof(old) == path
        assert proof.verify_consistency(old, roots[0], size, roots[1], path)

    def test_roots_and_proofs_agree_with_the_words_of_the_rfc_for_all_sizes_to_65(self) -> None:
        for size in SIZES:
            leaves = LEAVES[:size]
            assert HISTORY.root(size) == rfc_root(leaves)
            for index in range(size):
                assert HISTORY.inclusion_proof(index, size) == rfc_path(index, leaves)
                assert HISTORY.consistency_proof(index + 1, size) == rfc_subproof(index + 1, leaves, True)

    def test_every_inclusion_proof_to_65_holds_and_its_forgeries_fail(self) -> None:
        for size in SIZES:
            root = HISTORY.root(size)
            for index in range(size):
                path = HISTORY.inclusion_proof(index, size)
                assert proof.verify_inclusion(LEAVES[index], index, size, path, root)
                for forged in forgeries(path):
                    assert not proof.verify_inclusion(LEAVES[index], index, size, forged, root)
                assert not proof.verify_inclusion(proof.EMPTY_ROOT, index, size, path, root)
                assert not proof.verify_inclusion(LEAVES[index], index, size, path, proof.EMPTY_ROOT)
                for other in (-1, index - 1, index + 1, size):
                    assert not proof.verify_inclusion(LEAVES[index], other, size, path, root)

    def test_every_consistency_proof_to_65_holds_and_its_forgeries_fail(self) -> None:
        for old, size in itertools.combinations_with_replacement(SIZES, 2):
            roots, path = (HISTORY.root(old), HISTORY.root(size)), HISTORY.consistency_proof(old, size)
            assert proof.verify_consistency(old, roots[0], size, roots[1], path)
            for forged in forgeries(path):
                assert not proof.verify_consistency(old, roots[0], size, roots[1], forged)
            assert not proof.verify_consistency(old, leaf_hash(b"another past"), size, roots[1], path)
            if old:
                assert not proof.verify_consistency(old, roots[0], size, leaf_hash(b"another present"), path)
            if old < size:
                assert not proof.verify_consistency(size, roots[1], old, roots[0], path)

    @given(st.lists(st.binary(max_size=8), max_size=300), st.integers(1, 40))
    def test_a_tree_saved_and_restored_at_any_time_equals_full_recomputation(
        self, leaves: list[bytes], every: int
    ) -> None:
        hashes, tree = [leaf_hash(leaf) for leaf in leaves], Tree()
        for size, leaf in enumerate(hashes, 1):
            tree.append(leaf)
            if size % every == 0:
                tree = Tree.restore(tree.serialise())
        assert (tree.size, tree.root) == (len(hashes), rfc_root(hashes))
        assert list(tree.frontier) == History(hashes).frontier(len(hashes))
        assert len(tree.serialise()) <= 8 + 32 * max(1, len(hashes)).bit_length()

    @pytest.mark.parametrize("state", [b"", b"\0" * 7, b"\0" * 7 + b"\1", b"\0" * 40, b"\0" * 7 + b"\1" + b"x" * 31])
    def test_a_damaged_frontier_is_refused(self, state: bytes) -> None:
        with pytest.raises(MalformedTree):
            Tree.restore(state)

    def test_leaf_data_is_not_taken_for_a_hash(self) -> None:
        with pytest.raises(MalformedLeaf):
            Tree().append(b"x" * 64)

    def test_proofs_outside_the_tree_are_refused(self) -> None:
        with pytest.raises(IndexError):
            HISTORY.inclusion_proof(66)
        with pytest.raises(IndexError):
            HISTORY.consistency_proof(3, 67)

    def test_a_proof_in_a_tree_of_200_000_leaves_takes_less_than_a_millisecond(self) -> None:
        history = History([number.to_bytes(32, "big") for number in range(200_000)])
        start = time.perf_counter()
        for index in range(100):
            history.inclusion_proof(index * 1999)
        assert (time.perf_counter() - start) / 100 < 0.001


class TestLeaf:
    def test_a_leaf_is_the_hash_of_two_nonced_halves(self) -> None:
        nonce1, nonce2 = b"1" * 32, b"2" * 32
        halves = hashlib.sha256(nonce1 + b"codes").digest() + hashlib.sha256(nonce2 + b"text").digest()
        leaf = proof.response_leaf(nonce1, b"codes", proof.digest_part(nonce2, b"text"))
        assert leaf == halves
        assert leaf_hash(leaf) == hashlib.sha256(b"\0" + halves).digest()

    def test_a_byte_cannot_move_from_the_codes_into_the_nonce(self) -> None:
        with pytest.raises(MalformedLeaf):
            proof.digest_part(b"1" * 32 + b"c", b"odes")

    def test_a_text_digest_has_32_bytes(self) -> None:
        with pytest.raises(MalformedLeaf):
            proof.response_leaf(b"1" * 32, b"codes", b"text")


class TestNote:
    def test_gos_note_opens_and_is_signed_to_the_same_bytes(self) -> None:
        assert open_note(GO_NOTE, [Verifier.parse(GO_VKEY)]).verified == ("PeterNeumann",)
        signer = Signer.parse(GO_SKEY)
        assert sign_note(GO_TEXT, signer) == GO_NOTE
        assert (signer.verifier.vkey, signer.skey) == (GO_VKEY, GO_SKEY)

    def test_no_part_of_a_key_is_a_key(self) -> None:
        for start, end in itertools.combinations(range(len(GO_VKEY) + 1), 2):
            if end - start < len(GO_VKEY):
                with pytest.raises(MalformedNote):
                    Verifier.parse(GO_VKEY[start:end])

    @pytest.mark.parametrize(
        "key",
        [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ],
    )
    def test_gos_bad_keys_are_refused(self, key: str) -> None:
        with pytest.raises(MalformedNote):
            Verifier.parse(key)

    @pytest.mark.parametrize(
        "key", [GO_SKEY[:-4], GO_SKEY.replace("c74f20a3", "c74f20a4"), GO_SKEY.replace("PRIVATE", "PUBLIC"), GO_VKEY]
    )
    def test_bad_signing_keys_are_refused(self, key: str) -> None:
        with pytest.raises(MalformedNote):
            Signer.parse(key)

    @given(st.integers(0, len(GO_NOTE) - 1), st.characters(codec="utf-8"))
    def test_no_letter_of_a_note_can_change(self, place: int, letter: str) -> None:
        changed = GO_NOTE[:place] + letter + GO_NOTE[place + 1 :]
        if changed != GO_NOTE:
            with pytest.raises((UnverifiedNote, MalformedNote)):
                open_note(changed, [Verifier.parse(GO_VKEY)])

    def test_signatures_of_unknown_keys_do_no_harm_and_wrong_ones_of_known_keys_do(self) -> None:
        known, unknown = Signer("log.vn", b"k" * 32), Signer("other.vn", b"u" * 32)
        assert open_note(sign_note("a\n", unknown, known), [known.verifier]).verified == ("log.vn",)
        assert len(parse_note(sign_note("a\n", *[unknown] * 16, known)).signatures) == 17
        with pytest.raises(UnverifiedNote, match=r"no trusted key.*other\.vn"):
            open_note(sign_note("a\n", unknown), [known.verifier])
        with pytest.raises(UnverifiedNote, match="is wrong"):
            open_note(sign_note("a\n", known).replace("a\n", "b\n", 1), [known.verifier])

    def test_a_key_of_the_same_name_is_another_key(self) -> None:
        known, impostor = Signer("log.vn", b"k" * 32), Signer("log.vn", b"i" * 32)
        with pytest.raises(UnverifiedNote):
            open_note(sign_note("a\n", impostor), [known.verifier])

    @pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "return\r\n"])
    def test_only_whole_lines_are_signed(self, text: str) -> None:
        with pytest.raises(MalformedNote):
            sign_note(text, Signer.parse(GO_SKEY))

    @pytest.mark.parametrize(
        "note",
        [
            "",
            GO_TEXT,
            GO_NOTE[:-1],
            GO_NOTE + "\n",
            GO_NOTE.replace("—", "--"),
            GO_NOTE.replace("AM=", "AM"),
            GO_NOTE.replace("Peter", "Peter "),
            GO_TEXT + "\n— PeterNeumann x08g\n",
        ],
    )
    def test_malformed_notes_are_refused(self, note: str) -> None:
        with pytest.raises(MalformedNote):
            parse_note(note)

    def test_the_text_ends_at_the_last_blank_line(self) -> None:
        signer = Signer.parse(GO_SKEY)
        text = "one\n\n— PeterNeumann no signature\n\ntwo\n"
        assert open_note(sign_note(text, signer), [signer.verifier]).text == text


class TestCosignature:
    def test_the_published_cosignature_tells_its_time(self) -> None:
        log, witness = parse_note(C2SP_NOTE).signatures
        assert (log.name, witness.name) == ("example.com/behind-the-sofa", "witness.example.com/w1")
        assert int.from_bytes(witness.signature[:8], "big") == 1679315147  # the time line of the specification
        assert (len(log.signature), len(witness.signature)) == (64, 72)

    def test_a_witness_signs_its_time_with_the_text(self) -> None:
        witness = Signer("witness.vn/w1", b"w" * 32, COSIGNATURE)
        key = witness.verifier.public_key
        assert witness.verifier.key_id == hashlib.sha256(b"witness.vn/w1\n\x04" + key).digest()[:4]
        note = sign_note("log.vn\n0\n", Signer("log.vn", b"k" * 32)) + witness.sign("log.vn\n0\n", 1679315147)
        assert open_note(note, [Verifier.parse(witness.verifier.vkey)]).verified == ("witness.vn/w1",)
        signature = parse_note(note).signatures[1].signature
        plain = Verifier("plain", key)
        assert plain.verify("cosignature/v1\ntime 1679315147\nlog.vn\n0\n", signature[8:])
        assert not witness.verifier.verify("log.vn\n0\n", (1).to_bytes(8, "big") + signature[8:])

    def test_a_witness_key_cannot_stand_for_a_log_key(self) -> None:
        witness, log = Signer("same", b"s" * 32, COSIGNATURE), Signer("same", b"s" * 32)
        with pytest.raises(UnverifiedNote):
            open_note(sign_note("a\n", witness, now=5), [log.verifier])


class TestCheckpoint:
    def test_the_published_checkpoint_is_read(self) -> None:
        checkpoint = Checkpoint.parse(parse_note(C2SP_NOTE).text)
        assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
        assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
        assert checkpoint.format() == parse_note(C2SP_NOTE).text

    @pytest.mark.parametrize("extensions", [(), ("manifest " + "ab" * 32,), ("other", "manifest " + "ab" * 32)])
    def test_what_is_written_is_read(self, extensions: tuple[str, ...]) -> None:
        checkpoint = Checkpoint("example.vn/hailong", 8, bytes.fromhex(CT_ROOTS[7]), extensions)
        assert Checkpoint.parse(checkpoint.format()) == checkpoint
        assert checkpoint.manifest == ("ab" * 32 if extensions else None)

    def test_two_manifests_bind_none(self) -> None:
        assert Checkpoint("o", 0, proof.EMPTY_ROOT, ("manifest a", "manifest b")).manifest is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "o\n",
            "o\n1\n",
            "o\n01\n" + "A" * 43 + "=\n",
            "o\n-1\n" + "A" * 43 + "=\n",
            "o\n１\n" + "A" * 43 + "=\n",
            "o\n1\n" + "A" * 44 + "\n",
            "o\n1\n" + "A" * 42 + "B=\n",
            "o\n1\n" + "A" * 43 + "=",
            "o\n1\n" + "A" * 43 + "=\n\n",
            "o\n1\n" + "A" * 43 + "=\n\nmanifest x\n",
            "\n1\n" + "A" * 43 + "=\n",
        ],
    )
    def test_another_spelling_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedNote):
            Checkpoint.parse(text)


class TestCanonicalJson:
    def test_keys_of_rfc_8785_section_3_2_3_are_in_utf_16_order(self) -> None:
        keys = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
        assert canonical_json(keys).decode() == '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'

    def test_strings_of_rfc_8785_section_3_2_2_keep_their_one_escape(self) -> None:
        text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f"
        assert canonical_json({"string": text, "literals": [None, True, False]}).decode() == (
            '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        )

    @pytest.mark.parametrize("value", [1.5, 2**53 + 1, {1: "a"}, b"x", "\ud800", [{"a": 0.0}], {"a", "b"}])
    def test_what_has_no_single_spelling_is_refused(self, value: object) -> None:
        with pytest.raises(NotCanonical):
            canonical_json(value)


class TestReceipt:
    def test_a_code_is_the_first_50_bits_of_the_hmac(self) -> None:
        bits = f"{int.from_bytes(hmac.digest(b'key', b'once', 'sha256'), 'big'):0256b}"[:50]
        code = proof.receipt_code(b"key", "once")
        assert [proof.ALPHABET.index(letter) for letter in code] == [int(bits[i : i + 5], 2) for i in range(0, 50, 5)]

    @pytest.mark.parametrize("typed", ["01ABC-DEF23", "o1abc def23", " OiAbCdEf23 ", "0l-ab-cd-ef-23"])
    def test_what_a_person_types_is_forgiven(self, typed: str) -> None:
        assert proof.normalise_receipt(typed) == "01ABCDEF23"
        assert proof.receipt_hash(typed) == hashlib.sha256(b"01ABCDEF23").digest()

    @pytest.mark.parametrize("typed", ["", "01ABCDEF2", "01ABCDEF234", "U1ABCDEF23", "01ABCDEF2é", "01ABCDEF2ß"])
    def test_what_is_no_code_is_refused(self, typed: str) -> None:
        with pytest.raises(MalformedReceipt):
            proof.receipt_hash(typed)

    @given(st.lists(st.binary(min_size=32, max_size=32), unique=True))
    def test_the_list_of_a_batch_has_no_order_of_arrival(self, hashes: list[bytes]) -> None:
        assert proof.receipts_list(hashes) == proof.receipts_list(hashes[::-1])
        assert proof.receipts_digest(hashes) == hashlib.sha256(proof.receipts_list(hashes)).hexdigest()


def forgeries(path: list[bytes]) -> list[list[bytes]]:
    """The path with a node changed, dropped, added, or two swapped."""
    flipped = [[*path[:i], bytes([node[0] ^ 1]) + node[1:], *path[i + 1 :]] for i, node in enumerate(path)]
    dropped = [path[:i] + path[i + 1 :] for i in range(len(path))]
    added = [[*path, proof.EMPTY_ROOT], [proof.EMPTY_ROOT, *path]]
    swapped = [[*path[:i], path[i + 1], path[i], *path[i + 2 :]] for i in range(len(path) - 1)]
    return flipped + dropped + added + swapped


def split(size: int) -> int:
    """The largest power of two below `size`, by counting."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def rfc_root(leaves: list[bytes]) -> bytes:
    """MTH(D[n]), the words of RFC 6962 section 2.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    middle = split(len(leaves))
    return node_hash(rfc_root(leaves[:middle]), rfc_root(leaves[middle:]))


def rfc_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]), the words of section 2.1.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*rfc_path(index, leaves[:middle]), rfc_root(leaves[middle:])]
    return [*rfc_path(index - middle, leaves[middle:]), rfc_root(leaves[:middle])]


def rfc_subproof(old: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b), the words of section 2.1.2."""
    if old == len(leaves):
        return [] if known else [rfc_root(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return [*rfc_subproof(old, leaves[:middle], known), rfc_root(leaves[middle:])]
    return [*rfc_subproof(old - middle, leaves[middle:], False), rfc_root(leaves[:middle])]
