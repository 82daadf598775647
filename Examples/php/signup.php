<?php
declare(strict_types=1);

/**
 * Writes a sign-up and enqueues its welcome letter in one transaction: both are there after the
 * commit, or neither. Returns the job's id.
 */
function sign_up(PDO $database, string $name, string $email): int
{
    $database->beginTransaction();
    try {
        $enqueue = $database->prepare(
            "SELECT ong.enqueue('mail', 'welcome.send', jsonb_build_object('name', ?::text, 'to', ?::text))"
        );
        $enqueue->execute([$name, $email]);
        $job = (int) $enqueue->fetchColumn();
        $database->prepare('INSERT INTO signup (name, email, job) VALUES (?, ?, ?)')
            ->execute([$name, $email, $job]);
        $database->commit();
        return $job;
    } catch (Throwable $error) {
        $database->rollBack();
        throw $error;
    }
}

/** The form's own table. An application would have it in its migrations. */
function create_table(PDO $database): void
{
    $database->exec(
        'CREATE TABLE IF NOT EXISTS signup (
            email text PRIMARY KEY, name text NOT NULL CHECK (name <> \'\'), job bigint NOT NULL)'
    );
}

/** PDO's driver is libpq: PGHOST, PGDATABASE, PGSERVICE … choose the server. */
function connect(): PDO
{
    return new PDO('pgsql:', options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}
