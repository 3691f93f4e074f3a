/*
 * Between core/asset.c and core/asset_linked.c.
 */
#ifndef PRISM_CORE_ASSET_PRIVATE_H
#define PRISM_CORE_ASSET_PRIVATE_H

#include "core/asset.h"

bool core_asset_decode(void *item, const cJSON *entry,
                       struct prism_arena *arena); /* struct core_asset */

#endif
