/*
 * The blocks of the dashboard about CVMs: tiles, certificates, up-time.
 */
#include "core/cert.h"
#include "core/cvm.h"
#include "core/list.h"
#include "core/uptime.h"
#include "tui/chart.h"
#include "tui/view_dashboard.h"

#include <stdio.h>
#include <string.h>

static int one(const struct pt_dashboard *d)
{
	PRISM_UNUSED(d);
	return 1;
}

/* ---- CVMs ---- */

static const struct core_status *cvms_status(const struct pt_dashboard *d)
{
	return core_list_status(core_cvms(d->core));
}

static int cvms_height(const struct pt_dashboard *d, int width)
{
	PRISM_UNUSED(d);
	return width < PT_DASHBOARD_NARROW ? 4 : 2;
}

static void cvms_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
                      int item)
{
	const struct core_counts *c = core_counts(d->core);
	/* The tiles of the web console, with its words (reference section 7). */
	const struct {
		const char *label;
		size_t count;
		enum core_cvm_phase phase; /* its tone */
	} tiles[] = {
	    {"Active", c->cvms, CORE_CVM_ONLINE},
	    {"Busy", c->by_phase[CORE_CVM_BUSY], CORE_CVM_BUSY},
	    {"Ready to run", c->by_phase[CORE_CVM_READY], CORE_CVM_READY},
	    {"Initializing", c->by_phase[CORE_CVM_INITIALIZING], CORE_CVM_INITIALIZING},
	};
	bool narrow = body.w < PT_DASHBOARD_NARROW;
	int width = narrow ? body.w : body.w / (int)PRISM_COUNT(tiles);

	for (int i = 0; i < (int)PRISM_COUNT(tiles); i++) {
		int x = narrow ? body.x : body.x + i * width, y = narrow ? body.y + i : body.y;
		enum pt_slot slot =
		    tiles[i].count ? pt_tone_slot(core_cvm_phase_info(tiles[i].phase)->tone) : PT_SLOT_OFF;

		pt_canvas_printf(canvas, x, y, 6, slot, PT_LOOK_BOLD, "%zu", tiles[i].count);
		pt_canvas_text(canvas, narrow ? x + 7 : x, narrow ? y : y + 1, width - 1,
		               item == 0 && i == 0 ? PT_SLOT_SELECTED : PT_SLOT_LABEL, 0, tiles[i].label);
	}
}

static void cvms_open(struct pt_dashboard *d, int item)
{
	PRISM_UNUSED(item);
	pt_ui_act(d->app, d->view, PT_ACTION_GO_CVMS, NULL);
}

/* ---- certificates ---- */

#define CERTS_SHOWN 4

/* Certificates that ask for something: expired, or soon; the first to expire first. */
static size_t certs_due(const struct pt_dashboard *d, const struct core_cert *ret[CERTS_SHOWN],
                        size_t by_state[CORE_CERT_STATE_COUNT])
{
	const struct core_list *list = core_workspace_certs(d->core);
	int64_t now = prism_clock_wall_us(core_clock(d->core));
	size_t count = 0;

	memset(by_state, 0, CORE_CERT_STATE_COUNT * sizeof(*by_state));
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_cert *cert = core_cert_at(list, i);
		enum core_cert_state state = core_cert_state(cert, now);
		size_t at = count;

		by_state[state]++;
		if (state != CORE_CERT_EXPIRING && state != CORE_CERT_EXPIRED)
			continue;
		while (at > 0 && ret[at - 1]->expires_us > cert->expires_us) {
			if (at < CERTS_SHOWN)
				ret[at] = ret[at - 1];
			at--;
		}
		if (at < CERTS_SHOWN)
			ret[at] = cert;
		count += count < CERTS_SHOWN;
	}
	return count;
}

static const struct core_status *certs_status(const struct pt_dashboard *d)
{
	return core_list_status(core_workspace_certs(d->core));
}

static int certs_height(const struct pt_dashboard *d, int width)
{
	const struct core_cert *due[CERTS_SHOWN];
	size_t by_state[CORE_CERT_STATE_COUNT];
	size_t count = certs_due(d, due, by_state);

	PRISM_UNUSED(width);
	return 1 + (int)count;
}

static void cert_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect line,
                      const struct core_cert *cert, int64_t now)
{
	const struct core_cvm *cvm = core_cvm_get(d->core, cert->entity_id);
	bool gone = cert->expires_us <= now;
	char span[PRISM_TIME_TEXT];
	int used;

	prism_time_span(gone ? now - cert->expires_us : cert->expires_us - now, span);
	pt_canvas_glyph(canvas, line.x, line.y, PT_GLYPH_WARNING, gone ? PT_SLOT_BAD : PT_SLOT_WARN, 0);
	used =
	    pt_canvas_printf(canvas, line.x + 2, line.y, line.w - 2, gone ? PT_SLOT_BAD : PT_SLOT_WARN,
	                     0, "%s %s%s: ", gone ? "expired" : "expires in", span, gone ? " ago" : "");
	pt_canvas_text(canvas, line.x + 2 + used, line.y, line.w - 2 - used, PT_SLOT_TEXT, 0,
	               cvm                ? cvm->name
	               : *cert->entity_id ? cert->entity_id
	                                  : cert->serial);
}

