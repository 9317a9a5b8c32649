What it puts at risk

Of a hundred open referrals one must find the one that cannot wait. A hearing in two days and an alert that
nobody has acknowledged go before what is only open; and what one agency was told of a person counts in its
own list alone.
---
person Calm, Sam, Robin
parole-north refers Calm to treatment-south as CALM with releaseDate=+90D
parole-north refers Sam to treatment-south as HEARING with releaseDate=+90D
parole-north refers Robin to treatment-south as ALERT with releaseDate=+90D
treatment-south collects
court-county sends HearingNotice to parole-north about Sam with at=+2d, reportsDue=+1d
expect parole-north gets HearingNotice about Sam
expect parole-north: caseload with referralId={HEARING}, risks=hearing_2d
expect rows of parole-north: caseload --limit 1: HEARING
parole-north sends SafetyAlert to treatment-south about Robin for PURPOSE_EMERGENCY by w-104 with header.basis.legal=LEGAL_BASIS_MEDICAL_EMERGENCY
expect treatment-south gets SafetyAlert about Robin
expect rows of treatment-south: caseload --limit 1: ALERT
expect treatment-south: task list with kind=acknowledge
expect no row of treatment-south: caseload with risks=hearing_2d
expect no row of parole-north: caseload with risks=alert
