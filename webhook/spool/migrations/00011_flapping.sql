-- +goose Up

-- Alerts that flap, in a chat.
CREATE TABLE flaps (
    chat        TEXT    NOT NULL,
    cluster     TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    first       INTEGER NOT NULL, -- the first instance that counts
    instance    INTEGER NOT NULL, -- the newest one
    message     INTEGER NOT NULL DEFAULT 0, -- the message that shows it; 0 for none yet
    due_at      INTEGER NOT NULL, -- when it has been firing, or resolved, for long
    over        INTEGER NOT NULL DEFAULT 0, -- 1 when it no longer flaps
    PRIMARY KEY (chat, cluster, fingerprint)
) WITHOUT ROWID;
CREATE INDEX flaps_due ON flaps (chat, due_at) WHERE over = 0;
CREATE INDEX flaps_message ON flaps (message);

-- 1 when a message about a flapping alert shows the instance.
ALTER TABLE views ADD COLUMN flap INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE views DROP COLUMN flap; DROP TABLE flaps;
