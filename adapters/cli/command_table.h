/*
 * command_table - what each command runs. One function per command, in the file of
 * its noun; each returns an exit code and leaves a problem in the invocation.
 *
 * Owner:  the main thread.
 * Blocks: on disk, terminal and network.
 */
#ifndef CLI_COMMAND_TABLE_H
#define CLI_COMMAND_TABLE_H

#include "cli/command.h"

enum tc_exit tc_network_init_run(struct tc_invocation *invocation);
enum tc_exit tc_network_add_run(struct tc_invocation *invocation);
enum tc_exit tc_network_renew_run(struct tc_invocation *invocation);
enum tc_exit tc_network_revoke_run(struct tc_invocation *invocation);
enum tc_exit tc_network_roll_run(struct tc_invocation *invocation);
enum tc_exit tc_message_send_run(struct tc_invocation *invocation);
enum tc_exit tc_message_collect_run(struct tc_invocation *invocation);
enum tc_exit tc_message_show_run(struct tc_invocation *invocation);
enum tc_exit tc_message_template_run(struct tc_invocation *invocation);
enum tc_exit tc_referral_list_run(struct tc_invocation *invocation);
enum tc_exit tc_referral_show_run(struct tc_invocation *invocation);
enum tc_exit tc_caseload_run(struct tc_invocation *invocation);
enum tc_exit tc_referral_assign_run(struct tc_invocation *invocation);
enum tc_exit tc_referral_watch_run(struct tc_invocation *invocation);
enum tc_exit tc_service_find_run(struct tc_invocation *invocation);
enum tc_exit tc_capacity_list_run(struct tc_invocation *invocation);
enum tc_exit tc_capacity_set_run(struct tc_invocation *invocation);
enum tc_exit tc_capacity_hold_run(struct tc_invocation *invocation);
enum tc_exit tc_capacity_release_run(struct tc_invocation *invocation);
enum tc_exit tc_capacity_confirm_run(struct tc_invocation *invocation);
enum tc_exit tc_task_list_run(struct tc_invocation *invocation);
enum tc_exit tc_task_reply_run(struct tc_invocation *invocation);
enum tc_exit tc_person_show_run(struct tc_invocation *invocation);
enum tc_exit tc_calendar_load_run(struct tc_invocation *invocation);
enum tc_exit tc_calendar_show_run(struct tc_invocation *invocation);
enum tc_exit tc_feed_list_run(struct tc_invocation *invocation);
enum tc_exit tc_outcomes_report_run(struct tc_invocation *invocation);
enum tc_exit tc_appointment_list_run(struct tc_invocation *invocation);
enum tc_exit tc_referral_move_run(struct tc_invocation *invocation);
enum tc_exit tc_consent_list_run(struct tc_invocation *invocation);
enum tc_exit tc_consent_show_run(struct tc_invocation *invocation);
enum tc_exit tc_consent_check_run(struct tc_invocation *invocation);
enum tc_exit tc_mailbox_status_run(struct tc_invocation *invocation);
enum tc_exit tc_agency_list_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_find_run(struct tc_invocation *invocation);
enum tc_exit tc_accounting_run(struct tc_invocation *invocation);
enum tc_exit tc_order_make_run(struct tc_invocation *invocation);
enum tc_exit tc_order_approve_run(struct tc_invocation *invocation);
enum tc_exit tc_order_list_run(struct tc_invocation *invocation);
enum tc_exit tc_auditor_scope_run(struct tc_invocation *invocation);
enum tc_exit tc_auditor_scopes_run(struct tc_invocation *invocation);
enum tc_exit tc_auditor_ask_run(struct tc_invocation *invocation);
enum tc_exit tc_auditor_questions_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_why_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_what_if_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_proof_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_checkpoint_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_consistency_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_export_run(struct tc_invocation *invocation);
enum tc_exit tc_trail_verify_run(struct tc_invocation *invocation);
enum tc_exit tc_review_list_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_check_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_load_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_show_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_publish_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_text_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_accept_run(struct tc_invocation *invocation);
enum tc_exit tc_policy_accepted_run(struct tc_invocation *invocation);
enum tc_exit tc_exchange_backup_run(struct tc_invocation *invocation);
enum tc_exit tc_exchange_status_run(struct tc_invocation *invocation);
enum tc_exit tc_doctor_run(struct tc_invocation *invocation);
enum tc_exit tc_bench_run(struct tc_invocation *invocation);
enum tc_exit tc_help_run(struct tc_invocation *invocation);

#endif
