create table performance_metrics (
    id bigint generated always as identity primary key,
    recorded_at timestamptz not null default now(),
    metric text not null,
    value double precision not null
);
create index performance_metrics_recorded_at on performance_metrics (recorded_at);
