"""Who may do what to which table: declared once, enforced by PostgreSQL's roles and by SQLite's authorizer.

`migrate` owns the schema and may do everything, so it has no column here. `web` serves pages, `work` moves answers
along the conveyor and runs an operator's commands, `read` is for dashboards, `audit` for whoever checks.
A table that is declared nowhere may be touched by nobody, and a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERY_COLUMN = ("*",)
Columns = tuple[str, ...]


class Role(StrEnum):
    """As whom a process opens the database."""

    MIGRATE = "migrate"
    WEB = "web"
    WORK = "work"
    READ = "read"
    AUDIT = "audit"


class Verb(StrEnum):
    """What a statement does to a table."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


RESTRICTED = (Role.WEB, Role.WORK, Role.READ, Role.AUDIT)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do to a table: columns that it may read and change, whether it may add and remove rows."""

    select: Columns = ()
    insert: bool = False
    update: Columns = ()
    delete: bool = False

    def allows(self, verb: Verb, column: str = "") -> bool:
        """Whether the verb is allowed, on this column where a verb goes by columns."""
        if verb is Verb.INSERT:
            return self.insert
        if verb is Verb.DELETE:
            return self.delete
        columns = self.select if verb is Verb.SELECT else self.update
        return columns == EVERY_COLUMN or column in columns or (bool(columns) and not column)


NOTHING = Rights()
LOOK = Rights(select=EVERY_COLUMN)
APPEND = Rights(select=EVERY_COLUMN, insert=True)
KEEP = Rights(select=EVERY_COLUMN, insert=True, update=EVERY_COLUMN)
MANAGE = Rights(select=EVERY_COLUMN, insert=True, update=EVERY_COLUMN, delete=True)

Row = dict[Role, Rights]


def _row(web: Rights = NOTHING, work: Rights = NOTHING, read: Rights = NOTHING, audit: Rights = NOTHING) -> Row:
    return {Role.WEB: web, Role.WORK: work, Role.READ: read, Role.AUDIT: audit}


def only(*columns: str) -> Rights:
    """Reading of some columns."""
    return Rights(select=columns)


REGISTER = _row(web=LOOK, work=MANAGE, read=LOOK, audit=LOOK)
OPERATED = _row(web=KEEP, work=MANAGE, read=LOOK, audit=LOOK)  # operators bring them in on pages
APPENDED = _row(web=LOOK, work=APPEND, read=LOOK, audit=LOOK)
STATISTICIANS = _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK)
PUBLIC_ACCOUNT = ("name", "role", "scope_area", "scope_sector", "disabled")
OF_ACCOUNT = ("role", "password_hash", "scope_area", "scope_sector", "disabled")
OF_INBOX = ("id", "wave_code", "stratum_code", "receipt_hash")
OF_LEDGER = ("position", "batch_number", "wave_code", "kind")
OF_TOKEN = ("token_hash", "code_hash", "channel", "disposition", "voided")  # the counter makes tokens
OF_CONTACT = ("wave_code", "stratum_code", "position", "contact_hash", "sent_at")
OF_CONTACT_FILE = ("id", "wave_code", "loaded_by", "loaded_at")
OF_INVITATION = ("wave_code", "stratum_code", "position", "probability", "frame_version", "drawn_on", "channel")
OF_DEVICE = ("name", "channel", "agency_code", "wave_code", "state", "contact_at", "waiting", "skew", "stored")

PERMISSIONS: Mapping[str, Row] = {
    "alembic_version": _row(web=LOOK, work=LOOK, read=LOOK, audit=LOOK),
    # the conveyor: who serves citizens adds to it, and neither changes, removes nor reads what others said
    "inbox": _row(
        web=Rights(select=OF_INBOX, insert=True),
        work=Rights(select=EVERY_COLUMN, insert=True, delete=True),
        audit=only(*OF_INBOX),
    ),
    "withdrawal": _row(
        web=Rights(select=("receipt_hash",), insert=True),
        work=Rights(select=EVERY_COLUMN, insert=True, delete=True),
        audit=only("receipt_hash"),
    ),
    "spent": _row(  # work writes anew what is not settled; a trigger guards what is
        web=APPEND,
        work=Rights(select=EVERY_COLUMN, insert=True, delete=True),
        read=only("wave_code", "stratum_code"),
        audit=LOOK,
    ),
    "ledger": _row(
        web=only(*OF_LEDGER, "leaf_hash"),  # published: a hash over two secret nonces opens nothing
        work=Rights(select=EVERY_COLUMN, insert=True, update=("nonce2", "text")),
        read=only(*OF_LEDGER),
        audit=LOOK,
    ),
    "batch": APPENDED,
    "receipt": APPENDED,
    "checkpoint": APPENDED,
    "exclusion": APPENDED,
    "key_statement": APPENDED,
    # what people wrote, scrubbed: the statistician's page reads it and says so
    "comment": _row(
        web=Rights(select=EVERY_COLUMN, update=("withheld",)),
        work=MANAGE,
        audit=only("wave_code", "agency_code", "item", "batch_number", "withheld"),
    ),
    "comment_batch": _row(web=Rights(select=EVERY_COLUMN, update=("read_by", "read_on")), work=MANAGE, audit=LOOK),
    "comment_progress": REGISTER,
    # figures
    "tally_progress": REGISTER,
    "tally_cell": REGISTER,
    "tally_cross": REGISTER,
    "tally_item": REGISTER,
    "published_figure": APPENDED,
    "release": _row(
        web=Rights(select=EVERY_COLUMN, update=("published_by", "published_on")), work=MANAGE, read=LOOK, audit=LOOK
    ),
    "release_figure": REGISTER,
    "driver": REGISTER,
    # on the way to the public: people review, sign and explain on pages; `work` publishes at the hour
    "release_step": STATISTICIANS,
    "release_plan": STATISTICIANS,
    "agency_statement": STATISTICIANS,
    "outside_figure": STATISTICIANS,
    "alert_mail": _row(work=MANAGE, read=LOOK, audit=LOOK),
    # reports: statisticians edit their text on a page, `work` writes the documents that are asked for
    "report_text": _row(web=APPEND, work=LOOK, read=LOOK, audit=LOOK),
    "report_job": _row(web=APPEND, work=MANAGE, audit=LOOK),
    "report_file": _row(web=LOOK, work=MANAGE),
    # the statisticians' side: `work` freezes what they see, they keep recipes and plans on their pages
    "adequacy": REGISTER,
    "adequacy_cell": REGISTER,
    "recipe": STATISTICIANS,
    "recipe_weights": STATISTICIANS,
    "recipe_adoption": STATISTICIANS,
    "planned_sample": STATISTICIANS,
    # devices: who serves citizens pairs them, hears of them and counts what they lose
    "device": _row(web=KEEP, work=KEEP, read=only(*OF_DEVICE), audit=only(*OF_DEVICE)),
    "refused_replay": _row(web=APPEND, work=LOOK, read=only("device_name", "wave_code", "outcome"), audit=LOOK),
    # the fraud screen: who serves citizens counts arrivals and cannot read them; auditors read what was frozen
    "arrival": _row(web=Rights(insert=True), work=MANAGE),
    "arrival_device": _row(web=Rights(insert=True), work=MANAGE),
    "arrival_pattern": _row(work=APPEND, audit=LOOK),
    "screening": _row(web=LOOK, work=APPEND, audit=LOOK),
    "callback_draw": _row(web=LOOK, work=APPEND, audit=LOOK),
    "callback_place": _row(web=LOOK, work=APPEND, audit=LOOK),
    "callback_result": _row(web=LOOK, work=APPEND, audit=LOOK),
    # staff
    "staff": _row(  # a trigger keeps who serves pages from making an auditor
        web=Rights(select=EVERY_COLUMN, insert=True, update=OF_ACCOUNT),
        work=KEEP,
        read=only(*PUBLIC_ACCOUNT),
        audit=only(*PUBLIC_ACCOUNT),
    ),
    "staff_session": _row(web=MANAGE, work=MANAGE),
    "staff_factor": _row(web=MANAGE, work=MANAGE),
    "staff_recovery": _row(web=MANAGE, work=MANAGE),
    "staff_invitation": _row(web=MANAGE, work=MANAGE),
    "staff_identity": _row(web=MANAGE, work=MANAGE),
    "job": _row(web=LOOK, work=MANAGE, read=LOOK, audit=LOOK),
    "audit": _row(web=APPEND, work=APPEND, audit=APPEND),
    # what is asked, of whom
    "questionnaire": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "questionnaire_origin": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "questionnaire_signature": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "questionnaire_draft": _row(web=MANAGE, work=MANAGE, audit=LOOK),
    # operators open waves and bring frames in on pages; a trigger locks a rule, and frames only grow by versions
    "series": OPERATED,
    "wave": OPERATED,
    "stratum": OPERATED,
    "frame": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "frame_stratum": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "frame_fact": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "frame_applicant": _row(web=MANAGE, work=MANAGE),
    "frame_unit": _row(web=MANAGE, work=MANAGE, audit=LOOK),
    "independent_total": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    # the one-stop system brings transactions over the API; they wait for the next version of the frame
    "api_client": _row(web=LOOK, work=KEEP, audit=LOOK),
    "api_batch": _row(web=APPEND, work=APPEND, audit=LOOK),
    "incoming_transaction": _row(web=MANAGE, work=MANAGE, audit=LOOK),
    # webhooks: `work` tells portals what happened; operators see what became of it and may ask for another attempt
    "webhook_progress": REGISTER,
    "webhook_delivery": _row(
        web=Rights(select=EVERY_COLUMN, update=("state", "attempts", "due_at")), work=MANAGE, read=LOOK, audit=LOOK
    ),
    "draw_order": _row(web=APPEND, work=KEEP, read=LOOK, audit=LOOK),
    "page_view": _row(web=Rights(insert=True), work=APPEND, read=LOOK, audit=LOOK),
    "invitation": _row(
        web=Rights(select=EVERY_COLUMN, update=OF_TOKEN), work=KEEP, read=only(*OF_INVITATION), audit=LOOK
    ),
    # messages on their way: addresses are for the work process alone; who opts out is forgotten at once
    "contact": _row(web=Rights(select=OF_CONTACT, delete=True), work=MANAGE),
    "contact_file": _row(web=Rights(select=OF_CONTACT_FILE, insert=True), work=MANAGE),
    "message": _row(work=MANAGE),
    "auditor_key": _row(work=KEEP, audit=LOOK),
    "auditor_contact": _row(work=MANAGE, audit=LOOK),
    "opt_out": _row(web=APPEND, work=MANAGE),
    "checkpoint_mail": _row(work=MANAGE, read=LOOK, audit=LOOK),
    # households and paper: interviewers and keyers work on pages, and what they entered is never changed
    "psu": OPERATED,
    "household_list": OPERATED,
    "household": OPERATED,
    "household_call": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "paper_batch": _row(web=APPEND, work=APPEND, read=LOOK, audit=LOOK),
    "paper_place": _row(web=APPEND, work=APPEND, audit=LOOK),
    "paper_sheet": _row(web=Rights(select=EVERY_COLUMN, insert=True, update=("state",)), work=KEEP, audit=LOOK),
    "paper_keying": _row(web=Rights(select=EVERY_COLUMN, insert=True, update=("text",)), work=KEEP, audit=LOOK),
    "paper_settlement": _row(web=APPEND, work=APPEND, audit=LOOK),
    # places
    "area": OPERATED,
    "area_predecessor": OPERATED,
    "area_shape": OPERATED,
    "area_group": OPERATED,
    "area_group_member": OPERATED,
    "agency": OPERATED,
    "agency_predecessor": OPERATED,
    "sector": REGISTER,
    "procedure": OPERATED,
    "procedure_sector": OPERATED,
}


def may(role: Role, verb: Verb, table: str, column: str = "") -> bool:
    """Whether a role may do this to a table; what is not declared is forbidden to all but the owner."""
    if role is Role.MIGRATE:
        return True
    return table in PERMISSIONS and PERMISSIONS[table][role].allows(verb, column)
