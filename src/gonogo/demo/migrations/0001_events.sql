create table events (
    id bigint generated always as identity primary key,
    occurred_at timestamptz not null,
    name text not null,
    session_id uuid not null,
    properties jsonb not null default '{}'
);
create index events_occurred_at on events (occurred_at);
