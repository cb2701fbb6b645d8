create table people (
    id bigint generated always as identity primary key,
    created_at timestamptz not null default now(),
    email text not null unique
);
create table newsletter_subscriptions (
    email text primary key,
    subscribed_at timestamptz not null default now()
);
