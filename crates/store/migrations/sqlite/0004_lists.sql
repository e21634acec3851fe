-- Indexes by which the lists stay quick however much is behind them. Those that lead from a notification to its targets
-- and states need no change here: in a table WITHOUT ROWID they hold the other half of the key already.

-- What a reader has archived is rare among all that was published. (With the time in it the index answers alone, which
-- is when SQLite takes it.)
CREATE INDEX IF NOT EXISTS notification_states_archived
    ON notification_states (user_id, notification_id, archived_at) WHERE archived_at IS NOT NULL;

-- Whether an item of a list has expired, told without looking at the notification.
CREATE INDEX IF NOT EXISTS notifications_expiring ON notifications (id, expires_at) WHERE expires_at IS NOT NULL;
