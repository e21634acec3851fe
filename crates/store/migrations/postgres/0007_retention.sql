-- Up to where something was taken away: whoever comes back from before this is told that something may be missing.
CREATE TABLE IF NOT EXISTS retention (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    pruned_up_to BIGINT NOT NULL
);
INSERT INTO retention (id, pruned_up_to) VALUES (1, 0);
