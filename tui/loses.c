/* See loses.h. */
#include "tui/loses.h"

#include "core/asset.h"
#include "core/computation.h"
#include "core/cvm.h"

static void asset(struct core *core, const char *id, struct prism_buf *out)
{
	const struct core_asset *asset = core_list_find(core_assets(core), id);
	const struct core_computation *computation;

	if (!asset || !asset->computation_count)
		return;
	if (asset->computation_count > 1) {
		prism_buf_printf(out, ": %zu computations use it", asset->computation_count);
		return;
	}
	computation = core_computation_get(core, asset->computations[0]);
	prism_buf_printf(out, ": \"%s\" uses it",
	                 computation ? computation->name : asset->computations[0]);
}

static void cvm(struct core *core, const char *id, struct prism_buf *out)
{
	const struct core_cvm *cvm = core_cvm_get(core, id);
	char reason[128];

	if (cvm && cvm->phase == CORE_CVM_BUSY)
		prism_buf_printf(out, ": busy, %s", core_cvm_reason(cvm, reason, sizeof(reason)));
}

void pt_loses(struct core *core, enum pt_action_id action, const char *id, struct prism_buf *out)
{
	if (action == PT_ACTION_ASSET_DELETE)
		asset(core, id, out);
	else if (action == PT_ACTION_CVM_DELETE)
		cvm(core, id, out);
}
