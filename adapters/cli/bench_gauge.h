/*
 * bench_gauge - what a process has used so far, as the kernel counts it.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef CLI_BENCH_GAUGE_H
#define CLI_BENCH_GAUGE_H

/* NAN where the kernel does not tell (another user's process, or none). */
struct tc_bench_gauge {
	double cpu_s;        /* user and system */
	double rss_peak_mib; /* the most it ever had resident */
	double disk_bytes;   /* written, or about to be */
};

/* `pid` 0: of nobody. */
struct tc_bench_gauge tc_bench_gauge_read(int pid);

#endif
