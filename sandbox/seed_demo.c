/*
 * Owns the demo's people, workspaces, roles and computations.  Histories of runs are written by
 * seed_history.c, assets and CVMs by seed_things.c.
 */
#include "sandbox/seed_rows.h"

#include "base/mem.h"
#include "net/crypto.h"
#include "sandbox/perms.h"
#include "sandbox/roles.h"
#include "sandbox/seed.h"
#include "sandbox/users.h"

#define HOUR_US 3600000000ll

uint64_t sb_seed_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

void sb_seed_uuid(const char *name, char out[37])
{
	uint8_t d[NET_DIGEST_MAX];
	net_digest_bytes(NET_SHA256, name, strlen(name), d);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-%02x%02x%02x%02x%02x%02x", d[0],
	         d[1], d[2], d[3], d[4], d[5], d[6] & 15u, d[7], 8 | (d[8] >> 6), d[8] & 15u, d[9],
	         d[10], d[11], d[12], d[13], d[14], d[15]);
}

/* ---- people ---- */

static const struct sb_sample_user sample_users[] = {
    {"ada", "ada@sandbox.example", "ada-sample-1",
     "admin of Open Science Lab, member of Hospital Pilot, platform administrator"},
    {"ben", "ben@sandbox.example", "ben-sample-1",
     "member of Open Science Lab; may create computations and CVMs"},
    {"cyd", "cyd@sandbox.example", "cyd-sample-1",
     "admin of Hospital Pilot, reader in Open Science Lab"},
    {"dee", "dee@sandbox.example", "dee-sample-1",
     "member of no workspace yet; invited to Open Science Lab"},
    {NULL, NULL, NULL, NULL},
};

const struct sb_sample_user *sb_seed_users(void)
{
	return sample_users;
}

static const char *const first_names[] = {"Ada", "Ben", "Cyd", "Dee"};

static void seed_users(struct sb *sb, int64_t now)
{
	for (unsigned i = 0; sample_users[i].username; i++) {
		const struct sb_sample_user *user = &sample_users[i];
		char id[37];
		sb_seed_uuid(user->email, id);
		struct sb_user_row row = {.id = id,
		                          .username = user->username,
		                          .email = user->email,
		                          .first_name = first_names[i],
		                          .last_name = "Sample",
		                          .password = user->password,
		                          .admin = i == 0};
		sb_user_insert(sb, &row, now - (40 - i) * 24 * HOUR_US);
	}
}

int64_t sb_seed_user(struct sb *sb, const char *username)
{
	return sb_db_int(sb->db, 0, "SELECT n FROM users WHERE username = ?", SB_ARGS(SB_T(username)));
}

/* ---- workspaces ---- */

struct workspace_row {
	const char *name, *route, *admin;
	unsigned age_hours;
};
static const struct workspace_row workspaces[] = {
    {"Open Science Lab", "open-science-lab", "ada", 30 * 24},
    {"Hospital Pilot", "hospital-pilot", "cyd", 21 * 24},
};

struct member_row {
	unsigned workspace;
	const char *role, *user;
	uint32_t actions;
};
static const struct member_row members[] = {
    {0, "scientist", "ben",
     SB_W_READ | SB_W_VIEW_ROLE_USERS | SB_W_CREATE_COMPUTATION | SB_W_CREATE_CVMS |
         SB_W_REMOVE_CVMS},
    {0, "reader", "cyd", SB_W_READ | SB_W_VIEW_ROLE_USERS},
    {1, "data-steward", "ada", SB_W_READ | SB_W_VIEW_ROLE_USERS | SB_W_CREATE_COMPUTATION},
};

int64_t sb_seed_workspace_at(struct sb *sb, unsigned index)
{
	return sb_db_int(sb->db, 0, "SELECT n FROM workspaces WHERE route = ?",
	                 SB_ARGS(SB_T(workspaces[index].route)));
}

int64_t sb_seed_workspace(struct sb *sb)
{
	return sb_seed_workspace_at(sb, 0);
}

