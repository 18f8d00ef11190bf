BEGIN TRANSACTION;
CREATE TABLE chats (
    key         TEXT PRIMARY KEY,
    migrated_to TEXT    NOT NULL DEFAULT '',
    dead        TEXT    NOT NULL DEFAULT '', -- why the bot can't write there
    not_before  INTEGER, -- until when Telegram asked to wait
    calls       TEXT    NOT NULL DEFAULT '[]' -- times of the latest calls, for the rates
);
INSERT INTO "chats" VALUES('dry-run','','',NULL,'[1795898385913199,1795898389020954,1795898392169470,1795898393198488,1795898394204981]');
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO "goose_db_version" VALUES(1,0,1,'2026-11-28 20:39:40');
INSERT INTO "goose_db_version" VALUES(2,1,1,'2026-11-28 20:39:40');
INSERT INTO "goose_db_version" VALUES(3,2,1,'2026-11-28 20:39:40');
INSERT INTO "goose_db_version" VALUES(4,3,1,'2026-11-28 20:39:40');
INSERT INTO "goose_db_version" VALUES(5,4,1,'2026-11-28 20:39:40');
CREATE TABLE groups (
    key       TEXT PRIMARY KEY,
    told_at   INTEGER NOT NULL, -- receipt of the last notification that was no twin
    truncated INTEGER NOT NULL
);
INSERT INTO "groups" VALUES('{}/{priority="P0"}:{env="paper", priority="P0"}',1795898392070554,0);
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL, -- times are microseconds since 1970
    notify      INTEGER NOT NULL, -- 0 none, 1 silent, 2 loud
    body        BLOB    NOT NULL
);
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
, own INTEGER NOT NULL DEFAULT 1, held TEXT NOT NULL DEFAULT '', again_at INTEGER);
INSERT INTO "instances" VALUES(1,'{}/{priority="P0"}:{env="paper", priority="P0"}','fed137f02666a2ce',1795494401147989,'{"status":"firing","labels":{"alertname":"PreflightCheckFailed","check":"Database","env":"paper","priority":"P0","target":"postgres"},"annotations":{"actions":"check `docker ps` (redis, postgres)\nrun the preflight again","actions_ko":"`docker ps` 확인 (redis, postgres)\n프리플라이트 다시 실행","counts":"6/8 PASS, 2 FAIL","reason":"connection_refused","summary":"postgres does not answer","summary_ko":"postgres 응답 없음","title":"Preflight FAIL","title_ko":"프리플라이트 실패"},"startsAt":"2026-11-24T04:26:41.147989781Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=up","fingerprint":"fed137f02666a2ce"}',0,2,1,1795898385759518,1795898385759518,1795898392070554,'http://alertmanager-1.example:9093',NULL,'','',NULL,1,'',NULL);
INSERT INTO "instances" VALUES(2,'{}/{priority="P0"}:{env="paper", priority="P0"}','eb7177b25f2688b2',1795494401147989,'{"status":"resolved","labels":{"alertname":"PreflightCheckFailed","check":"Database","env":"paper","priority":"P0","target":"redis"},"annotations":{"actions":"check `docker ps` (redis, postgres)\nrun the preflight again","actions_ko":"`docker ps` 확인 (redis, postgres)\n프리플라이트 다시 실행","counts":"6/8 PASS, 2 FAIL","reason":"connection_refused","summary":"redis does not answer","summary_ko":"redis 응답 없음","title":"Preflight FAIL","title_ko":"프리플라이트 실패"},"startsAt":"2026-11-24T04:26:41.147989781Z","endsAt":"2026-11-24T04:26:42.358140083Z","generatorURL":"http://prometheus:9090/graph?g0.expr=up","fingerprint":"eb7177b25f2688b2"}',0,2,3,1795898392070554,1795898385759518,1795898392070554,'http://alertmanager-1.example:9093',1795898392070554,'','',NULL,1,'',NULL);
INSERT INTO "instances" VALUES(3,'{}/{priority="P0"}:{env="paper", priority="P0"}','93f95bbf00fce7c5',1795494402054883,'{"status":"firing","labels":{"alertname":"PreflightCheckFailed","check":"Exchange Health","env":"paper","priority":"P0","target":"upbit"},"annotations":{"actions":"check `docker ps` (redis, postgres)\nrun the preflight again","actions_ko":"`docker ps` 확인 (redis, postgres)\n프리플라이트 다시 실행","counts":"6/8 PASS, 2 FAIL","reason":"timeout","summary":"upbit does not answer","summary_ko":"upbit 응답 없음","title":"Preflight FAIL","title_ko":"프리플라이트 실패"},"startsAt":"2026-11-24T04:26:42.054883811Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=up","fingerprint":"93f95bbf00fce7c5"}',0,2,2,1795898388890792,1795898388890792,1795898392070554,'http://alertmanager-1.example:9093',NULL,'','',NULL,1,'',NULL);
CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    kind TEXT    NOT NULL,
    body BLOB    NOT NULL -- JSON
);
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
INSERT INTO "messages" VALUES(1,'dry-run','{}/{priority="P0"}:{env="paper", priority="P0"}','alert',0,1,1,1,'','[{"id":1,"news":true},{"id":2,"news":true}]','sent',1,0,1795898385893394,1795898385913200);
INSERT INTO "messages" VALUES(2,'dry-run','{}/{priority="P0"}:{env="paper", priority="P0"}','alert',0,2,1,1,'','[{"id":1},{"id":2},{"id":3,"news":true}]','sent',2,0,1795898388973172,1795898389020955);
INSERT INTO "messages" VALUES(3,'dry-run','{}/{priority="P0"}:{env="paper", priority="P0"}','resolution',0,3,1,1,'','[{"id":2,"resolved":true,"news":true}]','sent',3,0,1795898392153136,1795898392169471);
CREATE TABLE outbox (
    instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
    change   INTEGER NOT NULL DEFAULT 1 -- grows with each change
);
INSERT INTO "outbox" VALUES(1,2);
INSERT INTO "outbox" VALUES(2,4);
INSERT INTO "outbox" VALUES(3,2);
CREATE TABLE reminders (
    chat         TEXT    NOT NULL,
    group_key    TEXT    NOT NULL,
    notification INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    notify       INTEGER NOT NULL, own INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (chat, group_key)
) WITHOUT ROWID;
CREATE TABLE replica (id TEXT NOT NULL);
INSERT INTO "replica" VALUES('TWABK43I2PXJUA26OJXKDYRB7H');
CREATE TABLE views (
    chat          TEXT    NOT NULL,
    instance      INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    pending       INTEGER NOT NULL, -- 1 when the chat does not show the present state
    shown         INTEGER NOT NULL DEFAULT 0, -- 0 nothing, 1 firing, 2 resolved
    first_message INTEGER, -- the message that told of it first
    last_message  INTEGER, told_at INTEGER, over_at INTEGER, -- the newest one that lists it
    PRIMARY KEY (chat, instance)
) WITHOUT ROWID;
INSERT INTO "views" VALUES('dry-run',1,0,1,1,2,1795898385913200,NULL);
INSERT INTO "views" VALUES('dry-run',2,0,2,1,2,1795898385913200,1795898392169471);
INSERT INTO "views" VALUES('dry-run',3,0,1,2,2,1795898389020955,NULL);
CREATE INDEX instances_by_alert ON instances (group_key, fingerprint, id);
CREATE INDEX instances_open ON instances (group_key) WHERE resolved_at IS NULL;
CREATE INDEX instances_refire ON instances (refire_at) WHERE refire_at IS NOT NULL;
CREATE INDEX instances_resolved ON instances (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX views_pending ON views (chat) WHERE pending = 1;
CREATE INDEX views_by_instance ON views (instance);
CREATE INDEX messages_unsent ON messages (chat, id) WHERE state <> 'sent';
CREATE INDEX messages_edit ON messages (chat, rank, id) WHERE edit <> 0;
CREATE INDEX messages_created ON messages (created_at);
CREATE TRIGGER outbox_new AFTER INSERT ON instances BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.id) ON CONFLICT DO UPDATE SET change = change + 1;
END;
CREATE TRIGGER outbox_changed AFTER UPDATE ON instances
    WHEN OLD.resolved_at IS NOT NEW.resolved_at OR OLD.alert <> NEW.alert OR OLD.notify <> NEW.notify BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.id) ON CONFLICT DO UPDATE SET change = change + 1;
END;
CREATE TRIGGER outbox_told AFTER UPDATE ON views
    WHEN OLD.told_at IS NOT NEW.told_at OR OLD.over_at IS NOT NEW.over_at BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.instance) ON CONFLICT DO UPDATE SET change = change + 1;
END;
CREATE INDEX instances_held ON instances (id) WHERE held <> '';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('goose_db_version',5);
INSERT INTO "sqlite_sequence" VALUES('inbox',3);
INSERT INTO "sqlite_sequence" VALUES('instances',3);
INSERT INTO "sqlite_sequence" VALUES('messages',3);
COMMIT;