"""An audit bundle: honest ones pass, every tamper is caught, and the first bad row is named.

HAILONG_FULL_COUNTS=1 in the environment runs the full drill instead of the short one.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey import proof
from survey.proof import COSIGNATURE, Checkpoint, Signer, Tree, canonical_json, digest_part, sign_note, verify_bundle

LOG = Signer("log.example.vn/hailong", b"l" * 32)
THIEF = Signer("log.example.vn/hailong", b"t" * 32)
WITNESS = Signer("witness.example.vn/w1", b"w" * 32, COSIGNATURE)
BATCHES = (5, 11, 3, 9)
ENDS = (5, 16, 19, 28)
TAMPERS = 10_000 if os.environ.get("HAILONG_FULL_COUNTS") else 150

Row = dict[str, Any]
Files = dict[str, bytes]


def make_codes(index: int, answer: str, kind: str) -> Row:
    """An exclusion is of the row before it."""
    if kind == "exclusion":
        return {"excluded": index - 1, "kind": kind, "reason": "thử", "rule": "try@1", "stratum": "A", "wave": "W1"}
    return {"answers": {"Q1": answer}, "kind": kind, "period": "2026-11a", "stratum": "A", "wave": "W1"}


def make_row(index: int, answer: str, kind: str = "response", erased: bool = False) -> Row:
    nonce1, nonce2 = hashlib.sha256(f"1{index}".encode()).digest(), hashlib.sha256(f"2{index}".encode()).digest()
    text = canonical_json({"Q9": f"ý kiến {index}"})
    row = {
        "index": index,
        "kind": kind,
        "wave": "W1",
        "nonce1": nonce1.hex(),
        "codes": encode(canonical_json(make_codes(index, answer, kind))),
        "text_digest": digest_part(nonce2, text).hex(),
    }
    return row if erased else row | {"nonce2": nonce2.hex(), "text": encode(text)}


def hash_row(row: Row) -> bytes:
    codes, text_digest = base64.b64decode(row["codes"]), bytes.fromhex(row["text_digest"])
    return proof.leaf_hash(proof.response_leaf(bytes.fromhex(row["nonce1"]), codes, text_digest))


def make_bundle(batches: Sequence[int], signer: Signer = LOG, answer: str = "5") -> Files:
    """A bundle of `batches` rows a checkpoint; every seventh row is an exclusion, every third has lost its text."""
    rows: list[Row] = []
    files: Files = {"log.vkey": (LOG.verifier.vkey + "\n").encode()}
    tree = Tree()
    for number, size in enumerate(batches, 1):
        end = len(rows) + size
        new = [
            make_row(i, answer, "exclusion" if i % 7 == 6 else "response", i % 3 == 2) for i in range(tree.size, end)
        ]
        rows += new
        for row in new:
            tree = Tree.restore(tree.serialise())
            tree.append(hash_row(row))
        receipted = [proof.receipt_hash(f"{row['index']:010}") for row in new if row["kind"] == "response"]
        bound = {
            f"receipts/{number:06}.txt": proof.receipts_list(receipted),
            f"accounting/{number:06}.json": canonical_json(
                {"W1": {"A": {"answered": end, "invited": 40, **count_kinds(rows)}}}
            ),
            f"exclusions/{number:06}.json": canonical_json(
                [
                    {"position": i, "excluded_position": i - 1, "reason": "thử", "rule": "try@1"}
                    for i in (row["index"] for row in new if row["kind"] == "exclusion")
                ]
            ),
            f"releases/{number:06}.json": canonical_json([]),
            f"keys/{number:06}.json": canonical_json([]),
        }
        digests = {name.split("/")[0]: hashlib.sha256(content).hexdigest() for name, content in bound.items()}
        head_of_tree = {"number": number, "tree": {"root": tree.root.hex(), "size": end}}
        manifest = canonical_json(digests | head_of_tree | {"separated": True})
        head = Checkpoint(LOG.verifier.name, end, tree.root, ("manifest " + hashlib.sha256(manifest).hexdigest(),))
        files |= bound | {f"manifests/{number:06}.json": manifest}
        files[f"checkpoints/{number:06}.note"] = (
            sign_note(head.format(), signer) + WITNESS.sign(head.format(), 9)
        ).encode()
    return files | {"ledger.jsonl": write_rows(rows), "leaves.bin": b"".join(hash_row(row) for row in rows)}


def count_kinds(rows: Sequence[Row]) -> dict[str, int]:
    kinds = [row["kind"] for row in rows]
    return {"sealed": kinds.count("response"), "excluded": kinds.count("exclusion"), "withdrawn": 0}


def read_rows(files: Files) -> list[Row]:
    return [json.loads(line) for line in files["ledger.jsonl"].splitlines()]


def write_rows(rows: Sequence[Row]) -> bytes:
    """As the log spells them."""
    lines = (json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows)
    return b"".join(line.encode() + b"\n" for line in lines)


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


@contextmanager
def unpacked(files: Files) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        for path, content in files.items():
            target = Path(name, path)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        yield Path(name)


def verify(files: Files, kept: Sequence[Checkpoint] = (), processes: int = 1) -> list[proof.Finding]:
    with unpacked(files) as folder:
        return verify_bundle(folder, [LOG.verifier, WITNESS.verifier], kept, processes)


HONEST = make_bundle(BATCHES)
LAST_HEAD = Checkpoint.parse(proof.parse_note(HONEST["checkpoints/000004.note"].decode()).text)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of eight rows, so that 28 rows take several."""
    monkeypatch.setattr(proof, "BLOCK", 8)


