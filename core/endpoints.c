/*
 * The endpoint and service tables as data.  Rows are in core/endpoints.def; this file only makes
 * arrays of them and answers questions about services and timeout classes.
 */
#include "core/endpoints.h"

const char core_arg_letters[CORE_ARG_COUNT + 1] = "DCAVRUSPNF";

const struct core_endpoint core_endpoints[CORE_ENDPOINT_COUNT] = {
#define X(id, name_, method_, service_, path_, query_, flags_, timeout_, needs_, section_) \
	[CORE_EP_##id] = {.name = name_,                                                       \
	                  .method = NET_HTTP_##method_,                                        \
	                  .service = CORE_SERVICE_##service_,                                  \
	                  .path = path_,                                                       \
	                  .query = query_,                                                     \
	                  .flags = flags_,                                                     \
	                  .timeout = CORE_TIMEOUT_##timeout_,                                  \
	                  .needs = needs_,                                                     \
	                  .section = section_},
#include "core/endpoints.def"
#undef X
};

static const struct {
	const char *option, *prefix, *alternative;
} services[CORE_SERVICE_COUNT] = {
#define X(id, option_, prefix_, alt) [CORE_SERVICE_##id] = {option_, prefix_, alt},
    CORE_SERVICE_MAP(X)
#undef X
};

const char *core_service_prefix(enum core_service service)
{
	return services[service].prefix;
}

const char *core_service_alternative(enum core_service service)
{
	return services[service].alternative;
}

const char *core_service_option(enum core_service service)
{
	return services[service].option;
}
