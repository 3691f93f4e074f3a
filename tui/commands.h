/*
 * The handlers named in the action table; their life is tui/command.h's.
 */
#ifndef PRISM_TUI_COMMANDS_H
#define PRISM_TUI_COMMANDS_H

#include "tui/command.h"

/* cmd_session.c */
void pt_cmd_login(struct pt_command *command);
void pt_cmd_whoami(struct pt_command *command);
void pt_cmd_server_check(struct pt_command *command);
void pt_cmd_workspace_list(struct pt_command *command);
void pt_cmd_workspace_use(struct pt_command *command);
void pt_cmd_profile_list(struct pt_command *command);
void pt_cmd_version(struct pt_command *command);
void pt_cmd_help(struct pt_command *command);

/* cmd_audit.c */
void pt_cmd_audit_list(struct pt_command *command);
void pt_cmd_audit_save(struct pt_command *command);

/* cmd_dashboard.c */
void pt_cmd_dashboard(struct pt_command *command);

/* cmd_workspace.c */
void pt_cmd_workspace_show(struct pt_command *command);
void pt_cmd_workspace_create(struct pt_command *command);
void pt_cmd_workspace_update(struct pt_command *command);
void pt_cmd_workspace_enable(struct pt_command *command);
void pt_cmd_workspace_disable(struct pt_command *command);

/* cmd_account.c */
void pt_cmd_logout(struct pt_command *command);
void pt_cmd_account_show(struct pt_command *command);
void pt_cmd_account_update(struct pt_command *command);
void pt_cmd_account_password(struct pt_command *command);
void pt_cmd_account_register(struct pt_command *command);
void pt_cmd_account_forgot(struct pt_command *command);
void pt_cmd_account_verify(struct pt_command *command);
void pt_cmd_account_deactivate(struct pt_command *command);
void pt_cmd_token_list(struct pt_command *command);
void pt_cmd_token_show(struct pt_command *command);
void pt_cmd_token_create(struct pt_command *command);
void pt_cmd_token_reset(struct pt_command *command);
void pt_cmd_token_revoke(struct pt_command *command);
void pt_cmd_token_delete(struct pt_command *command);

/* cmd_people.c */
void pt_cmd_member_list(struct pt_command *command);
void pt_cmd_member_show(struct pt_command *command);
void pt_cmd_member_move(struct pt_command *command);
void pt_cmd_member_remove(struct pt_command *command);
void pt_cmd_invitation_list(struct pt_command *command);
void pt_cmd_invitation_send(struct pt_command *command);
void pt_cmd_invitation_resend(struct pt_command *command);
void pt_cmd_invitation_delete(struct pt_command *command);
void pt_cmd_invitation_accept(struct pt_command *command);
void pt_cmd_invitation_decline(struct pt_command *command);
void pt_cmd_user_search(struct pt_command *command);
void pt_cmd_user_list(struct pt_command *command);
void pt_cmd_user_enable(struct pt_command *command);
void pt_cmd_user_disable(struct pt_command *command);
void pt_cmd_user_delete(struct pt_command *command);
void pt_cmd_user_role(struct pt_command *command);
/* cmd_notify.c */
void pt_cmd_notify(struct pt_command *command);
void pt_cmd_notify_list(struct pt_command *command);

/* cmd_fleet.c */
void pt_cmd_fleet(struct pt_command *command);

/* cmd_cache.c */
void pt_cmd_cache_show(struct pt_command *command);
void pt_cmd_cache_clear(struct pt_command *command);

/* cmd_computation.c */
void pt_cmd_computation_list(struct pt_command *command);
void pt_cmd_computation_show(struct pt_command *command);
void pt_cmd_computation_create(struct pt_command *command);
void pt_cmd_computation_update(struct pt_command *command);
void pt_cmd_computation_delete(struct pt_command *command);
void pt_cmd_computation_checklist(struct pt_command *command);
void pt_cmd_computation_manifest(struct pt_command *command);

/* cmd_copy.c */
void pt_cmd_computation_copy(struct pt_command *command);

/* cmd_export.c */
void pt_cmd_computation_export(struct pt_command *command);

/* cmd_import.c */
void pt_cmd_computation_import(struct pt_command *command);

/* cmd_run.c */
void pt_cmd_computation_run(struct pt_command *command);
void pt_cmd_computation_stop(struct pt_command *command);
void pt_cmd_computation_status(struct pt_command *command);
void pt_cmd_run_list(struct pt_command *command);
void pt_cmd_run_show(struct pt_command *command);

/* cmd_compare.c */
void pt_cmd_run_compare(struct pt_command *command);

/* cmd_follow.c */
void pt_cmd_computation_follow(struct pt_command *command);
void pt_cmd_computation_events(struct pt_command *command);
void pt_cmd_computation_logs(struct pt_command *command);

