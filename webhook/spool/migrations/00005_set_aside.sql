-- +goose Up

-- Items that could not be read or applied.
CREATE TABLE set_aside (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL, -- see api.AsideKinds
    reason   TEXT    NOT NULL,
    path     TEXT    NOT NULL, -- of the request
    receiver TEXT    NOT NULL, -- as far as it could be read
    alerts   TEXT    NOT NULL, -- JSON: names, likewise
    body     BLOB    NOT NULL, -- its beginning
    items    INTEGER NOT NULL DEFAULT 1,
    reported INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX set_aside_unreported ON set_aside (id) WHERE reported = 0;

-- Written and emptied by the check that the spool can be written.
CREATE TABLE probe (data BLOB NOT NULL);

-- +goose Down
DROP TABLE probe;
DROP TABLE set_aside;
