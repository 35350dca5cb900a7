"""Second factors, recovery codes, invitations of staff, single sign-on; what is known of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    _widen_sessions()
    op.create_table(
        "staff_factor",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("staff_name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column(
            "secret", sa.LargeBinary(), nullable=False, comment="totp: sealed secret; key: its public key"
        ),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=True),
        sa.Column(
            "counter",
            sa.BigInteger(),
            nullable=False,
            comment="totp: newest step that was used; key: its own counter",
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('totp', 'key')", name=op.f("ck_staff_factor_kind")),
        sa.CheckConstraint("(kind = 'key') = (credential_id IS NOT NULL)", name=op.f("ck_staff_factor_credential")),
        sa.ForeignKeyConstraint(["staff_name"], ["staff.name"], name=op.f("fk_staff_factor_staff_name")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_staff_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_staff_factor_credential_id")),
        comment="what a member of staff has, beside the password that they know",
    )
    op.create_table(
        "staff_recovery",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["staff_name"], ["staff.name"], name=op.f("fk_staff_recovery_staff_name")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_staff_recovery")),
        comment="codes for the day when the second factor is lost; each is good once",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff_invitation",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_name", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_name"], ["staff.name"], name=op.f("fk_staff_invitation_staff_name")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_invitation")),
        comment="links by which a person sets the password of an account, or ties it to single sign-on",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff_identity",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("staff_name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["staff_name"], ["staff.name"], name=op.f("fk_staff_identity_staff_name")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_staff_identity")),
        comment="who an account is at a provider of single sign-on",
    )
    for table in ("staff_factor", "staff_recovery", "staff_invitation", "staff_identity"):
        op.create_index(op.f(f"ix_{table}_staff_name"), table, ["staff_name"])
    _keep_accounts()


def _widen_sessions() -> None:
    for column in (
        sa.Column(
            "is_half",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="a second factor is still awaited",
        ),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column(
            "confirmed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the person was last asked again who they are",
        ),
        sa.Column(
            "challenge",
            sa.LargeBinary(length=64),
            nullable=True,
            comment="what a security key must sign next; used up by the answer",
        ),
        sa.Column(
            "device",
            sa.String(length=64),
            nullable=False,
            server_default="other",
            comment="kind of browser, from a short list",
        ),
    ):
        op.add_column("staff_session", column)


def _keep_accounts() -> None:
    """The trail names accounts, so none is deleted; and who serves pages makes nobody an auditor."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff BEGIN SELECT RAISE(ABORT, 'staff is append-only'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("CREATE TRIGGER staff_no_truncate BEFORE TRUNCATE ON staff EXECUTE FUNCTION refuse_change()")
    op.execute(
        "CREATE FUNCTION refuse_auditor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_user = 'hailong_web' THEN "
        "RAISE EXCEPTION 'not authorized: auditors are made on the command line'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER staff_no_insert_auditor BEFORE INSERT ON staff FOR EACH ROW "
        "WHEN (NEW.role = 'auditor') EXECUTE FUNCTION refuse_auditor()"
    )
    op.execute(
        "CREATE TRIGGER staff_no_update_auditor BEFORE UPDATE OF role ON staff FOR EACH ROW "
        "WHEN (NEW.role = 'auditor' OR OLD.role = 'auditor') EXECUTE FUNCTION refuse_auditor()"
    )
