What the officer must know is marked

A provider ticked "notify the officer", and the record lay among all the others. Here the officer's agency is told
whose eyes it is for, a named person has to say that it was seen, and the provider hears that, or that nobody has; a
missed meeting is told each time, and as long as another one stands nothing is booked anew.
---
person Jordan
id FIRST, SECOND
parole-north refers Jordan to housing-harbor as ROOM
housing-harbor collects
housing-harbor moves ROOM receive --worker w-21
housing-harbor moves ROOM accept
housing-harbor moves ROOM schedule --start +1d --minutes 30 --appointment {FIRST}
housing-harbor moves ROOM schedule --start +2d --minutes 30 --appointment {SECOND}
after 1 days
after 1 hours
housing-harbor sends AttendanceRecord about ROOM for referral_coordination with appointmentId={FIRST}, status=did_not_attend, absenceReason=unacceptable, notifyOfficer=true
expect parole-north gets AttendanceRecord about ROOM with notifyOfficer=true, status=did_not_attend
expect parole-north gets OfficerNotice about ROOM with officer=w-104
expect parole-north: task list with kind=notify
# Another meeting stands: there is nothing to be booked anew.
expect ROOM is SCHEDULED for parole-north
after 1 days
housing-harbor sends AttendanceRecord about ROOM for referral_coordination with appointmentId={SECOND}, status=did_not_attend, absenceReason=unacceptable, notifyOfficer=true
expect parole-north gets AttendanceRecord about ROOM with notifyOfficer=true
expect ROOM is ACCEPTED for parole-north
expect parole-north: appointment list {ROOM} with state=DID_NOT_ATTEND
after 4 days
expect housing-harbor gets DeliveryEvidence with kind=not_acknowledged