/* cmd_role.c */
void pt_cmd_role_list(struct pt_command *command);
void pt_cmd_role_create(struct pt_command *command);
void pt_cmd_role_show(struct pt_command *command);
void pt_cmd_role_rename(struct pt_command *command);
void pt_cmd_role_delete(struct pt_command *command);
void pt_cmd_role_action_list(struct pt_command *command);
void pt_cmd_role_action_clear(struct pt_command *command);
void pt_cmd_role_member_clear(struct pt_command *command);
void pt_cmd_role_action_add(struct pt_command *command);
void pt_cmd_role_action_remove(struct pt_command *command);
void pt_cmd_role_member_add(struct pt_command *command);
void pt_cmd_role_member_remove(struct pt_command *command);

/* cmd_key.c */
void pt_cmd_key_list(struct pt_command *command);
void pt_cmd_key_generate(struct pt_command *command);
void pt_cmd_key_show(struct pt_command *command);
void pt_cmd_key_register(struct pt_command *command);
void pt_cmd_key_status(struct pt_command *command);

/* cmd_asset.c */
void pt_cmd_asset_list(struct pt_command *command);
void pt_cmd_asset_show(struct pt_command *command);
void pt_cmd_asset_create(struct pt_command *command);
void pt_cmd_asset_update(struct pt_command *command);
void pt_cmd_asset_link(struct pt_command *command);
void pt_cmd_asset_unlink(struct pt_command *command);
void pt_cmd_asset_delete(struct pt_command *command);
void pt_cmd_checksum(struct pt_command *command);

/* cmd_sample.c */
void pt_cmd_asset_preview(struct pt_command *command);
void pt_cmd_asset_download(struct pt_command *command);
void pt_cmd_asset_computations(struct pt_command *command);

/* cmd_cvm.c */
void pt_cmd_cvm_list(struct pt_command *command);
void pt_cmd_cvm_show(struct pt_command *command);
void pt_cmd_cvm_create(struct pt_command *command);
void pt_cmd_cvm_delete(struct pt_command *command);
void pt_cmd_cvm_attestation(struct pt_command *command);
void pt_cmd_cvm_statistics(struct pt_command *command);

/* cmd_transfer.c */
void pt_cmd_send_algorithm(struct pt_command *command);
void pt_cmd_send_data(struct pt_command *command);
void pt_cmd_result_fetch(struct pt_command *command);
void pt_cmd_result_show(struct pt_command *command);
void pt_cmd_result_unpack(struct pt_command *command);
void pt_cmd_transfer_list(struct pt_command *command);

/* cmd_tunnel.c */
void pt_cmd_tunnel_list(struct pt_command *command);
void pt_cmd_tunnel_reconnect(struct pt_command *command);
void pt_cmd_tunnel_close(struct pt_command *command);

/* cmd_host.c */
void pt_cmd_host_list(struct pt_command *command);
void pt_cmd_host_get(struct pt_command *command);
void pt_cmd_host_put(struct pt_command *command);
void pt_cmd_cert_push(struct pt_command *command);
void pt_cmd_log_host(struct pt_command *command);

/* cmd_evidence.c */
void pt_cmd_evidence_verify(struct pt_command *command); /* and "evidence open" */

void pt_cmd_cvm_evidence(struct pt_command *command);

/* cmd_agent.c */
void pt_cmd_agent_attestation(struct pt_command *command);
void pt_cmd_agent_ima(struct pt_command *command);
void pt_cmd_agent_azure_token(struct pt_command *command);
void pt_cmd_evidence_token(struct pt_command *command);

/* cmd_measure.c */
void pt_cmd_measure_snp(struct pt_command *command);

/* cmd_cert_service.c */
void pt_cmd_cert_list(struct pt_command *command);
void pt_cmd_cert_issue(struct pt_command *command);
void pt_cmd_cert_renew(struct pt_command *command);
void pt_cmd_cert_download(struct pt_command *command);
void pt_cmd_cert_ocsp(struct pt_command *command);
void pt_cmd_cert_revoke(struct pt_command *command);
void pt_cmd_cert_delete(struct pt_command *command);
void pt_cmd_cert_ca(struct pt_command *command);

/* cmd_cert.c */
void pt_cmd_cert_check(struct pt_command *command);
void pt_cmd_computation_certs(struct pt_command *command);

/* cmd_doctor.c */
void pt_cmd_computation_doctor(struct pt_command *command);

/* cmd_cert_make.c */
void pt_cmd_cert_generate(struct pt_command *command);
void pt_cmd_agent_env(struct pt_command *command);

/* cmd_policy.c */
void pt_cmd_policy_explain(struct pt_command *command);
void pt_cmd_policy_compare(struct pt_command *command);
void pt_cmd_cvm_policy(struct pt_command *command);
void pt_cmd_run_policy(struct pt_command *command);
void pt_cmd_policy_show(struct pt_command *command);
void pt_cmd_policy_measurement(struct pt_command *command);
void pt_cmd_policy_host_data(struct pt_command *command);
void pt_cmd_policy_extend(struct pt_command *command);
void pt_cmd_policy_corim(struct pt_command *command);

#endif
