// `weir fold`: what dead processes counted, moved into the archives now.
#pragma once

#include <string>

namespace weir::cli {

struct FoldArguments {
  std::string dir;
  bool stock = false;
  double keep_all = 3600;  ///< seconds
};

extern const char* const kFoldHelp;
int fold(const FoldArguments& arguments);

}  // namespace weir::cli
