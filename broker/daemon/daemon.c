#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backup/backup_desk.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/address.h"
#include "daemon/core_file.h"
#include "daemon/forget.h"
#include "daemon/forget_room.h"
#include "daemon/notify.h"
#include "daemon/problem.h"
#include "daemon/residence.h"
#include "daemon/retention.h"
#include "daemon/space.h"
#include "daemon/topology.h"
#include "gateway/seed.h"

#define RESIDENCE_CHECK_MS 250 /* in it a flood may touch some MiB of the maps */
#define RETENTION_DAY_MS   (24 * 60 * 60 * 1000)
#define RETENTION_PAUSE_MS (60 * 60 * 1000) /* longer than the minute that forget.at names */
#define HINDERED_PAUSE_US  (60 * INT64_C(1000000))
#define DESCRIPTORS_OWN    128 /* stores, sockets between threads, standard streams */

struct daemon {
	const struct config *config;
	struct stores stores;
	struct tc_tls_config *tls;
	struct topology *topology;
	struct exchange_figures figures;
	struct journal_figures journal_figures;
	struct ledger_figures ledger_figures;
	struct tree_figures tree_figures;
	struct space space;
	bool room_told;         /* that forgetting waits for it */
	int64_t retention_ms;   /* when it was last looked what is kept long enough */
	uint64_t retention_tip; /* the log's, when it was begun to look; 0: not begun */
	int64_t hindered_us;    /* until then it is not looked whether a start would go well */
	struct gateway_counters counters;
	int listeners[GATEWAY_LISTENERS_MAX];
	size_t listener_count;
	int signals;
};

static struct tc_tls_files files_of(const struct config *config)
{
	return (struct tc_tls_files){
		.certificate = config->tls_certificate,
		.key = config->tls_key,
		.ca = config->tls_ca,
		.crl = config->tls_crl,
	};
}

