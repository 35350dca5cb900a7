"""Made-up but plausible pages, one of each kind and every verdict at least once."""

from dataclasses import replace
from datetime import date

from survey.documents.pages import (
    AdequacyPage,
    AdequacyRow,
    AgencyRow,
    Basis,
    Figure,
    Flag,
    IndicatorColumn,
    Judgement,
    LanguageLink,
    Link,
    LoginPage,
    NavigationItem,
    PeriodRow,
    Pin,
    ReleasePage,
    ReleaseRow,
    ReleasesPage,
    ScoreboardPage,
    SectorPage,
    SectorRow,
    SeriesPage,
    Shell,
    Tipping,
    WaveRow,
    WavesPage,
)

DUE_2025, DUE_2030 = date(2025, 12, 31), date(2030, 12, 31)

SHELL = Shell(
    stylesheet_url="/static/staff.css",
    home_url="/staff",
    languages=(
        LanguageLink("vi", "?language=vi"),
        LanguageLink("km", "?language=km"),
        LanguageLink("en", "?language=en"),
    ),
    navigation=(
        NavigationItem("scoreboard", "/staff/scoreboard", current=True),
        NavigationItem("series", "/staff/series"),
        NavigationItem("adequacy", "/staff/adequacy"),
        NavigationItem("releases", "/staff/releases"),
    ),
    staff_name="Trần Thị Lan",
    role="official",
    sign_out_url="/staff/sign-out",
    csrf_token="csrf-token",
    demo=True,
)

BASIS = Basis(
    wave_code="hcc-2026q3",
    wave_name="Thủ tục hành chính, quý III năm 2026",
    fieldwork_begins=date(2026, 6, 15),
    fieldwork_ends=date(2026, 9, 14),
    indicator_name="Hài lòng chung",
    indicator_definition="top2@1",
    weighting="frame",
    method="guarded",
    release_code="hcc-2026q3-1",
    checkpoint=41,
    released_on=date(2026, 9, 21),
)

HEALTH_BASIS = replace(
    BASIS,
    wave_code="yte-2026",
    wave_name="Bệnh viện và trạm y tế, năm 2026",
    release_code="yte-2026-1",
    checkpoint=12,
)


def _judged(level, verdict, reason, due_verdict, numbers=None, points=None, due_reason=None, due_numbers=None):
    return (
        Judgement("in_force", level, DUE_2025, verdict, reason, numbers or {}),
        Judgement("milestone", level, DUE_2025, "not_measured", "window_after_due"),
        Judgement("due", level + 0.05, DUE_2030, due_verdict, due_reason, due_numbers or {}, points),
    )


SECTORS = (
    SectorRow(
        "Thủ tục hành chính",
        "14",
        Figure(0.9312, 0.9184, 0.9421, 2841, 2103.0, 0.412),
        _judged(
            0.90,
            "met",
            "lower_limit_reaches_target",
            "on_track",
            points=0.0048,
            due_reason="trend_reaches_target",
        ),
        url="/staff/sectors/tthc",
        basis=BASIS,
    ),
    SectorRow(
        "Đất đai",
        "14a",
        Figure(0.8127, 0.7752, 0.8449, 612, 441.0, 0.367),
        _judged(
            0.85,
            "not_met",
            "upper_limit_below_target",
            "off_track",
            points=0.0221,
            due_reason="trend_falls_short",
        ),
        url="/staff/sectors/dat-dai",
        basis=BASIS,
        level=1,
    ),
    SectorRow(
        "Xây dựng",
        "14a",
        Figure(0.8611, 0.8203, 0.8944, 398, 301.0, 0.391),
        _judged(
            0.85,
            "not_shown",
            "interval_straddles",
            "cannot_tell",
            {"answers_needed": 1212},
            0.0099,
            "short_history",
            {"periods": 2, "periods_needed": 5},
        ),
        url="/staff/sectors/xay-dung",
        basis=BASIS,
        level=1,
    ),
    SectorRow(
        "Đầu tư",
        "14a",
        Figure(suppressed=True),
        (Judgement("in_force", 0.85, DUE_2025, "suppressed"),),
        level=2,
        basis=BASIS,
    ),
    SectorRow(
        "Phục vụ của cơ quan hành chính nhà nước",
        "15",
        Figure(0.9624, 0.9551, 0.9688, 4012, 3120.0, 0.455),
        _judged(0.90, "met", "lower_limit_reaches_target", "above", points=0.0),
        url="/staff/sectors/co-quan",
        basis=BASIS,
    ),
    SectorRow(
        "Y tế công",
        "16",
        Figure(0.8804, 0.7122, 0.9711, 27, 21.0, 0.081),
        _judged(
            0.85,
            "too_few",
            "few_effective_answers",
            "cannot_tell",
            {"n_effective": 21, "minimum": 30},
            0.0052,
            "trend_uncertain",
        ),
        url="/staff/sectors/y-te",
        basis=HEALTH_BASIS,
    ),
    SectorRow("Giáo dục công", "16", Figure(), ()),
)

SCOREBOARD = ScoreboardPage(
    "Địa bàn tỉnh Sóc Trăng cũ",
    date(2026, 9, 21),
    SECTORS,
    BASIS,
    (Link("Đánh giá sau giao dịch, dịch vụ của Vương quốc Anh", "/staff/series/opg"),),
)

