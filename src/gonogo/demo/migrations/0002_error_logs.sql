create table error_logs (
    id bigint generated always as identity primary key,
    occurred_at timestamptz not null default now(),
    environment text not null,
    severity text not null check (severity in ('debug', 'info', 'warning', 'error', 'fatal')),
    code text not null,
    message text not null,
    stack text,
    context jsonb not null default '{}'
);
create index error_logs_severity on error_logs (severity, occurred_at);
