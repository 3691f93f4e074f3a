/*
 * Owns: digests and random bytes.  Keys and signatures are in net/key.c, the translation of
 * OpenSSL's errors in net/crypto_ossl.c.
 */
#include "net/crypto.h"

#include "base/file.h"
#include "net/crypto_ossl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define FILE_PIECE (1u << 20)
/* RFC 7914 section 2: 128 * N * r bytes are needed; OpenSSL wants a little more than that. */
#define SCRYPT_N (1u << 15)
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MEMORY (40u << 20)

struct net_digest {
	EVP_MD_CTX *ctx;
	EVP_MD *md;
};

static const struct digest_row {
	const char *name; /* as OpenSSL fetches it */
	size_t size;      /* bytes */
} digest_rows[NET_DIGEST_COUNT] = {
    [NET_SHA1] = {"SHA1", 20},         [NET_SHA256] = {"SHA256", 32},
    [NET_SHA384] = {"SHA384", 48},     [NET_SHA512] = {"SHA512", 64},
    [NET_SHA3_256] = {"SHA3-256", 32}, [NET_SHA3_384] = {"SHA3-384", 48},
    [NET_SHA3_512] = {"SHA3-512", 64}, [NET_SHA512_256] = {"SHA512-256", 32},
};

size_t net_digest_size(enum net_digest_kind kind)
{
	assert(kind < NET_DIGEST_COUNT);
	return digest_rows[kind].size;
}

struct net_digest *net_digest_create(enum net_digest_kind kind)
{
	struct net_digest *digest = prism_alloc(sizeof(*digest));

	assert(kind < NET_DIGEST_COUNT);
	digest->ctx = EVP_MD_CTX_new();
	digest->md = EVP_MD_fetch(NULL, digest_rows[kind].name, NULL);
	net_ossl_require(digest->ctx && digest->md && EVP_DigestInit_ex2(digest->ctx, digest->md, NULL),
	                 "starting a digest");
	return digest;
}

void net_digest_update(struct net_digest *digest, const void *data, size_t size)
{
	net_ossl_require(EVP_DigestUpdate(digest->ctx, data, size) == 1, "feeding a digest");
}

size_t net_digest_final(struct net_digest *digest, uint8_t out[NET_DIGEST_MAX])
{
	unsigned size = 0;

	net_ossl_require(EVP_DigestFinal_ex(digest->ctx, out, &size) == 1, "ending a digest");
	return size;
}

void net_digest_destroy(struct net_digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->ctx);
	EVP_MD_free(digest->md);
	prism_free(digest);
}

void net_digest_bytes(enum net_digest_kind kind, const void *data, size_t size, uint8_t *out)
{
	struct net_digest *digest = net_digest_create(kind);
	uint8_t whole[NET_DIGEST_MAX];
	size_t len;

	net_digest_update(digest, data, size);
	len = net_digest_final(digest, whole);
	memcpy(out, whole, len);
	net_digest_destroy(digest);
}

struct file_pass {
	const char *path;
	int fd;
	uint64_t total;
	const struct prism_cancel *cancel;
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *data;
};

static int digest_pass(const struct file_pass *pass, struct net_digest *digest, char *piece,
                       struct prism_error *err)
{
	uint64_t done = 0;

	for (;;) {
		ssize_t n;

		if (prism_cancel_fired(pass->cancel))
			return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
		n = read(pass->fd, piece, FILE_PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return prism_error_errno(err, errno, "read %s", pass->path);
		if (n == 0)
			return 0;
		net_digest_update(digest, piece, (size_t)n);
		done += (uint64_t)n;
		if (pass->progress)
			pass->progress(pass->data, done, pass->total);
	}
}

int net_digest_file(enum net_digest_kind kind, const char *path, const struct prism_cancel *cancel,
                    void (*progress)(void *data, uint64_t done, uint64_t total), void *data,
                    uint8_t *out, struct prism_error *err)
{
	struct file_pass pass = {.path = path, .cancel = cancel, .progress = progress, .data = data};
	uint8_t whole[NET_DIGEST_MAX];
	struct net_digest *digest;
	struct stat st;
	char *piece;
	int rc;

	/* O_NONBLOCK: a FIFO must not hang the open */
	pass.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (pass.fd < 0)
		return prism_error_errno(err, errno, "open %s", path);
	if (fstat(pass.fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(pass.fd);
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a regular file", path);
	}
	pass.total = (uint64_t)st.st_size;
	digest = net_digest_create(kind);
	piece = prism_alloc(FILE_PIECE);
	rc = digest_pass(&pass, digest, piece, err);
	if (rc == 0)
		memcpy(out, whole, net_digest_final(digest, whole));
	prism_free(piece);
	net_digest_destroy(digest);
	close(pass.fd);
	return rc;
}

void net_random_bytes(void *out, size_t size)
{
	net_ossl_require(size <= INT32_MAX && RAND_bytes(out, (int)size) == 1, "random bytes");
}

void net_uuid4(char out[37])
{
	uint8_t b[16];
	char hex[33];

	net_random_bytes(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* variant 10 */
	for (size_t i = 0; i < sizeof(b); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", b[i]);
	(void)snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	               hex + 20);
}

void net_scrypt(const struct prism_secret *secret, const uint8_t salt[NET_SCRYPT_SALT],
                uint8_t out[NET_SCRYPT_SIZE])
{
	net_ossl_require(EVP_PBE_scrypt(prism_secret_text(secret), prism_secret_size(secret), salt,
	                                NET_SCRYPT_SALT, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY,
	                                out, NET_SCRYPT_SIZE) == 1,
	                 "scrypt");
}

bool net_equal_const_time(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}
