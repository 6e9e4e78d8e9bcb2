"""What delivery to a central store needs in the journal's file: a step of its migrations.

The journal's keys order rows by the plant's calendar. Where the calendar runs backwards a new *pass* begins: within
one pass the keys of new rows only grow.
"""

NO_LIMIT = 2**63 - 1
BEFORE_ALL = -(2**62)
"""Cursor of a delivery that has sent nothing yet."""

STATEMENTS: tuple[str, ...] = (
    # One row per pass but the first: its first key, the last key of the pass before, and how far this one has come
    # while the file holds higher keys (NULL when all rows above its beginning are its own or passed again).
    """CREATE TABLE step_back (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL, before_key INTEGER NOT NULL, reached_key INTEGER
) STRICT""",
    # One row: the cursor a start goes on from (everything of earlier passes, and of this one up to the key, is settled
    # for good), how far delivery really was, and how it goes.
    """CREATE TABLE delivery (
  id INTEGER PRIMARY KEY CHECK (id = 1), step_id INTEGER NOT NULL, key INTEGER NOT NULL, url TEXT NOT NULL,
  reached_step_id INTEGER NOT NULL, reached_key INTEGER NOT NULL, waiting_periods INTEGER NOT NULL,
  lag_s REAL NOT NULL, merged_periods INTEGER NOT NULL, lost_periods INTEGER NOT NULL,
  last_ok_utc_ms INTEGER, last_error TEXT NOT NULL, updated_utc_ms INTEGER NOT NULL
) STRICT""",
    # Stretches of the journal the store has refused for good; an empty series means all of them.
    """CREATE TABLE delivery_aside (
  id INTEGER PRIMARY KEY AUTOINCREMENT, from_key INTEGER NOT NULL, to_key INTEGER NOT NULL, series TEXT NOT NULL,
  samples INTEGER NOT NULL, status INTEGER NOT NULL, words TEXT NOT NULL, url TEXT NOT NULL,
  first_utc_ms INTEGER NOT NULL, last_utc_ms INTEGER NOT NULL, is_wanted INTEGER NOT NULL
) STRICT""",
    # The keys that have not been delivered, pass by pass: above after_key, up to to_key.
    f"""CREATE VIEW delivery_waiting AS SELECT pass.id AS step_id, after_key, coalesce(
  (SELECT before_key FROM step_back WHERE id > pass.id ORDER BY id LIMIT 1),
  (SELECT reached_key FROM step_back WHERE id = pass.id), {NO_LIMIT}) AS to_key
FROM (SELECT step_id AS id, key AS after_key FROM delivery UNION ALL
  SELECT id, key - 1 FROM step_back WHERE id > (SELECT step_id FROM delivery)) AS pass""",  # noqa: S608
    """CREATE TRIGGER period_lost AFTER DELETE ON period
WHEN EXISTS (SELECT 1 FROM delivery_waiting WHERE OLD.key > after_key AND OLD.key <= to_key)
BEGIN UPDATE delivery SET lost_periods = lost_periods + 1; END""",
)

WHOSE_FAULT: tuple[str, ...] = ("ALTER TABLE delivery ADD COLUMN is_settings INTEGER NOT NULL DEFAULT 0",)
"""A later step: whether ``last_error`` lasts until somebody changes a setting."""
