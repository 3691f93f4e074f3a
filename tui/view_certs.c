/*
 * Certificates of one CVM, as Prism's service keeps them: `c` issues one, `R` renews, `W` saves the
 * files, `o` asks for the status, `X` revokes; Enter shows what is in the certificate.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/certcheck.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/cert_words.h"
#include "tui/dialog.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct certs {
	struct pt_listview lv; /* first: it is the state of the shared functions */
	char *cvm;
	char title[160], digits[PT_CERT_SHORT];
};

enum { COLUMN_SERIAL, COLUMN_STATE, COLUMN_LEFT, COLUMN_EXPIRES };

static const struct pt_column columns[] = {
    {"serial", "Serial number", 12, 49, 3, 0, PT_COLUMN_MAIN},
    {"state", "State", 14, 14, 0, 0, 0},
    {"left", "Days left", 9, 9, 0, 1, PT_COLUMN_NUMBER},
    {"expires", "Expires", 16, 16, 0, 2, PT_COLUMN_TIME},
};

static int64_t now_us(const struct pt_listview *lv)
{
	return prism_clock_wall_us(core_clock(lv->core));
}

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_cert *cert = item;
	enum core_cert_state state = core_cert_state(cert, now_us(lv));
	const struct core_cert_state_info *info = core_cert_state_info(state);

	switch (column) {
	case COLUMN_SERIAL:
		pt_value_text(ret, cert->serial, state >= CORE_CERT_EXPIRED ? PT_SLOT_OFF : PT_SLOT_TEXT);
		break;
	case COLUMN_STATE:
		pt_value_state(ret, info->label, info->tone);
		break;
	case COLUMN_LEFT:
		if (state == CORE_CERT_REVOKED || cert->expires_us == PRISM_TIME_UNSET)
			break;
		ret->number = (cert->expires_us - now_us(lv)) / 86400000000LL;
		snprintf(ret->scratch, sizeof(ret->scratch), "%lld", (long long)ret->number);
		pt_value_text(ret, ret->scratch, PT_SLOT_DIM);
		break;
	default:
		pt_value_time(lv->tv.app, ret, cert->expires_us);
	}
}

static const struct core_cert *selected(struct pt_view *view)
{
	const struct certs *c = view->state;
	const char *serial = pt_table_selected(c->lv.tv.table);

	return serial ? core_list_find(c->lv.list, serial) : NULL;
}

/* ---- actions ---- */

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct certs *c = view->state;
	const struct core_cert *cert = selected(view);

	if (kind == PT_ARG_CVM)
		return c->cvm;
	return kind == PT_ARG_CERT && cert ? cert->serial : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	struct certs *c = view->state;

	const struct core_cvm *cvm = kind == PT_ARG_CVM ? core_cvm_get(c->lv.core, id) : NULL;

	if (kind == PT_ARG_CERT) /* what is typed to confirm: nobody types 39 digits */
		return pt_cert_short(id, c->digits);
	return cvm ? cvm->name : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct certs *c = view->state;
	const struct core_cert *cert = selected(view);
	bool renew = id == PT_ACTION_CERT_RENEW, download = id == PT_ACTION_CERT_DOWNLOAD;
	bool revoke = id == PT_ACTION_CERT_REVOKE;
	enum core_cert_state state;

	if (!renew && !download && !revoke && id != PT_ACTION_CERT_OCSP)
		return true;
	if (!cert) {
		snprintf(reason, size, "no certificate is selected");
		return false;
	}
	state = core_cert_state(cert, now_us(&c->lv));
	if (state == CORE_CERT_REVOKED && (renew || download || revoke))
		snprintf(reason, size, "it is revoked%s", revoke ? " already" : "; issue a new one");
	else if (state == CORE_CERT_EXPIRED && (renew || download))
		snprintf(reason, size, "it has expired; issue a new one");
	else
		return true;
	return false;
}

