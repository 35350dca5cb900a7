"""The synthetic former Sóc Trăng of the demonstration: who serves, what, how often and how well. All invented, but for
the names of places and of common procedures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np

from survey.actions.simulating import Setting
from survey.mandate.areas import find_area, load_area_groups
from survey.store.frames import Stratum

GROUP = "former_soc_trang"
CITY = "92"
BEGUN = date(2025, 7, 1)
CODE_MARK = "MAU-"  # so that a province's own codes never meet these
MARK = {"vi": " (mẫu)", "en": " (sample)", "km": " (គំរូ)"}
TILES = "synthetic: a scheme of equal tiles, not a map"
DECISION = "Dữ liệu mẫu của bản trình diễn"
AGENCY_SPREAD = 0.22  # standard deviation between agencies, on the normal scale
KHMER_SHARE, KHMER_MAJORITY_SHARE = 0.1, 0.35

Names = Mapping[str, str]

CENTRE = (
    "TTPVHCC",
    "commune_centre",
    "Trung tâm Phục vụ hành chính công {vi}",
    "Public service centre, {en}",
    "មជ្ឈមណ្ឌលសេវារដ្ឋបាលសាធារណៈ {km}",
)
STATION = ("TYT", "health_station", "Trạm Y tế {vi}", "Health station, {en}", "ប៉ុស្តិ៍សុខភាព {km}")
PRESCHOOL = ("MN", "preschool", "Trường Mầm non {vi}", "Preschool, {en}", "សាលាមត្តេយ្យ {km}")
PRIMARY = ("TH", "primary", "Trường Tiểu học {vi}", "Primary school, {en}", "សាលាបឋមសិក្សា {km}")
LOWER_SECONDARY = ("THCS", "lower_secondary", "Trường THCS {vi}", "Lower secondary school, {en}", "អនុវិទ្យាល័យ {km}")

CITY_AGENCIES = {
    "SO-NNMT": (
        "department",
        "Sở Nông nghiệp và Môi trường",
        "Department of Agriculture and Environment",
        "មន្ទីរកសិកម្ម និងបរិស្ថាន",
    ),
    "SO-XD": ("department", "Sở Xây dựng", "Department of Construction", "មន្ទីរសំណង់"),
    "SO-TC": ("department", "Sở Tài chính", "Department of Finance", "មន្ទីរហិរញ្ញវត្ថុ"),
    "SO-TP": ("department", "Sở Tư pháp", "Department of Justice", "មន្ទីរយុត្តិធម៌"),
    "BV-DK": ("hospital", "Bệnh viện Đa khoa khu vực", "Regional general hospital", "មន្ទីរពេទ្យទូទៅប្រចាំតំបន់"),
    "BV-SN": ("hospital", "Bệnh viện Sản - Nhi", "Maternity and children's hospital", "មន្ទីរពេទ្យសម្ភព និងកុមារ"),
    "BV-YHCT": ("hospital", "Bệnh viện Y học cổ truyền", "Traditional medicine hospital", "មន្ទីរពេទ្យវេជ្ជសាស្ត្របុរាណ"),
    "TTYT-1": ("hospital", "Trung tâm Y tế khu vực 1", "Area health centre 1", "មជ្ឈមណ្ឌលសុខាភិបាលតំបន់ ១"),
    "TTYT-2": ("hospital", "Trung tâm Y tế khu vực 2", "Area health centre 2", "មជ្ឈមណ្ឌលសុខាភិបាលតំបន់ ២"),
    "TTYT-3": ("hospital", "Trung tâm Y tế khu vực 3", "Area health centre 3", "មជ្ឈមណ្ឌលសុខាភិបាលតំបន់ ៣"),
    "THPT-1": ("upper_secondary", "Trường THPT số 1", "Upper secondary school 1", "វិទ្យាល័យ លេខ ១"),
    "THPT-2": ("upper_secondary", "Trường THPT số 2", "Upper secondary school 2", "វិទ្យាល័យ លេខ ២"),
    "THPT-3": ("upper_secondary", "Trường THPT số 3", "Upper secondary school 3", "វិទ្យាល័យ លេខ ៣"),
    "THPT-4": ("upper_secondary", "Trường THPT số 4", "Upper secondary school 4", "វិទ្យាល័យ លេខ ៤"),
}
CITY_TRANSACTIONS = {
    ("SO-NNMT", "land"): 1900,
    ("SO-NNMT", "environment"): 640,
    ("SO-NNMT", "agriculture"): 1500,
    ("SO-XD", "construction"): 1250,
    ("SO-XD", "transport"): 4600,
    ("SO-TC", "investment"): 400,
    ("SO-TC", "business"): 3900,
    ("SO-TP", "justice"): 2100,
    ("BV-DK", "health"): 15500,
    ("BV-SN", "health"): 6400,
    ("BV-YHCT", "health"): 2300,
    ("TTYT-1", "health"): 5200,
    ("TTYT-2", "health"): 4700,
    ("TTYT-3", "health"): 3900,
    ("THPT-1", "education"): 1500,
    ("THPT-2", "education"): 1250,
    ("THPT-3", "education"): 1100,
    ("THPT-4", "education"): 900,
}
COMMUNE_TRANSACTIONS = {
    (CENTRE, "certification"): 960,
    (CENTRE, "civil_status"): 540,
    (CENTRE, "land"): 420,
    (CENTRE, "labour_social"): 280,
    (CENTRE, "construction"): 120,
    (CENTRE, "business"): 60,
    (STATION, "health"): 520,
    (PRESCHOOL, "education"): 210,
    (PRIMARY, "education"): 360,
    (LOWER_SECONDARY, "education"): 270,
}
SATISFACTION = {
    "certification": 0.97,
    "civil_status": 0.945,
    "labour_social": 0.92,
    "justice": 0.93,
    "business": 0.92,
    "transport": 0.93,
    "agriculture": 0.9,
    "environment": 0.88,
    "land": 0.79,
    "construction": 0.865,
    "investment": 0.88,
    "health": 0.852,
    "education": 0.93,
}
LEVEL_FACTS = ("preschool", "primary", "lower_secondary", "upper_secondary")

PROCEDURES = {
    "CT-BAN-SAO": ("certification", "Chứng thực bản sao từ bản chính", "Certification of a copy"),
    "CT-CHU-KY": ("certification", "Chứng thực chữ ký", "Certification of a signature"),
    "CT-HOP-DONG": ("certification", "Chứng thực hợp đồng, giao dịch", "Certification of a contract"),
    "HT-KHAI-SINH": ("civil_status", "Đăng ký khai sinh", "Registration of a birth"),
    "HT-KET-HON": ("civil_status", "Đăng ký kết hôn", "Registration of a marriage"),
    "HT-KHAI-TU": ("civil_status", "Đăng ký khai tử", "Registration of a death"),
    "DD-BIEN-DONG": ("land", "Đăng ký biến động đất đai", "Registration of a change of land"),
    "DD-CAP-GIAY": ("land", "Cấp giấy chứng nhận quyền sử dụng đất lần đầu", "First land use right certificate"),
    "DD-MUC-DICH": ("land", "Chuyển mục đích sử dụng đất", "Change of land use purpose"),
    "XD-GIAY-PHEP": ("construction", "Cấp giấy phép xây dựng nhà ở riêng lẻ", "Building permit for a house"),
    "DT-CHU-TRUONG": ("investment", "Chấp thuận chủ trương đầu tư", "Approval of an investment policy"),
    "KD-HO-KINH-DOANH": ("business", "Đăng ký hộ kinh doanh", "Registration of a household business"),
    "KD-DOANH-NGHIEP": ("business", "Đăng ký thành lập doanh nghiệp", "Registration of an enterprise"),
    "XH-BAO-TRO": ("labour_social", "Hưởng trợ cấp xã hội hằng tháng", "Monthly social assistance"),
    "XH-NGUOI-CO-CONG": ("labour_social", "Hưởng chế độ người có công", "Benefits for people with merit"),
    "GT-GIAY-PHEP-LAI-XE": ("transport", "Đổi giấy phép lái xe", "Renewal of a driving licence"),
    "TP-LY-LICH": ("justice", "Cấp phiếu lý lịch tư pháp", "Criminal record certificate"),
    "MT-GIAY-PHEP": ("environment", "Cấp giấy phép môi trường", "Environmental licence"),
    "NN-THU-Y": ("agriculture", "Cấp giấy chứng nhận kiểm dịch động vật", "Animal quarantine certificate"),
}

COMMENTS = {
    ("vi", True): (
        "Cán bộ hướng dẫn dễ hiểu, cảm ơn.",
        "Trả kết quả sớm hơn ngày hẹn.",
        "Thái độ phục vụ tốt.",
        "Nên có thêm ghế ngồi chờ.",
        "Mọi việc nhanh gọn.",
    ),
    ("vi", False): (
        "Chờ lâu, mong có thêm người tiếp nhận.",
        "Phải đi lại nhiều lần để bổ sung giấy tờ.",
        "Trễ hẹn mà không ai báo trước.",
        "Giấy tờ nhiều, khó hiểu.",
        "Gọi điện hỏi không ai trả lời.",
    ),
    ("km", True): ("សូមអរគុណ បុគ្គលិកណែនាំបានល្អ។", "ទទួលលទ្ធផលបានលឿន។"),
    ("km", False): ("រង់ចាំយូរពេក។", "សូមមានអ្នកនិយាយភាសាខ្មែរជួយណែនាំ។"),
}


@dataclass
class Province:
    """Agencies as rows of the store, and for each sector of each agency its yearly transactions and its setting."""

    agencies: list[dict[str, Any]] = field(default_factory=list)
    strata: list[Stratum] = field(default_factory=list)
    settings: dict[str, Setting] = field(default_factory=dict)


def make_province(seed: int) -> Province:
    """The whole province, decided by the seed."""
    province, chance = Province(), np.random.default_rng(seed)
    for code, (kind, *names) in CITY_AGENCIES.items():
        province.agencies.append(_agency(CODE_MARK + code, kind, dict(zip(MARK, names, strict=True)), CITY))
    for (agency, sector), count in CITY_TRANSACTIONS.items():
        _add_stratum(province, CODE_MARK + agency, sector, count, KHMER_SHARE, chance)
    for area_code in load_area_groups()[GROUP].members:
        _add_commune(province, area_code, chance)
    return province


def list_procedure_rows() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each procedure with the decision that puts it in its sector, as rows of the store."""
    for plain, (sector, vi, en) in PROCEDURES.items():
        code = CODE_MARK + plain
        decision = {"procedure_code": code, "sector_code": sector, "valid_from": BEGUN, "valid_to": None}
        yield (
            {"code": code, "name": {"vi": vi, "en": en}, "kind": "procedure"},
            decision | {"decided_by": DECISION, "decided_on": BEGUN},
        )


