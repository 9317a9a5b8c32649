#include "cli/bench_gauge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The number after `label` in a file of the process. */
static double labelled(int pid, const char *file, const char *label)
{
	char path[64], line[256];
	double value = (double)NAN;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	stream = fopen(path, "re");
	if (!stream)
		return value;
	while (fgets(line, sizeof(line), stream)) {
		if (strncmp(line, label, strlen(label)) == 0 &&
		    sscanf(line + strlen(label), "%lf", &value) == 1)
			break;
	}
	fclose(stream);
	return value;
}

static double cpu_seconds(int pid)
{
	unsigned long user, kernel;
	char path[64], line[1024];
	const char *after;
	double value = (double)NAN;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stream = fopen(path, "re");
	if (!stream)
		return value;
	/* The name stands in brackets and may hold anything: count fields after it. */
	if (fgets(line, sizeof(line), stream) && (after = strrchr(line, ')')) &&
	    sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &kernel) == 2)
		value = (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
	fclose(stream);
	return value;
}

struct tc_bench_gauge tc_bench_gauge_read(int pid)
{
	if (pid <= 0)
		return (struct tc_bench_gauge){(double)NAN, (double)NAN, (double)NAN};
	return (struct tc_bench_gauge){.cpu_s = cpu_seconds(pid),
				       .rss_peak_mib = labelled(pid, "status", "VmHWM:") / 1024,
				       .disk_bytes = labelled(pid, "io", "write_bytes:")};
}
