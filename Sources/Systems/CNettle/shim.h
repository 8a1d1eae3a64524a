#pragma once
#include <nettle/sha2.h>
#include <nettle/version.h>

// Since version 4 a digest is always whole, and its length is not asked for.
static inline void whole_sha256_digest(struct sha256_ctx *context, uint8_t *digest) {
#if NETTLE_VERSION_MAJOR >= 4
    nettle_sha256_digest(context, digest);
#else
    nettle_sha256_digest(context, SHA256_DIGEST_SIZE, digest);
#endif
}