int64_t sb_seed_owner(struct sb *sb)
{
	return sb_seed_user(sb, sample_users[0].username);
}

static void user_id(const char *username, char out[37])
{
	for (unsigned i = 0; sample_users[i].username; i++)
		if (strcmp(sample_users[i].username, username) == 0)
			sb_seed_uuid(sample_users[i].email, out);
}

static void seed_workspaces(struct sb *sb, int64_t now)
{
	char id[37], admin_id[37];
	for (unsigned i = 0; i < PRISM_COUNT(workspaces); i++) {
		const struct workspace_row *row = &workspaces[i];
		sb_seed_uuid(row->route, id);
		user_id(row->admin, admin_id);
		sb_db_run(sb->db,
		          "INSERT INTO workspaces(id, name, route, tags, created_by, created_at) VALUES"
		          " (?, ?, ?, '[\"sample\"]', ?, ?)",
		          SB_ARGS(SB_T(id), SB_T(row->name), SB_T(row->route), SB_T(admin_id),
		                  SB_I(now - row->age_hours * HOUR_US)));
		sb_roles_make(sb, SB_ROLE_WORKSPACE, sb_db_last_id(sb->db), admin_id,
		              sb_seed_user(sb, row->admin));
	}
	for (unsigned i = 0; i < PRISM_COUNT(members); i++) {
		const struct member_row *row = &members[i];
		int64_t workspace = sb_seed_workspace_at(sb, row->workspace);
		user_id(workspaces[row->workspace].admin, admin_id);
		int64_t role = sb_role_insert(sb, SB_ROLE_WORKSPACE, workspace, row->role, row->actions,
		                              false, admin_id);
		if (sb_role_add_member(sb, SB_ROLE_WORKSPACE, workspace, role,
		                       sb_seed_user(sb, row->user)) < 0)
			abort(); /* the table above gives one user two roles */
	}
}

struct invitation_row {
	unsigned workspace;
	const char *invitee, *inviter, *role;
	unsigned age_hours, rejected_hours; /* rejected: ago; 0: pending */
};
static const struct invitation_row invitations[] = {
    {1, "ben", "cyd", "data-steward", 5, 0},
    {0, "dee", "ada", "reader", 3, 0},
    {1, "dee", "cyd", "data-steward", 90, 60},
};

static void seed_invitations(struct sb *sb, int64_t now)
{
	for (unsigned i = 0; i < PRISM_COUNT(invitations); i++) {
		const struct invitation_row *row = &invitations[i];
		int64_t workspace = sb_seed_workspace_at(sb, row->workspace);
		struct sb_arg rejected = row->rejected_hours
		                             ? (struct sb_arg)SB_I(now - row->rejected_hours * HOUR_US)
		                             : (struct sb_arg){.type = SB_ARG_NULL};
		sb_db_run(sb->db,
		          "INSERT INTO invitations(workspace, invitee, inviter, role, created_at,"
		          " rejected_at) VALUES (?, ?, ?, (SELECT n FROM roles WHERE kind = 0 AND entity ="
		          " ? AND name = ?), ?, ?)",
		          SB_ARGS(SB_I(workspace), SB_I(sb_seed_user(sb, row->invitee)),
		                  SB_I(sb_seed_user(sb, row->inviter)), SB_I(workspace), SB_T(row->role),
		                  SB_I(now - row->age_hours * HOUR_US), rejected));
	}
}

/* ---- computations ---- */

