"""Exporting the persons of a wave for statisticians: de-identified, with their design, weights and replicate weights.

What leaves: answers by code, stratum, PSU, month, channel, language. What never leaves: comments, receipts, nonces, the
place in the ledger, half-months; rows are sorted by what they say, so that their order tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.collapsing import variance_strata
from survey.actions.disclosing import Column, DisclosureReport, protect
from survey.actions.estimating import CannotEstimate, WaveData, make_design, read_wave, score_answers
from survey.actions.reading_persons import Persons, code_choices, read_persons
from survey.actions.replicate_weights import GROUPS, group_units, write_replicates
from survey.documents.codebook import Study, write_codebook, write_codebook_html
from survey.documents.load_scripts import write_load_scripts
from survey.documents.microdata import (
    FORMATS,
    NO_ANSWER,
    NOT_APPLICABLE,
    SPECIAL,
    WITHHELD,
    Variable,
    write_microdata,
)
from survey.mandate.indicators import load_indicator
from survey.mandate.questionnaires import NOT_APPLICABLE as NA
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.text import LANGUAGES
from survey.store import ledger
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.questionnaires import load_version

STEM = "microdata"
LEFT_OUT = ("comments", "receipt", "place in the ledger", "half-month", "signals of the screen")
CIRCUMSTANCES = ("month", "channel", "language", "assisted")
CHANNELS = {
    "link": {"vi": "Đường dẫn", "en": "Link"},
    "slip": {"vi": "Phiếu mời có mã", "en": "Slip with a code"},
    "kiosk": {"vi": "Máy tự trả lời", "en": "Kiosk"},
    "interviewer": {"vi": "Điều tra viên", "en": "Interviewer"},
    "phone": {"vi": "Điện thoại", "en": "Telephone"},
    "paper": {"vi": "Phiếu giấy", "en": "Paper"},
}
LANGUAGE_NAMES = {
    "vi": {"vi": "Tiếng Việt", "en": "Vietnamese"},
    "en": {"vi": "Tiếng Anh", "en": "English"},
    "km": {"vi": "Tiếng Khmer", "en": "Khmer"},
}
LABELS = {
    "id": {"vi": "Số thứ tự trong tệp, không có nghĩa", "en": "Number in this file, without meaning"},
    "stratum": {"vi": "Tầng", "en": "Stratum"},
    "agency": {"vi": "Cơ quan", "en": "Agency"},
    "sector": {"vi": "Lĩnh vực", "en": "Sector"},
    "area": {"vi": "Đơn vị hành chính", "en": "Area"},
    "psu": {"vi": "Đơn vị mẫu cấp một", "en": "Primary sampling unit"},
    "class": {"vi": "Nhóm hiệu chỉnh", "en": "Calibration class"},
    "variance_stratum": {"vi": "Tầng khi tính phương sai", "en": "Stratum of the variance, lonely ones joined"},
    "population": {"vi": "Số lượt của tầng trong khung mẫu", "en": "Population of the stratum in the frame"},
    "weight": {"vi": "Trọng số", "en": "Sampling weight"},
    "jk_group": {"vi": "Nhóm của trọng số lặp", "en": "Group of the replicate weights"},
    "month": {"vi": "Tháng trả lời", "en": "Month of the answer"},
    "channel": {"vi": "Kênh trả lời", "en": "Channel"},
    "language": {"vi": "Ngôn ngữ trả lời", "en": "Language of the answer"},
    "assisted": {"vi": "Có người hỗ trợ", "en": "Somebody helped"},
}
YES_NO = {0: {"vi": "Không", "en": "No"}, 1: {"vi": "Có", "en": "Yes"}}

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: file names in order, persons, leaves left out, and what disclosure control did."""

    files: tuple[str, ...]
    persons: int
    left_out: int
    report: DisclosureReport


