Two hearings, and one is next

A person had two hearings; a list kept one field, the notice of the second overwrote the first, and nobody came.
Here each hearing stands until its own result, the list counts down to the one that is next, and a provider who was
told of a hearing hears of its result, too, though the court writes to the officer alone.
---
person Sam
parole-north refers Sam to treatment-south as CARE with releaseDate=+90D
treatment-south collects
court-county sends HearingNotice to parole-north, treatment-south about Sam with hearingId=h-1, at=+2d, reportsDue=+1d
court-county sends HearingNotice to parole-north about Sam with hearingId=h-2, at=+4d, reportsDue=+3d
expect parole-north gets HearingNotice about Sam with hearingId=h-1
expect parole-north gets HearingNotice about Sam with hearingId=h-2
expect treatment-south gets HearingNotice about Sam with hearingId=h-1
expect parole-north: caseload with referralId={CARE}, risks=hearing_2d
expect treatment-south: caseload with referralId={CARE}, risks=hearing_2d
expect parole-north: task list with kind=report
parole-north sends CourtReport to court-county about Sam with hearingId=h-1
expect parole-north: task list --all with kind=report, status=done, resultCode=reported
after 2 days
court-county sends HearingResult to parole-north about Sam with hearingId=h-1, result=continued
expect parole-north gets HearingResult about Sam with hearingId=h-1
expect treatment-south gets HearingResult about Sam with hearingId=h-1
expect parole-north: caseload with referralId={CARE}, risks=hearing_2d
expect no row of treatment-south: caseload with risks=hearing_2d
# Adjourned to another day: the same hearing.
court-county sends HearingResult to parole-north about Sam with hearingId=h-2, result=adjourned, nextDate=+1d
expect parole-north gets HearingResult about Sam with hearingId=h-2
expect parole-north: caseload with referralId={CARE}, risks=hearing_1d