AGENCIES = (
    AgencyRow(
        "Trung tâm Phục vụ hành chính công phường Phú Lợi",
        Figure(0.9581, 0.9222, 0.9804, 212, 180.0),
        "/a/1",
        "phường Phú Lợi",
    ),
    AgencyRow(
        "Trung tâm Phục vụ hành chính công phường Vĩnh Châu",
        Figure(0.9312, 0.8844, 0.9629, 187, 150.0),
        None,
        "phường Vĩnh Châu",
    ),
    AgencyRow(
        "Trung tâm Phục vụ hành chính công xã Mỹ Hương", Figure(0.8921, 0.8322, 0.9363, 164, 131.0), None, "xã Mỹ Hương"
    ),
    AgencyRow(
        "Trung tâm Phục vụ hành chính công xã Kế Sách", Figure(0.8412, 0.7510, 0.9081, 98, 77.0), None, "xã Kế Sách"
    ),
    AgencyRow("Trung tâm Phục vụ hành chính công xã Phong Nẫm", Figure(suppressed=True), None, "xã Phong Nẫm"),
)

SECTOR = SectorPage("Địa bàn tỉnh Sóc Trăng cũ", SECTORS[0], BASIS, AGENCIES, Link("Bảng kết quả", "/staff/scoreboard"))

INDICATORS = (
    IndicatorColumn("top2", "Tỷ lệ hài lòng", "số người chọn hài lòng hoặc rất hài lòng, chia cho số người trả lời"),
    IndicatorColumn("rescaled", "Trung bình quy đổi", "trung bình của 0, 25, 50, 75, 100 điểm cho năm mức"),
)


def _period(order: int) -> PeriodRow:
    rate = 0.943 - 0.0004 * order
    mean = rate - 0.012
    year, month = divmod(order + 2, 12)
    breaks, odd = order == 61, order == 23
    published = 0.88 if odd else round(rate if order >= 61 else mean, 2)
    matches = () if odd else ("top2",) if order >= 61 else ("rescaled",)
    begins = date(2021 + year, month + 1, 1)
    return PeriodRow(
        begins, 6055 + 40 * order, rate, rate - 0.006, rate + 0.006, (rate, mean), published, matches, breaks
    )


SERIES = SeriesPage(
    name="use-an-lpa",
    source="opg_satisfaction.csv, SHA-256 " + "1f" * 32,
    licence="MIT",
    collected="self-selected",
    indicators=INDICATORS,
    periods=tuple(_period(order) for order in range(64)),
    n_total=911823,
    targets=(0.90,),
    tipping=(Tipping(0.90, 0.061, 400, 0.1), Tipping(0.95, -0.012, 400, 0.1)),
    siblings=(Link("make-a-lpa", "/staff/series/make-a-lpa"),),
)

ADEQUACY = AdequacyPage(
    BASIS,
    date(2026, 9, 10),
    (
        AdequacyRow(
            "Y tế công", 27, 21.0, 1.29, 0.129, 0.081, 0.71, SECTORS[5].judgements[0], 340,
            ("xã Phong Nẫm", "xã Nhơn Mỹ", "xã Lai Hòa"),
            (
                Flag("few_answers", {"answers_needed": 340}),
                Flag("low_response", {"response_rate": 0.081}),
                Flag("empty_strata", {"strata": 3}),
            ),
        ),
        AdequacyRow(
            "Xây dựng", 398, 301.0, 1.32, 0.037, 0.391, 0.99, SECTORS[2].judgements[0], 1212,
            flags=(Flag("large_design_effect", {"design_effect": 2.41}),),
        ),
        AdequacyRow("Thủ tục hành chính", 2841, 2103.0, 1.35, 0.012, 0.412, 1.0, SECTORS[0].judgements[0]),
        AdequacyRow("Đầu tư", 4, None, None, None, 0.2, None, None, None, suppressed=True),
    ),
    invited=7010,
    responses=3270,
)  # fmt: skip

RELEASE_ROW = ReleaseRow(
    "hcc-2026q3-1", BASIS.wave_name, "draft", date(2026, 9, 20), "Lê Văn Minh", "/staff/releases/hcc-2026q3-1", 41
)
PUBLISHED_ROW = ReleaseRow(
    "hcc-2026q2-1", "Thủ tục hành chính, quý II năm 2026", "published", date(2026, 6, 19), "Lê Văn Minh",
    "/staff/releases/hcc-2026q2-1", 28, date(2026, 6, 21), "Phạm Thu Hà",
)  # fmt: skip
RELEASES = ReleasesPage((RELEASE_ROW, PUBLISHED_ROW))
RELEASE = ReleasePage(
    RELEASE_ROW,
    BASIS,
    SECTORS,
    (
        Pin("root", "9f2c" * 16),
        Pin("frame", "hcc-2026q3 #1"),
        Pin("rule", "3b1e" * 16),
        Pin("software", "hailong 0.1.0"),
    ),
    publish_url="/staff/releases/hcc-2026q3-1/publish",
    back=Link("Bản công bố", "/staff/releases"),
)

WAVES = WavesPage(
    (
        WaveRow("hcc-2026q3", BASIS.wave_name, "closed", date(2026, 6, 15), date(2026, 9, 14), 3270, "/w/1", 7010),
        WaveRow("opg", "use-an-lpa", "closed", date(2021, 3, 1), date(2026, 6, 30), 911823, collected="self-selected"),
    )
)

LOGIN = LoginPage("/staff/sign-in", "/staff/scoreboard", "lan", "wrong")
