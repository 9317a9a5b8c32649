Held news is no news

That somebody came to treatment is protected. The clinic's step is a fact for the clinic at once; to the
parole office the referral stands where it was, in every list, until a consent lets the message through.
---
person Jordan
parole-north refers Jordan to treatment-south as CARE
expect treatment-south gets Referral about CARE
intake-desk signs for Jordan that treatment-south may tell parole-north referral_fact as COURSE
treatment-south moves CARE receive --worker t-1
treatment-south moves CARE accept
treatment-south sends AttendanceRecord about CARE for supervision_monitoring
expect CARE is IN_PROGRESS for treatment-south
expect CARE is ACCEPTED for parole-north
expect no row of parole-north: caseload with state=IN_PROGRESS
expect no row of parole-north: referral watch --once with toState=IN_PROGRESS
intake-desk signs for Jordan that treatment-south may tell parole-north attendance for supervision_monitoring as VISITS
expect parole-north gets AttendanceRecord about CARE
expect CARE is IN_PROGRESS for parole-north
expect parole-north: referral watch --once with toState=IN_PROGRESS