def export_wave(
    database: Database,
    wave_code: str,
    folder: Path,
    *,
    formats: Sequence[str],
    by: By,
    k: int | None = None,
    more_keys: Sequence[str] = (),
    progress: Progress = lambda stage, done: None,
) -> Exported:
    """Write a wave's persons, codebook, replicate weights, report and checksums to a folder; recorded before it reads.

    `k` is the least number of persons who share what others may know (the rule's minimum cell by default), `more_keys`
    items besides the profile that others may know. Raises CannotEstimate.
    """
    unknown = [each for each in formats if each not in FORMATS]
    if unknown or not formats:
        raise CannotEstimate(f"Choose the formats among {', '.join(FORMATS)}.")
    with database.writing("export") as connection:
        by.record(connection, "microdata-exported", wave_code, formats=sorted(formats))
    with database.reading() as connection:
        data = read_wave(connection, wave_code)
        questionnaire = _require_questionnaire(connection, data, more_keys)
        persons = _read(connection, data, questionnaire, progress)
    report = _protect(persons, data, questionnaire, k or data.rule.minimum_cell, more_keys, progress)
    frame, variables = _lay_out(persons, data, questionnaire, more_keys)
    persons.columns.clear()  # the frame has them: a million persons need not be held twice
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for form in formats:
        progress(form, 0)
        write_microdata(frame, variables, folder / f"{STEM}.{form}")
        written.append(f"{STEM}.{form}")
        progress(form, len(frame))
    written += write_replicates(frame, folder, "parquet" if "parquet" in formats else "csv", progress)
    written += _write_documents(folder, variables, report, data, questionnaire, by)
    written.append(_write_checksums(folder, written))
    return Exported(tuple(written), len(frame), persons.left_out, report)


def _require_questionnaire(connection: Connection, data: WaveData, more_keys: Sequence[str]) -> Questionnaire:
    if data.wave.questionnaire_code is None:
        raise CannotEstimate(f"Wave {data.wave.code} holds published counts, not persons: there is nothing to export.")
    questionnaire = load_version(connection, data.wave.questionnaire)
    unknown = set(more_keys) - {item.code for item in questionnaire.items}
    if unknown:
        raise CannotEstimate(f"{questionnaire.key} has no item {', '.join(sorted(unknown))}.")
    return questionnaire


def _read(connection: Connection, data: WaveData, questionnaire: Questionnaire, progress: Progress) -> Persons:
    code = data.wave.code
    leaves = ledger.iterate_codes(connection, code, ledger.count_leaves(connection))
    excluded = ledger.list_excluded_positions(connection, code)
    return read_persons(leaves, questionnaire, excluded, lambda done: progress("read", done))


def _protect(
    persons: Persons,
    data: WaveData,
    questionnaire: Questionnaire,
    k: int,
    more_keys: Sequence[str],
    progress: Progress,
) -> DisclosureReport:
    items = [item for item in questionnaire.items if item.kind != "comment"]
    profile = [item.code for item in items if item.why is not None or item.code in more_keys]
    progress("protect", 0)
    report = protect(
        persons.columns,
        [*CIRCUMSTANCES, *profile],
        [item.code for item in items],
        overall=questionnaire.overall_item.code,
        k=k,
        withheld=WITHHELD,
        left_out=LEFT_OUT,
    )
    progress("protect", report.responses)
    return report


def _lay_out(
    persons: Persons, data: WaveData, questionnaire: Questionnaire, more_keys: Sequence[str]
) -> tuple[pd.DataFrame, list[Variable]]:
    """The frame of codes, sorted by what the rows say, and its dictionary."""
    items = [item for item in questionnaire.items if item.kind != "comment"]
    design = _design_columns(persons, data)
    said = {name: persons.columns[name] for name in CIRCUMSTANCES} | {
        item.code: persons.columns[item.code] for item in items
    }
    order = _sort(persons.columns["stratum"], list(said.values()))
    columns: dict[str, Any] = {"id": np.arange(1, len(order) + 1, dtype=np.int32)}
    columns |= {name: column[order] for name, (column, _) in design.items()}
    columns |= {name: column[order].astype(np.int32 if name == "month" else np.int8) for name, column in said.items()}
    columns["jk_group"] = group_units(columns["variance_stratum"], columns["psu"], design["psu"][1] or ("",))
    frame = pd.DataFrame(columns, copy=False)
    variables = [Variable("id", LABELS["id"], "id")]
    roles = {"weight": "weight", "population": "design"}
    variables += [
        Variable(name, LABELS[name], roles.get(name, "design"), texts=texts) for name, (_, texts) in design.items()
    ]
    variables += [_circumstance(name, persons, frame) for name in CIRCUMSTANCES]
    variables += [_item_variable(item, frame, is_key=item.why is not None or item.code in more_keys) for item in items]
    variables.append(Variable("jk_group", LABELS["jk_group"], "weight"))
    return frame, variables