/* Every connection needs a descriptor: how many connections there is room for. */
static uint32_t connections_possible(const struct config *config)
{
	uint64_t wanted = (uint64_t)config->connections_max + DESCRIPTORS_OWN;
	struct rlimit limit;
	char detail[128];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return (uint32_t)config->connections_max;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= wanted)
		return (uint32_t)config->connections_max;
	snprintf(detail, sizeof(detail), "the limit of open files is %llu, %llu are needed",
		 (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
	problem_print("gateway.connections_max is more than this process may open", detail,
		      "raise LimitNOFILE= in the unit, or lower the setting; going on with fewer");
	return limit.rlim_cur > DESCRIPTORS_OWN * 2 ? (uint32_t)(limit.rlim_cur - DESCRIPTORS_OWN)
						    : DESCRIPTORS_OWN;
}

static int tls_open(struct daemon *daemon, struct tc_tls_config **ret)
{
	struct tc_tls_files files = files_of(daemon->config);
	char detail[TC_TLS_DETAIL_BYTES] = "";
	struct tc_tls_config *tls = NULL;
	int r = tc_tls_config_open(TC_TLS_SERVER, &files, detail, &tls);

	if (r == 0 &&
	    strcmp(tc_tls_config_self(tls)->trust_domain, daemon->config->trust_domain) != 0) {
		snprintf(detail, sizeof(detail), "tls.certificate is of trust domain %.100s",
			 tc_tls_config_self(tls)->trust_domain);
		tc_tls_config_unref(&tls);
		r = TC_ECONFIG;
	}
	if (r) {
		problem_print("the certificates cannot be used",
			      detail[0] ? detail : tc_err_text(r),
			      "correct the files or trust_domain in the configuration");
		return r;
	}
	*ret = tls;
	atomic_store(&daemon->figures.crl_next_update_ms, tc_tls_config_crl_next_update_ms(tls));
	return 0;
}

/* A seed that cannot be taken is told and passed by: the rest of the network must still start. */
static int seeds_read(struct daemon *daemon, struct record_batch *batch)
{
	struct tc_tls_files files = files_of(daemon->config);
	struct seed_problem problem = {0};
	int r;

	if (!*daemon->config->registry_seed)
		return 0;
	r = seed_read(daemon->config->registry_seed, &files, daemon->config->trust_domain, batch,
		      &problem);
	if (r == SEED_REFUSED) {
		problem_print_at(problem.file, "the registry seed cannot be taken in", problem.text,
				 "make it again with `throughcare network add`, or remove it");
		return TC_ECONFIG;
	}
	if (r)
		problem_print_at(daemon->config->registry_seed, "the seeds cannot be read",
				 tc_err_text(r), "check registry_seed and its permissions");
	return r;
}

static int listen_all(struct daemon *daemon)
{
	const struct config_addresses *addresses = &daemon->config->listen;

	/* Who connects while the exchange starts again waits at the socket that there is. */
	for (size_t i = daemon->listener_count; i < addresses->count; i++) {
		if (address_listen(addresses->text[i], daemon->listeners, GATEWAY_LISTENERS_MAX,
				   &daemon->listener_count) == 0)
			continue;
		problem_print_at(addresses->text[i], "cannot listen on this address",
				 strerror(errno),
				 errno == EADDRINUSE ? "stop what listens there, or change listen"
						     : "correct listen in the configuration");
		return TC_EIO;
	}
	return 0;
}

static int signals_take(struct daemon *daemon)
{
	sigset_t set;

	if (daemon->signals >= 0)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* Before any thread is made, so that all of them leave these to us. */
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return TC_EIO;
	signal(SIGPIPE, SIG_IGN);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return daemon->signals < 0 ? TC_EIO : 0;
}

static int threads_start(struct daemon *daemon, uint32_t connections)
{
	uint32_t threads = (uint32_t)daemon->config->gateway_threads;
	struct topology_options options = {
		.config = daemon->config,
		.stores = &daemon->stores,
		.tls = daemon->tls,
		.figures = &daemon->figures,
		.counters = &daemon->counters,
		.listeners = daemon->listeners,
		.listener_count = daemon->listener_count,
		.connections_max = (connections + threads - 1) / threads,
	};
	int r = topology_start(&options, &daemon->topology);

	if (r)
		problem_print(
			"the threads cannot be started", tc_err_text(r),
			"check the limits on threads and memory: ulimit -a, TasksMax of the unit");
	return r;
}

static void ready(struct daemon *daemon)
{
	char text[ADDRESS_TEXT_BYTES];
	int port = 0;

	for (size_t i = 0; i < daemon->listener_count; i++) {
		if (address_of(daemon->listeners[i], text, &port) != 0)
			continue;
		log_event(EV_READY, NULL, NULL, port);
		fprintf(stderr, "ready: listening on %s\n", text);
	}
	notify("READY=1\nSTATUS=Taking messages.");
}

/* Certificate and revocation list as they are on the disk now. */
static int tls_reload(struct daemon *daemon)
{
	struct tc_tls_config *tls = NULL;
	int r = tls_open(daemon, &tls);

	if (r)
		return r;
	r = topology_reload(daemon->topology, tls);
	tc_tls_config_unref(&daemon->tls);
	daemon->tls = tls;
	return r;
}

/* Only a log that is the one that was signed is changed, so the tree has been open before. */
static int forget(struct daemon *daemon)
{
	bool due = false;
	int r = forget_due(&daemon->stores, daemon->config, &due);

	if (r < 0 || !due)
		return r;
	stores_tree_close(&daemon->stores);
	r = forget_at_start(&daemon->stores, daemon->config);
	if (r == 0)
		r = stores_tree_open(&daemon->stores, daemon->config, &daemon->tree_figures);
	return r;
}

static int start(struct daemon *daemon)
{
	struct record_batch seeds = {0};
	uint32_t connections = connections_possible(daemon->config);
	int r;

	daemon->retention_ms = tc_clock_now_ms(&tc_clock_real);
	daemon->figures.version = THROUGHCARE_VERSION;
	daemon->figures.exchange = TC_AGENCY_EXCHANGE;
	daemon->figures.trust_domain = daemon->config->trust_domain;
	daemon->figures.started_ms = tc_clock_now_ms(&tc_clock_real);
	daemon->figures.journal = &daemon->journal_figures;
	daemon->figures.ledger = &daemon->ledger_figures;
	daemon->figures.tree = &daemon->tree_figures;
	r = backup_desk_new(*daemon->config->backup_folder != '\0', &daemon->figures.backup);
	daemon->figures.connections = &daemon->counters.connections;
	if (r == 0)
		r = signals_take(daemon);
	if (r == 0)
		r = tls_open(daemon, &daemon->tls);
	if (r == 0)
		r = seeds_read(daemon, &seeds);
	if (r == 0)
		r = listen_all(daemon);
	if (r == 0)
		r = stores_open(&daemon->stores, daemon->config, false);
	if (r == 0)
		r = stores_tree_open(&daemon->stores, daemon->config, &daemon->tree_figures);
	if (r == 0)
		r = forget(daemon);
	if (r == 0)
		r = stores_begin(&daemon->stores, daemon->config, &seeds);
	record_batch_free(&seeds);
	if (r == 0) {
		space_begin(&daemon->space, &daemon->stores, &daemon->figures, daemon->config);
		r = threads_start(daemon, connections);
	}
	if (r == 0 && pid_file_write(daemon->config->pid_file) != 0) {
		problem_print_at(daemon->config->pid_file, "the pid file cannot be written",
				 strerror(errno), "check pid_file in the configuration");
		r = TC_EIO;
	}
	/* Whoever revoked a certificate while we started had no process to tell. */
	if (r == 0)
		r = tls_reload(daemon);
	return r;
}

static void reload(struct daemon *daemon)
{
	struct record_batch seeds = {0};
	int r;

	daemon->hindered_us = 0;
	notify_reloading();
	r = tls_reload(daemon);
	if (r == 0)
		r = topology_sealer_renew(daemon->topology);
	if (r == 0)
		r = seeds_read(daemon, &seeds);
	if (seeds.count > 0 && topology_push(daemon->topology, &seeds) != 0 && r == 0)
		r = TC_EBUS;
	record_batch_free(&seeds);
	if (r)
		log_event(EV_RELOAD_FAILED, NULL, NULL, r);
	notify("READY=1");
}

/* Once, until there was room again. */
static void room_tell(struct daemon *daemon, uint64_t missing)
{
	if (missing > 0 && !daemon->room_told)
		forget_room_tell(daemon->config, missing, FORGET_ROOM_HINT);
	daemon->room_told = missing > 0;
}

/* Once a day, when forget.at says so. Without room for it the exchange need not stop serving. */
static bool retention_is_wanted(struct daemon *daemon, int64_t now_ms)
{
	const char *at = daemon->config->forget_at;
	int64_t least_ms = strcmp(at, FORGET_AT_ONCE) == 0 ? RETENTION_DAY_MS : RETENTION_PAUSE_MS;
	int r;

	if (now_ms - daemon->retention_ms < least_ms || !forget_time_is(at, now_ms))
		return false;
	if (daemon->retention_tip == 0)
		daemon->retention_tip = atomic_load(&daemon->journal_figures.tip);
	r = retention_due(&daemon->stores, daemon->config, daemon->retention_tip);
	if (r == FORGET_EARLY)
		return false;
	daemon->retention_tip = 0;
	daemon->retention_ms = now_ms;
	if (r == FORGET_POSTPONED)
		room_tell(daemon, forget_room_missing(&daemon->stores, daemon->config));
	return r == 0; /* what cannot be found out is told at the next start */
}

/* An order is due; the same. */
static bool order_is_wanted(struct daemon *daemon, int64_t now_ms)
{
	uint64_t missing;

	if (!atomic_load(&daemon->ledger_figures.forget_due) ||
	    !forget_time_is(daemon->config->forget_at, now_ms))
		return false;
	missing = forget_room_missing(&daemon->stores, daemon->config);
	room_tell(daemon, missing);
	return missing == 0;
}

/* Whoever cannot start again does not stop: certificates may have expired, or be about to be
 * replaced, since they were read. */
static bool could_start(struct daemon *daemon)
{
	struct record_batch seeds = {0};
	struct tc_tls_config *tls = NULL;
	int r = tls_open(daemon, &tls);

	if (r == 0)
		r = seeds_read(daemon, &seeds);
	tc_tls_config_unref(&tls);
	record_batch_free(&seeds);
	if (r == 0)
		return true;
	daemon->hindered_us = tc_clock_monotonic_us() + HINDERED_PAUSE_US;
	problem_print("what is to be forgotten waits: the exchange could not start again",
		      tc_err_text(r), "correct that, and send SIGHUP; everything is served on");
	return false;
}

static bool forgetting_is_wanted(struct daemon *daemon)
{
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);

	return tc_clock_monotonic_us() >= daemon->hindered_us &&
	       (order_is_wanted(daemon, now_ms) || retention_is_wanted(daemon, now_ms)) &&
	       could_start(daemon);
}

