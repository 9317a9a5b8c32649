#include "daemon/help.h"

#include <stdio.h>

void help_print(void)
{
	puts("throughcared - the message exchange between agencies of reentry and care\n"
	     "\n"
	     "Usage: throughcared --config FILE                    run the exchange\n"
	     "       throughcared --check-config FILE              is the file usable?\n"
	     "       throughcared [--config FILE] --print-config   each setting, its value and "
	     "origin\n"
	     "       throughcared --config FILE --rebuild          make ledger and trail again "
	     "from the log\n"
	     "       throughcared --config FILE --check            hold every record, ledger, "
	     "trail and tree against the log\n"
	     "       throughcared --measure-decisions [--persons N] [--grants G] [--seconds S]\n"
	     "                                                     record consents of made-up "
	     "persons "
	     "in a temporary\n"
	     "                                                     store and measure decisions on "
	     "them\n"
	     "       throughcared --print-example                  a commented configuration file\n"
	     "       throughcared --print-settings-scd             the settings, for the manual "
	     "page\n"
	     "       throughcared --version | --help\n"
	     "\n"
	     "A network to try it with, in two commands:\n"
	     "  throughcare network init DIR\n"
	     "  throughcared --config DIR/throughcared.yaml\n"
	     "\n"
	     "Signals: TERM and INT finish what was accepted and stop; HUP loads certificates,\n"
	     "revocation list, registry seeds and the sealer's keys again.\n"
	     "Exit status: 0 done; 1 failed, or --check found a difference; 2 usage or\n"
	     "configuration; 74 or 75 log or ledger could not be\n"
	     "written: nothing more was accepted.");
}
