Taken for one person

Two network ids are merged by a desk that knows better, and later found to be two people after all. The
unmerge finds out who was handed what about the wrong one, and asks for it to be destroyed.
---
person Jordan, Jordy
intake-desk sends PersonMerge by desk-1 as MERGE with fromIds={Jordy}|, toId={Jordan}
expect auditor: person show {Jordy} with sameAs={Jordan}
expect refused not_permitted: housing-harbor sends PersonMerge by w-1 with fromIds={Jordy}|, toId={Jordan}
# The parole office has decided nothing, and learns nothing of it.
expect no row of parole-north: person show {Jordy} with sameAs={Jordan}
intake-desk signs for Jordan that treatment-south may tell parole-north attendance for supervision_monitoring as PAPER
treatment-south sends AttendanceRecord to parole-north about Jordy for supervision_monitoring as VISIT
expect parole-north gets AttendanceRecord about VISIT
intake-desk sends PersonUnmerge by desk-1 with mergeMessageId={MERGE}
expect parole-north gets MisdirectedDisclosure about VISIT
expect parole-north: task list with kind=attest
expect no row of auditor: person show {Jordy} with sameAs={Jordan}
treatment-south sends AttendanceRecord to parole-north about Jordy for supervision_monitoring as LATER
expect parole-north gets no AttendanceRecord about LATER
