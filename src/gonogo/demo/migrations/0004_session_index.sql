create index events_session on events (session_id, occurred_at);
