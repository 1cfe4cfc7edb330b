// weir._weir.Exposer: the exporter's HTTP server inside a Python program. Its threads take the GIL only where a scrape
// calls Python: custom collectors and set_function.
#include "weir/exposer.h"

#include <unistd.h>

#include <memory>

#include "native/binding.h"
#include "native/gil.h"
#include "weir/snapshot.h"

namespace weir::python {
namespace {

namespace py = pybind11;

class ExposerOfProcess {
 public:
  ExposerOfProcess(ExposerOptions options, std::shared_ptr<Source> source, std::shared_ptr<Source> backend)
      : source_(std::move(source)),
        backend_(std::move(backend)),
        exposer_(std::make_unique<Exposer>(std::move(options), *source_, backend_.get())) {}
  ~ExposerOfProcess() { stop(); }
  ExposerOfProcess(const ExposerOfProcess&) = delete;
  ExposerOfProcess& operator=(const ExposerOfProcess&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  bool has_tls() const noexcept { return has_tls_; }
  /// Waits for scrapes that run, which may need the GIL: so without it. In a forked child the threads are not there,
  /// and nothing is waited for.
  void stop() {
    std::unique_ptr<Exposer> gone = std::move(exposer_);
    if (pid_ != ::getpid()) {
      static_cast<void>(gone.release());
      return;
    }
    without_gil([&] {
      gone.reset();
      return true;
    });
  }

 private:
  const pid_t pid_ = ::getpid();
  std::shared_ptr<Source> source_;
  std::shared_ptr<Source> backend_;  // or nothing
  std::unique_ptr<Exposer> exposer_;
  const std::uint16_t port_ = exposer_->port();
  const bool has_tls_ = exposer_->has_tls();
};

std::unique_ptr<ExposerOfProcess> serve(const std::string& listen, std::shared_ptr<Source> source,
                                        std::shared_ptr<Source> backend, const std::string& certfile,
                                        const std::string& keyfile, const std::string& client_cafile,
                                        const std::string& client_capath, bool client_auth_required) {
  ExposerOptions options{.listen = listen,
                         .tls = {.certificate_file = certfile,
                                 .key_file = keyfile,
                                 .client_ca_file = client_cafile,
                                 .client_ca_directory = client_capath,
                                 .client_certificate_required = client_auth_required}};
  return std::make_unique<ExposerOfProcess>(std::move(options), std::move(source), std::move(backend));
}

}  // namespace

void add_exposer(py::module_& module) {
  py::class_<ExposerOfProcess>(module, "Exposer", "An HTTP server for one source; it serves from its making to stop().")
      .def(py::init(&serve), py::arg("listen"), py::arg("source"), py::arg("backend") = py::none(),
           py::arg("certfile") = "", py::arg("keyfile") = "", py::arg("client_cafile") = "",
           py::arg("client_capath") = "", py::arg("client_auth_required") = false,
           "`backend`: shown by /backend beside Weir's own metrics. With certificate and key, in PEM, it serves TLS, "
           "and "
           "goes on with others that come in their place.")
      .def_property_readonly("port", &ExposerOfProcess::port, "The port really bound.")
      .def_property_readonly("has_tls", &ExposerOfProcess::has_tls)
      .def("stop", &ExposerOfProcess::stop, "Finishes scrapes in flight, at most 5 s, and returns. Again: nothing.");
}

}  // namespace weir::python
