// The pipe between OpenSSL and a socket: OpenSSL's own writes with write(2) and so can raise SIGPIPE; this one cannot.
//
// Thread safety: a BIO serves one thread at a time.
#pragma once

struct bio_st;

namespace weir {

/// A BIO on a non-blocking socket that stays its owner's: freeing the BIO does not close it. Null without memory.
bio_st* make_socket_bio(int fd);

}  // namespace weir
