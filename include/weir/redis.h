// Everything of Redis a program may want: settings, storage, collector, client. Programs that only count need none of
// it: they link weir::redis, and REDIS_ENABLED=true brings their values there.
#pragma once

#include "weir/redis_client.h"
#include "weir/redis_collector.h"
#include "weir/redis_error.h"
#include "weir/redis_options.h"
#include "weir/redis_reply.h"
#include "weir/redis_settings.h"
#include "weir/redis_storage.h"
