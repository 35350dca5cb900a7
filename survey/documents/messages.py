"""What a message says: at most two segments of a text message, in one language or in Vietnamese and Khmer together.

By default a message holds no link, since people are rightly told not to open links in text messages, but an address
that they know from posters and a code to be typed there.
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.documents.environment import render, translate
from survey.documents.verdicts import N_

BILINGUAL = "vi+km"
LANGUAGES = ("vi", "km", "en", BILINGUAL)
MOST_SEGMENTS = 2
CODE_GROUPS = (4, 8)
# GSM 03.38: seven bits a letter; those of the second string take two places. Anything else makes the message UCS-2.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = set("\f^{}\\[~]|€")
# Letters in a message of one segment, and in each of several, whose header takes the rest.
GSM_ROOM, UCS2_ROOM = (160, 153), (70, 67)

INVITATION = N_(
    "Mời Ông/Bà góp ý khuyết danh về dịch vụ vừa dùng: mở %(address)s, gõ mã %(code)s. Thôi nhận tin: /stop"
)
LINKED = N_("Mời Ông/Bà góp ý khuyết danh: %(link)s (mã %(code)s). Thôi nhận tin: /stop")
REMINDER = N_("Nhắc một lần: nếu Ông/Bà chưa góp ý, mã ở tin trước, mở %(address)s. Nếu đã góp ý, xin cảm ơn.")
INVITE_WORD, CODE_WORD, STOP_WORD = N_("Mời góp ý"), N_("mã"), N_("Thôi nhận tin")
REMINDER_WORD = N_("Nhắc góp ý, mã ở tin trước")
SUBJECT = N_("Mời Ông/Bà góp ý về dịch vụ công vừa dùng")
REMINDER_SUBJECT = N_("Nhắc một lần: mời Ông/Bà góp ý về dịch vụ công")


class MessageTooLong(ValueError):
    """A message would take more than two segments: the address in it must be shorter."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What a message carries: the known address, the code, and a link where links are wanted."""

    address: str
    code: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail's words."""

    subject: str
    text: str
    html: str


def write_invitation(invited: Invited, language: str) -> str:
    """The text message of an invitation; `language` is one of LANGUAGES."""
    code = group_code(invited.code)
    if language != BILINGUAL:
        words = LINKED if invited.link else INVITATION
        values = {"link": invited.link} if invited.link else {"address": invited.address}
        return translate(language, words, code=code, **values)
    where = f"{invited.link} {code}" if invited.link else f"{invited.address} {_both(CODE_WORD)} {code}"
    return f"{_both(INVITE_WORD)}: {where}. {_both(STOP_WORD)}: /stop"


def write_reminder(address: str, language: str) -> str:
    """The one reminder. It goes to everybody who was written to and holds no code: nobody looks who has answered, and
    the code was forgotten when it was sent."""
    if language != BILINGUAL:
        return translate(language, REMINDER, address=address)
    return f"{_both(REMINDER_WORD)}: {address}"


def write_letter(invited: Invited | None, address: str, language: str) -> Letter:
    """An invitation by e-mail, or the reminder where there is none; two languages stand one below the other."""
    languages = ("vi", "km") if language == BILINGUAL else (language,)
    subject = " · ".join(translate(each, SUBJECT if invited else REMINDER_SUBJECT) for each in languages)
    code = group_code(invited.code) if invited else None
    values = {"address": address, "code": code, "link": invited.link if invited else None}
    parts = [render("field/letter.txt", each, **values).strip() for each in languages]
    bodies = [render("field/letter_body.html", each, **values) for each in languages]
    html = render("field/letter.html", languages[0], subject=subject, bodies=list(zip(languages, bodies, strict=True)))
    return Letter(subject, "\n\n— — —\n\n".join(parts) + "\n", html)


def check_messages(address: str, base_url: str, *, links: bool) -> None:
    """Raise MessageTooLong when any message with this address would take more than two segments."""
    invited = Invited(address, "0" * 11, f"{base_url}/t/{'0' * 26}" if links else None)
    for language in LANGUAGES:
        for text in (write_invitation(invited, language), write_reminder(address, language)):
            if count_segments(text) > MOST_SEGMENTS:
                raise MessageTooLong(
                    f"A message ({language}) would take more than {MOST_SEGMENTS} segments: set "
                    "HAILONG_MESSAGE_ADDRESS to a shorter address that citizens know, or HAILONG_MESSAGE_LINKS to no."
                )


def count_segments(text: str) -> int:
    """How many segments a text message takes: GSM 03.38 where all letters are in it, else UCS-2 (3GPP TS 23.040)."""
    if set(text) <= GSM | GSM_EXTENDED:
        length, (alone, each) = sum(2 if letter in GSM_EXTENDED else 1 for letter in text), GSM_ROOM
    else:
        length, (alone, each) = len(text.encode("utf-16-be")) // 2, UCS2_ROOM
    return 1 if length <= alone else -(-length // each)


def group_code(code: str) -> str:
    """A typed code in groups that are easy to copy: ABCD-EFGH-JKM."""
    first, second = CODE_GROUPS
    return f"{code[:first]}-{code[first:second]}-{code[second:]}"


def _both(words: str) -> str:
    return f"{translate('vi', words)}/{translate('km', words)}"
