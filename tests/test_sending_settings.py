"""How invitations are sent comes from the environment, is checked, and says what to set when it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from survey.settings import Settings, SettingsError, load_sending

SETTINGS = Settings(Path("home"), "sqlite://", b"x" * 32, base_url="https://khaosat.vidu.vn")


def test_what_nobody_set_is_careful() -> None:
    sending = load_sending(SETTINGS, {})
    assert (sending.address, sending.links) == ("khaosat.vidu.vn", False)
    assert (sending.cap, sending.cap_days, sending.reminder_hours) == (1, 90, 48)
    assert (sending.auditor_share, sending.auditor_emails) == (0.05, ())
    assert sending.gateways == Path("home", "gateways.toml")


def test_every_setting_is_read() -> None:
    sending = load_sending(
        replace(SETTINGS, base_url="https://vidu.vn/y-kien"),
        {
            "HAILONG_GATEWAYS": "/etc/hailong/gateways.toml",
            "HAILONG_MESSAGE_LINKS": "yes",
            "HAILONG_CONTACT_CAP": "2",
            "HAILONG_CONTACT_CAP_DAYS": "180",
            "HAILONG_REMINDER_HOURS": "0",
            "HAILONG_BILINGUAL": "31591, former_soc_trang",
            "HAILONG_AUDITOR_PERCENT": "10",
            "HAILONG_AUDITOR_EMAILS": "a@b.vn, c@d.vn,",
        },
    )
    assert (sending.address, sending.links) == ("vidu.vn/y-kien", True)
    assert (sending.cap, sending.cap_days, sending.reminder_hours) == (2, 180, 0)
    assert sending.bilingual == ("31591", "former_soc_trang")
    assert (sending.auditor_share, sending.auditor_emails) == (0.1, ("a@b.vn", "c@d.vn"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAILONG_MESSAGE_LINKS", "true"),
        ("HAILONG_CONTACT_CAP", "0"),
        ("HAILONG_CONTACT_CAP", "one"),
        ("HAILONG_CONTACT_CAP_DAYS", "-1"),
        ("HAILONG_REMINDER_HOURS", "72"),
        ("HAILONG_AUDITOR_PERCENT", "101"),
        ("HAILONG_AUDITOR_PERCENT", "٥"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_sending(SETTINGS, {name: value})