/* Until told to stop; returns the signal. 0: to be started again, to forget. */
static uint32_t wait_for_end(struct daemon *daemon)
{
	struct residence residence;

	residence_find(&residence, daemon->config->data_dir, "ledger");
	for (;;) {
		struct pollfd signals = {.fd = daemon->signals, .events = POLLIN};
		struct signalfd_siginfo info;

		int found = poll(&signals, 1, RESIDENCE_CHECK_MS);

		space_check(&daemon->space);
		if (found == 0) {
			residence_check(&residence);
			if (forgetting_is_wanted(daemon))
				return 0;
			continue;
		}
		if (read(daemon->signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo != SIGHUP)
			return info.ssi_signo;
		reload(daemon);
	}
}

static int stop(struct daemon *daemon)
{
	int r = 0;

	atomic_store(&daemon->figures.draining, true);
	if (daemon->topology) {
		r = topology_stop(&daemon->topology);
		if (r == 0)
			r = stores_finish(&daemon->stores);
	}
	backup_desk_free(&daemon->figures.backup);
	stores_close(&daemon->stores);
	tc_tls_config_unref(&daemon->tls);
	return r;
}

/* One life: from opening what is stored to closing it. *ret_again: there is something to forget,
 * which the next one does before it serves. */
static int live(struct daemon *daemon, bool *ret_again)
{
	uint32_t signal_number;
	int r = start(daemon);

	if (r == 0) {
		ready(daemon);
		signal_number = wait_for_end(daemon);
		*ret_again = signal_number == 0;
		notify(*ret_again ? "STATUS=Forgetting what was ordered."
				  : "STOPPING=1\nSTATUS=Finishing what was accepted.");
		if (*ret_again)
			log_event(EV_FORGETTING, NULL, NULL, 0);
		else
			log_event(EV_STOPPING, NULL, NULL, signal_number);
	}
	if (stop(daemon) != 0 && r == 0)
		r = TC_EBUS;
	return r;
}

/* Everything but what the next life goes on with. */
static void renew(struct daemon *daemon)
{
	struct daemon kept = *daemon;

	memset(daemon, 0, sizeof(*daemon));
	daemon->config = kept.config;
	daemon->signals = kept.signals;
	memcpy(daemon->listeners, kept.listeners, sizeof(kept.listeners));
	daemon->listener_count = kept.listener_count;
}

int daemon_run(const struct config *config)
{
	/* Static: threads hold pointers into it, and a stack is no place for that. */
	static struct daemon daemon;
	bool again;
	int r;

	daemon.config = config;
	daemon.signals = -1;
	log_set_level((int)config->log_level);
	log_event(EV_STARTING, NULL, NULL, getpid());
	r = core_file_forbid();
	if (r == 0 && !forget_time_valid(config->forget_at)) {
		problem_print("forget.at is not understood", config->forget_at,
			      "write at_once, or a time of day such as 03:30");
		r = TC_ECONFIG;
	}
	do {
		again = false;
		renew(&daemon);
		if (r == 0)
			r = live(&daemon, &again);
	} while (r == 0 && again);
	for (size_t i = 0; i < daemon.listener_count; i++)
		close(daemon.listeners[i]);
	if (daemon.signals >= 0)
		close(daemon.signals);
	if (r == 0)
		pid_file_remove(config->pid_file);
	log_event(EV_STOPPED, NULL, NULL, r ? 1 : 0);
	return r ? 1 : 0;
}
