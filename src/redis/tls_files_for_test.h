// Certificates for tests, made by the openssl program: a CA, and what it signs.
//
//   TlsFiles tls;
//   TlsIdentity server = tls.issue("server", "DNS:localhost,IP:127.0.0.1");
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "redis/child_process_for_test.h"

namespace weir::for_test {

struct TlsIdentity {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
};

class TlsFiles {
 public:
  TlsFiles() {
    std::vector<std::string> command{"openssl", "req", "-x509", "-days", "2", "-subj", "/CN=Weir test CA"};
    command.insert(command.end(), {"-out", ca_file(), "-addext", "keyUsage=critical,keyCertSign,cRLSign"});
    run(with_new_key(std::move(command), dir_ / "ca.key"));
  }
  std::string ca_file() const { return dir_ / "ca.crt"; }
  /// A key and its certificate, valid for hosts `alternative_names` (openssl's subjectAltName); one of -1 days has
  /// expired.
  TlsIdentity issue(const std::string& name, const std::string& alternative_names, int days = 2) {
    TlsIdentity identity{ca_file(), dir_ / (name + ".crt"), dir_ / (name + ".key")};
    const std::string request = dir_ / (name + ".csr");
    run(with_new_key(
        {"openssl", "req", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + alternative_names, "-out", request},
        identity.key_file));
    run({"openssl", "x509", "-req", "-in", request, "-copy_extensions", "copy", "-CA", ca_file(), "-CAkey",
         dir_ / "ca.key", "-CAcreateserial", "-days", std::to_string(days), "-out", identity.cert_file});
    return identity;
  }

 private:
  static std::vector<std::string> with_new_key(std::vector<std::string> command, const std::string& key_file) {
    command.insert(command.end(),
                   {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key_file});
    return command;
  }
  static void run(const std::vector<std::string>& command) {
    const auto [status, output] = run_program(command);
    if (status != 0) throw std::runtime_error("openssl " + command[1] + ": " + output);
  }
  TempDir dir_;
};

}  // namespace weir::for_test
