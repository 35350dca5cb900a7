"""Words by which names are known: family names with their middle words, forms of address, and what only looks so.

Family names after their published frequencies (the fourteen most frequent are borne by about nine in ten Vietnamese),
with those of Khmer and Hoa families of the Mekong delta. All without diacritics, in lower case.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


FAMILY = _words(
    "nguyen tran le pham huynh hoang phan vu vo dang bui do ho ngo duong ly dinh lam mai trinh dao doan vuong truong "
    "luong cao ha ta to chau quach luu tong thai kieu luc la tang au chung diep mac nghiem phung quan thach son danh "
    "kim lieu tra trieu kien hua ong khuu giang tieu ngu cu van thi ung bach khuc vi lo"
) - {"ong", "van", "thi"}
MIDDLE = _words(
    "van thi huu duc ngoc minh thanh quoc xuan kim hong thu my bich cong dinh trong gia bao anh phuong quang tuan "
    "nhat hai sa chanh sang hoang tien viet dang ba cam diem tuyet ngan khanh the si vinh chi thuy kieu"
)
# Given names, for those who write without capitals.
GIVEN = _words(
    "anh tuan hung dung cuong thang minh duc long nam hai son quang huy khanh phuc loc tai phat dat hieu trung kien "
    "tung lam phong vinh binh thinh thanh tam thuan toan tin tri nghia hau khoa khoi bao thien an cong quyen luc "
    "lan huong hoa mai hong cuc dao hue thuy trang linh ngoc nga hang hanh nhung phuong thao thu thuong van yen oanh "
    "vy nhi my tien kieu diem dung ngan nguyet nhan loan lien le ly hien hoai giang ha dung diep cham bich sen sang "
    "ut bay tu sau nam tam chin muoi ni rinh phol sarath sokha dara rithy bopha chanda savuth tha phal"
) - {"cong", "le", "thu", "sau", "nam", "tam", "sang", "an", "tu", "bay", "tin", "ha"}
STRONG = _words("nguyen tran pham huynh hoang phan dang bui thach danh truong dinh")
# Forms of address as they are written; in plain writing each stands for its letters without marks.
TITLES = _phrases(
    "bác sĩ|bác sỹ|y sĩ|dược sĩ|điều dưỡng|hộ lý|y tá|cán bộ|công chức|nhân viên|đồng chí|đ/c|giám đốc|phó giám đốc|"
    "chủ tịch|phó chủ tịch|trưởng phòng|phó phòng|trưởng khoa|hiệu trưởng|hiệu phó|cô giáo|thầy giáo|luật sư|kỹ sư|"
    "bs|ths|ts|pgs|gs|ks|mr|mrs|ms|ông|bà|anh|chị|cô|chú|bác|thầy|cậu|dì|em|thím|mợ|dượng|lục tà|lục kru|tên|họ tên|"
    "họ và tên|tên là|tôi là|người ký"
)
NAMING = ("ten", "ho ten", "ho va ten", "ten la", "toi la", "nguoi ky")
# In capitals after a form of address, these are no names: `Ông Bà`, `Bác Sĩ`, `Bà Con`.
SECOND_WORDS = _words("ba chi em anh con giao si tich vien bo oi ay phong khoa")
# Written so, these words after a form of address are no names.
NOT_NAMES = _words(
    "ba con anh em chi giao vien bo si oi a ay nay kia do nao cung cac nhung tu va hoac y trong tam giup vui bao sao"
    " gi da dang se la o thi rat khong phai nhung cho tai voi ve den ra vao qua lai len xuong noi hoi huong dan phu"
    " trach tiep nhan lam mot nguoi toi minh ta chung ban ho day dan cua moi toan phong xa phuong quan thu ky tren"
    " duoi nhiet tinh than thien de lich su lon nho tre gia cao tuoi ngoai bi duoc hay cam on xin mong nguyen chu"
    " tich hung dung ve cu the dung bo cong an hai quan luat doi bac co thay bac ai dong doc ca truong van thuong"
)
# Places, streets and bodies that begin as a family name does.
PLACES = frozenset(
    [
        "tran de", "ho chi minh", "lam dong", "son la", "chau thanh", "chau doc", "mai chau", "kim son", "ha noi",
        "ha giang", "ha tinh", "ha nam", "thai binh", "thai nguyen", "lang son", "cao bang", "ly son", "kien giang",
        "quan ly", "ha tien", "giang thanh", "truong sa", "hoang sa", "vinh chau", "vinh long", "tra vinh", "long phu",
        "my xuyen", "my tu", "ke sach", "thanh tri", "cu lao dung", "nga nam", "lich hoi thuong", "dai ngai",
        "an giang", "can tho", "hau giang", "soc trang", "phu loi", "van phong", "cong an", "cong hoa", "do thi",
        "lao dong", "quan doi", "to quoc", "mat tran", "ngan hang", "bao hiem", "dang uy", "dang vien", "hoi dong",
        "thanh pho", "kim ngan", "lien chieu", "thu duc", "truong hoc", "vu ban", "ho gia", "ho ngheo", "luu tru",
        "ta xua", "cao dang", "cao lanh",
    ]
)  # fmt: skip
