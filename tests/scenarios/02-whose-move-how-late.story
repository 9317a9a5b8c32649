Whose move, how late, what it risks

Lists of referrals used to have neither a status nor a deadline, so what was forgotten looked like what
went well. Here an officer's list says whose move it is and puts first what cannot wait: what is late,
and the person who is released tomorrow.
---
person Jordan, Sam, Robin
parole-north refers Jordan to housing-harbor as CALM with releaseDate=+90D
parole-north refers Sam to housing-harbor as RELEASE with releaseDate=+1D
parole-north refers Robin to housing-bridge as SILENT with releaseDate=+90D
housing-harbor collects
housing-bridge collects
housing-harbor moves CALM receive --worker w-21
housing-harbor moves RELEASE receive --worker w-22
expect rows of parole-north: caseload --officer w-104 --limit 1: RELEASE
expect CALM waits for housing-harbor for parole-north
expect CALM is due in 5 working days for parole-north
expect SILENT is due in 2 working days for housing-bridge
expect rows of housing-harbor: caseload --officer w-21: CALM
expect rows of housing-harbor: caseload --officer w-22: RELEASE
expect rows of housing-harbor: caseload --whose-move them: nothing
expect parole-north: caseload with nextStep="wait for the other side"
expect housing-harbor: caseload with nextStep="decide: accept, decline, offer a place or waitlist", risks=release_1d
after 3 working days
# Nobody at the bridge has opened it. That is late, and both lists say so.
expect rows of housing-bridge: caseload --overdue: SILENT
expect rows of parole-north: caseload --overdue: SILENT
expect rows of probation-west: caseload: nothing