static void add_facts(struct prism_buf *out, const struct core_cert *cert, int64_t now)
{
	struct core_certcheck_facts facts = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	if (!*cert->pem) {
		prism_buf_puts(out, "\nThe service does not list the certificate itself; W saves it.");
	} else if (core_certcheck_facts(cert->pem, strlen(cert->pem), now, &facts, &err) < 0) {
		prism_buf_printf(out, "\nThe certificate cannot be read: %s", err.message);
	} else {
		prism_buf_printf(out, "\nsubject        %s\nissuer         %s\nnames          %s\n",
		                 facts.subject, facts.issuer, *facts.names ? facts.names : "none");
		prism_buf_printf(out, "key            %s\nSHA-256        %s\n", facts.key,
		                 facts.fingerprint);
	}
	core_certcheck_facts_finish(&facts);
}

static void show(struct pt_view *view)
{
	const struct certs *c = view->state;
	const struct core_cert *cert = selected(view);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(1 << 20);
	char time[PRISM_TIME_TEXT], left[64];

	if (!cert)
		return;
	prism_buf_printf(&out, "serial number  %s\nstate          %s\nexpires        %s (%s)\n",
	                 cert->serial,
	                 core_cert_state_info(core_cert_state(cert, now_us(&c->lv)))->label,
	                 pt_ui_time(view->app, cert->expires_us, time),
	                 pt_cert_left(cert, now_us(&c->lv), left, sizeof(left)));
	add_facts(&out, cert, now_us(&c->lv));
	pt_dialog_text(view->app, "Certificate", prism_buf_text(&out));
}

/* The address the agent is reached at, when it is one, is what a certificate is mostly for. */
static unsigned issue(struct pt_view *view)
{
	const struct certs *c = view->state;
	const struct core_cvm *cvm = core_cvm_get(c->lv.core, c->cvm);
	const char *url = cvm ? cvm->agent_url : "", *colon = strrchr(url, ':');
	struct pt_values *made = pt_values_create(pt_action(PT_ACTION_CERT_ISSUE));
	bool bracketed = *url == '[' && colon && colon > url + 2 && colon[-1] == ']';
	PRISM_AUTO_FREE char *host =
	    prism_strndup(url + bracketed, colon ? (size_t)(colon - url) - 2 * bracketed : strlen(url));
	unsigned char binary[16];

	pt_values_add(made, "cvm", c->cvm);
	if (inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1)
		pt_values_add(made, "ip", host);
	pt_app_overlay(view->app, pt_view_form(view->app, made));
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		return pt_listview_refresh(view);
	case PT_ACTION_OPEN:
		show(view);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CERT_ISSUE:
		return issue(view);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_CERTS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct certs *c = view->state;
	const struct core_cvm *cvm = core_cvm_get(c->lv.core, c->cvm);

	snprintf(c->title, sizeof(c->title), "Certificates of %s", cvm ? cvm->name : c->cvm);
	return c->title;
}

static void destroy(struct pt_view *view)
{
	struct certs *c = view->state;

	pt_listview_finish(&c->lv);
	prism_free(c->cvm);
	prism_free(c);
}

static const struct pt_view_ops ops = {
    .name = "certificates",
    PT_LISTVIEW_TABLE_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .shown = pt_listview_shown,
    .changed = pt_listview_changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_certs(struct pt_app *app, const char *cvm_id)
{
	struct certs *c = prism_alloc(sizeof(*c));
	struct pt_view *view = pt_view_create(app, &ops, c);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_certs(pt_ui_core(app), cvm_id),
	    .event = CORE_EVENT_CERTS,
	    .watch = CORE_WATCH_COUNT,
	    .empty = "No certificates yet",
	    .empty_hint = "press c to issue one",
	    .cell = cell,
	};

	c->cvm = prism_strdup(cvm_id);
	pt_listview_init(&c->lv, view, &spec);
	return view;
}
