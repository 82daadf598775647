import Foundation
import LibpqClient
import Testing

/// What the domain's roles may do with accounts, enumerated from the catalog: a new function or
/// table fails these tests until somebody has decided who may use it.
struct AccountAccessTests {
  static let functions = [
    "application": """
    begin_session begin_sign_in change_password end_session renew_password_hash sign_in_required \
    visit
    """,
    "reader": "",
    "administrator": """
    create_account disable_account enable_account end_sessions remove_account set_password \
    sign_in_required
    """,
  ]

  @Test(
    "Each role of the domain may call exactly its functions, and sees no hash",
    arguments: ["application", "reader", "administrator"])
  func exactly(role: String) async throws {
    try await EmulationDatabase.with { database in
      let callable = try await database.pool.query(
        """
        select coalesce(string_agg(p.proname, ' ' order by p.proname), '') from pg_proc p
         where p.pronamespace = 'emulation'::regnamespace
           and has_function_privilege('emulation_' || $1, p.oid, 'execute')
        """, [role])[0, 0].decode(String.self)
      #expect(callable == Self.functions[role])
      let seen = try await database.pool.query(
        """
        select coalesce(string_agg(c.relname, ' ' order by c.relname), '') from pg_class c
         where c.relnamespace = 'emulation'::regnamespace and c.relkind in ('r', 'v')
           and (c.relname ~ '^(account|session|living|sign_in)' or $1 = 'administrator')
           and (has_table_privilege('emulation_' || $1, c.oid, 'select, insert, update, delete')
                or has_any_column_privilege('emulation_' || $1, c.oid, 'select, insert, update'))
        """, [role])[0, 0].decode(String.self)
      #expect(seen == (role == "administrator" ? "account_overview session_overview" : ""))
    }
  }

  @Test("PUBLIC may do nothing with the domain")
  func nobody() async throws {
    try await EmulationDatabase.with { database in
      let login = "nobody_\(UUID().uuidString.prefix(8).lowercased())"
      try await database.pool.query("create role \(login)")
      let count = try await database.pool.query(
        """
        select (select count(*) from pg_proc p where p.pronamespace = 'emulation'::regnamespace
                  and has_function_privilege($1, p.oid, 'execute'))
             + (select count(*) from pg_class c where c.relnamespace = 'emulation'::regnamespace
                  and c.relkind in ('r', 'v') and has_table_privilege($1, c.oid, 'select'))
             + has_schema_privilege($1, 'emulation', 'usage')::int
        """, [login])[0, 0].decode(Int.self)
      #expect(count == 0)
      try await database.pool.query("drop role \(login)")
    }
  }

  @Test("The domain's functions with its owner's rights look names up in its schema first")
  func searchPaths() async throws {
    try await EmulationDatabase.with { database in
      let paths = try await database.pool.query(
        """
        select p.proname::text, coalesce(array_to_string(p.proconfig, ' '), '') from pg_proc p
         where p.pronamespace = 'emulation'::regnamespace and p.prosecdef
        """)
      #expect(paths.count >= 13)
      for row in paths {
        let (name, path) = (try row[0].decode(String.self), try row[1].decode(String.self))
        #expect(path == "search_path=emulation, pg_temp", "\(name)")
      }
    }
  }
}
