// What libpq and the server can do on this machine without any runtime: the limit that a worker is
// compared with. One connection, binary results, a settle and the next claim in one pipelined round trip.
//
//   plain copy JOBS BATCH   writes JOBS rows by COPY, BATCH a transaction
//   plain drain BATCH       claims and settles until nothing is left
//
// Prints jobs a second. PG* variables name the server; the schema is that of log.sql.

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EPOCH "'11111111-1111-1111-1111-111111111111'"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static PGresult *expect(PGconn *connection, PGresult *result, ExecStatusType status) {
  if (PQresultStatus(result) == status) return result;
  fprintf(stderr, "expected %s, got: %s", PQresStatus(status), PQerrorMessage(connection));
  exit(1);
}

static void run(PGconn *connection, const char *sql) {
  PQclear(expect(connection, PQexec(connection, sql), PGRES_COMMAND_OK));
}

static void prepare(PGconn *connection, const char *name, const char *sql) {
  PQclear(expect(connection, PQprepare(connection, name, sql, 0, NULL), PGRES_COMMAND_OK));
}

static double copy(PGconn *connection, long jobs, long batch) {
  double begin = seconds();
  for (long sent = 0; sent < jobs;) {
    PGresult *result = PQexec(connection, "copy job (segment, lane, kind, payload) from stdin");
    PQclear(expect(connection, result, PGRES_COPY_IN));
    for (long end = sent + batch < jobs ? sent + batch : jobs; sent < end; sent++) {
      char row[256];
      int length = snprintf(
        row, sizeof row, "0\t1\tnoop\t{\"n\": %ld, \"to\": \"unit@example.vn\"}\n", sent);
      PQputCopyData(connection, row, length);
    }
    PQputCopyEnd(connection, NULL);
    while ((result = PQgetResult(connection)))
      PQclear(expect(connection, result, PGRES_COMMAND_OK));
  }
  return jobs / (seconds() - begin);
}

// The answer of a statement and its end; then the end of the pipeline's step is read.
static PGresult *answer(PGconn *connection) {
  PGresult *rows = expect(connection, PQgetResult(connection), PGRES_TUPLES_OK);
  PQgetResult(connection);
  PQclear(expect(connection, PQgetResult(connection), PGRES_PIPELINE_SYNC));
  return rows;
}

static void send_claim(PGconn *connection, const char *batch) {
  PQsendQueryPrepared(connection, "claim", 1, &batch, NULL, NULL, 1);
  PQpipelineSync(connection);
  PQflush(connection);
}

static void send_settle(PGconn *connection, const char *seq) {
  PQsendQueryPrepared(connection, "settle", 1, &seq, NULL, NULL, 0);
  PQpipelineSync(connection);
}

static long long big_endian(const unsigned char *bytes) {
  long long value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

static double drain(PGconn *connection, const char *batch) {
  run(connection, "set synchronous_commit = off");
  run(connection, "insert into worker (epoch) values (" EPOCH ") on conflict do nothing");
  prepare(connection, "claim", "select seq, id, kind, payload from claim(" EPOCH ", 1, $1)");
  prepare(connection, "settle", "select settle(" EPOCH ", 1, $1, null, true)");
  PQenterPipelineMode(connection);

  long jobs = 0;
  long bytes = 0;
  double begin = seconds();
  send_claim(connection, batch);
  for (;;) {
    PGresult *rows = answer(connection);
    int count = PQntuples(rows);
    if (count == 0) break;
    char seq[24];
    snprintf(seq, sizeof seq, "%lld", big_endian((unsigned char *)PQgetvalue(rows, 0, 0)));
    send_settle(connection, seq);
    send_claim(connection, batch);
    // The work: as little as can be, but each payload is looked at.
    for (int row = 0; row < count; row++) bytes += PQgetlength(rows, row, 3);
    jobs += count;
    PQclear(rows);
    PQclear(answer(connection));
  }
  if (jobs > 0 && bytes == 0) exit(1);
  return jobs / (seconds() - begin);
}

int main(int count, char **arguments) {
  int copies = count == 4 && !strcmp(arguments[1], "copy");
  if (!copies && !(count == 3 && !strcmp(arguments[1], "drain"))) {
    fprintf(stderr, "usage: plain copy JOBS BATCH | plain drain BATCH\n");
    return 2;
  }
  PGconn *connection = PQconnectdb("options='-c search_path=plain'");
  if (PQstatus(connection) != CONNECTION_OK) {
    fprintf(stderr, "%s", PQerrorMessage(connection));
    return 1;
  }
  double rate = copies ? copy(connection, atol(arguments[2]), atol(arguments[3]))
                       : drain(connection, arguments[2]);
  printf("%.0f\n", rate);
  PQfinish(connection);
  return 0;
}
