"""The outbox's tables in the journal's file: a step of its migrations."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL, kind TEXT NOT NULL,
  alarm TEXT NOT NULL, severity INTEGER NOT NULL, thread TEXT NOT NULL,
  subject TEXT NOT NULL, line TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL,
  happened_utc_ms INTEGER NOT NULL, created_utc_ms INTEGER NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
  next_try_utc_ms INTEGER NOT NULL, settled_utc_ms INTEGER NOT NULL, last_error TEXT NOT NULL
) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting'",
    # What has been told of each alarm, so that a restart neither repeats nor forgets a reminder.
    """CREATE TABLE outbox_alarm (
  alarm TEXT PRIMARY KEY, standing TEXT NOT NULL, severity INTEGER NOT NULL, first_utc_ms INTEGER NOT NULL,
  raised_utc_ms INTEGER NOT NULL, is_over INTEGER NOT NULL, is_from_memory INTEGER NOT NULL,
  reminded_utc_ms INTEGER NOT NULL, data TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    # cursor: the last event turned into messages. alive: the day of the last sign of life.
    "CREATE TABLE outbox_mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
