// `weir check`: the health of a directory on one screen, and as an exit code.
#pragma once

#include <string>

namespace weir::cli {

struct CheckArguments {
  std::string dir;
  bool all = false;  ///< every file, however many
};

extern const char* const kCheckHelp;
int check(const CheckArguments& arguments);

}  // namespace weir::cli
