"""What is dear to make is made by one, and everybody else waits for it."""

from __future__ import annotations

import threading
import time

import pytest

from survey.documents import form
from survey.documents.once import made_once
from survey.mandate.questionnaires import load_questionnaire


def ask_together(ask: object, many: int = 16) -> None:
    start = threading.Barrier(many)

    def work() -> None:
        start.wait()
        assert callable(ask)
        ask()

    threads = [threading.Thread(target=work) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_sixteen_who_ask_at_once_get_one_thing_made_once() -> None:
    made: list[int] = []

    @made_once
    def make(number: int) -> list[int]:
        time.sleep(0.02)
        made.append(number)
        return [number]

    ask_together(lambda: make(1))
    assert made == [1]
    assert make(1) is make(1)
    assert make(2) == [2]


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    @made_once
    def make(number: int) -> int:
        tries.append(number)
        if len(tries) == 1:
            raise OSError("full")
        return number

    with pytest.raises(OSError, match="full"):
        make(7)
    assert make(7) == 7


def test_after_a_start_the_form_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    render = form._render

    def counted(*given: object) -> str:
        rendered.append("once")
        time.sleep(0.02)
        return render(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(form, "_render", counted)
    monkeypatch.setattr(form, "_pages", {})
    asked = load_questionnaire("quick@1")
    ask_together(lambda: form.form_page(asked, "en"))
    assert rendered == ["once"]
