"""Seeded Vietnamese comments with known personal parts, made without looking at what the scrubber looks for.

Names are drawn by the published shares of family names (Nguyễn about 38 %, Trần 11 %, Lê 10 %, Phạm 7 %, Huỳnh
or Hoàng 5 %, ...), with Khmer and Hoa names of the delta; numbers by the official forms; sentences as citizens write at
a counter: with capitals or none, with diacritics or none, and with words that only look personal.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

FAMILIES = {
    "Nguyễn": 38,
    "Trần": 11,
    "Lê": 10,
    "Phạm": 7,
    "Huỳnh": 5,
    "Phan": 5,
    "Vũ": 2,
    "Võ": 3,
    "Đặng": 2,
    "Bùi": 2,
    "Đỗ": 1,
    "Hồ": 1,
    "Ngô": 1,
    "Dương": 1,
    "Lý": 2,
    "Thạch": 3,
    "Sơn": 3,
    "Danh": 2,
    "Kim": 2,
    "Châu": 1,
    "Lâm": 2,
    "Liêu": 1,
    "Trương": 1,
    "Đinh": 1,
    "Mã": 1,
    "Quách": 1,
    "Tăng": 1,
}
MIDDLES = ["Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thị Kim", "Thanh", "Quốc", "Thị Mỹ", "Hoàng", "Thị Sa", "Đức", "Bảo"]
GIVENS = [
    "Tuấn",
    "Lan",
    "Hương",
    "Bình",
    "Thảo",
    "Khánh",
    "Đạt",
    "Yến",
    "Nhung",
    "Kiệt",
    "Phượng",
    "Tú",
    "Loan",
    "Hậu",
    "Nga",
    "Phúc",
    "Thắm",
    "Luyến",
    "Trọng",
    "Vy",
    "Quyên",
    "Sà Rươl",
    "Phép",
    "Sô Phi",
    "Đa Ra",
    "Pha",
    "Tý",
    "Mười",
    "Út",
    "Khởi",
    "Hạnh",
    "Cường",
    "Hoa",
    "Thủy",
    "Xuyến",
    "Đào",
    "Giàu",
    "Bé Ba",
    "Nhàn",
    "Diễm",
    "Tiến",
    "Hiếu",
    "Long",
]
FORMS = ["ông", "bà", "anh", "chị", "cô", "chú", "bác", "thầy", "bác sĩ", "Chị", "Anh", "Cô", "cán bộ", "điều dưỡng"]
STREETS = ["Lê Lợi", "Trần Hưng Đạo", "Hai Bà Trưng", "Phú Lợi", "Tôn Đức Thắng", "Nguyễn Huệ", "30/4", "Mạc Đĩnh Chi"]
HAMLETS = ["Phước Thọ", "Trà Canh", "Bưng Kha Don", "Giồng Chùa A", "Hòa Mỹ"]
PRAISE = [
    "rất nhiệt tình",
    "hướng dẫn tận tình",
    "làm việc chậm",
    "thái độ chưa tốt",
    "giải quyết nhanh gọn",
    "hẹn tới hẹn lui",
    "nói năng nhẹ nhàng",
    "bắt tôi chờ hai tiếng",
    "chưa trả kết quả đúng hẹn",
]
HARD = [
    "Kính gửi Ông/Bà phụ trách, thủ tục 12 bước quá dài.",
    "Đường vào trung tâm ngập nước mỗi khi mưa.",
    "Lệ phí 1.500.000 đồng là cao so với thu nhập của bà con.",
    "Tôi đi lại 3 lần từ năm 2023 - 2024 mới xong.",
    "Gọi tổng đài 1900 1022 không ai bắt máy.",
    "Hẹn ngày 20.11.2025 mà 25/11/2025 mới có.",
    "Anh chị em cán bộ vui vẻ.",
    "Bà con xã Long Phú và Trần Đề đều khen.",
    "Thủ tục 1.001193 và 2.001263 nên gộp lại.",
    "Đường truyền mạng hay bị nghẽn.",
    "Mẫu số 01, mẫu số 11 khó hiểu với người già.",
    "Ông bà già đi lại khó khăn, mong có xe lăn.",
    "Chú ý giúp người khuyết tật.",
    "Bác sĩ khám kỹ, điều dưỡng dịu dàng.",
    "Cô giáo thương học trò, thầy cô tận tâm.",
    "Đề nghị Ủy ban nhân dân xã công khai.",
    "Bộ phận một cửa phường 2 đông quá, chờ số 125.",
    "Đất ở Sóc Trăng, Vĩnh Châu làm giấy lâu.",
    "Hồ sơ nộp lúc 7g30, 10 giờ xong.",
    "Nên có bảng chữ Khmer cho người lớn tuổi.",
    "Bảo hiểm y tế chi trả 80%, còn lại 20%.",
    "Kim ngạch, Đào tạo nghề chưa tới dân.",
    "Diện tích 1.250,5 m2 ghi nhầm thành 1.205,5 m2.",
    "Cảm ơn trung tâm, mọi thứ rất tốt.",
    "Tổ trưởng nhắc nhở kịp thời.",
    "Phố xá đông, bãi xe nhỏ.",
    "Ấp tôi xa trung tâm, đường lầy.",
    "Học phí 2.340.000đ một tháng cao quá.",
]
STRUCTURED = ("id", "phone", "account", "plate", "dossier", "email", "link", "address")


@dataclass(frozen=True)
class Comment:
    """A comment in NFC and its personal parts: (start, end, kind)."""

    text: str
    parts: tuple[tuple[int, int, str], ...]


def draw_comments(count: int, seed: int) -> list[Comment]:
    """So many comments: about half hold something personal."""
    chance = random.Random(seed)
    return [_draw(chance) for _ in range(count)]


def _draw(chance: random.Random) -> Comment:
    sentences = [_sentence(chance) for _ in range(chance.randint(1, 3))]
    style = chance.choices(["as written", "no capitals", "no diacritics"], [80, 10, 10])[0]
    text, parts = "", []
    for pieces in sentences:
        for piece in pieces:
            written = piece if isinstance(piece, str) else piece[0]
            if not isinstance(piece, str):
                parts.append((len(text), len(text) + len(written), piece[1]))
            text += written
        text += " "
    text = unicodedata.normalize("NFC", text.rstrip())
    return Comment(_in_style(text, style), tuple(parts))


def _in_style(text: str, style: str) -> str:
    if style == "no capitals":
        return text.lower()
    if style == "no diacritics":
        bare = (unicodedata.normalize("NFD", letter)[0] for letter in text.replace("đ", "d").replace("Đ", "D"))
        return "".join(bare)
    return text


Piece = str | tuple[str, str]


def _sentence(chance: random.Random) -> list[Piece]:
    draw = chance.random()
    if draw < 0.5:
        return [chance.choice(HARD)]
    if draw < 0.75:
        return _about_somebody(chance)
    return _with_number(chance)


def _about_somebody(chance: random.Random) -> list[Piece]:
    form, praise = chance.choice(FORMS), chance.choice(PRAISE)
    name = (_name(chance), "name")
    return chance.choice(
        [
            [f"{form} ", name, f" {praise}."],
            [f"{form} ", (chance.choice(GIVENS), "name"), f" ở quầy số {chance.randint(1, 9)} {praise}."],
            ["Tôi tên ", name, f", {praise}."],
            [f"Gặp {form} ", name, f" thì {praise}."],
            [name, f" ở phòng tiếp dân {praise}."],
        ]
    )


def _name(chance: random.Random) -> str:
    family = chance.choices(list(FAMILIES), list(FAMILIES.values()))[0]
    middle = chance.choice([*MIDDLES, *MIDDLES, ""])
    return " ".join(filter(None, [family, middle, chance.choice(GIVENS)]))


def _with_number(chance: random.Random) -> list[Piece]:
    kind = chance.choice(STRUCTURED)
    before, after = {
        "id": (["CCCD ", "Số căn cước của tôi là ", "cmnd "], [" bị ghi sai.", "."]),
        "phone": (["Gọi tôi số ", "SĐT: ", "Liên hệ "], [" giúp.", " sau 17 giờ."]),
        "account": (["Chuyển trả vào STK ", "Số tài khoản ", "tk "], [" ngân hàng Agribank.", " Vietcombank."]),
        "plate": (["Xe biển số ", "Xe ", "Xe tôi "], [" bị giữ.", " chưa có giấy."]),
        "dossier": (["Hồ sơ ", "Mã hồ sơ "], [" trễ hẹn.", " chưa thấy trả."]),
        "email": (["Gửi về ", "email "], [" cho tôi.", " nhé."]),
        "link": (["Xem ", "Tôi có đăng ở "], [" rồi.", " nhé."]),
        "address": (["Nhà tôi ở ", "Tôi ở "], [", xin đến đo đất.", ", chưa nhận được giấy."]),
    }[kind]
    return [chance.choice(before), (_value(kind, chance), kind), chance.choice(after)]


def _value(kind: str, chance: random.Random) -> str:
    digits = "".join(str(chance.randrange(10)) for _ in range(20))
    if kind == "id":
        twelve = f"0{chance.choice(['94', '92', '93'])}{digits[:9]}"
        return chance.choice([twelve, f"{twelve[:3]} {twelve[3:6]} {twelve[6:9]} {twelve[9:]}", f"36{digits[:7]}"])
    if kind == "phone":
        national = chance.choice(["9", "3", "7", "8", "5"]) + digits[:8]
        spaced = f"{national[:2]} {national[2:5]} {national[5:]}"
        dotted = f"{national[:3]}.{national[3:6]}.{national[6:]}"
        forms = [f"0{national}", f"0{spaced}", f"0{dotted}", f"+84{national}", f"+84 {spaced}", f"84{national}"]
        return chance.choice([*forms, f"O{national}".replace("0", "O"), f"0299{digits[:7]}", f"(0299) {digits[:7]}"])
    if kind == "account":
        return digits[: chance.choice([10, 12, 13, 14])]
    if kind == "plate":
        letters = chance.choice(["P1", "P2", "A", "C", "F1", "AA"])
        tail = chance.choice([f"{digits[:3]}.{digits[3:5]}", digits[:5], f"{digits[:4]}"])
        return f"83{chance.choice(['', '-'])}{letters}{chance.choice(['-', ' ', ' - '])}{tail}"
    if kind == "dossier":
        unit = chance.choice(["H51.12.34", "000.00.16.H51", "H51.31"])
        return f"{unit}-2{digits[:1]}1124-{digits[:4]}"
    if kind == "email":
        return chance.choice(["lan.tran", "tuan83", "khmer_pha"]) + chance.choice(["@gmail.com", "@soctrang.gov.vn"])
    if kind == "link":
        forms = ["https://www.facebook.com/tuan.83", "fb.com/lantran", "zalo.me/84912345678", "tiktok.com/@thaoct"]
        return chance.choice(forms)
    house = f"{chance.randint(1, 400)}{chance.choice(['', 'A', '/12', '/5/7'])}"
    return chance.choice(
        [
            f"số {house} đường {chance.choice(STREETS)}",
            f"{house} đường {chance.choice(STREETS)}",
            f"số nhà {house}, ấp {chance.choice(HAMLETS)}",
            f"hẻm {chance.randint(1, 300)}",
            f"ấp {chance.choice(HAMLETS)}",
        ]
    )