static void certs_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
                       int item)
{
	const struct core_cert *due[CERTS_SHOWN];
	size_t by_state[CORE_CERT_STATE_COUNT];
	size_t count = certs_due(d, due, by_state);
	int64_t now = prism_clock_wall_us(core_clock(d->core));

	pt_canvas_printf(canvas, body.x, body.y, body.w, item == 0 ? PT_SLOT_SELECTED : PT_SLOT_DIM, 0,
	                 "%zu valid, %zu soon to expire, %zu expired, %zu revoked",
	                 by_state[CORE_CERT_VALID], by_state[CORE_CERT_EXPIRING],
	                 by_state[CORE_CERT_EXPIRED], by_state[CORE_CERT_REVOKED]);
	for (size_t i = 0; i < count; i++)
		cert_draw(d, canvas, (struct pt_rect){body.x, body.y + 1 + (int)i, body.w, 1}, due[i], now);
}

/* ---- up-time ---- */

#define UPTIME_LABEL 18 /* columns of the name */

/* The first active CVMs of the list: its order is the server's, newest first. */
size_t pt_dashboard_uptimes(const struct pt_dashboard *d, const struct core_cvm *ret[])
{
	const struct core_list *list = core_cvms(d->core);
	size_t count = 0;

	for (size_t i = 0; i < core_list_count(list) && count < PT_DASHBOARD_UPTIMES; i++)
		if (core_cvm_at(list, i)->phase != CORE_CVM_INACTIVE &&
		    core_cvm_at(list, i)->phase != CORE_CVM_INITIALIZING) /* no records yet */
			ret[count++] = core_cvm_at(list, i);
	return count;
}

static const struct core_status *uptime_status(const struct pt_dashboard *d)
{
	const struct core_cvm *cvms[PT_DASHBOARD_UPTIMES];

	return pt_dashboard_uptimes(d, cvms)
	           ? core_uptime(d->core, cvms[0]->id, (unsigned)d->days).status
	           : core_list_status(core_cvms(d->core));
}

static int uptime_height(const struct pt_dashboard *d, int width)
{
	const struct core_cvm *cvms[PT_DASHBOARD_UPTIMES];
	size_t count = pt_dashboard_uptimes(d, cvms);

	PRISM_UNUSED(width);
	return count ? (int)count * 3 - 1 : 1;
}

static void uptime_one(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect area,
                       const struct core_cvm *cvm, enum pt_slot slot)
{
	struct core_uptime u = core_uptime(d->core, cvm->id, (unsigned)d->days);
	struct pt_chart_point points[512];
	struct pt_chart_steps steps = {.points = points,
	                               .from_us = u.from_us,
	                               .to_us = u.to_us,
	                               .low = 0,
	                               .high = 1,
	                               .slot = pt_tone_slot(core_cvm_phase_info(cvm->phase)->tone)};
	size_t skip = u.count > PRISM_COUNT(points) ? u.count - PRISM_COUNT(points) : 0;
	int64_t up, known;

	for (size_t i = skip; i < u.count; i++)
		points[steps.count++] =
		    (struct pt_chart_point){u.points[i].at_us, u.points[i].online ? 1.0 : 0.0};
	pt_canvas_text(canvas, area.x, area.y, UPTIME_LABEL - 1, slot, 0, cvm->name);
	core_uptime_sums(&u, &up, &known);
	if (u.status->freshness == CORE_FAILED)
		pt_canvas_text(canvas, area.x, area.y + 1, area.w, PT_SLOT_BAD, 0, u.status->error.message);
	else if (known > 0)
		pt_canvas_printf(canvas, area.x, area.y + 1, UPTIME_LABEL - 1, PT_SLOT_DIM, 0, "%d%% up",
		                 (int)(up * 100 / known));
	else
		pt_canvas_text(canvas, area.x, area.y + 1, UPTIME_LABEL - 1, PT_SLOT_DIM, 0,
		               u.status->loading ? "..." : "no records");
	if (steps.count && u.to_us > u.from_us)
		pt_chart_steps(canvas,
		               (struct pt_rect){area.x + UPTIME_LABEL, area.y, area.w - UPTIME_LABEL, 2},
		               &steps);
}

static void uptime_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
                        int item)
{
	const struct core_cvm *cvms[PT_DASHBOARD_UPTIMES];
	size_t count = pt_dashboard_uptimes(d, cvms);

	for (size_t i = 0; i < count; i++)
		uptime_one(d, canvas, (struct pt_rect){body.x, body.y + (int)i * 3, body.w, 2}, cvms[i],
		           item == 0 && i == 0 ? PT_SLOT_SELECTED : PT_SLOT_TEXT);
	if (!count)
		pt_canvas_text(canvas, body.x, body.y, body.w, PT_SLOT_DIM, 0, "No CVM was up yet");
}

/* ---- for the list of all ---- */

const struct pt_block pt_block_cvms = {"CVMs", cvms_status, cvms_height, one, cvms_draw, cvms_open};
const struct pt_block pt_block_certs = {"Certificates", certs_status, certs_height, one,
                                        certs_draw,     cvms_open};
const struct pt_block pt_block_uptime = {"CVM up-time", uptime_status, uptime_height,
                                         one,           uptime_draw,   cvms_open};
