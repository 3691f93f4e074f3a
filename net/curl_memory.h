/*
 * Internal to net: the allocator libcurl is given, which wipes what it frees.  libcurl puts bodies
 * and headers into buffers of its own; without this a password typed an hour ago would still lie in
 * freed memory.
 */
#ifndef PRISM_NET_CURL_MEMORY_H
#define PRISM_NET_CURL_MEMORY_H

#include <curl/curl.h>

/* In place of curl_global_init(); counted by libcurl, the first call decides. */
CURLcode net_curl_init(void);

#endif