/* What has happened to one computation; seed_history.c tells the story. */
const struct sb_seed_computation sb_seed_computations[] = {
    {0, "ada", "Iris classification baseline", "Logistic regression over the iris measurements",
     "completed", 13 * 24, 3, "iris_baseline.py", "iris.csv", false},
    {0, "ada", "Credit card fraud screening", "Isolation forest over anonymised card transactions",
     "running", 6 * 24, 2, "fraud_screen.py", "creditcard.csv", false},
    {0, "ben", "Air quality forecast", "Twelve-hour particulate forecast from city sensors",
     "failed", 5 * 24, 2, "air_forecast.py", "sensors.csv", false},
    {0, "ada", "Federated churn model", "Average of models trained on three operators' customers",
     "cancelled", 9 * 24, 1, "churn.py", "operators.csv", false},
    {0, "ada", "Protein folding sample", "Energy of a short peptide; compiled binary", "executable",
     3 * 24, 0, "peptide_energy", "peptide.pdb", false},
    {0, "ben", "Energy demand by district",
     "Load curve clustering; a key and a dataset are missing", "executable", 2 * 24, 0,
     "load_curves.py", NULL, false},
    {0, "ada", "Survey word counts", "Counts words of free-text answers, nothing leaves but totals",
     "completed", 11 * 24, 1, "word_count.py", "survey.txt", false},
    {0, "ada", "Recommendation audit", "Compares recommendations for equal profiles", "completed",
     8 * 24, 1, "audit.py", "profiles.csv", false},
    {0, "ben", "Crop yield regression", "Regression over satellite indices and harvest records",
     "failed", 7 * 24, 1, "yield.py", "harvest.csv", false},
    {0, "ada", "Network anomaly scoring", "Scores flows against a trained autoencoder", "running",
     30, 1, "flows.py", "flows.csv", false},
    {0, "ben", "Traffic light timing", "Search for a timing plan over recorded counts", "cancelled",
     4 * 24, 2, "timing.py", "counts.csv", false},
    {0, "ada", "Empty draft", "Nothing linked yet", "executable", 6, 0, NULL, NULL, false},
    {1, "cyd", "Readmission risk", "Thirty-day readmission score over discharge records",
     "completed", 10 * 24, 2, "readmission.py", "discharges.csv", false},
    {1, "cyd", "Dose response curve", "Fits a dose response curve over a blinded trial",
     "executable", 3 * 24, 0, "dose.py", "trial.csv", false},
    {1, "ada", "Ward occupancy forecast", "Seven-day forecast of occupied beds", "failed", 2 * 24,
     1, "occupancy.py", "wards.csv", false},
    {0, "ada", "Flower classification",
     "Ready to try with classify.py and flowers.csv; only your key is missing", "executable", 26, 0,
     "classify.py", "flowers.csv", true},
};
const unsigned sb_seed_computation_count = PRISM_COUNT(sb_seed_computations);

static void seed_computations(struct sb *sb, int64_t now)
{
	for (unsigned i = 0; i < sb_seed_computation_count; i++) {
		const struct sb_seed_computation *row = &sb_seed_computations[i];
		char id[37];
		sb_seed_uuid(row->name, id);
		int64_t created = now - row->age_hours * HOUR_US;
		sb_db_run(
		    sb->db,
		    "INSERT INTO computations(id, workspace, name, description, owner, status,"
		    " agent_config, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    SB_ARGS(SB_T(id), SB_I(sb_seed_workspace_at(sb, row->workspace)), SB_T(row->name),
		            SB_T(row->description), SB_I(sb_seed_user(sb, row->owner)), SB_T(row->status),
		            SB_T("{\"log_level\":\"\",\"cert_file\":\"\",\"server_key\":\"\","
		                 "\"server_ca_file\":\"\",\"client_ca_file\":\"\",\"attested_tls\":false}"),
		            SB_I(created), SB_I(created)));
	}
}

int64_t sb_seed_computation_n(struct sb *sb, const struct sb_seed_computation *row)
{
	char id[37];
	sb_seed_uuid(row->name, id);
	return sb_db_int(sb->db, 0, "SELECT n FROM computations WHERE id = ?", SB_ARGS(SB_T(id)));
}

void sb_seed_demo(struct sb *sb)
{
	int64_t now = sb_now_us(sb);
	seed_users(sb, now);
	seed_workspaces(sb, now);
	seed_invitations(sb, now);
	seed_computations(sb, now);
	sb_seed_things(sb, now);
	sb_seed_history(sb, now);
}
