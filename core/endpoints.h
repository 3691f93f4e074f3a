/*
 * The table of API endpoints (reference section 3): everything the request builder, the retry rule,
 * permission reasons, trace names and the sandbox's coverage check need to know about one call.
 *
 * Paths are relative to the URL of their service (section 1.4: one base URL, overrides per
 * service), without the segments the service prefix already holds.  {D} workspace, {C} computation,
 * {A} asset, {V} CVM, {R} role, {U} user, {S} serial number or PAT id, {P} provider, {N} vCPUs, {F}
 * platform. Every argument is percent-encoded.
 */
#ifndef PRISM_CORE_ENDPOINTS_H
#define PRISM_CORE_ENDPOINTS_H

#include "net/http.h"

/* X(ENUM, option that overrides, prefix below the base URL, alternative prefix or NULL). The way to
 * a service is the option of the same name that ends in _via. */
#define CORE_SERVICE_MAP(X)                                                           \
	X(USERS, "users_url", "/users", NULL)                                             \
	X(PASSWORD, "password_url", "/password", NULL)                                    \
	X(DOMAINS, "domains_url", "/workspaces/domains", "/auth/domains")                 \
	X(INVITATIONS, "invitations_url", "/workspaces/invitations", "/auth/invitations") \
	X(COMPUTATIONS, "computations_url", "/computations", NULL)                        \
	X(BACKENDS, "backends_url", "/backends", NULL)                                    \
	X(CERTS, "certs_url", "/certs", NULL)                                             \
	X(AUTH, "auth_url", "/auth", NULL)                                                \
	X(BILLING, "billing_url", "/billing", NULL)

enum core_service {
#define X(id, option, prefix, alt) CORE_SERVICE_##id,
	CORE_SERVICE_MAP(X)
#undef X
	    CORE_SERVICE_COUNT
};
const char *core_service_prefix(enum core_service service);
const char *core_service_alternative(enum core_service service); /* NULL: none */
const char *core_service_option(enum core_service service);

enum core_arg {
	CORE_ARG_D,
	CORE_ARG_C,
	CORE_ARG_A,
	CORE_ARG_V,
	CORE_ARG_R,
	CORE_ARG_U,
	CORE_ARG_S,
	CORE_ARG_P,
	CORE_ARG_N,
	CORE_ARG_F,
	CORE_ARG_COUNT
};
extern const char core_arg_letters[CORE_ARG_COUNT + 1];

enum core_endpoint_flags {
	CORE_EPF_OPEN = 1 << 0,       /* no bearer */
	CORE_EPF_REFRESH = 1 << 1,    /* bearer is the refresh token */
	CORE_EPF_IDEMPOTENT = 1 << 2, /* may be repeated after a failure: reads without side effect */
	CORE_EPF_DOMAIN_Q = 1 << 3,   /* ?domainID={D} once (section 1.4 rule 3) */
	CORE_EPF_PAGED = 1 << 4,      /* limit and offset */
	CORE_EPF_NO_REFRESH = 1 << 5, /* a 401 is an answer, not a dead token */
	CORE_EPF_JSON = 1 << 6,       /* a 2xx answer must be JSON */
	CORE_EPF_METERED = 1 << 7,  /* billing call-out: an odd status is a plan limit (section 2.4) */
	CORE_EPF_INFERRED = 1 << 8, /* not documented: 404, 405 or HTML means "not offered" */
	CORE_EPF_SECRET = 1 << 9,   /* body or answer holds a secret: never logged */
	CORE_EPF_CACHED = 1 << 10,  /* the answer is kept for the next start (core/cache.h) */
};

enum core_timeout { CORE_TIMEOUT_READ, CORE_TIMEOUT_WRITE, CORE_TIMEOUT_LONG, CORE_TIMEOUT_COUNT };
/* READ and WRITE come from the options; LONG is 15 minutes (section 3.9: creation may block). */
#define CORE_TIMEOUT_LONG_MS 900000

struct core_endpoint {
	const char *name; /* operation as errors and traces say it: "list computations" */
	enum net_http_method method;
	enum core_service service;
	const char *path;
	const char *query; /* allowed parameters, space separated; "" none */
	unsigned flags;
	enum core_timeout timeout;
	const char *needs; /* permission: an action of section 4.9, "any", "admin" (platform), "self" */
	const char *section; /* of the reference */
};

/* X(ENUM, name, METHOD, SERVICE, path, query, flags, TIMEOUT, needs, section) in core/endpoints.def
 */
enum core_endpoint_id {
#define X(id, name, method, service, path, query, flags, timeout, needs, section) CORE_EP_##id,
#include "core/endpoints.def"
#undef X
	CORE_ENDPOINT_COUNT
};

extern const struct core_endpoint core_endpoints[CORE_ENDPOINT_COUNT];

#endif