def draw_tiles() -> Iterator[tuple[str, str]]:
    """Each commune as a hexagon of equal size in rows of seven: a scheme for the map, not where it lies."""
    for order, code in enumerate(load_area_groups()[GROUP].members):
        row, column = divmod(order, 7)
        x, y = 105.5 + (column + row % 2 / 2) * 0.1, 10.0 - row * 0.0866
        corners = [(0, 0.0577), (0.05, 0.0289), (0.05, -0.0289), (0, -0.0577), (-0.05, -0.0289), (-0.05, 0.0289)]
        ring = [[round(x + dx, 4), round(y + dy, 4)] for dx, dy in [*corners, corners[0]]]
        yield code, json.dumps({"type": "MultiPolygon", "coordinates": [[ring]]})


def _add_commune(province: Province, area_code: str, chance: np.random.Generator) -> None:
    area = find_area(area_code)
    size = float(chance.lognormal(0.0, 0.35)) * (1.6 if area.kind == "ward" else 1.0)
    khmer = KHMER_MAJORITY_SHARE if area_code in load_area_groups()["khmer_majority"].members else KHMER_SHARE
    for prefix, kind, *patterns in dict.fromkeys(form for form, _ in COMMUNE_TRANSACTIONS):
        names = {
            language: pattern.format(**{language: area.name.in_language(language)})
            for language, pattern in zip(MARK, patterns, strict=True)
        }
        province.agencies.append(_agency(f"{CODE_MARK}{prefix}-{area_code}", kind, names, area_code))
    for (form, sector), count in COMMUNE_TRANSACTIONS.items():
        _add_stratum(province, f"{CODE_MARK}{form[0]}-{area_code}", sector, round(count * size), khmer, chance)


def _add_stratum(
    province: Province, agency: str, sector: str, count: int, khmer: float, chance: np.random.Generator
) -> None:
    code = f"{agency}.{sector}"
    better = NormalDist().inv_cdf(SATISFACTION[sector]) + AGENCY_SPREAD * float(chance.standard_normal())
    kind = next(row["kind"] for row in province.agencies if row["code"] == agency)
    facts = {"F1": kind} if kind in LEVEL_FACTS else {"F1": "outpatient"} if kind == "health_station" else {}
    province.strata.append(Stratum(code, agency, sector, None, max(4, count)))
    province.settings[code] = Setting(NormalDist().cdf(better), khmer, facts)


def _agency(code: str, kind: str, names: Names, area_code: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": {language: name + MARK[language] for language, name in names.items()},
        "kind": kind,
        "ownership": "public",
        "area_code": area_code,
        "valid_from": BEGUN,
        "valid_to": None,
    }
