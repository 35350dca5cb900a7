"""What imports of areas, agencies, groups and procedures refuse with, and the same in Vietnamese."""

from __future__ import annotations

from survey.documents.verdicts import N_

PLACE_REASONS = {
    "code {code} must hold A-Z, a-z, 0-9, . - _ only (at most 64)": N_(
        "Mã %(code)s chỉ được gồm chữ không dấu, số và các dấu . - _, nhiều nhất 64 chữ."
    ),
    "group {code} must hold A-Z, a-z, 0-9, . - _ only": N_("Mã nhóm %(code)s chỉ được gồm chữ không dấu, số và . - _"),
    "code {code} stands in the file twice: keep one": N_("Mã %(code)s có hai lần trong tệp. Xin giữ một."),
    "kind {kind} must be one word, for instance {example}": N_(
        "Loại %(kind)s phải là một từ không dấu, ví dụ %(example)s."
    ),
    "ownership {value} must be public or private": N_("Sở hữu %(value)s phải là public (công) hoặc private (tư)."),
    "area {area} is not known: write the code of the General Statistics Office": N_(
        "Chưa có đơn vị hành chính %(area)s. Xin ghi mã của Tổng cục Thống kê."
    ),
    "area {area} is not known: import it first": N_("Chưa có đơn vị hành chính %(area)s. Xin nạp trước."),
    "sector {sector} is not known: use one of {sectors}": N_("Không có lĩnh vực %(sector)s. Xin dùng: %(sectors)s."),
    "decided_by is empty: write the decision that puts the procedure in its sector": N_(
        "Thiếu decided_by. Xin ghi văn bản xếp thủ tục vào lĩnh vực này."
    ),
    "kind {kind} must be procedure or service, or empty": N_(
        "Loại %(kind)s phải là procedure (thủ tục), service (dịch vụ) hoặc để trống."
    ),
    "it counts for {sector} since {day}: a new sector needs a later decided_on": N_(
        "Thủ tục đã thuộc lĩnh vực %(sector)s từ %(day)s. Lĩnh vực mới cần ngày quyết định sau ngày đó."
    ),
    "{code} is an administrative procedure and cannot count for {sector}, which judges the service itself "
    "(goal group 16): choose a sector of goal group 14": N_(
        "%(code)s là thủ tục hành chính nên không thuộc %(sector)s, lĩnh vực đánh giá chính dịch vụ (nhóm 16). "
        "Xin chọn lĩnh vực của nhóm 14."
    ),
    "{code} is a service and cannot count for {sector}, which judges procedures": N_(
        "%(code)s là dịch vụ nên không thuộc %(sector)s, lĩnh vực đánh giá thủ tục."
    ),
    "predecessor {part} must be a code, or a code and a share such as 941:0.6": N_(
        "Nơi trước đó %(part)s phải là một mã, hoặc mã và phần, ví dụ 941:0.6"
    ),
    "predecessor {code} is not known: import it first": N_("Chưa có nơi trước đó %(code)s. Xin nạp trước."),
    "predecessor {code} is not known": N_("Chưa có nơi trước đó %(code)s."),
    "{name} must be 1 to {most} letters without control characters": N_("%(name)s phải có 1 đến %(most)s chữ."),
    "{name} {value} must be a date written as YYYY-MM-DD": N_(
        "%(name)s: %(value)s không phải là ngày. Xin ghi như 2026-11-24."
    ),
    "{name} {value} must be written as YYYY-MM-DD": N_("%(name)s: xin ghi %(value)s như 2026-11-24."),
    "valid_to lies before valid_from: correct one of them": N_(
        "Ngày kết thúc trước ngày bắt đầu. Xin sửa một trong hai."
    ),
    "agency {code} is there already with another name, kind or area: give the new one another code": N_(
        "Cơ quan %(code)s đã có với tên, loại hoặc địa bàn khác. Xin cho cơ quan mới một mã khác."
    ),
    "area {code} is there already with another name, kind or parent: use another code": N_(
        "Đơn vị %(code)s đã có với tên, loại hoặc cấp trên khác. Xin dùng mã khác."
    ),
    "parent {code} is neither known nor in the file": N_("Cấp trên %(code)s chưa có và cũng không ở trong tệp."),
    "{code} would stand below itself: correct its parent": N_("%(code)s sẽ nằm dưới chính nó. Xin sửa cấp trên."),
    "the shares of {code} add up to more than 1": N_("Các phần tách từ %(code)s cộng lại lớn hơn 1."),
    "the feature has no properties: it needs code, name_vi, kind, valid_from": N_(
        "Hình này thiếu thuộc tính: cần code, name_vi, kind, valid_from."
    ),
    "the file has more than {most} bytes: simplify it, for instance with mapshaper": N_(
        "Tệp lớn hơn %(most)s byte. Xin giản lược hình, ví dụ bằng mapshaper."
    ),
    "this is not readable GeoJSON ({error}): export it again as UTF-8": N_(
        "Không đọc được GeoJSON. Xin xuất lại bằng UTF-8."
    ),
    "the file must hold a FeatureCollection with a feature for each area": N_(
        "Tệp phải là FeatureCollection, mỗi đơn vị hành chính một hình."
    ),
}
