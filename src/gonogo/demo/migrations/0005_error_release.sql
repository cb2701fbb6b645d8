alter table error_logs add column release text;
