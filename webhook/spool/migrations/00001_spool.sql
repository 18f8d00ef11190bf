-- +goose Up

-- Notifications that were accepted and not yet applied to the state below.
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL, -- times are microseconds since 1970
    notify      INTEGER NOT NULL, -- 0 none, 1 silent, 2 loud
    body        BLOB    NOT NULL
);

-- What Alertmanager says of a group as a whole.
CREATE TABLE groups (
    key       TEXT PRIMARY KEY,
    told_at   INTEGER NOT NULL, -- receipt of the last notification that was no twin
    truncated INTEGER NOT NULL
);

-- What Alertmanager says: one row for each time that an alert fires in a group.
CREATE TABLE instances (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    group_key    TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    starts_at    INTEGER NOT NULL,
    alert        TEXT    NOT NULL, -- JSON
    rank         INTEGER NOT NULL, -- of the priority, 0 is most urgent
    notify       INTEGER NOT NULL,
    notification INTEGER NOT NULL, -- the id in the inbox that brought the present state
    received_at  INTEGER NOT NULL, -- its receipt
    first_at     INTEGER NOT NULL, -- the receipt of the first
    seen_at      INTEGER NOT NULL, -- the receipt of the last
    said_by      TEXT    NOT NULL, -- the Alertmanager that brought the present state
    resolved_at  INTEGER,          -- when the resolution came; NULL while it fires
    suppressed   TEXT    NOT NULL DEFAULT '', -- silenced or inhibited when Alertmanager was last asked
    closed       TEXT    NOT NULL DEFAULT '', -- why it ended without a resolution
    refire_at    INTEGER           -- when it counts as firing anew, if nothing else comes
);
CREATE INDEX instances_by_alert ON instances (group_key, fingerprint, id);
CREATE INDEX instances_open ON instances (group_key) WHERE resolved_at IS NULL;
CREATE INDEX instances_refire ON instances (refire_at) WHERE refire_at IS NOT NULL;
CREATE INDEX instances_resolved ON instances (resolved_at) WHERE resolved_at IS NOT NULL;

-- What a chat was shown of an instance.
CREATE TABLE views (
    chat          TEXT    NOT NULL,
    instance      INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    pending       INTEGER NOT NULL, -- 1 when the chat does not show the present state
    shown         INTEGER NOT NULL DEFAULT 0, -- 0 nothing, 1 firing, 2 resolved
    first_message INTEGER, -- the message that told of it first
    last_message  INTEGER, -- the newest one that lists it
    PRIMARY KEY (chat, instance)
) WITHOUT ROWID;
CREATE INDEX views_pending ON views (chat) WHERE pending = 1;
CREATE INDEX views_by_instance ON views (instance);

-- Reminders that a chat is owed.
CREATE TABLE reminders (
    chat         TEXT    NOT NULL,
    group_key    TEXT    NOT NULL,
    notification INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    notify       INTEGER NOT NULL,
    PRIMARY KEY (chat, group_key)
) WITHOUT ROWID;

-- Calls of the Bot API, written before they are made.
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    chat        TEXT    NOT NULL,
    group_key   TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    rank        INTEGER NOT NULL,
    batch       INTEGER NOT NULL, -- the id of the first part
    part        INTEGER NOT NULL,
    parts       INTEGER NOT NULL,
    content     TEXT    NOT NULL, -- JSON, empty once it was sent
    instances   TEXT    NOT NULL, -- JSON: what is listed, and how
    state       TEXT    NOT NULL, -- queued, sending, sent
    telegram_id INTEGER,
    edit        INTEGER NOT NULL DEFAULT 0, -- 0 shows the present state, 1 to be edited, 2 being edited
    created_at  INTEGER NOT NULL,
    sent_at     INTEGER
);
CREATE INDEX messages_unsent ON messages (chat, id) WHERE state <> 'sent';
CREATE INDEX messages_edit ON messages (chat, rank, id) WHERE edit <> 0;
CREATE INDEX messages_created ON messages (created_at);

-- What is known of the chats.
CREATE TABLE chats (
    key         TEXT PRIMARY KEY,
    migrated_to TEXT    NOT NULL DEFAULT '',
    dead        TEXT    NOT NULL DEFAULT '', -- why the bot can't write there
    not_before  INTEGER, -- until when Telegram asked to wait
    calls       TEXT    NOT NULL DEFAULT '[]' -- times of the latest calls, for the rates
);

-- Single facts by name.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);

-- +goose Down
DROP TABLE facts; DROP TABLE chats; DROP TABLE messages; DROP TABLE reminders;
DROP TABLE views; DROP TABLE instances; DROP TABLE groups; DROP TABLE inbox;
