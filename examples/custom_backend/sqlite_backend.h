// A backend of one's own: every value is a row of an SQLite database, shared by all processes that open it.
//
//   weir::register_backend<SqliteBackend>("SqliteBackend");
//   weir::load_backend("SqliteBackend", {{"path", "metrics.sqlite"}});       // before the first metric
//
// Thread safety: SQLite's own (one connection, serialized). Process safety: SQLite's locks; open it after fork, not
// before.
#pragma once

#include <sqlite3.h>
#include <weir/backend.h>
#include <weir/error.h>

#include <optional>
#include <string>

class SqliteBackend : public weir::Backend {
 public:
  static void initialize(const weir::BackendConfig& config) {
    const auto path = config.find("path");
    if (path == config.end()) throw weir::ConfigError("SqliteBackend: the setting \"path\" is missing");
    if (sqlite3_open(path->second.c_str(), &database) != SQLITE_OK) fail("open " + path->second);
    sqlite3_busy_timeout(database, 30000);   // milliseconds: others write too
    run("PRAGMA synchronous = OFF", {}, 0);  // safe when a process crashes, not when the power does
    run("CREATE TABLE IF NOT EXISTS metrics (series TEXT PRIMARY KEY, value REAL NOT NULL)", {}, 0);
  }

  SqliteBackend(const weir::BackendConfig&, const weir::BackendMetric& metric, std::optional<std::string> bucket)
      : series_(metric.sample_name) {
    for (const auto& [name, value] : metric.labels) series_ += "," + name + "=" + value;
    if (bucket) series_ += ",le=" + *bucket;
  }
  void inc(double amount) override { run(kUpsert + "value + ?2", series_, amount); }
  void dec(double amount) override { inc(-amount); }
  void set(double value) override { run(kUpsert + "?2", series_, value); }
  double get() const override { return run("SELECT value FROM metrics WHERE series = ?1", series_, 0); }

 private:
  inline static sqlite3* database = nullptr;
  inline static const std::string kUpsert = "INSERT INTO metrics VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ";

  [[noreturn]] static void fail(const std::string& what) {
    throw weir::StorageError("SqliteBackend: " + what + ": " + sqlite3_errmsg(database));
  }
  static double run(const std::string& sql, const std::string& series, double value) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail(sql);
    sqlite3_bind_text(statement, 1, series.c_str(), -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(statement, 2, value);
    const double result = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_double(statement, 0) : 0;
    if (sqlite3_finalize(statement) != SQLITE_OK) fail(sql);
    return result;
  }

  std::string series_;
};
