#include "daemon/core_file.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "daemon/problem.h"

/* A limit of zero would not do: the kernel ignores it for a collector behind a pipe. */
int core_file_forbid(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == 0)
		return 0;
	problem_print("core files cannot be turned off", strerror(errno),
		      "a core file would hold messages: find out what forbids prctl(2) here");
	return TC_EIO;
}
