"""The file of gateways: read strictly, secrets from the environment, mistakes named."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.gateways.configuring import GatewaysWrong, load_gateways

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "gateways.toml"
SMS = '[sms]\nurl = "https://api.vidu.vn/send"\nsuccess = "ok"\n'
MAIL = '[email]\nhost = "mail.vidu.vn"\nsender = "khaosat@vidu.vn"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gateways.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_documentation_is_read() -> None:
    gateways = load_gateways(EXAMPLE, {"SMS_KEY": "k1", "ZALO_TOKEN": "k2", "SMTP_PASSWORD": "k3"})
    assert gateways.channels == ("sms", "zalo", "email")
    assert gateways.text["sms"].headers["Authorization"] == "Bearer k1"
    assert gateways.mail is not None
    assert (gateways.mail.starttls, gateways.mail.password) == (True, "k3")


def test_no_file_means_that_nothing_is_sent(tmp_path: Path) -> None:
    assert load_gateways(tmp_path / "none.toml", {}).channels == ()


def test_only_the_gateways_own_host_may_be_called(tmp_path: Path) -> None:
    gateways = load_gateways(write(tmp_path, SMS + MAIL), {})
    assert gateways.text["sms"].allowed.host == "api.vidu.vn"
    assert gateways.mail is not None
    assert gateways.mail.allowed.host == "mail.vidu.vn"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[sms", "not TOML"),
        ("[fax]\n", r"\[fax\] is no gateway"),
        ('[sms]\nsuccess = "ok"\n', "`url` is missing"),
        ('[sms]\nurl = "https://a.vn"\n', "`success` is missing"),
        (SMS + 'sucess = "x"\n', "`sucess` is not known here"),
        ('[sms]\nurl = "https://a.vn"\nsuccess = "("\n', "missing"),
        (SMS + "per_minute = 0\n", "per_minute"),
        (SMS + 'networks = ["10.0.0.0/99"]\n', "10.0.0.0/99"),
        (SMS + 'report_url = "https://a.vn/{id}"\n', "report_url needs"),
        (SMS + 'headers = { Authorization = "$NOWHERE" }\n', "the environment has no NOWHERE"),
        ('[email]\nhost = "m"\nsender = "a@b.vn\\nBcc: c@d.vn"\n', "plain e-mail address"),
        ("sms = 3\n", "gateways.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(GatewaysWrong, match=reason):
        load_gateways(write(tmp_path, text), {})


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SMS)
    path.chmod(0o666)
    with pytest.raises(GatewaysWrong, match="chmod go-w"):
        load_gateways(path, {})