def _design_columns(persons: Persons, data: WaveData) -> dict[str, tuple[Column, tuple[str, ...] | None]]:
    """Stratum, agency, sector, area, PSU, class, variance stratum, population and weight of each person."""
    codes, names = persons.columns["stratum"], persons.texts["stratum"]
    strata = {each.code: each for each in data.strata}
    where = {
        str(s): (str(a), str(r)) for s, a, r in data.answers[["stratum", "agency", "area"]].drop_duplicates().values
    }
    told = {
        "agency": [where[name][0] for name in names],
        "sector": [strata[name].sector_code or "" for name in names],
        "area": [where[name][1] for name in names],
    }
    columns: dict[str, tuple[Column, tuple[str, ...] | None]] = {"stratum": (codes, names)}
    for name, texts in told.items():
        known = tuple(sorted(set(texts)))
        columns[name] = (np.array([known.index(text) for text in texts], dtype=np.int32)[codes], known)
    columns["psu"] = (persons.columns["psu"], persons.texts["psu"])
    columns["class"] = (persons.columns["class"], persons.texts["class"])
    scored = score_answers(data, load_indicator(data.rule.indicator), data.answers)
    joined = variance_strata(scored, make_design(data, scored)).set_index("stratum")["variance_stratum"]
    population = np.array([strata[name].population for name in names], dtype=np.int64)
    counts = np.bincount(codes, minlength=len(names))
    columns["variance_stratum"] = (np.array([joined[name] for name in names], dtype=np.int32)[codes], None)
    columns["population"] = (population[codes], None)
    totals = np.array([data.weighed.totals[name] for name in names])
    columns["weight"] = ((totals / np.maximum(counts, 1))[codes], None)
    return columns


def _sort(stratum: Column, said: Sequence[Column]) -> Column:
    """The order of the rows by stratum and then by what they say, byte by byte."""
    parts = [stratum.astype(">i4").view(np.uint8).reshape(-1, 4)]
    for column in said:
        wide = column.astype(">i4" if column.dtype.itemsize > 1 else np.uint8)
        parts.append(wide.view(np.uint8).reshape(len(stratum), -1))
    rows = np.ascontiguousarray(np.concatenate(parts, axis=1))
    order: Column = np.argsort(rows.view(f"V{rows.shape[1]}").ravel(), kind="stable")
    return order


def _circumstance(name: str, persons: Persons, frame: pd.DataFrame) -> Variable:
    known: dict[int, Mapping[str, str]] = {WITHHELD: SPECIAL[WITHHELD]}
    if name == "channel":
        known |= {code: CHANNELS.get(text, {"vi": text, "en": text}) for code, text in enumerate(persons.texts[name])}
    elif name == "language":
        known |= {place: LANGUAGE_NAMES[language] for place, language in enumerate(LANGUAGES, 1)}
    elif name == "assisted":
        known |= YES_NO
    frequencies = _count(frame[name])
    if name == "month":
        known |= {month: {"vi": _month(month), "en": _month(month)} for month in frequencies if month != WITHHELD}
    return Variable(name, LABELS[name], "key", dict(sorted(known.items())), frequencies=frequencies)


def _month(number: int) -> str:
    return f"{number // 100}-{number % 100:02}"


def _item_variable(item: Item, frame: pd.DataFrame, *, is_key: bool) -> Variable:
    codes = code_choices(item)
    values = {codes[choice.code]: dict(choice.text) for choice in item.choices if choice.code != NA}
    known = {**values, **{code: SPECIAL[code] for code in (WITHHELD, NO_ANSWER)}}
    if NA in codes:
        known[NOT_APPLICABLE] = SPECIAL[NOT_APPLICABLE]
    label = dict(item.text)
    return Variable(
        item.code,
        label,
        "outcome" if item.overall else "key" if is_key else "answer",
        dict(sorted(known.items())),
        None,
        _count(frame[item.code]),
        label,
    )


def _count(column: pd.Series) -> dict[int, int]:
    values, counts = np.unique(column.to_numpy(), return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}


def _write_documents(
    folder: Path,
    variables: Sequence[Variable],
    report: DisclosureReport,
    data: WaveData,
    questionnaire: Questionnaire,
    by: By,
) -> list[str]:
    study = Study(
        code=data.wave.code,
        title=dict(data.wave.name),
        questionnaire=questionnaire.key,
        begins=data.wave.opens_on,
        ends=data.wave.closes_on,
        persons=report.responses,
        produced=by.now.date(),
    )
    contents = {
        "codebook.xml": write_codebook(study, variables),
        "codebook.html": write_codebook_html(study, variables, report.as_dict()),
        "disclosure.json": json.dumps(report.as_dict(), ensure_ascii=False, indent=1, sort_keys=True).encode(),
        **write_load_scripts(variables, finite=data.rule.target_population == "finite", groups=GROUPS),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return list(contents)


def _write_checksums(folder: Path, names: Sequence[str]) -> str:
    lines = []
    for name in sorted(names):
        digest = sha256()
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        lines.append(f"{digest.hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return "SHA256SUMS"