class TestHonest:
    def test_nothing_is_found_in_an_honest_bundle(self) -> None:
        assert verify(HONEST, [LAST_HEAD]) == []

    def test_two_processes_find_the_same_as_one(self) -> None:
        assert verify(HONEST, processes=2) == []
        changed = HONEST | {"ledger.jsonl": HONEST["ledger.jsonl"].replace(b'"index":20', b'"index":99')}
        assert verify(changed, processes=2) == verify(changed, processes=1) != []

    def test_the_public_bundle_has_hashes_instead_of_rows(self) -> None:
        public = {name: content for name, content in HONEST.items() if name != "ledger.jsonl"}
        assert verify(public) == []
        flipped = public | {"leaves.bin": bytes([public["leaves.bin"][0] ^ 1]) + public["leaves.bin"][1:]}
        assert [finding.row for finding in verify(flipped)] == [0]

    def test_rows_without_their_published_hashes_are_enough(self) -> None:
        assert verify({name: content for name, content in HONEST.items() if name != "leaves.bin"}) == []

    def test_a_checkpoint_may_be_signed_again_over_the_same_rows(self) -> None:
        assert verify(make_bundle((5, 0, 3, 0))) == []

    def test_an_empty_log_may_be_signed(self) -> None:
        assert verify(make_bundle((0,))) == []

    def test_all_texts_may_be_erased(self) -> None:
        rows = [
            {name: value for name, value in row.items() if name not in ("nonce2", "text")} for row in read_rows(HONEST)
        ]
        assert verify(HONEST | {"ledger.jsonl": write_rows(rows)}) == []

    @settings(max_examples=max(40, TAMPERS // 10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(batches=st.lists(st.integers(0, 30), min_size=1, max_size=8))
    def test_no_honest_history_raises_an_alarm(self, batches: list[int]) -> None:
        assert verify(make_bundle(batches)) == []


RowTamper = Callable[[list[Row], int, int], tuple[list[Row], int]]


def edit_codes(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    codes = base64.b64decode(rows[i]["codes"]).replace(b'"5"', b'"1"').replace(b"try@1", b"try@2")
    return [*rows[:i], rows[i] | {"codes": encode(codes)}, *rows[i + 1 :]], i


def edit_nonce(rows: list[Row], i: int, j: int) -> tuple[list[Row], int]:
    return [*rows[:i], rows[i] | {"nonce1": f"{j:064x}"}, *rows[i + 1 :]], i


def edit_text_digest(rows: list[Row], i: int, j: int) -> tuple[list[Row], int]:
    changed = {name: value for name, value in rows[i].items() if name != "text"} | {"text_digest": f"{j:064x}"}
    return [*rows[:i], changed, *rows[i + 1 :]], i


def delete(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    return rows[:i] + rows[i + 1 :], i


def insert(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    return [*rows[:i], make_row(i, "4"), *rows[i:]], i


def repeat(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    return [*rows[: i + 1], rows[i], *rows[i + 1 :]], i + 1


def swap(rows: list[Row], i: int, j: int) -> tuple[list[Row], int]:
    j = j if j != i else (i + 1) % len(rows)
    changed = list(rows)
    changed[i], changed[j] = rows[j], rows[i]
    return changed, min(i, j)


def truncate(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    return rows[:i], i


def replace_tail(rows: list[Row], i: int, _: int) -> tuple[list[Row], int]:
    return rows[:i] + [make_row(index, "4") for index in range(i, len(rows))], i


ROW_TAMPERS: list[RowTamper] = [
    edit_codes,
    edit_nonce,
    edit_text_digest,
    delete,
    insert,
    repeat,
    swap,
    truncate,
    replace_tail,
]


@pytest.mark.parametrize(
    ("codes", "kind", "agrees"),
    [
        ({"kind": "response", "wave": "W1"}, "response", True),
        ({"kind": "response", "wave": "W1"}, "exclusion", False),
        ({"answers": {"kind": "exclusion"}, "kind": "response"}, "response", True),
        ({"answers": {"kind": "exclusion"}, "kind": "response"}, "exclusion", False),
        ({"answers": {"Q1": '"kind":"exclusion"'}, "kind": "response"}, "exclusion", False),
        ({"kind": "response", "language": "vi"}, 'response","language":"vi', False),
        ({"kind": 'a"b'}, 'a"b', True),
        ({"kind": 'a"b'}, "a\\", False),
    ],
)
def test_a_label_is_the_one_under_the_hash_however_codes_are_spelt(codes: Row, kind: str, agrees: bool) -> None:
    assert proof._says(canonical_json(codes), "kind", kind) is agrees


def read_properly(line: bytes, index: int) -> bytes | None:
    try:
        return proof._read_row(line, index)[0]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


@pytest.mark.parametrize("index", [1, 2, 6])
def test_the_short_way_to_read_a_row_says_what_the_long_one_says_whatever_byte_is_changed(index: int) -> None:
    """A row with its text, one that lost it, an exclusion; each byte replaced by what JSON or base64 might swallow."""
    line = HONEST["ledger.jsonl"].splitlines(keepends=True)[index]
    leaf, label = proof._read_row(line, index)
    assert proof._hash_alike(line, index, label) == leaf
    for place in range(len(line)):
        for new in (b"", b"0", b"A", b" ", b'"', b"\\", b"=", b"\n", line[place : place + 1] * 2):
            changed = line[:place] + new + line[place + 1 :]
            assert proof._hash_alike(changed, index, label) in (None, read_properly(changed, index))


@pytest.mark.parametrize(
    "codes",
    [
        b'{"kind":"response","wave":"W2"}',
        b'{"kind":"exclusion","wave":"W1"}',
        b'{"kind":"exclusion","language":{"kind":"response"},"wave":"W1"}',
        b'{"answers":{"wave":"W1"},"kind":"response","wave":"W2"}',
        b'{"kind":"response","language":{"wave":"W2","wave":"W1"}}',
        b'{"kind":"response","wave":"\\"wave\\":\\"W1"}',
        b'{"kind":"response","wave":",\\"wave\\":\\"W1\\"}"}',
    ],
)
def test_the_short_way_believes_no_label_that_codes_do_not_bear(codes: bytes) -> None:
    row = make_row(1, "5") | {"codes": encode(codes)}
    _, label = proof._read_row(HONEST["ledger.jsonl"].splitlines()[1], 1)
    assert proof._hash_alike(write_rows([row]), 1, label) is None


class TestTampers:
    @settings(max_examples=TAMPERS, deadline=None)
    @given(
        tamper=st.sampled_from(ROW_TAMPERS),
        i=st.integers(0, ENDS[-1] - 1),
        j=st.integers(0, ENDS[-1] - 1),
        renumber=st.booleans(),
        rewrite=st.booleans(),
    )
    def test_a_changed_row_is_caught_and_named(
        self, tamper: RowTamper, i: int, j: int, renumber: bool, rewrite: bool
    ) -> None:
        rows, first = tamper(read_rows(HONEST), i, j)
        if renumber:
            rows = [row | {"index": index} for index, row in enumerate(rows)]
        leaves = b"".join(hash_row(row) for row in rows) if rewrite else HONEST["leaves.bin"]
        found = verify(HONEST | {"ledger.jsonl": write_rows(rows), "leaves.bin": leaves})[0]
        start = max(end for end in (0, *ENDS) if end <= first)
        misplaced = next((at for at, row in enumerate(rows) if row["index"] != at), None)
        # A forger who rewrites the published hashes too leaves only the batch to name, or a row out of place.
        named = {first} if not rewrite else {first, start} if misplaced is None else {first, misplaced}
        assert found.place == "ledger.jsonl"
        assert found.row in named

    @settings(max_examples=TAMPERS, deadline=None)
    @given(
        name=st.sampled_from(sorted(name for name in HONEST if "/" in name)),
        place=st.integers(0, 10_000),
        bit=st.integers(0, 7),
    )
    def test_a_flipped_bit_in_any_bound_file_is_caught_by_name(self, name: str, place: int, bit: int) -> None:
        content = bytearray(HONEST[name])
        # A spoilt name or key hash of a witness makes it an unknown one, which a note may carry (C2SP signed-note).
        content[place % len(HONEST[name].split("\n— witness".encode())[0])] ^= 1 << bit
        findings = verify(HONEST | {name: bytes(content)})
        assert name in {finding.place for finding in findings}

    @settings(max_examples=TAMPERS, deadline=None)
    @given(place=st.integers(0, 32 * ENDS[-1] - 1), bit=st.integers(0, 7))
    def test_a_flipped_bit_in_the_published_hashes_is_caught_and_named(self, place: int, bit: int) -> None:
        content = bytearray(HONEST["leaves.bin"])
        content[place] ^= 1 << bit
        found = verify(HONEST | {"leaves.bin": bytes(content)})
        assert [(finding.place, finding.row) for finding in found] == [("leaves.bin", place // 32)]

    @pytest.mark.parametrize("extra", [b"x", b"x" * 32])
    def test_hashes_of_rows_that_are_not_there_are_noticed(self, extra: bytes) -> None:
        found = verify(HONEST | {"leaves.bin": HONEST["leaves.bin"] + extra})
        assert [(finding.place, finding.row) for finding in found] == [("leaves.bin", ENDS[-1])]

    @settings(max_examples=TAMPERS // 4, deadline=None)
    @given(i=st.integers(0, ENDS[-1] - 1), field=st.sampled_from(["kind", "wave", "text", "nonce2", "agency", "index"]))
    def test_no_label_of_a_row_can_change(self, i: int, field: str) -> None:
        rows = read_rows(HONEST)
        rows[i] |= {"text": encode(b"{}"), "nonce2": "00" * 32} if field in ("text", "nonce2") else {field: "another"}
        assert (verify(HONEST | {"ledger.jsonl": write_rows(rows)})[0].row) == i

    @pytest.mark.parametrize("wave", [b"W\\u0031", b"\\u0057\\u0031"])
    def test_a_row_may_be_spelt_otherwise(self, wave: bytes) -> None:
        rows = [json.dumps(row).encode().replace(b'"W1"', b'"%b"' % wave) for row in read_rows(HONEST)]
        assert verify(HONEST | {"ledger.jsonl": b"\n".join(rows) + b"\n"}) == []

    @pytest.mark.parametrize("wave", [b"W\x001", b"W1\xff", b"W1\n", b'W1","wave":"W2', b"W\\1", b"W1\\", b"W2", b""])
    def test_what_json_forbids_or_the_hash_denies_is_no_row(self, wave: bytes) -> None:
        rows = HONEST["ledger.jsonl"].splitlines(keepends=True)
        rows[3] = rows[3].replace(b'"wave":"W1"', b'"wave":"%b"' % wave)
        assert verify(HONEST | {"ledger.jsonl": b"".join(rows)})[0].row == 3

    @pytest.mark.parametrize("number", range(1, 5))
    def test_another_key_cannot_sign(self, number: int) -> None:
        name = f"checkpoints/{number:06}.note"
        findings = verify(HONEST | {name: make_bundle(BATCHES, THIEF)[name]})
        assert (findings[0].place, "no trusted key" in findings[0].message) == (name, True)

    def test_a_witness_alone_does_not_make_a_checkpoint(self) -> None:
        note = sign_note(LAST_HEAD.format(), WITNESS, now=9).encode()
        assert verify(HONEST | {"checkpoints/000004.note": note})[0].place == "checkpoints/000004.note"

    @pytest.mark.parametrize("number", range(1, 4))
    def test_a_missing_checkpoint_is_noticed(self, number: int) -> None:
        files = {name: content for name, content in HONEST.items() if name != f"checkpoints/{number:06}.note"}
        assert verify(files)[0].place == f"checkpoints/{number + 1:06}.note"

    def test_checkpoints_cannot_change_places(self) -> None:
        names = "checkpoints/000002.note", "checkpoints/000003.note"
        assert verify(HONEST | {names[0]: HONEST[names[1]], names[1]: HONEST[names[0]]})[0].place == names[1]

    @pytest.mark.parametrize("name", sorted(name for name in HONEST if "/" in name and "000002" in name))
    def test_a_removed_file_is_noticed(self, name: str) -> None:
        findings = verify({other: content for other, content in HONEST.items() if other != name})
        assert any("000002" in finding.place or "000003" in finding.place for finding in findings)

    def test_a_file_that_no_checkpoint_binds_is_noticed(self) -> None:
        stray = HONEST | {"receipts/000005.txt": proof.receipts_list([proof.receipt_hash("Z" * 10)])}
        assert [finding.place for finding in verify(stray)] == ["receipts/000005.txt"]

    def test_a_batch_has_as_many_receipts_as_responses_though_the_log_signs_otherwise(self) -> None:
        files = make_bundle((3,))
        lines = proof.receipts_list([proof.receipt_hash(f"{number:010}") for number in range(2)])
        manifest = json.loads(files["manifests/000001.json"]) | {"receipts": hashlib.sha256(lines).hexdigest()}
        written = canonical_json(manifest)
        head = Checkpoint.parse(proof.parse_note(files["checkpoints/000001.note"].decode()).text)
        bound = Checkpoint(head.origin, head.size, head.root, ("manifest " + hashlib.sha256(written).hexdigest(),))
        note = sign_note(bound.format(), LOG).encode()
        files |= {"receipts/000001.txt": lines, "manifests/000001.json": written, "checkpoints/000001.note": note}
        assert [str(found) for found in verify(files)] == ["receipts/000001.txt: 2 receipts for 3 responses"]

    def test_an_unsealed_tail_is_named(self) -> None:
        rows = [*read_rows(HONEST), make_row(ENDS[-1], "5")]
        found = verify(HONEST | {"ledger.jsonl": write_rows(rows)})
        assert (found[0].row, found[0].message) == (ENDS[-1], "no checkpoint seals this row")

    def test_the_log_itself_cannot_show_another_past_to_an_auditor_who_kept_a_head(self) -> None:
        another = make_bundle(BATCHES, answer="1")
        assert verify(another) == []
        assert verify(another, [LAST_HEAD])[0].row == 0
        assert "kept" in verify(another, [LAST_HEAD])[0].message

    def test_the_log_itself_cannot_forget_its_newest_rows_for_an_auditor_who_kept_a_head(self) -> None:
        younger = make_bundle(BATCHES[:3])
        assert verify(younger) == []
        assert verify(younger, [LAST_HEAD])[0].place == "ledger.jsonl"


class TestCommand:
    def test_the_file_runs_alone_in_an_empty_folder(self, tmp_path: Path) -> None:
        alone = tmp_path / "proof.py"
        alone.write_bytes(Path(proof.__file__).read_bytes())
        with unpacked(HONEST) as folder:
            head = folder / "checkpoints/000004.note"
            command = [sys.executable, "-I", str(alone), str(folder), "--key", LOG.verifier.vkey]
            asked = [*command, "--kept", str(head), "--receipt", "oooo-oooo-o3"]
            ran = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, encoding="utf-8")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.splitlines() == [
            "Khớp · everything in this bundle agrees",
            "the intervals and verdicts of the figures are not computed again: hailong verify does that",
            "the receipt is counted in checkpoint 000001",
        ]

    def test_a_difference_ends_with_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        with unpacked(HONEST | {"accounting/000002.json": b"{}"}) as folder:
            assert proof.main([str(folder), "--receipt", "ZZZZZZZZZZ"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "accounting/000002.json: this is not the file that checkpoint 2 binds"
        assert lines[2].endswith(LOG.verifier.vkey)
        assert lines[3] == "no batch counts this receipt"
